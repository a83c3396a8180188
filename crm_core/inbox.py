"""The inbox: raw updates are stored once, sealed, before anything is confirmed to a channel."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Insert

from crm_core.models import Inbox, InboxState
from crm_core.storage.ids import new_id
from crm_core.work import Work

KEPT = timedelta(hours=72)
ATTEMPTS = 3
_RETRY_AFTER = timedelta(milliseconds=200)


async def receive(work: Work, updates: Iterable[tuple[str, str, str, str]]) -> None:
    """Store raw updates (channel, external id, sender, raw JSON); one that is already there is left as it is."""
    rows: list[dict[str, Any]] = []
    for channel, external_id, sender, raw in updates:
        row_id = new_id()
        rows.append(
            {
                "id": row_id,
                "channel": channel,
                "external_id": external_id,
                "sender": sender,
                "raw": work.vault.seal(raw, f"inbox.raw:{row_id}", None),
                "state": InboxState.RECEIVED,
                "attempts": 0,
                "received_at": work.now,
            }
        )
    if rows:
        await work.session.execute(_insert_new(work.session.get_bind().dialect.name), rows)


def _insert_new(dialect: str) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(Inbox).on_conflict_do_nothing(index_elements=["channel", "external_id"])
    return insert(Inbox).prefix_with("OR IGNORE", dialect="sqlite").prefix_with("IGNORE", dialect="mysql")


async def waiting(work: Work, limit: int) -> Sequence[Inbox]:
    """The oldest waiting update of each sender, oldest first: one sender is answered in order, senders side by side."""
    heads = select(func.min(Inbox.id)).where(Inbox.state == InboxState.RECEIVED).group_by(Inbox.channel, Inbox.sender)
    statement = (
        select(Inbox)
        .where(Inbox.id.in_(heads), or_(Inbox.not_before.is_(None), Inbox.not_before <= work.now))
        .order_by(Inbox.id)
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()


def open_raw(work: Work, row: Inbox) -> str:
    """The raw JSON of a waiting update."""
    if row.raw is None:
        raise ValueError(f"inbox row {row.id} was emptied already")
    return work.vault.open(row.raw, f"inbox.raw:{row.id}", None)


async def finish(work: Work, ids: Sequence[int]) -> None:
    """Mark updates done and empty them, in the transaction that holds their effects."""
    await work.session.execute(
        update(Inbox)
        .where(Inbox.id.in_(ids))
        .values(state=InboxState.DONE, raw=None, done_at=work.now)
        .execution_options(synchronize_session=False)
    )


async def fail(work: Work, row_id: int, error: str, *, for_good: bool = False) -> bool:
    """Count a failed turn; True when the update is set aside now because it failed three times (or cannot be read)."""
    row = await work.session.get_one(Inbox, row_id)
    row.attempts += 1
    row.error = error[:190]
    if for_good or row.attempts >= ATTEMPTS:
        row.state = InboxState.SET_ASIDE
        return True
    row.not_before = work.now + _RETRY_AFTER * row.attempts
    return False


async def clear(work: Work, limit: int = 500) -> int:
    """Remove up to `limit` finished updates older than 72 hours; what was set aside stays for the operator."""
    old = (
        select(Inbox.id)
        .where(Inbox.state == InboxState.DONE, Inbox.received_at < work.now - KEPT)
        .order_by(Inbox.received_at)
        .limit(limit)
    )
    ids = (await work.session.scalars(old)).all()
    if ids:
        await work.session.execute(delete(Inbox).where(Inbox.id.in_(ids)))
    return len(ids)
