"""The database: whether it answers, is sound and up to date, and what waits in it for a person."""

from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import func, select, text

from bot.config import Settings
from bot.doctor.audit import examine_audit
from bot.doctor.finding import LISTED, Finding, good, note, wrong
from bot.doctor.key import examine_key
from bot.doctor.privacy import examine_erasing, examine_retention
from crm_core.keys import locks_of
from crm_core.models import Inbox, InboxState, Lane, Outbox, OutboxState
from crm_core.storage.database import Database
from crm_core.storage.migrations import HEAD, revision


async def examine_records(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url
    if missing := missing_file(settings):
        yield examine_key(settings, None)
        yield note("database", f"{missing} is not there yet.", "`frontdesk run` or `frontdesk migrate` makes it.")
        return
    database = Database(url.render_as_string(hide_password=False))
    try:
        try:
            await database.check()
            async with database.read() as session:
                locks = await locks_of(session)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is the finding
            yield examine_key(settings, None)
            why = str(error.__cause__ or error).splitlines()[0]
            yield wrong("database", f"It cannot be read: {why}", "See that [database] url is right and that it runs.")
            return
        yield examine_key(settings, locks)
        async for finding in _database(database, settings):
            yield finding
    finally:
        await database.close()


def missing_file(settings: Settings) -> Path | None:
    """The file of a database that was never made."""
    url = settings.database_url
    file = Path(url.database or "")
    return file if url.drivername.startswith("sqlite") and not file.exists() else None


async def _database(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    async with database.read() as session:
        found = await (await session.connection()).run_sync(revision)
    if found is None:
        yield note("database", "It is empty.", "`frontdesk run` or `frontdesk migrate` makes its tables.")
        return
    if found != HEAD:
        yield wrong(
            "database",
            f"It is at revision {found}; this Frontdesk works with {HEAD}.",
            "`frontdesk migrate` brings an older one up to date; a newer one needs the newer Frontdesk.",
        )
        return
    yield await _soundness(database, found)
    yield await _set_aside(database)
    yield await _in_doubt(database)
    async for finding in examine_audit(database, settings):
        yield finding
    if (erasing := await examine_erasing(database, settings)) is not None:
        yield erasing
    yield await examine_retention(database)


async def _soundness(database: Database, found: str) -> Finding:
    says = f"It answers, at revision {found}"
    if not database.is_sqlite:
        return good("database", f"{says}.")
    async with database.read() as session:
        mode = await session.scalar(text("PRAGMA journal_mode"))
        problems = list(await session.scalars(text("PRAGMA quick_check(5)")))
    if problems != ["ok"]:
        return wrong("database", f"The file is damaged: {'; '.join(map(str, problems))}", "Restore the newest backup.")
    if str(mode).lower() != "wal":
        return wrong(
            "database",
            f"{says}, but its journal is {mode}, not WAL.",
            "Stop whatever else opened it, and start Frontdesk once: it sets WAL.",
        )
    return good("database", f"{says}, its journal is WAL, and the file is sound.")


async def _set_aside(database: Database) -> Finding:
    async with database.read() as session:
        count = await session.scalar(select(func.count()).select_from(Inbox).where(Inbox.state == InboxState.SET_ASIDE))
        rows = (
            await session.execute(
                select(Inbox.id, Inbox.channel, Inbox.error)
                .where(Inbox.state == InboxState.SET_ASIDE)
                .order_by(Inbox.id)
                .limit(LISTED)
            )
        ).all()
    if not count:
        return good("inbox", "No message is set aside.")
    shown = "; ".join(f"row {row_id} ({channel}): {error or 'unknown error'}" for row_id, channel, error in rows)
    return wrong(
        "inbox",
        f"{_messages(count)} could not be handled: {shown}",
        "The log has the whole error under each row's number; the messages stay sealed in the inbox.",
    )


def _messages(count: int) -> str:
    return "One message" if count == 1 else f"{count} messages"


async def _in_doubt(database: Database) -> Finding:
    async with database.read() as session:
        rows = (
            await session.execute(
                select(Outbox.lane, func.count()).where(Outbox.state == OutboxState.IN_DOUBT).group_by(Outbox.lane)
            )
        ).all()
    if not rows:
        return good("outbox", "No delivery is in doubt.")
    shown = ", ".join(f"{Lane(lane).name.lower()}: {count}" for lane, count in sorted(rows))
    return note(
        "outbox",
        f"Some deliveries may or may not have arrived ({shown}).",
        "`frontdesk report deliveries` lists them; agents are asked whether to send theirs again.",
    )
