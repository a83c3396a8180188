"""The inbox: raw updates are stored once, sealed, before anything is confirmed to a channel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, or_, select, update

from crm_core.models import ORDER_DIALOGUE, Conversation, Dialogue, Identity, Inbox, InboxState, Ticket
from crm_core.rules.retention import RETENTION, Kept
from crm_core.storage.database import insert_new
from crm_core.storage.ids import new_id
from crm_core.storage.types import UtcTime
from crm_core.storage.vault import Vault
from crm_core.work import Work

KEPT = RETENTION[Kept.RAW_UPDATES].fixed
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
        await work.session.execute(insert_new(work.session, Inbox), rows)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting update and as much of its sender as must be known before matching."""

    row: Inbox
    language: str | None  # None: we never met the sender
    bots_turn: bool


_heads = select(func.min(Inbox.id)).where(Inbox.state == InboxState.RECEIVED).group_by(Inbox.channel, Inbox.sender)
_waiting = (
    select(Inbox, Identity.language, Identity.staff_id, Ticket.id, Dialogue.kind)
    .outerjoin(Identity, (Identity.channel == Inbox.channel) & (Identity.external_id == Inbox.sender))
    .outerjoin(Conversation, Conversation.identity_id == Identity.id)
    .outerjoin(Ticket, Ticket.current_of == Conversation.id)
    .outerjoin(Dialogue, Dialogue.conversation_id == Conversation.id)
    .where(Inbox.id.in_(_heads), or_(Inbox.not_before.is_(None), Inbox.not_before <= bindparam("now", type_=UtcTime)))
    .order_by(Inbox.id)
    .limit(bindparam("most", type_=Integer))
)


async def waiting(work: Work, limit: int) -> list[Waiting]:
    """The oldest waiting update of each sender, oldest first: one sender is answered in order, senders side by side."""
    rows = (await work.session.execute(_waiting, {"now": work.now, "most": limit})).all()
    return [
        Waiting(row[0], row[1], row[2] is None and row[3] is None and row[4] in (None, ORDER_DIALOGUE)) for row in rows
    ]


def open_raw(vault: Vault, row: Inbox) -> str:
    """The raw JSON of a waiting update."""
    if row.raw is None:
        raise ValueError(f"inbox row {row.id} was emptied already")
    return vault.open(row.raw, f"inbox.raw:{row.id}", None)


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
