"""The outbox: what must be said, and the only place that knows whether it was."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, exists, func, or_, select, update

from crm_core.conversations import touch
from crm_core.models import Identity, Interaction, Lane, Lease, MessageLink, Meta, Outbox, OutboxState, Staff
from crm_core.rules.delivery import after_doubt, retry_delay
from crm_core.storage.database import insert_new
from crm_core.storage.ids import new_id
from crm_core.storage.types import UtcTime
from crm_core.work import Work

CRASH = "crash"  # why a row is in doubt whose sender was gone
PAUSED = "sending_paused"  # the row of `meta` while nothing may be sent (`crm_core.sending`)


def new_token() -> str:
    """An unguessable name for a set of buttons: 22 characters, 128 bits."""
    return secrets.token_urlsafe(16)


def queue(
    work: Work,
    *,
    channel: str,
    chat: str,
    lane: Lane,
    conversation_id: int | None,
    interaction_id: int | None = None,
    subject: str | None = None,
    thread: str = "",
    buttons: dict[str, Any] | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> Outbox:
    """Put one message into the outbox; on a pulled channel, words that stand already are sent once committed."""
    sent = channel in work.pulled and interaction_id is not None and lane != Lane.COPY
    row = Outbox(
        id=new_id(),
        channel=channel,
        chat=chat,
        thread=thread,
        lane=lane,
        conversation_id=conversation_id,
        interaction_id=interaction_id,
        subject=subject,
        token=new_token() if buttons else None,
        buttons=buttons,
        state=OutboxState.SENT if sent else OutboxState.QUEUED,
        attempts=0,
        failures=0,
        epoch=0,
        not_before=not_before,
        expires_at=expires_at,
        created_at=work.now,
        settled_at=work.now if sent else None,
    )
    work.session.add(row)
    if sent:
        work.pages.add(chat)
    else:
        work.queued.add(channel)
    return row


async def queue_for_staff(
    work: Work, staff_id: int, *, interaction_id: int | None = None, subject: str | None = None, thread: str = ""
) -> None:
    """Put a copy or card for a colleague into the outbox, once for each push channel they can be reached on.

    On a pulled channel nothing is queued: the desk page shows the record itself.
    """
    reachable = (
        select(Identity)
        .join(Staff, Staff.id == Identity.staff_id)
        .where(Staff.id == staff_id, Staff.revoked_at.is_(None), Identity.unreachable_at.is_(None))
    )
    for identity in (await work.session.scalars(reachable)).all():
        if identity.channel not in work.pulled:
            queue(
                work,
                channel=identity.channel,
                chat=identity.chat,
                lane=Lane.COPY,
                conversation_id=None,
                interaction_id=interaction_id,
                subject=subject,
                thread=thread,
            )


_heads = (
    select(func.min(Outbox.id))
    .where(Outbox.channel == bindparam("channel"), Outbox.state == OutboxState.QUEUED)
    .group_by(Outbox.chat, Outbox.lane)
)
_epoch = select(Lease.epoch).where(Lease.name == bindparam("lease")).scalar_subquery()
_due = (
    select(Outbox, _epoch)
    .where(
        Outbox.channel == bindparam("channel"),
        Outbox.state == OutboxState.QUEUED,
        Outbox.id.in_(_heads),
        ~exists().where(Meta.name == PAUSED),
        or_(Outbox.not_before.is_(None), Outbox.not_before <= bindparam("now", type_=UtcTime)),
    )
    .order_by(Outbox.lane, Outbox.id)
    .limit(bindparam("most", type_=Integer))
)


async def due(
    work: Work, channel: str, lease: str, busy: Collection[str], limit: int
) -> tuple[list[Outbox], int | None]:
    """Rows that may leave now, of each chat the head of its most urgent lane; and the epoch of the sender's lease.

    A head that has to wait holds back its own lane in its own chat and nothing else. `busy` chats have a row in flight.
    """
    statement = _due.where(Outbox.chat.not_in(list(busy))) if busy else _due
    asked = {"channel": channel, "lease": lease, "now": work.now, "most": limit + len(busy)}
    chosen: dict[str, Outbox] = {}
    found = (await work.session.execute(statement, asked)).all()
    for row, _epoch_now in found:
        chosen.setdefault(row.chat, row)
    return list(chosen.values())[:limit], found[0][1] if found else None


def claim(row: Outbox, epoch: int) -> None:
    """Mark a row in flight under a lease: from here on a request may leave at any moment."""
    row.state = OutboxState.IN_FLIGHT
    row.epoch = epoch
    row.attempts += 1


def hold(row: Outbox, until: datetime) -> None:
    """Keep a row in the queue until a time."""
    row.not_before = until


async def settle_sent(work: Work, row_ids: Collection[int], epoch: int) -> None:
    """Write down that the channel confirmed these rows, those aside that another sender has taken over meanwhile."""
    await work.session.execute(
        update(Outbox)
        .where(Outbox.id.in_(row_ids), Outbox.state == OutboxState.IN_FLIGHT, Outbox.epoch == epoch)
        .values(state=OutboxState.SENT, reason=None, settled_at=work.now)
        .execution_options(synchronize_session=False)
    )


def settle(work: Work, row: Outbox, state: OutboxState, reason: str | None = None) -> None:
    """Write down how a row ended."""
    row.state = state
    row.reason = reason
    row.settled_at = work.now


async def link(work: Work, delivered: Sequence[tuple[Outbox, str]]) -> None:
    """Remember under which ids the channel knows these copies; an id that it has given before keeps its first row."""
    rows = [
        {"channel": row.channel, "chat": row.chat, "message_id": message_id[:190], "outbox_id": row.id}
        for row, message_id in delivered
    ]
    if rows:
        await work.session.execute(insert_new(work.session, MessageLink), rows)


def not_sent(work: Work, row: Outbox, reason: str, until: datetime | None) -> None:
    """The row surely did not leave: back to the queue, unless its time is over."""
    row.attempts -= 1
    row.failures += 1
    row.state = OutboxState.QUEUED
    row.reason = reason
    row.not_before = until or work.now + retry_delay(row.failures)


def doubt(work: Work, row: Outbox, reason: str) -> None:
    """The request may have arrived: what happens next depends on the lane."""
    state = after_doubt(row.lane, row.attempts)
    if state == OutboxState.QUEUED:
        row.state = state
        row.reason = reason
    else:
        settle(work, row, state, reason)


async def recover(work: Work, channel: str, epoch: int) -> Sequence[Outbox]:
    """Rows found in flight under an older lease: their sender is gone, so they are in doubt."""
    statement = select(Outbox).where(
        Outbox.channel == channel, Outbox.state == OutboxState.IN_FLIGHT, Outbox.epoch != epoch
    )
    rows = (await work.session.scalars(statement)).all()
    for row in rows:
        doubt(work, row, CRASH)
        await announce(work, row)
    return rows


async def announce(work: Work, row: Outbox) -> None:
    """Let readers see how the delivery of an agent's words, or of anything that did not arrive, stands."""
    if row.interaction_id is None or (row.state == OutboxState.SENT and row.lane != Lane.AGENT):
        return
    interaction = await work.session.get(Interaction, row.interaction_id)
    if interaction is not None:
        await touch(work, interaction)


async def resend(work: Work, row: Outbox) -> bool:
    """A person's decision to send a row in doubt (or failed) once more; False when it is neither, or to nobody now."""
    if not row.chat or row.state not in (OutboxState.IN_DOUBT, OutboxState.FAILED):
        return False
    row.state = OutboxState.QUEUED
    row.reason = "resent"
    row.not_before = None
    row.settled_at = None
    work.queued.add(row.channel)
    await announce(work, row)
    return True


async def cancel_marketing(work: Work, conversation_ids: Collection[int]) -> None:
    """Stop what marketing still has waiting for somebody, in the transaction of their opt-out."""
    await work.session.execute(
        update(Outbox)
        .where(
            Outbox.conversation_id.in_(list(conversation_ids)),
            Outbox.lane.in_((Lane.CAMPAIGN, Lane.FOLLOW_UP)),
            Outbox.state == OutboxState.QUEUED,
        )
        .values(state=OutboxState.SUPPRESSED, reason="no_consent", settled_at=work.now)
        .execution_options(synchronize_session=False)
    )


async def suppress_for_staff(work: Work, staff_id: int) -> None:
    """Whoever left is sent nothing more, the cards and copies that still wait included."""
    await work.session.flush()
    where = select(Identity.channel, Identity.chat).where(Identity.staff_id == staff_id)
    for channel, chat in (await work.session.execute(where)).all():
        await work.session.execute(
            update(Outbox)
            .where(Outbox.channel == channel, Outbox.chat == chat, Outbox.state == OutboxState.QUEUED)
            .values(state=OutboxState.SUPPRESSED, reason="revoked", settled_at=work.now)
            .execution_options(synchronize_session=False)
        )


async def by_tokens(work: Work, tokens: Collection[str]) -> dict[str, Outbox]:
    """The rows whose buttons carry these tokens."""
    if not tokens:
        return {}
    rows = await work.session.scalars(select(Outbox).where(Outbox.token.in_(list(tokens))))
    return {row.token: row for row in rows if row.token is not None}


async def by_message(work: Work, channel: str, chat: str, message_id: str) -> Outbox | None:
    """The row whose copy is known to the channel under this id."""
    link = await work.session.get(MessageLink, (channel, chat, message_id))
    return await work.session.get(Outbox, link.outbox_id) if link else None


async def message_of(work: Work, outbox_id: int) -> str | None:
    """Under which id the channel knows the copy of a row."""
    statement = select(MessageLink.message_id).where(MessageLink.outbox_id == outbox_id).limit(1)
    return await work.session.scalar(statement)


async def mark_unreachable(work: Work, channel: str, chat: str) -> None:
    """The channel said that this person blocked us or is gone."""
    await work.session.execute(
        update(Identity)
        .where(Identity.channel == channel, Identity.chat == chat)
        .values(unreachable_at=work.now)
        .execution_options(synchronize_session=False)
    )
