"""The rights of people: erasures that are late, erased people who are there again, and what is kept for too long."""

from datetime import datetime

from sqlalchemy import select

from bot.config import Settings
from bot.doctor.finding import Finding, good, note, wrong
from bot.opening import PULLED, utc_now
from crm_core import erasing, keys, retention
from crm_core.models import Meta
from crm_core.storage.database import Database
from crm_core.storage.keyring import VaultError
from crm_core.storage.vault import Vault
from crm_core.tombstones import Tombstones, TombstonesBroken
from crm_core.work import Work

_OVERDUE = 2 * retention.EVERY


async def examine_erasing(database: Database, settings: Settings) -> Finding | None:
    """Whether everybody who is to be erased is; None when the key does not fit, which is for its own check to say."""
    async with database.read() as session:
        try:
            vault = Vault.from_file(settings.key_file)
            if not await keys.take(session, vault):
                return None
        except VaultError:
            return None
        return await _examine(Work(session, vault, utc_now(), PULLED), Tombstones(settings.tombstone_file))


async def examine_retention(database: Database) -> Finding:
    """Whether what has been kept for its term goes."""
    async with database.read() as session:
        done = await session.scalar(select(Meta.value).where(Meta.name == retention.DONE))
    if done is None:
        return note("retention", "Nothing was let go of yet.", "`frontdesk run` does that once a day.")
    last = datetime.fromisoformat(done)
    if utc_now() - last > _OVERDUE:
        return wrong(
            "retention",
            f"What has been kept for its term was last let go of at {last:%Y-%m-%d %H:%M} UTC.",
            "Keep `frontdesk run` running, or run `frontdesk retention` once a day; the log says what stops it.",
        )
    return good("retention", f"What has been kept for its term was let go of at {last:%Y-%m-%d %H:%M} UTC.")


async def _examine(work: Work, tombstones: Tombstones) -> Finding:
    try:
        stones = tombstones.read(work.vault)
    except TombstonesBroken as error:
        line = error.values.get("line")
        return wrong(
            "erasing",
            f"{tombstones.path} was changed in line {line}." if line else f"{tombstones.path} cannot be read.",
            "Put it back from a backup: without it an older database would bring erased people back.",
        )
    if back := await erasing.returned(work, stones):
        return wrong(
            "erasing",
            f"{len(back)} erased customers are in this database again.",
            "Start Frontdesk once: it erases them again before it sends anything.",
        )
    if late := await erasing.late(work):
        return wrong(
            "erasing",
            f"{late} erasures were asked for more than a minute ago and are not finished.",
            "Start `frontdesk run`, or finish one with `frontdesk erase NUMBER`; the log says what stops it.",
        )
    return good("erasing", f"Everybody who is to be erased is: {len(stones)}.")
