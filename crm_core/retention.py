"""Retention: what has been kept for its term is removed or emptied, once a day, a few hundred rows at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from crm_core import audit, walking
from crm_core.files import EXPORT, MADE, FileStore
from crm_core.models import (
    Attachment,
    AuditEntry,
    AuditLink,
    ImportRun,
    Inbox,
    InboxState,
    Interaction,
    InteractionAbout,
    Invite,
    MessageLink,
    Meta,
    Outbox,
    StoredFile,
    WebSession,
)
from crm_core.rules.retention import Kept, Months, term_of
from crm_core.work import Records, Work

AT_ONCE: Final = 500
EVERY: Final = timedelta(hours=24)

_FILES = (Kept.FILES, Kept.PICTURES, Kept.EXPORTS)
DONE: Final = "retention_done"  # in `meta`: when the last sweep came to its end

Due = Callable[[datetime], ColumnElement[bool]]

_DUE: Final[Mapping[Kept, tuple[Any, Due]]] = {
    Kept.MESSAGES: (
        Interaction,
        lambda before: Interaction.customer_id.is_not(None) & (Interaction.at < before) & (Interaction.body != b""),
    ),
    Kept.DELIVERIES: (Outbox, lambda before: (Outbox.settled_at < before) & (Outbox.chat != "")),
    Kept.FILES: (StoredFile, lambda before: StoredFile.created_at < before),
    Kept.ATTACHMENTS: (
        Attachment,
        lambda before: Attachment.interaction_id.in_(select(Interaction.id).where(Interaction.at < before)),
    ),
    Kept.PICTURES: (StoredFile, lambda before: (StoredFile.kind == MADE) & (StoredFile.created_at < before)),
    Kept.EXPORTS: (StoredFile, lambda before: (StoredFile.kind == EXPORT) & (StoredFile.created_at < before)),
    Kept.STAFF_TALK: (
        Interaction,
        lambda before: Interaction.customer_id.is_(None) & (Interaction.at < before) & (Interaction.body != b""),
    ),
    Kept.AUDIT: (
        AuditEntry,
        lambda before: (
            (AuditEntry.at < before) & AuditEntry.id.in_(select(AuditLink.entry_id).where(AuditLink.at < before))
        ),
    ),
    Kept.RAW_UPDATES: (Inbox, lambda before: (Inbox.state == InboxState.DONE) & (Inbox.received_at < before)),
    Kept.SET_ASIDE: (Inbox, lambda before: (Inbox.state == InboxState.SET_ASIDE) & (Inbox.received_at < before)),
    Kept.WEB_SESSIONS: (WebSession, lambda before: WebSession.expires_at < before),
    Kept.INVITES: (Invite, lambda before: Invite.expires_at < before),
    Kept.IMPORTS: (ImportRun, lambda before: ImportRun.finished_at < before),
}


async def due(work: Work, months: Months) -> dict[Kept, int]:
    """How many rows of each class have been kept for their term; nothing is changed."""
    counts = {}
    for kept in Kept:
        term = term_of(kept, months)
        table, where = _DUE[kept]
        counts[kept] = 0
        if term is not None:
            statement = select(func.count()).select_from(table).where(where(work.now - term))
            counts[kept] = await work.session.scalar(statement) or 0
    return counts


async def sweep(records: Records, store: FileStore, months: Months) -> dict[Kept, int]:
    """Remove or empty whatever has been kept for its term; how many rows of each class."""
    counts = {}
    for kept in Kept:
        term = term_of(kept, months)
        counts[kept] = 0 if term is None else await _sweep(records, store, kept, records.clock() - term)
    await records.database.empty_log()
    async with records.write() as work:
        await walking.note(work, DONE, work.now.isoformat())
    return counts


async def last(work: Work) -> datetime | None:
    """When the last sweep came to its end."""
    row = await work.session.get(Meta, DONE)
    return datetime.fromisoformat(row.value) if row is not None else None


async def _sweep(records: Records, store: FileStore, kept: Kept, before: datetime) -> int:
    """One class; a cut-off sweep begins anew and finds what is left."""
    count, after = 0, 0
    while True:
        async with records.read() as work:
            ids = (await work.session.scalars(_next(kept, before, after))).all()
        if not ids:
            return count
        if kept in _FILES:
            store.destroy(ids)  # first: a row without bytes is found again, bytes without a row are not
        async with records.write() as work:
            await _let_go(work, kept, ids, before)
        count, after = count + len(ids), ids[-1]


def _next(kept: Kept, before: datetime, after: int) -> Select[int]:
    table, where = _DUE[kept]
    return select(table.id).where(where(before), table.id > after).order_by(table.id).limit(AT_ONCE)


async def _let_go(work: Work, kept: Kept, ids: Sequence[int], before: datetime) -> None:
    if kept in (Kept.MESSAGES, Kept.STAFF_TALK):
        await _empty(work, Interaction, ids, body=b"")
        await work.session.execute(delete(InteractionAbout).where(InteractionAbout.interaction_id.in_(ids)))
    elif kept is Kept.DELIVERIES:
        await work.session.execute(delete(MessageLink).where(MessageLink.outbox_id.in_(ids)))
        await _empty(work, Outbox, ids, chat="", buttons=None, token=None)
    elif kept is Kept.AUDIT:
        await audit.expire(work, before)
    else:
        table, _where = _DUE[kept]
        if kept in _FILES:
            shown = Attachment.ref.in_([f"file:{one}" for one in ids])
            await work.session.execute(delete(Attachment).where(shown))
        await work.session.execute(delete(table).where(table.id.in_(ids)))


async def _empty(work: Work, table: Any, ids: Sequence[int], **values: Any) -> None:
    statement = update(table).where(table.id.in_(ids)).values(**values)
    await work.session.execute(statement.execution_options(synchronize_session=False))
