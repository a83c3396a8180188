"""Taking over what was said elsewhere: past messages on record with their own times, and nobody hears of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, insert, select

from crm_core import customers
from crm_core.conversations import HISTORY, seal_body
from crm_core.imports import ADDED, SAME
from crm_core.models import Conversation, Customer, Identity, Interaction, Kind
from crm_core.numbers import next_number
from crm_core.storage.ids import id_at
from crm_core.work import Work

PASSED = "passed"  # of no customer: staff, or somebody who was erased


class PastMessage(NamedTuple):
    """One message of a chat between the shop and one person."""

    chat: str  # the other person's id on the channel
    message: str  # its number in the chat
    theirs: bool  # said by the person, not by the shop
    text: str
    at: datetime
    nth: int  # its place among the messages of the chat in the same second
    name: str  # of the person, "" when it is not known
    opens: bool  # the first message of its chat in the file

    @property
    def source_key(self) -> str:
        """What it is known by for ever; with its time, as two accounts of the shop may number their messages alike."""
        return f"{HISTORY}{self.chat}:{self.message}:{int(self.at.timestamp())}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What holds for a whole import: the channel of its people, and the language of those who are new."""

    channel: str
    language: str


@dataclass(slots=True)
class _Talk:
    """A conversation that messages come into; `customer` is None when it is no customer's."""

    conversation: Conversation
    customer: Customer | None


async def take(work: Work, messages: Sequence[PastMessage], past: Past, *, write: bool) -> list[str]:
    """Store past messages (some hundreds at most), or only look: whether each is ADDED, the SAME, or PASSED over.

    Whoever is new becomes a customer who cannot be written to before they write to us. Nothing is sent, no ticket is
    opened, nothing is matched; when the customer last wrote moves forward only.
    """
    known = await _known(work, [one.source_key for one in messages])
    talks = await _talks(work, {one.chat for one in messages}, past.channel, hold=write)
    outcomes = []
    fresh: dict[str, list[PastMessage]] = {}
    for one in messages:
        talk = talks.get(one.chat)
        if talk is not None and talk.customer is None:
            outcomes.append(PASSED)
        elif one.source_key in known:
            outcomes.append(SAME)
        else:
            known.add(one.source_key)
            fresh.setdefault(one.chat, []).append(one)
            outcomes.append(ADDED)
    if write and fresh:
        await _write(work, fresh, talks, past)
    return outcomes


async def _known(work: Work, keys: Collection[str]) -> set[str]:
    found = await work.session.scalars(select(Interaction.source_key).where(Interaction.source_key.in_(keys)))
    return {key for key in found if key is not None}


async def _talks(work: Work, chats: Collection[str], channel: str, *, hold: bool) -> dict[str, _Talk]:
    gone = {customers.gone_address(work, channel, chat): chat for chat in chats}
    statement = (
        select(Identity.external_id, Conversation, Customer)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .outerjoin(Customer, Customer.id == Conversation.customer_id)
        .where(Identity.channel == channel, Identity.external_id.in_([*chats, *gone]))
        # Who was erased comes last, and stays so: an old history is not theirs any more, should they be here anew.
        .order_by(Identity.external_id.in_(gone))
    )
    if hold:
        statement = statement.with_for_update(of=Conversation)
    talks = {}
    for chat, conversation, customer in (await work.session.execute(statement)).all():
        talks[gone.get(chat, chat)] = _Talk(conversation, _there(customer))
    for talk in talks.values():
        if talk.customer is not None:
            work.remember(talk.customer)
    return talks


def _there(customer: Customer | None) -> Customer | None:
    return None if customer is None or customer.key is None else customer


async def _write(work: Work, fresh: dict[str, list[PastMessage]], talks: dict[str, _Talk], past: Past) -> None:
    for chat, some in fresh.items():
        if chat not in talks:
            talks[chat] = await _welcome(work, some, past)
    await work.session.flush()
    ids = await _free_ids(work, [one for some in fresh.values() for one in some])
    rows = [row for chat, some in fresh.items() for row in _rows(work, talks[chat], some, ids)]
    await work.session.execute(insert(cast(Table, Interaction.__table__)), rows)


async def _welcome(work: Work, some: Sequence[PastMessage], past: Past) -> _Talk:
    number = await next_number(work, "customer")
    customer = customers.create(work, language=past.language, name=some[0].name, source="import", number=number)
    chat = some[0].chat
    identity, conversation = customers.add_identity(
        work, past.channel, chat, chat, past.language, customer_id=customer.id
    )
    identity.unreachable_at = work.now  # a bot may not write first
    conversation.created_at = min(one.at for one in some)
    return _Talk(conversation, customer)


async def _free_ids(work: Work, messages: Sequence[PastMessage]) -> Iterator[int]:
    """An id for each of these in order, none of which is on record."""
    drawn: list[int] = []
    taken: set[int] = set()
    while len(drawn) < len(messages):
        more = [id_at(one.at, one.nth) for one in messages[len(drawn) :]]
        taken |= set(await work.session.scalars(select(Interaction.id).where(Interaction.id.in_(more))))
        for one in more:
            if one in taken:
                break
            taken.add(one)
            drawn.append(one)
    return iter(drawn)


def _rows(work: Work, talk: _Talk, some: Sequence[PastMessage], ids: Iterator[int]) -> Iterator[dict[str, Any]]:
    conversation, customer = talk.conversation, talk.customer
    assert customer is not None
    for one in some:
        interaction_id = next(ids)
        yield {
            "id": interaction_id,
            "conversation_id": conversation.id,
            "customer_id": customer.id,
            "rev": conversation.next_rev(),
            "kind": (Kind.MESSAGE if one.theirs else Kind.AGENT).value,
            "body": seal_body(work, interaction_id, one.text, customer.key, customer.id),
            "titled": False,
            "source_key": one.source_key,
            "thread": "",
            "at": one.at,
        }
        if one.theirs and (conversation.last_in_at is None or conversation.last_in_at < one.at):
            conversation.last_in_at = one.at
    work.changed.add(conversation.id)
