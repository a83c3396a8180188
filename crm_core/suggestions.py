"""Suggestions that two records are one person: shown to somebody who decides, never acted upon."""

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from crm_core import audit
from crm_core.models import Contact, ContactKind, Customer, MergeSuggestion
from crm_core.storage.database import insert_new
from crm_core.storage.ids import new_id
from crm_core.work import Work

Suggested = tuple[MergeSuggestion, Customer, Customer]  # with the two it is about, the older first


async def suggest(work: Work, one: Customer, other: Customer, reason: str) -> None:
    """Let somebody look whether these two are one; `reason` is "phone", "email" or "order". Once per pair, ever."""
    if one.id == other.id or any(who.key is None or who.merged_into is not None for who in (one, other)):
        return
    await note(work, [(one.id, other.id)], reason)


async def note(work: Work, pairs: Sequence[tuple[int, int]], reason: str) -> None:
    """Suggest pairs of customers by their ids; those that were suggested before stay as they are."""
    rows = [
        {"id": new_id(), "first_id": min(pair), "second_id": max(pair), "reason": reason, "at": work.now}
        for pair in pairs
    ]
    if rows:
        await work.session.flush()
        await work.session.execute(insert_new(work.session, MergeSuggestion), rows)


async def look(work: Work, limit: int = 200) -> list[tuple[int, int]]:
    """The ids of pairs that have the same phone number, of whom one has shown that it is theirs; those not suggested.

    Reads every verified contact, so it has no business in a transaction that writes.
    """
    verified, same = aliased(Contact), aliased(Contact)
    one, other = aliased(Customer), aliased(Customer)
    known = select(MergeSuggestion.id).where(
        MergeSuggestion.first_id == verified.customer_id, MergeSuggestion.second_id == same.customer_id
    )
    known_turned = select(MergeSuggestion.id).where(
        MergeSuggestion.first_id == same.customer_id, MergeSuggestion.second_id == verified.customer_id
    )
    statement = (
        select(verified.customer_id, same.customer_id)
        .join(same, and_(same.blind == verified.blind, same.kind == verified.kind))
        .join(one, one.id == verified.customer_id)
        .join(other, other.id == same.customer_id)
        .where(
            verified.kind == ContactKind.PHONE,
            verified.verified_at.is_not(None),
            same.customer_id != verified.customer_id,
            *(who.key.is_not(None) for who in (one, other)),
            *(who.merged_into.is_(None) for who in (one, other)),
            ~known.exists(),
            ~known_turned.exists(),
        )
        .distinct()
        .limit(limit)
    )
    return [(row[0], row[1]) for row in (await work.session.execute(statement)).all()]


async def waiting(work: Work, limit: int = 5) -> list[Suggested]:
    """The oldest suggestions that nobody has decided; those about somebody erased or merged since are left out."""
    first, second = aliased(Customer), aliased(Customer)
    statement = (
        select(MergeSuggestion, first, second)
        .join(first, first.id == MergeSuggestion.first_id)
        .join(second, second.id == MergeSuggestion.second_id)
        .where(
            MergeSuggestion.decided_at.is_(None),
            *(who.key.is_not(None) for who in (first, second)),
            *(who.merged_into.is_(None) for who in (first, second)),
        )
        .order_by(MergeSuggestion.id)
        .limit(limit)
    )
    rows = (await work.session.execute(statement)).all()
    for row in rows:
        work.remember(row[1])
        work.remember(row[2])
    return [(row[0], row[1], row[2]) for row in rows]


async def decline(work: Work, suggestion_id: int, staff_id: int | None) -> bool:
    """Two different people: not to be suggested again. False when it was decided already or is unknown."""
    row = await work.session.get(MergeSuggestion, suggestion_id)
    if row is None or row.decided_at is not None:
        return False
    row.decided_at, row.decided_by, row.accepted = work.now, staff_id, False
    audit.enter(work, staff_id, "merge.decline", f"suggestion:{row.id}")
    return True
