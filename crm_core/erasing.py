"""Erasing a person: a tombstone first, then the key of every record of theirs, then whatever their rows hold.

Each step is a transaction of its own, of 500 rows at most, and does nothing where it was done before: whatever cuts an
erasure off, carrying it out again finishes it (docs/decisions/0024).
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Table, delete, or_, select, tuple_, update

from crm_core import audit, customers, learning, record
from crm_core.conversations import HISTORY
from crm_core.files import FileStore
from crm_core.identities import SHOP
from crm_core.models import (
    ACTIVE,
    CampaignRecipient,
    Conversation,
    Customer,
    Erasure,
    Identity,
    Interaction,
    Lane,
    Outbox,
    OutboxState,
    Proposal,
    Staff,
    StoredFile,
    Ticket,
    TicketState,
)
from crm_core.personal import FILES, INBOX, PARTS, Fate, Part, Person, person
from crm_core.rules.erasing import LATE, SUPPRESSED, goodbye_is_over, is_gone, nameless
from crm_core.storage.ids import new_id
from crm_core.tombstones import Tombstone, Tombstones, ids_of
from crm_core.work import Records, Work

AT_ONCE: Final = 500  # rows in one transaction

CUSTOMER: Final = "customer"  # the source of an erasure that the person asked for, who reads a last word
TOMBSTONE: Final = "tombstone"  # the source of an erasure that was done before, in a database that is older than it


# ---- asking ----


async def ask(work: Work, tombstones: Tombstones, customer: Customer, source: str, staff_id: int | None) -> bool:
    """Have a person erased, with every record that was merged into theirs; False when that was asked for before.

    From here on nothing takes it back: the tombstone is on disk. `source` is CUSTOMER, "staff" or "command".
    """
    customer = await record.kept(work, customer)
    if customer.key is None or await of(work, customer.id) is not None:
        return False
    whole = await person(work, customer.id)
    tombstones.add(work.vault, whole.ids, work.now)
    _note(work, customer.id, source, staff_id)
    audit.enter(work, staff_id, "customer.erase", f"customer:{customer.number}", source=source, records=len(whole.ids))
    await work.session.flush()
    return True


async def waiting(work: Work, limit: int = 20) -> Sequence[int]:
    """The erasures that are not finished, oldest first, by id."""
    statement = select(Erasure.id).where(Erasure.finished_at.is_(None)).order_by(Erasure.asked_at).limit(limit)
    return (await work.session.scalars(statement)).all()


async def late(work: Work) -> int:
    """How many erasures were asked for more than a minute ago and are not finished."""
    statement = select(Erasure.id).where(Erasure.finished_at.is_(None), Erasure.asked_at < work.now - LATE)
    return len((await work.session.scalars(statement)).all())


async def of(work: Work, customer_id: int) -> Erasure | None:
    """The erasure of this record, asked for or done."""
    return await work.session.scalar(select(Erasure).where(Erasure.customer_id == customer_id))


def _note(work: Work, customer_id: int, source: str, staff_id: int | None) -> None:
    work.session.add(
        Erasure(id=new_id(), customer_id=customer_id, asked_by=staff_id, source=source, asked_at=work.now, counts={})
    )


# ---- tombstones ----


async def honour(records: Records, tombstones: Tombstones) -> int:
    """Let the tombstones hold in this database, which may be older than they are; how many records came back.

    Their keys are destroyed and what waited for them is stopped before anything can be sent; the rest is an erasure
    that waits. Erasures that this file knows nothing of get their tombstones. Raises TombstonesBroken.
    """
    stones = tombstones.read(records.vault)
    async with records.read() as work:
        back = await returned(work, stones)
        unknown = await _without_stone(work, stones)
        whole = [(await person(work, one.customer_id)).ids for one in unknown]
    for one, ids in zip(unknown, whole, strict=True):
        tombstones.add(records.vault, ids, one.asked_at)
    for customer_id in back:
        async with records.write() as work:
            await _come_back(work, customer_id)
    return len(back)


async def returned(work: Work, stones: Sequence[Tombstone]) -> list[int]:
    """The records with a tombstone whose key is there all the same, and whose erasure nothing waits to carry out."""
    ids = sorted(ids_of(stones))
    found: list[int] = []
    for start in range(0, len(ids), AT_ONCE):
        alive = select(Customer.id).where(Customer.id.in_(ids[start : start + AT_ONCE]), Customer.key.is_not(None))
        found += await work.session.scalars(alive.order_by(Customer.id))
    waits = set(await work.session.scalars(select(Erasure.customer_id).where(Erasure.finished_at.is_(None))))
    return [one for one in found if one not in waits]


async def _without_stone(work: Work, stones: Sequence[Tombstone]) -> list[Erasure]:
    known = ids_of(stones)
    rows = await work.session.scalars(select(Erasure).order_by(Erasure.asked_at))
    return [row for row in rows if row.customer_id not in known]


async def _come_back(work: Work, customer_id: int) -> None:
    """Somebody who was erased is in an older database again: cut them off at once, and let the rest be carried out."""
    customer = await work.session.get_one(Customer, customer_id)
    row = await of(work, customer_id)
    if row is None:
        _note(work, customer_id, TOMBSTONE, None)
    else:
        row.finished_at, row.source = None, TOMBSTONE
    audit.enter(work, None, "customer.erase", f"customer:{customer.number}", source=TOMBSTONE)
    await work.session.flush()
    await _cut_off(work, await person(work, customer_id))


# ---- carrying out ----


async def carry_out(records: Records, files: FileStore, erasure_id: int) -> bool:
    """Erase everything of one person; False when something has to be waited for first: then ask again soon."""
    async with records.read() as work:
        row = await work.session.get_one(Erasure, erasure_id)
        whole = await person(work, row.customer_id)
        says_goodbye = row.source == CUSTOMER and not goodbye_is_over(row.asked_at, work.now)
        if says_goodbye and await _hears_something(work, whole):
            return False
    while await _clear(records, erasure_id, INBOX, whole):
        pass
    async with records.write() as work:
        await _cut_off(work, whole)
        await _clear_some(work, erasure_id, INBOX, whole)  # what was answered while the others were cleared
    if not await _is_quiet(records, row, whole):
        return False
    for part in PARTS:
        if part is FILES:
            while await _remove_files(records, files, erasure_id, whole):
                pass
        while part.fate is not Fate.KEPT and await _clear(records, erasure_id, part, whole):
            pass
    if not await records.database.empty_log():
        return False
    async with records.write() as work:
        row = await work.session.get_one(Erasure, erasure_id)
        row.finished_at = row.finished_at or work.now
        work.desk_changed = True
    return True


async def _hears_something(work: Work, whole: Person) -> bool:
    """Whether a reply is on its way to them, such as the word that they will be erased."""
    statement = select(Outbox.id).where(
        Outbox.conversation_id.in_(whole.conversations),
        Outbox.lane == Lane.REPLY,
        Outbox.state.in_((OutboxState.QUEUED, OutboxState.IN_FLIGHT)),
    )
    return await work.session.scalar(statement.limit(1)) is not None


async def _cut_off(work: Work, whole: Person) -> None:
    """Destroy their keys and let nobody be known by their addresses any more; nothing reaches them from now on."""
    for customer in await work.session.scalars(select(Customer).where(Customer.id.in_(whole.ids))):
        if customer.key is not None:
            work.vault.forget(customer.key, customer.id)
        customer.key = None
        customer.erased_at = customer.erased_at or work.now
        work.remember(customer)
    for identity in await work.session.scalars(select(Identity).where(Identity.customer_id.in_(whole.ids))):
        await _forget_address(work, identity)
    talks = (await work.session.scalars(whole.conversations)).all()
    await _set(
        work,
        Outbox,
        Outbox.conversation_id.in_(talks) & (Outbox.state == OutboxState.QUEUED),
        state=OutboxState.SUPPRESSED,
        reason=SUPPRESSED,
        settled_at=work.now,
    )
    await _set(
        work,
        CampaignRecipient,
        CampaignRecipient.customer_id.in_(whole.ids)
        & CampaignRecipient.outbox_id.is_(None)
        & CampaignRecipient.excluded.is_(None),
        excluded=SUPPRESSED,
    )
    await _set(
        work,
        Proposal,
        Proposal.customer_id.in_(whole.ids) & (Proposal.state == learning.OPEN),
        state=learning.REJECTED,
        decided_at=work.now,
    )
    await _set(work, Conversation, Conversation.id.in_(talks), version=Conversation.version + 1)
    await _close_tickets(work, whole)
    work.desk_changed = True
    await work.session.flush()


async def _forget_address(work: Work, identity: Identity) -> None:
    """What a channel knows somebody by goes; of one who is to stay out, a keyed hash stays by which they are known."""
    if is_gone(identity.external_id):
        return
    identity.external_id = await _known_again(work, identity) or nameless(identity.id)
    identity.chat, identity.proof, identity.proven_at = "", None, None
    identity.unreachable_at = identity.unreachable_at or work.now


async def _known_again(work: Work, identity: Identity) -> str | None:
    """The keyed hash by which a block holds, and an import knows who was erased; None where nothing of it is needed."""
    if not (identity.blocked_at or identity.channel == SHOP or await _has_a_history(work, identity)):
        return None
    kept = customers.gone_address(work, identity.channel, identity.external_id)
    there = select(Identity.id).where(Identity.channel == identity.channel, Identity.external_id == kept)
    return kept if await work.session.scalar(there) is None else None


async def _has_a_history(work: Work, identity: Identity) -> bool:
    """Whether any of what was said with this identity was imported: the same file may be given again."""
    statement = (
        select(Interaction.id)
        .join(Conversation, Conversation.id == Interaction.conversation_id)
        .where(Conversation.identity_id == identity.id, Interaction.source_key.startswith(HISTORY, autoescape=True))
    )
    return await work.session.scalar(statement.limit(1)) is not None


async def _close_tickets(work: Work, whole: Person) -> None:
    rows = await work.session.scalars(select(Ticket).where(Ticket.id.in_(whole.tickets), Ticket.state.in_(ACTIVE)))
    ids = []
    for ticket in rows:
        ticket.state, ticket.current_of, ticket.waiting_since = TicketState.CLOSED, None, None
        ticket.changed_at = work.now
        ids.append(ticket.id)
    await _set(work, Staff, Staff.hand_ticket_id.in_(ids), hand_ticket_id=None, hand_at=None)


async def _set(work: Work, table: Any, where: ColumnElement[bool], **values: Any) -> None:
    await work.session.execute(update(table).where(where).values(**values).execution_options(synchronize_session=False))


async def _is_quiet(records: Records, row: Erasure, whole: Person) -> bool:
    """Whether no request to them is under way, whose end would be written down with their address."""
    under_way = Outbox.conversation_id.in_(whole.conversations) & (Outbox.state == OutboxState.IN_FLIGHT)
    async with records.read() as work:
        ids = (await work.session.scalars(select(Outbox.id).where(under_way))).all()
    if ids and work.now - row.asked_at > LATE:  # nobody sends on that channel any more
        async with records.write() as work:
            await _set(work, Outbox, Outbox.id.in_(ids), state=OutboxState.IN_DOUBT, reason=SUPPRESSED)
        return True
    return not ids


async def _clear(records: Records, erasure_id: int, part: Part, whole: Person) -> bool:
    """Clear some rows of a part, if there are any: False when there are none left."""
    async with records.read() as work:
        if not await _keys_of(work, part, whole, 1):
            return False
    async with records.write() as work:
        return await _clear_some(work, erasure_id, part, whole) > 0


async def _clear_some(work: Work, erasure_id: int, part: Part, whole: Person) -> int:
    keys = await _keys_of(work, part, whole, AT_ONCE)
    if not keys:
        return 0
    table = cast(Table, part.table.__table__)
    columns = list(table.primary_key)
    which = columns[0].in_([one[0] for one in keys]) if len(columns) == 1 else tuple_(*columns).in_(keys)
    if part.fate is Fate.DELETED:
        done = await work.session.execute(delete(table).where(which))
    else:
        done = await work.session.execute(update(part.table).where(which).values(dict(part.empty)), **_UNSEEN)
    row = await work.session.get_one(Erasure, erasure_id)
    count = cast("CursorResult[Any]", done).rowcount
    row.counts = {**row.counts, part.name: row.counts.get(part.name, 0) + count}
    return len(keys)


_UNSEEN: Final[dict[str, Any]] = {"execution_options": {"synchronize_session": False}}


async def _keys_of(work: Work, part: Part, whole: Person, limit: int) -> list[tuple[Any, ...]]:
    """The primary keys of rows of a part that are still to be cleared."""
    table = cast(Table, part.table.__table__)
    statement = select(*table.primary_key).where(part.theirs(whole)).limit(limit)
    if part.fate is Fate.EMPTIED:
        statement = statement.where(or_(*(_holds(part.table, name, value) for name, value in part.empty.items())))
    return [tuple(row) for row in (await work.session.execute(statement)).all()]


def _holds(table: Any, name: str, empty: Any) -> ColumnElement[bool]:
    column = getattr(table, name)
    return cast(ColumnElement[bool], column.is_not(None) if empty is None else column != empty)


async def _remove_files(records: Records, files: FileStore, erasure_id: int, whole: Person) -> bool:
    """Take the bytes of some files off the disk and then their rows: what is cut off in between is found again."""
    async with records.read() as work:
        ids = [one[0] for one in await _keys_of(work, FILES, whole, AT_ONCE)]
    if not ids:
        return False
    files.destroy(ids)
    async with records.write() as work:
        await work.session.execute(delete(StoredFile).where(StoredFile.id.in_(ids)), **_UNSEEN)
        row = await work.session.get_one(Erasure, erasure_id)
        row.counts = {**row.counts, FILES.name: row.counts.get(FILES.name, 0) + len(ids)}
    return True
