"""Writing down what was said and done, and reading it again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import not_, or_, select

from crm_core.models import (
    Attachment,
    Conversation,
    Customer,
    Identity,
    Interaction,
    InteractionAbout,
    Kind,
    Outbox,
    Ticket,
)
from crm_core.storage.ids import new_id
from crm_core.work import Work

CONSIDERED = 20_000  # characters of one message that are kept
HISTORY = "history:"  # what source keys begin with in histories that were imported
_OPENED_AT_ONCE = 400  # a statement takes only so many parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is to be written down: the words and, where there is one, the file and what the matcher said."""

    kind: Kind
    text: str
    titled: bool = False
    thread: str = ""
    source_key: str | None = None
    staff_id: int | None = None
    ticket_id: int | None = None
    article_id: str | None = None
    decision: str | None = None
    confidence: float | None = None
    reason: str | None = None
    attachment: dict[str, Any] | None = field(default=None)  # channel, ref, kind, file_name, mime, size


async def record(work: Work, conversation: Conversation, words: Words) -> Interaction:
    """Add one interaction to a conversation, sealed for whoever the conversation belongs to."""
    key = await work.key_of(conversation.customer_id)
    interaction_id = new_id()
    interaction = Interaction(
        id=interaction_id,
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        rev=conversation.next_rev(),
        kind=words.kind,
        body=seal_body(work, interaction_id, words.text, key, conversation.customer_id),
        titled=words.titled,
        source_key=words.source_key,
        thread=words.thread,
        staff_id=words.staff_id,
        ticket_id=words.ticket_id,
        article_id=words.article_id,
        decision=words.decision,
        confidence=words.confidence,
        reason=words.reason,
        at=work.now,
    )
    work.session.add(interaction)
    work.changed.add(conversation.id)
    if conversation.customer_id is None:
        work.told.append(interaction)
    if words.attachment is not None:
        _attach(work, interaction, words.attachment, key)
    return interaction


def seal_body(work: Work, interaction_id: int, text: str, key: bytes | None, customer_id: int | None) -> bytes:
    """Seal the words of an interaction for its place."""
    return work.vault.seal(text[:CONSIDERED], f"interaction.body:{interaction_id}", key, customer_id or 0)


async def body_of(work: Work, interaction: Interaction) -> str:
    """The words of an interaction; "" when they were emptied: their customer was erased, or their time is over."""
    if not interaction.body:
        return ""
    key = await work.key_of(interaction.customer_id)
    return work.vault.open(interaction.body, f"interaction.body:{interaction.id}", key, interaction.customer_id or 0)


async def words_of(work: Work, interaction_ids: Collection[int]) -> dict[int, str]:
    """The words of many interactions by id; those that are gone or were emptied are left out."""
    found: dict[int, str] = {}
    ids = sorted(interaction_ids)
    for start in range(0, len(ids), _OPENED_AT_ONCE):
        statement = (
            select(Interaction, Customer)
            .outerjoin(Customer, Customer.id == Interaction.customer_id)
            .where(
                Interaction.id.in_(ids[start : start + _OPENED_AT_ONCE]),
                or_(Interaction.customer_id.is_(None), Customer.key.is_not(None)),
            )
        )
        for interaction, customer in (await work.session.execute(statement)).all():
            if customer is not None:
                work.remember(customer)
            if interaction.body:
                found[interaction.id] = await body_of(work, interaction)
    return found


def _attach(work: Work, interaction: Interaction, file: dict[str, Any], key: bytes | None) -> None:
    row_id = new_id()
    work.session.add(
        Attachment(
            id=row_id,
            interaction_id=interaction.id,
            channel=file["channel"],
            ref=file["ref"],
            kind=file["kind"],
            file_name=work.vault.seal(
                file["file_name"], f"attachment.file_name:{row_id}", key, interaction.customer_id or 0
            ),
            mime=file["mime"],
            size=file["size"],
        )
    )


async def file_name_of(work: Work, attachment: Attachment, customer_id: int | None) -> str:
    """The name of an attached file."""
    key = await work.key_of(customer_id)
    return work.vault.open(attachment.file_name, f"attachment.file_name:{attachment.id}", key, customer_id or 0)


async def attachments_of(work: Work, interaction_ids: Sequence[int]) -> dict[int, Attachment]:
    """The attachment of each of these interactions that has one."""
    if not interaction_ids:
        return {}
    rows = await work.session.scalars(select(Attachment).where(Attachment.interaction_id.in_(interaction_ids)))
    return {row.interaction_id: row for row in rows}


async def move(work: Work, interaction: Interaction, to: Conversation, kind: Kind, text: str, ticket_id: int) -> None:
    """File an interaction in another conversation after all, its words sealed anew for whoever that belongs to."""
    key = await work.key_of(to.customer_id)
    interaction.conversation_id = to.id
    interaction.customer_id = to.customer_id
    interaction.kind = kind
    interaction.ticket_id = ticket_id
    interaction.thread = ""
    interaction.rev = to.next_rev()
    interaction.body = seal_body(work, interaction.id, text, key, to.customer_id)
    work.changed.add(to.id)
    attachment = (await attachments_of(work, [interaction.id])).get(interaction.id)
    if attachment is not None:
        name = work.vault.open(attachment.file_name, f"attachment.file_name:{attachment.id}", None)
        attachment.file_name = work.vault.seal(name, f"attachment.file_name:{attachment.id}", key, to.customer_id or 0)


def name_people(work: Work, interactions: Collection[Interaction], customer_ids: Collection[int]) -> None:
    """Remember whom these words in staff's own talk name: they are emptied when those people are erased."""
    for one in interactions:
        work.session.add_all(InteractionAbout(customer_id=who, interaction_id=one.id) for who in customer_ids)


async def touch(work: Work, interaction: Interaction) -> None:
    """Count a change to an interaction (its delivery, a pressed button) so that readers past their cursor see it."""
    conversation = await work.session.get_one(Conversation, interaction.conversation_id)
    interaction.rev = conversation.next_rev()
    work.changed.add(conversation.id)


async def latest(work: Work, conversation_id: int, limit: int) -> list[Interaction]:
    """The last `limit` interactions of a conversation, oldest first."""
    statement = (
        select(Interaction)
        .where(Interaction.conversation_id == conversation_id)
        .order_by(Interaction.id.desc())
        .limit(limit)
    )
    return list(reversed((await work.session.scalars(statement)).all()))


async def said_by(work: Work, conversation_id: int, limit: int, *, here: bool = False) -> Sequence[Interaction]:
    """The first things that the person of a conversation said or pressed; `here`: to us, in no imported history."""
    statement = (
        select(Interaction)
        .where(Interaction.conversation_id == conversation_id, Interaction.kind.in_((Kind.MESSAGE, Kind.PRESS)))
        .order_by(Interaction.id)
        .limit(limit)
    )
    if here:
        imported = Interaction.source_key.startswith(HISTORY, autoescape=True)
        statement = statement.where(or_(Interaction.source_key.is_(None), not_(imported)))
    return (await work.session.scalars(statement)).all()


async def has_asked(work: Work, conversation_id: int, within: timedelta) -> bool:
    """Whether the person of a conversation asked something lately that the matcher looked at."""
    statement = select(Interaction.id).where(
        Interaction.conversation_id == conversation_id,
        Interaction.decision.is_not(None),
        Interaction.at > work.now - within,
    )
    return await work.session.scalar(statement.limit(1)) is not None


async def question_of(work: Work, ticket: Ticket) -> Interaction | None:
    """What the customer of a ticket wanted to know: the newest question the matcher looked at when it was opened.

    None when there was none: a file, or a person wanted at once. Greetings and the like are no questions.
    """
    statement = (
        select(Interaction)
        .where(
            Interaction.conversation_id == ticket.conversation_id,
            Interaction.kind == Kind.MESSAGE,
            Interaction.decision.is_not(None),
            Interaction.id <= ticket.first_interaction_id,
            not_(
                or_(
                    Interaction.reason.startswith("smalltalk_", autoescape=True),
                    Interaction.reason.in_(("no_words", "empty")),
                )
            ),
        )
        .order_by(Interaction.id.desc())
    )
    return await work.session.scalar(statement.limit(1))


async def last_answer(work: Work, ticket_id: int) -> Interaction | None:
    """What an agent said last to the customer of a ticket."""
    statement = select(Interaction).where(Interaction.ticket_id == ticket_id, Interaction.kind == Kind.AGENT)
    return await work.session.scalar(statement.order_by(Interaction.id.desc()).limit(1))


async def since(
    work: Work, conversation_id: int, cursor: int, kinds: Sequence[str] | None, limit: int, *, first: int = 0
) -> Sequence[tuple[Interaction, Outbox | None]]:
    """Interactions changed past `cursor` (a rev), each with the outbox row that carries it to the person here.

    `first` is the id of the oldest one that counts.
    """
    statement = (
        select(Interaction, Outbox)
        .outerjoin(
            Outbox,
            (Outbox.interaction_id == Interaction.id) & (Outbox.conversation_id == Interaction.conversation_id),
        )
        .where(Interaction.conversation_id == conversation_id, Interaction.rev > cursor, Interaction.id >= first)
        .order_by(Interaction.rev)
        .limit(limit)
    )
    if kinds is not None:
        statement = statement.where(Interaction.kind.in_(kinds))
    return [(row[0], row[1]) for row in (await work.session.execute(statement)).all()]


async def find(work: Work, channel: str, external_ids: Sequence[str]) -> Sequence[tuple[Identity, Conversation]]:
    """The identities of these addresses with their conversations."""
    statement = (
        select(Identity, Conversation)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .where(Identity.channel == channel, Identity.external_id.in_(external_ids))
    )
    return [(row[0], row[1]) for row in (await work.session.execute(statement)).all()]


async def name_of(work: Work, customer: Customer) -> str:
    """A customer's name, "" when we do not know it."""
    if customer.name is None:
        return ""
    return work.vault.open(customer.name, f"customer.name:{customer.id}", customer.key, customer.id)
