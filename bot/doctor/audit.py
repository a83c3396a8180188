"""The audit log: whether the database keeps it append-only, whether it is linked, and whether its anchors fit."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from bot.config import Settings
from bot.doctor.finding import Finding, good, note, wrong
from crm_core import audit_chain
from crm_core.models import AuditEntry, AuditLink
from crm_core.storage import triggers
from crm_core.storage.database import Database

_SOON = timedelta(minutes=1)
_VERIFY = "`frontdesk audit verify` names the first broken link; docs/howto/audit.md says what to do then."


async def examine_audit(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    """Each check of the audit log; it reads the newest links only, `audit verify` reads all."""
    async with database.read() as session:
        missing = await (await session.connection()).run_sync(triggers.missing)
    if missing:
        yield wrong(
            "audit triggers",
            f"The database would let records be changed that are append-only; not there: {', '.join(missing)}.",
            "`frontdesk migrate` puts them back; `frontdesk audit verify` tells whether anything changed meanwhile.",
        )
    else:
        yield good("audit triggers", "The database refuses to change what is append-only.")
    yield await _links(database)
    yield await _anchors(database, settings)


async def _links(database: Database) -> Finding:
    oldest = (
        select(func.count(), func.min(AuditEntry.at))
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(AuditLink.entry_id.is_(None), AuditEntry.at < datetime.now(UTC) - _SOON)
    )
    async with database.read() as session:
        count, since = (await session.execute(oldest)).one()
        links = await session.scalar(select(func.max(AuditLink.seq)))
    if count:
        return note(
            "audit chain",
            f"{count} entries have no link yet, the oldest since {since:%Y-%m-%d %H:%M} UTC.",
            "They get one when Frontdesk runs; if it runs, its log says why they do not.",
        )
    return good("audit chain", f"Every entry is linked, {links or 0} so far.")


async def _anchors(database: Database, settings: Settings) -> Finding:
    path = settings.anchor_file
    try:
        last = await asyncio.to_thread(audit_chain.last_kept, path)
    except OSError as error:
        return wrong(
            "audit anchors",
            f"{path} cannot be read ({error.strerror or error}).",
            "Let the user who runs Frontdesk own it, or set [audit] anchor_file to another one.",
        )
    if last is None:
        return note("audit anchors", f"No anchor is kept in {path} yet.", "A Frontdesk that runs keeps one every hour.")
    async with database.read() as session:
        hashed = await session.scalar(select(AuditLink.hash).where(AuditLink.seq == last.seq))
    if hashed != last.hash:
        return wrong(
            "audit anchors", f"The chain does not agree with the last anchor in {path} (link {last.seq}).", _VERIFY
        )
    return good(
        "audit anchors", f"The last is of {last.at:%Y-%m-%d %H:%M} UTC, at link {last.seq}, and the chain has it."
    )
