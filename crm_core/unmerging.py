"""Unmerging: takes two merged records apart again, as they were, within 30 days."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, inspect, or_, select, update

from crm_core import audit, consents, contacts, relationships
from crm_core.conversations import attachments_of, body_of, file_name_of, name_of, seal_body
from crm_core.merging import (
    MERGED,
    SEALED_FIELDS,
    MergeRefused,
    decide,
    give,
    hold,
    in_portions,
    is_to_be_erased,
    open_field,
    renew_tokens,
    stir,
)
from crm_core.models import (
    AttributeValue,
    CampaignRecipient,
    Consent,
    Conversation,
    Customer,
    CustomerNote,
    CustomerTag,
    FollowUp,
    Identity,
    Interaction,
    Kind,
    Merge,
    Order,
    Outbox,
    OutboxState,
    Ticket,
)
from crm_core.rules import merging as rules
from crm_core.rules.lifecycle import Lifecycle
from crm_core.storage.ids import new_id
from crm_core.work import Work

_SAID = (Kind.MESSAGE, Kind.PRESS)


async def undo(work: Work, row: Merge, staff_id: int | None, lifecycle: Lifecycle) -> Customer:
    """Take two records apart again, as they were; returns the one that is back. Raises MergeRefused.

    What came after the merge stays with the side by whose identity it came: tickets and words with their conversation,
    an opt-in or opt-out and a verified phone with who said it there. Anything else stays with the kept record.
    Both come to the stages that `lifecycle` gives them now.
    """
    await work.session.flush()
    kept = await work.session.get_one(Customer, row.kept_id)
    other = await work.session.get_one(Customer, row.merged_id)
    await hold(work, kept, other)
    await work.session.refresh(row)
    await _check_undo(work, row, kept, other)
    work.remember(kept)
    work.remember(other)
    moved = row.moved
    await _take_back_copies(work, kept, other, moved)
    await _give_back(work, row, kept, other)
    await work.session.execute(delete(Consent).where(Consent.id.in_(moved["consent"])))
    await _give_back_marketing(work, moved)
    other.merged_into = None
    row.undone_at, row.undone_by = work.now, staff_id
    await work.session.flush()
    await renew_tokens(work, kept)
    await decide(work, kept.id, other.id, staff_id, accepted=False)
    await stir(work, kept.id, other.id)
    await relationships.reckon(work, [kept.id, other.id], lifecycle)
    audit.enter(work, staff_id, "merge.undo", f"customer:{kept.number}", other=other.number, merge=row.id)
    return other


async def _check_undo(work: Work, row: Merge, kept: Customer, other: Customer) -> None:
    if row.undone_at is not None:
        raise MergeRefused("merge_undone_already")
    if not rules.may_undo(row.at, work.now):
        raise MergeRefused("merge_too_late", days=rules.UNDO_TERM.days)
    for one in (kept, other):
        if one.key is None or await is_to_be_erased(work, one):
            raise MergeRefused("merge_erased", number=one.number or 0)
    later = select(Merge.id).where(
        Merge.id > row.id, Merge.undone_at.is_(None), or_(Merge.kept_id == kept.id, Merge.merged_id == kept.id)
    )
    if await work.session.scalar(later.limit(1)) is not None:
        raise MergeRefused("merge_built_upon")


async def _take_back_copies(work: Work, kept: Customer, other: Customer, moved: dict[str, Any]) -> None:
    """Remove what was copied, but for what was changed since: that is the kept record's own by now."""
    await _take_back_contacts(work, kept, other, moved)
    for field in moved["filled"]:
        if await _still_copied(work, kept, other, field):
            setattr(kept, field, None)
    await work.session.execute(
        delete(CustomerTag).where(CustomerTag.customer_id == kept.id, CustomerTag.tag.in_(moved["customer_tag"]))
    )
    for attribute_id in moved["attribute_value"]:
        mine = await work.session.get(AttributeValue, (kept.id, attribute_id))
        theirs = await work.session.get(AttributeValue, (other.id, attribute_id))
        if mine is not None and theirs is not None and mine.at == theirs.at:
            await work.session.delete(mine)
    for some in in_portions(moved["customer_note"]):
        await work.session.execute(delete(CustomerNote).where(CustomerNote.id.in_(some)))


async def _take_back_contacts(work: Work, kept: Customer, other: Customer, moved: dict[str, Any]) -> None:
    mine = {row.id: row for row in await contacts.rows_of(work, [kept.id])}
    theirs = {row.id: row for row in await contacts.rows_of(work, [other.id])}
    for copy_id, original_id in moved["contact"]:
        copy = mine.get(copy_id)
        if copy is None:
            continue
        original = theirs.get(original_id)
        was = await contacts.value_of(work, original) if original else await name_of(work, other)
        if await contacts.value_of(work, copy) == was:
            await work.session.delete(copy)
    for contact_id in moved["verified"]:
        if contact_id in mine:
            mine[contact_id].verified_at = None


async def _still_copied(work: Work, kept: Customer, other: Customer, field: str) -> bool:
    if field in SEALED_FIELDS:
        return open_field(work, kept, field) == open_field(work, other, field)
    return bool(getattr(kept, field) == getattr(other, field))


async def _give_back(work: Work, row: Merge, kept: Customer, other: Customer) -> None:
    """Hand back what moved, and what came since by the identities that go."""
    moved = row.moved
    going = set(moved["conversation"])
    stays = await _conversations_of(work, kept.id) - going
    await _give_back_contacts(work, row, kept, other, going, stays)
    await _give_back_consents(work, row, kept, other, going, stays)
    identities = [*moved["identity"], *await _logged_in_since(work, row, kept.id)]
    await give(work, Identity, identities, kept.id, other.id)
    await work.session.execute(
        update(Identity)
        .where(Identity.customer_id.in_((kept.id, other.id)), Identity.proof == row.proof, Identity.proven_at == row.at)
        .values(proof=None, proven_at=None)
    )
    await _give_back_words(work, kept, other, going)
    for table in (Conversation, Order, CampaignRecipient, FollowUp):
        await give(work, table, moved[table.__tablename__], kept.id, other.id)
    for some in in_portions(sorted(going)):
        await work.session.execute(
            update(Ticket)
            .where(Ticket.conversation_id.in_(some), Ticket.customer_id == kept.id)
            .values(customer_id=other.id)
        )


async def _give_back_words(work: Work, kept: Customer, other: Customer, going: Collection[int]) -> None:
    """What was said since in the talks that go, sealed under the key of whoever they go to, with the names of files."""
    for some in in_portions(sorted(going)):
        statement = select(Interaction).where(Interaction.conversation_id.in_(some), Interaction.customer_id == kept.id)
        said = {one.id: one for one in await work.session.scalars(statement)}
        for ids in in_portions(sorted(said)):
            for file in (await attachments_of(work, ids)).values():
                name = await file_name_of(work, file, kept.id)
                file.file_name = work.vault.seal(name, f"attachment.file_name:{file.id}", other.key, other.id)
        for one in said.values():
            one.body = seal_body(work, one.id, await body_of(work, one), other.key, other.id)
            one.customer_id = other.id


async def _conversations_of(work: Work, customer_id: int) -> set[int]:
    return set(await work.session.scalars(select(Conversation.id).where(Conversation.customer_id == customer_id)))


async def _logged_in_since(work: Work, row: Merge, kept_id: int) -> Sequence[int]:
    """The shop's own references of customers that came with a signed login by one of the identities that go."""
    proven = select(Identity.proven_at).where(Identity.id.in_(row.moved["identity"]), Identity.proven_at > row.at)
    statement = select(Identity.id).where(
        Identity.customer_id == kept_id, Identity.created_at > row.at, Identity.created_at.in_(proven)
    )
    return (await work.session.scalars(statement)).all()


async def _give_back_contacts(
    work: Work, row: Merge, kept: Customer, other: Customer, going: Collection[int], stays: Collection[int]
) -> None:
    since = [one for one in await contacts.rows_of(work, [kept.id]) if one.created_at > row.at]
    theirs = await _came_by(work, [one.created_at for one in since], going, stays)
    for one in since:
        if one.created_at in theirs:
            value = await contacts.value_of(work, one)
            one.customer_id = other.id
            one.value = contacts.seal(work, one.id, value, other.key, other.id)


async def _give_back_consents(
    work: Work, row: Merge, kept: Customer, other: Customer, going: Collection[int], stays: Collection[int]
) -> None:
    statement = select(Consent).where(Consent.customer_id == kept.id, Consent.at > row.at).order_by(Consent.id)
    since = (await work.session.scalars(statement)).all()
    instants = [one.at for one in since]
    theirs = await _came_by(work, instants, going, stays)
    own = await _came_by(work, instants, stays, going)
    for one in since:
        if one.at in theirs:
            await _hand_over(work, one, other.id)
    # A no of which nobody can tell any more whose it was counts for both.
    if any(not one.granted and one.at not in theirs | own for one in since):
        consents.give(work, other.id, False, "undo")


async def _hand_over(work: Work, said: Consent, to_id: int) -> None:
    """Let a consent be somebody else's: the row is written anew, as it cannot be changed."""
    told = {name: getattr(said, name) for name in inspect(Consent).columns.keys() if name != "id"}  # noqa: SIM118
    work.session.add(Consent(**{**told, "id": new_id(), "customer_id": to_id}))
    await work.session.delete(said)


async def _came_by(
    work: Work, instants: Iterable[datetime], by: Collection[int], not_by: Collection[int]
) -> set[datetime]:
    """Those of these moments at which something was said in the first conversations and nothing in the others."""
    wanted = sorted(set(instants))

    async def said(conversation_ids: Collection[int]) -> set[datetime]:
        statement = select(Interaction.at).where(
            Interaction.conversation_id.in_(conversation_ids), Interaction.kind.in_(_SAID), Interaction.at.in_(wanted)
        )
        return set(await work.session.scalars(statement))

    return await said(by) - await said(not_by) if wanted else set()


async def _give_back_marketing(work: Work, moved: dict[str, Any]) -> None:
    await work.session.execute(
        update(CampaignRecipient)
        .where(CampaignRecipient.id.in_(moved["excluded"]), CampaignRecipient.excluded == MERGED)
        .values(excluded=None)
    )
    for outbox_id, reason in moved["suppressed"]:
        row = await work.session.get(Outbox, outbox_id)
        if row is not None and row.state == OutboxState.SUPPRESSED and row.reason == MERGED:
            row.state, row.reason, row.settled_at = OutboxState.QUEUED, reason, None
            work.queued.add(row.channel)
