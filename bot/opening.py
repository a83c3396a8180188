"""Opening the records: the key file, the database brought up to date, and proof that one fits the other."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from bot.config import Settings
from crm_core.models import Meta
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.migrations import migrate, stored_fingerprint
from crm_core.storage.vault import Vault, VaultError
from crm_core.work import Records

PULLED = frozenset({"webchat"})
_FINGERPRINT = "key_fingerprint"


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
        sealed = await stored_fingerprint(database) is not None
        vault = _open_vault(settings.key_file, sealed=sealed)
        await migrate(database, vault)
        records = Records(database, vault, clock, PULLED)
        await _prove(records)
    except BaseException:
        await database.close()
        raise
    return records


def _check_writable(name: str) -> None:
    if Path(name).exists() and not os.access(name, os.W_OK):
        raise DatabaseError("database_read_only", path=name)


def _open_vault(path: Path, *, sealed: bool) -> Vault:
    """The vault of the key file; a new key only while nothing is sealed yet."""
    if path.exists():
        return Vault.from_file(path)
    if sealed:
        raise VaultError("vault_key_missing", path=str(path))
    try:
        return Vault.create_file(path)
    except OSError as error:
        raise VaultError("vault_key_unwritable", path=str(path), why=error.strerror or str(error)) from error


async def _prove(records: Records) -> None:
    """The fingerprint of the key that sealed this database must be ours; the first key leaves its own."""
    async with records.read() as work:
        known = await work.session.scalar(select(Meta.value).where(Meta.name == _FINGERPRINT))
    if known is None:
        async with records.write() as work:
            work.session.add(Meta(name=_FINGERPRINT, value=records.vault.fingerprint))
    elif known != records.vault.fingerprint:
        raise VaultError("vault_key_wrong", expected=known, found=records.vault.fingerprint)
