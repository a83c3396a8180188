"""Merging: two records that turned out to be one person become one, journalled so that they can be taken apart again.

What hangs on an address or came from outside (identities, conversations, tickets, orders, deliveries of marketing)
changes hands. What stands in the record itself (contacts, tags, attributes, notes) is copied to where the kept record
lacks it, sealed under its key, and the other record stays as it was behind `merged_into`: so undoing (`unmerging`)
takes away the copies and hands the rows back. Interactions, files and proposals stay sealed under the key of whoever
they were written for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from crm_core import audit, consents, contacts, customers, relationships
from crm_core.conversations import name_of
from crm_core.models import (
    AttributeValue,
    CampaignRecipient,
    Contact,
    ContactKind,
    Conversation,
    Customer,
    CustomerNote,
    Erasure,
    FollowUp,
    Identity,
    Merge,
    MergeSuggestion,
    Order,
    Outbox,
    OutboxState,
    Ticket,
)
from crm_core.record import kept as kept_by_now
from crm_core.rules import merging as rules
from crm_core.rules.consent import covers
from crm_core.rules.lifecycle import Lifecycle
from crm_core.storage.ids import new_id
from crm_core.work import Work

_AT_ONCE = 500  # ids in one statement
_FIELDS = (
    "name",
    "birthday",
    "birth_day",
    "company",
    "time_zone",
    "owner_id",
)  # the other fills these where kept has none
SEALED_FIELDS = ("name", "birthday")
_LEFT = (OutboxState.IN_FLIGHT, OutboxState.SENT, OutboxState.IN_DOUBT)
_CHANGING_HANDS = (Identity, Conversation, Ticket, Order)

MERGED = "merged"  # why a second delivery of the same thing to one person does not leave


class MergeRefused(Exception):
    """These records cannot be merged, or not taken apart again; `key` names the sentence, the work stays usable."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a merge would do, in clear."""

    kept: Customer
    other: Customer
    kept_name: str
    other_name: str
    identities: tuple[str, ...]  # the channels of the other's identities
    tickets: int
    orders: int
    conflicts: tuple[tuple[str, str, str], ...]  # field, what stays, what the other record says
    fills: tuple[str, ...]  # fields that the other record fills
    contacts: tuple[tuple[str, str], ...]  # kind and value that are new to the kept record
    tags: tuple[str, ...]  # new to the kept record
    consent: bool | None  # what counts for marketing afterwards
    consent_before: bool | None  # what counts for the kept record now


# ---- looking ----


async def preview(work: Work, kept: Customer, other: Customer, staff_id: int | None = None) -> Preview:
    """What would move, what differs and which side wins; raises MergeRefused as `merge` would. The look is audited."""
    await check(work, kept, other)
    work.remember(kept)
    work.remember(other)
    mine, theirs = await _in_clear(work, kept), await _in_clear(work, other)
    added = await _new_contacts(work, kept, other)
    said = await customers.consented(work, (kept.id, other.id))
    channels = select(Identity.channel).where(Identity.customer_id == other.id).order_by(Identity.id)
    audit.enter(work, staff_id, "merge.preview", f"customer:{kept.number}", other=other.number)
    return Preview(
        kept=kept,
        other=other,
        kept_name=mine["name"],
        other_name=theirs["name"],
        identities=tuple((await work.session.scalars(channels)).all()),
        tickets=await _count(work, Ticket, other.id),
        orders=await _count(work, Order, other.id),
        conflicts=tuple(rules.conflicts(mine, theirs)),
        fills=tuple(field for field in rules.gaps(_held(kept), _held(other)) if field not in ("birth_day", "owner_id")),
        contacts=tuple((one.kind, value) for one, value in added),
        tags=tuple(await _new_tags(work, kept.id, other.id)),
        consent=rules.united_consent(said.get(kept.id), said.get(other.id)),
        consent_before=said.get(kept.id),
    )


async def numbered(work: Work, number: int) -> Customer | None:
    """The customer with this number, as they stand: the words of a refusal say what became of them."""
    return await work.session.scalar(select(Customer).where(Customer.number == number))


async def parts_of(work: Work, customer_id: int) -> list[int]:
    """The ids of all records that one person's history stands in: their own and those merged into it."""
    found, seek = [customer_id], [customer_id]
    while seek:
        seek = list((await work.session.scalars(select(Customer.id).where(Customer.merged_into.in_(seek)))).all())
        found += seek
    return found


async def newest(work: Work, customer_id: int) -> Merge | None:
    """The newest merge into a customer that was not undone."""
    statement = select(Merge).where(Merge.kept_id == customer_id, Merge.undone_at.is_(None)).order_by(Merge.id.desc())
    return await work.session.scalar(statement.limit(1))


async def get(work: Work, merge_id: int) -> Merge | None:
    """One merge."""
    return await work.session.get(Merge, merge_id)


# ---- merging ----


async def merge(
    work: Work, kept: Customer, other: Customer, proof: str, staff_id: int | None, lifecycle: Lifecycle
) -> Merge:
    """Make `other` part of `kept`; `proof` is "link", "phone", "login" or "person". Raises MergeRefused.

    The kept record wins, the other fills its gaps; contacts, tags and attributes unite; a no to marketing on either
    side counts for both; `lifecycle` tells the stage of what is one now. One transaction, at most 500 rows that change
    hands.
    """
    await work.session.flush()
    await hold(work, kept, other)
    await check(work, kept, other)
    work.remember(kept)
    work.remember(other)
    moved: dict[str, Any] = {}
    for table in _CHANGING_HANDS:
        moved[table.__tablename__] = await _hand_over(work, table, kept.id, other.id)
    moved.update(await _hand_over_marketing(work, kept.id, other.id))
    moved["filled"] = await _fill_gaps(work, kept, other)
    moved["contact"], moved["verified"] = await _copy_contacts(work, kept, other)
    moved["customer_tag"] = await _copy_tags(work, kept.id, other.id)
    moved["attribute_value"] = await _copy_attributes(work, kept, other)
    moved["customer_note"] = await _copy_notes(work, kept, other)
    moved["consent"] = await _unite_consents(work, kept.id, other.id)
    row = Merge(
        id=new_id(), kept_id=kept.id, merged_id=other.id, proof=proof, staff_id=staff_id, moved=moved, at=work.now
    )
    work.session.add(row)
    other.merged_into = kept.id
    await work.session.flush()
    await renew_tokens(work, kept)
    await decide(work, kept.id, other.id, staff_id, accepted=True)
    await stir(work, kept.id)
    await relationships.reckon(work, [kept.id], lifecycle)
    audit.enter(work, staff_id, "merge.merge", f"customer:{kept.number}", other=other.number, proof=proof, merge=row.id)
    return row


async def check(work: Work, kept: Customer, other: Customer) -> None:
    """Raise MergeRefused unless these two can be merged."""
    if kept.id == other.id:
        raise MergeRefused("merge_with_itself")
    for one, the_other in ((kept, other), (other, kept)):
        if one.key is None or await is_to_be_erased(work, one):
            raise MergeRefused("merge_erased", number=one.number or 0)
        if one.merged_into is not None:
            into = await kept_by_now(work, one)
            if into.id == the_other.id:
                raise MergeRefused("merge_in_a_circle", number=one.number or 0, into=into.number or 0)
            raise MergeRefused("merge_already", number=one.number or 0, into=into.number or 0)
    rows = sum([await _count(work, table, other.id) for table in (*_CHANGING_HANDS, Contact, CustomerNote)])
    if rows > rules.MOST_ROWS:
        raise MergeRefused("merge_too_large", rows=rows, most=rules.MOST_ROWS)


async def is_to_be_erased(work: Work, one: Customer) -> bool:
    """Whether somebody asked for this record to be erased."""
    return await work.session.scalar(select(Erasure.id).where(Erasure.customer_id == one.id)) is not None


async def _count(work: Work, table: Any, customer_id: int) -> int:
    statement = select(func.count()).select_from(table).where(table.customer_id == customer_id)
    return (await work.session.scalar(statement)) or 0


async def hold(work: Work, *people: Customer) -> None:
    """Hold both records for this transaction, in one order whoever comes first."""
    ids = [one.id for one in people]
    await work.session.execute(select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id).with_for_update())
    for one in people:
        await work.session.refresh(one, ["merged_into", "key"])


async def _hand_over(work: Work, table: Any, kept_id: int, other_id: int, *where: Any) -> list[int]:
    """Give the other's rows of a table to the kept record; returns their ids."""
    ids = list((await work.session.scalars(select(table.id).where(table.customer_id == other_id, *where))).all())
    await give(work, table, ids, other_id, kept_id)
    return ids


async def give(work: Work, table: Any, ids: Sequence[int], from_id: int, to_id: int) -> None:
    """Let these rows belong to somebody else, those aside that changed hands meanwhile."""
    for some in in_portions(ids):
        await work.session.execute(
            update(table).where(table.id.in_(some), table.customer_id == from_id).values(customer_id=to_id)
        )


def in_portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many ids at a time as a statement takes well."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


async def _hand_over_marketing(work: Work, kept_id: int, other_id: int) -> dict[str, list[Any]]:
    """Campaigns and follow-ups count once for one person: what both had stays apart, and a second copy stops."""
    campaigns = select(CampaignRecipient.campaign_id).where(CampaignRecipient.customer_id == kept_id)
    kinds = select(FollowUp.kind).where(FollowUp.customer_id == kept_id)
    excluded, suppressed = [], []
    for table, thing in ((CampaignRecipient, CampaignRecipient.campaign_id), (FollowUp, FollowUp.kind)):
        for row_id, outbox_id, reason in await _second_copies(work, table, thing, kept_id, other_id):
            if outbox_id is not None:
                suppressed.append([outbox_id, reason])
            else:
                excluded.append(row_id)
    await work.session.execute(
        update(CampaignRecipient).where(CampaignRecipient.id.in_(excluded)).values(excluded=MERGED)
    )
    await work.session.execute(
        update(Outbox)
        .where(Outbox.id.in_([outbox_id for outbox_id, _ in suppressed]))
        .values(state=OutboxState.SUPPRESSED, reason=MERGED, settled_at=work.now)
    )
    not_had = CampaignRecipient.campaign_id.not_in(campaigns)
    return {
        "excluded": excluded,
        "suppressed": suppressed,
        "campaign_recipient": await _hand_over(work, CampaignRecipient, kept_id, other_id, not_had),
        "follow_up": await _hand_over(work, FollowUp, kept_id, other_id, FollowUp.kind.not_in(kinds)),
    }


async def _second_copies(
    work: Work, table: Any, thing: Any, kept_id: int, other_id: int
) -> list[tuple[int, int | None, str | None]]:
    """What still waits of a campaign or follow-up that the same person gets by the other record: id, outbox id, reason.

    One that has left already counts, else that of the kept record.
    """
    statement = (
        select(thing, table.id, table.outbox_id, Outbox.state, Outbox.reason, table.customer_id)
        .outerjoin(Outbox, Outbox.id == table.outbox_id)
        .where(table.customer_id.in_((kept_id, other_id)), table.excluded.is_(None))
    )
    rows = sorted(
        (await work.session.execute(statement)).all(), key=lambda row: (row[3] not in _LEFT, row[5] != kept_id)
    )
    counts: set[Any] = set()
    second = []
    for what, row_id, outbox_id, state, reason, _owner in rows:
        waits = state is None or state == OutboxState.QUEUED
        if what in counts and waits:
            second.append((row_id, outbox_id, reason))
        if waits or state in _LEFT:
            counts.add(what)
    return second


def _held(customer: Customer) -> dict[str, object]:
    return {field: getattr(customer, field) for field in _FIELDS}


async def _in_clear(work: Work, customer: Customer) -> dict[str, str]:
    """The fields that people compare, "" for none."""
    return {
        "name": await name_of(work, customer),
        "birthday": open_field(work, customer, "birthday"),
        "company": customer.company or "",
        "language": customer.language,
        "time_zone": customer.time_zone or "",
    }


def open_field(work: Work, customer: Customer, field: str) -> str:
    """A sealed field of the record in clear, "" for none."""
    sealed = getattr(customer, field)
    if sealed is None:
        return ""
    return work.vault.open(sealed, f"customer.{field}:{customer.id}", customer.key, customer.id)


async def _fill_gaps(work: Work, kept: Customer, other: Customer) -> list[str]:
    filled = rules.gaps(_held(kept), _held(other))
    for field in filled:
        value = getattr(other, field)
        if field in SEALED_FIELDS:
            clear = open_field(work, other, field)
            value = work.vault.seal(clear, f"customer.{field}:{kept.id}", kept.key, kept.id)
        setattr(kept, field, value)
    return filled


async def _new_contacts(work: Work, kept: Customer, other: Customer) -> list[tuple[Contact, str]]:
    """The other's contacts that the kept record does not have, in clear; another name of theirs is one of them."""
    there = {_mark(one, one.value) for one in await contacts.of(work, kept.id)}
    own_name = await name_of(work, kept)
    there |= {_mark(one, "") for one in await contacts.rows_of(work, [kept.id]) if one.blind is not None}
    there.add((ContactKind.NAME, own_name.casefold()))
    found = []
    name = await name_of(work, other)
    if name and own_name:
        named = Contact(kind=ContactKind.NAME, label="", main=False, created_at=work.now, id=0)
        found.append((named, name))
    rows = sorted(await contacts.rows_of(work, [other.id]), key=lambda row: row.id)
    found += [(row, await contacts.value_of(work, row)) for row in rows]
    fresh = []
    for row, value in found:
        if (mark := _mark(row, value)) not in there:
            there.add(mark)
            fresh.append((row, value))
    return fresh


def _mark(contact: Any, value: str) -> tuple[str, str]:
    """By what two contacts are the same: their blind index, else their words."""
    return contact.kind, getattr(contact, "blind", None) or value.strip().casefold()


async def _copy_contacts(work: Work, kept: Customer, other: Customer) -> tuple[list[list[int]], list[int]]:
    """Copies of what is new, as [copy, original] (0: the other's name); and the kept ones that became verified."""
    mine = await contacts.rows_of(work, [kept.id])
    mains = {one.kind for one in mine if one.main}
    copies = []
    for row, value in await _new_contacts(work, kept, other):
        copy_id = new_id()
        work.session.add(
            Contact(
                id=copy_id,
                customer_id=kept.id,
                kind=row.kind,
                value=contacts.seal(work, copy_id, value, kept.key, kept.id),
                blind=row.blind,
                label=row.label,
                main=bool(row.main) and row.kind not in mains,
                verified_at=row.verified_at,
                created_at=row.created_at,
            )
        )
        copies.append([copy_id, row.id])
    theirs = await contacts.rows_of(work, [other.id])
    proven = {row.blind: row.verified_at for row in theirs if row.verified_at is not None and row.blind is not None}
    newly = [one for one in mine if one.verified_at is None and one.blind in proven]
    for one in newly:
        one.verified_at = proven[one.blind or ""]
    return copies, [one.id for one in newly]


async def _new_tags(work: Work, kept_id: int, other_id: int) -> list[str]:
    return rules.new_in(await customers.tags_of(work, other_id), await customers.tags_of(work, kept_id))


async def _copy_tags(work: Work, kept_id: int, other_id: int) -> list[str]:
    new = await _new_tags(work, kept_id, other_id)
    customers.tag(work, kept_id, new)
    return new


async def _copy_attributes(work: Work, kept: Customer, other: Customer) -> list[int]:
    own = select(AttributeValue.attribute_id).where(AttributeValue.customer_id == kept.id)
    rows = await work.session.scalars(
        select(AttributeValue).where(AttributeValue.customer_id == other.id, AttributeValue.attribute_id.not_in(own))
    )
    copied = []
    for row in rows.all():
        sealed = None
        if row.sealed is not None:
            place = f"attribute_value.sealed:{kept.id}.{row.attribute_id}"
            sealed = work.vault.seal(_open_attribute(work, row, other), place, kept.key, kept.id)
        work.session.add(
            AttributeValue(
                customer_id=kept.id,
                attribute_id=row.attribute_id,
                text=row.text,
                number=row.number,
                sealed=sealed,
                at=row.at,
            )
        )
        copied.append(row.attribute_id)
    return copied


def _open_attribute(work: Work, row: AttributeValue, owner: Customer) -> str:
    if row.sealed is None:
        return ""
    return work.vault.open(row.sealed, f"attribute_value.sealed:{owner.id}.{row.attribute_id}", owner.key, owner.id)


async def _copy_notes(work: Work, kept: Customer, other: Customer) -> list[int]:
    rows = await work.session.scalars(
        select(CustomerNote).where(CustomerNote.customer_id == other.id).order_by(CustomerNote.id)
    )
    copies: list[dict[str, Any]] = []
    for row in rows.all():
        copy_id = new_id()
        words = work.vault.open(row.body, f"customer_note.body:{row.id}", other.key, other.id)
        body = work.vault.seal(words, f"customer_note.body:{copy_id}", kept.key, kept.id)
        copies.append({"id": copy_id, "customer_id": kept.id, "staff_id": row.staff_id, "body": body, "at": row.at})
    if copies:
        await work.session.execute(insert(CustomerNote), copies)
    return [one["id"] for one in copies]


async def _unite_consents(work: Work, kept_id: int, other_id: int) -> list[int]:
    """The consents that follow: a no of either side counts for both, else what the other agreed to is added."""
    agreed = await consents.agreed(work, (kept_id, other_id))
    mine, theirs = agreed.get(kept_id), agreed.get(other_id)
    united = rules.united_consent(None if mine is None else bool(mine), None if theirs is None else bool(theirs))
    if united is False and mine != frozenset():
        return [consents.give(work, kept_id, False, "merge").id]
    if not united:
        return []
    new = [one for one in theirs or () if not covers(mine or (), one)]
    return [consents.give(work, kept_id, True, "merge", channel=one).id for one in sorted(new, key=str)]


async def renew_tokens(work: Work, customer: Customer) -> None:
    """Bring the name tokens up to the names; a record that has none yet gets them with all the others."""
    if customer.named:
        await customers.index_names(work, customer)


async def decide(work: Work, kept_id: int, other_id: int, staff_id: int | None, *, accepted: bool) -> None:
    """Settle the suggestion that these two are one, if there is one."""
    first, second = sorted((kept_id, other_id))
    await work.session.execute(
        update(MergeSuggestion)
        .where(MergeSuggestion.first_id == first, MergeSuggestion.second_id == second)
        .values(decided_at=work.now, decided_by=staff_id, accepted=accepted)
    )


async def stir(work: Work, *customer_ids: int) -> None:
    """A reply that was worked out for who they were before is dropped, and the staff's lists are stale."""
    await work.session.execute(
        update(Conversation)
        .where(Conversation.customer_id.in_(customer_ids))
        .values(version=Conversation.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    work.desk_changed = True
