"""Opening the records: the key file, the database brought up to date, and proof that one fits the other."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.config import Settings
from bot.place import refuse_elsewhere
from crm_core import erasing, keys
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.keyring import Keyring, VaultError
from crm_core.storage.migrations import migrate
from crm_core.storage.vault import Vault
from crm_core.tombstones import Tombstones
from crm_core.work import Records

PULLED = frozenset({"webchat"})


def utc_now() -> datetime:
    """The time it is."""
    return datetime.now(UTC)


async def open_records(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Records:
    """The records, migrated and with the key that sealed them; raises DatabaseError or VaultError, in words.

    The very first start draws a key; later a missing key is an error, never a new key.
    """
    url = settings.database_url
    database = Database(url.render_as_string(hide_password=False))
    try:
        if database.is_sqlite:
            _check_writable(url.database or "")
        await database.check()
        async with database.read() as session:
            locks = await keys.locks_of(session)
        vault = _open_vault(settings.key_file, locks)
        await migrate(database, vault)
        records = Records(database, vault, clock, PULLED)
        await keys.settle(records)
        await erasing.honour(records, Tombstones(settings.tombstone_file))
        await refuse_elsewhere(records)
    except BaseException:
        await database.close()
        raise
    return records


def _check_writable(name: str) -> None:
    if Path(name).exists() and not os.access(name, os.W_OK):
        raise DatabaseError("database_read_only", path=name)


def _open_vault(path: Path, locks: keys.Locks) -> Vault:
    """The vault of the key file, which fits the database; a new key only while nothing is sealed yet."""
    if path.exists():
        ring = Keyring.read(path)
        return Vault(ring, path, locks.check(ring))
    if locks.fingerprint is not None:
        raise VaultError("vault_key_missing", path=str(path))
    try:
        return Vault.create_file(path)
    except FileExistsError:
        return Vault.from_file(path)  # another process that started just now was first
    except OSError as error:
        raise VaultError("vault_key_unwritable", path=str(path), why=error.strerror or str(error)) from error
