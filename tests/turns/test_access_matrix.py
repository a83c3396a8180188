"""Every act that is done to a ticket or a customer, pressed by everybody, on what is theirs and on what is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import handlers
from bot.message import Button, Reply
from bot.tell import tell
from crm_core import contacts, conversations, suggestions, tickets
from crm_core.conversations import Words
from crm_core.customers import welcome
from crm_core.models import (
    Contact,
    ContactKind,
    Conversation,
    Customer,
    CustomerChange,
    CustomerTag,
    Erasure,
    Identity,
    Interaction,
    Kind,
    MergeSuggestion,
    Order,
    Role,
    Staff,
    Ticket,
)
from crm_core.rules.access import ACTS, About, Principal, Touched, may, may_touch, reach
from crm_core.rules.access import Scope as Reach
from tests.builders import House, Person, open_house

_NOT_ALLOWED = "Your role does not allow this. If it should, ask an admin."
_numbers = count(1)

# Acts whose button stands in a dialogue or below words that only name things of one's own: there is no foreign one.
_OF_ONES_OWN = {act for act, rule in ACTS.items() if rule.about is About.NOTHING}


@dataclass(frozen=True)
class Things:
    """Somebody with a ticket, and the words by which a leak is known."""

    customer: int
    ticket: int
    number: int
    canary: str


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A shop whose agents see their own tickets only."""
    async with open_house(tmp_path, ACCESS__AGENTS_SEE="own") as opened:
        yield opened


async def somebody(house: House, holder: int | None) -> Things:
    """A new customer whose ticket somebody has."""
    canary = f"canary{next(_numbers)}x"
    async with house.app.records.write() as work:
        _identity, customer, conversation = await welcome(
            work, channel="memory", external_id=canary, chat=canary, language="en", name=f"Name-{canary}"
        )
        await work.session.flush()
        contacts.add(work, customer, ContactKind.EMAIL, f"{canary}@example.com", main=True)
        work.session.add(CustomerTag(customer_id=customer.id, tag=f"tag-{canary}"))
        said = await conversations.record(
            work, conversation, Words(kind=Kind.MESSAGE, text=f"words {canary}", decision="escalate", confidence=0.1)
        )
        ticket = await tickets.open_ticket(work, conversation, said, "asked_for_person")
        ticket.assignee_id = holder
        return Things(customer.id, ticket.id, ticket.number, canary)


async def suggested(house: House, one: Things, other: Things) -> int:
    async with house.app.records.write() as work:
        first, second = [await work.session.get_one(Customer, each.customer) for each in (one, other)]
        await suggestions.suggest(work, first, second, "phone")
    (row,) = await house.rows(
        MergeSuggestion,
        MergeSuggestion.first_id.in_((one.customer, other.customer)),
        MergeSuggestion.decided_at.is_(None),
    )
    return int(row.id)


async def state_of(house: House, things: Things) -> list[Any]:
    """All that an act could change."""
    found: list[Any] = []
    async with house.app.records.read() as work:
        ticket = await work.session.get_one(Ticket, things.ticket)
        customer = await work.session.get_one(Customer, things.customer)
        found += [ticket.state, ticket.assignee_id, ticket.team, ticket.rating]
        found += [customer.merged_into, customer.key, customer.erased_at, customer.owner_id, customer.company]
    for table in (Contact, CustomerTag, CustomerChange, Order, Identity):
        found.append(await house.how_many(table, table.customer_id == things.customer))
    found.append(await house.how_many(Erasure, Erasure.customer_id == things.customer))
    (conversation,) = await house.rows(Conversation, Conversation.customer_id == things.customer)
    found.append(await house.how_many(Interaction, Interaction.conversation_id == conversation.id))
    open_ones = (MergeSuggestion.first_id == things.customer) | (MergeSuggestion.second_id == things.customer)
    found.append([one.decided_at for one in await house.rows(MergeSuggestion, open_ones)])
    return found


async def offered(house: House, person: Person, act: str, args: dict[str, Any]) -> None:
    """A button in this person's own chat, as a stolen or made-up one would be if tokens could be guessed."""
    async with house.app.records.write() as work:
        (found,) = await house.rows(Identity, Identity.external_id == person.sender)
        identity = await work.session.get_one(Identity, found.id)
        (row,) = await house.rows(Conversation, Conversation.identity_id == identity.id)
        conversation = await work.session.get_one(Conversation, row.id)
        button = Button(label="Try it", act=act, args=args)
        await tell(work, identity, conversation, Reply(text="Well?", buttons=((button,),)))
    await house.settle()


def args_for(things: Things, own: Things, suggestion: int) -> dict[str, Any]:
    return {
        "ticket": things.number, "customer": str(things.customer), "kept": things.customer, "other": own.customer,
        "suggestion": suggestion, "merge": 1, "stars": 5, "team": "tea", "field": "tag", "to": "0", "held": "1",
        "interaction": "1", "slug": "refund", "question": "1", "campaign": 1, "approval": "1", "staff": "1",
    }  # fmt: skip


_ABOUT = sorted(act for act in handlers.ACTS if ACTS[act].about is not About.NOTHING)


def may_on_foreign(role: Role, me: int, act: str, things: Things, other: int) -> bool:
    """What the table says of a ticket that somebody else has, and of whose ticket it is."""
    principal = Principal(role=role, id=me, sees=Reach.QUEUE)
    if ACTS[act].about is About.CUSTOMER:
        return reach(principal, act) is Reach.ALL
    return may_touch(principal, act, Touched(customer_id=things.customer, assignee_id=other))


@pytest.mark.parametrize("role", ["customer", *(role for role in Role if role != Role.CUSTOMER)])
async def test_what_the_table_does_not_allow_shows_and_changes_nothing(house: House, role: str) -> None:
    """On a ticket that a colleague has, and on its customer."""
    other = await house.colleague("Other")
    (holder,) = [one.id for one in await house.rows(Staff, Staff.name == "Other")]
    assert other.words
    person = house.customer("me") if role == "customer" else await house.colleague("Me", role)
    await person.says("/start")
    me = next((one.id for one in await house.rows(Staff, Staff.name == "Me")), 0)

    for act in _ABOUT:
        foreign, mine = await somebody(house, holder), await somebody(house, me or None)
        suggestion = await suggested(house, foreign, mine)
        before = await state_of(house, foreign)
        await offered(house, person, act, args_for(foreign, mine, suggestion))
        heard = "\n".join(await person.presses("Try it"))

        assert (_NOT_ALLOWED in heard) == (not may(role, act)), act
        assert act == "customer.reveal" or f"{foreign.canary}@example.com" not in heard, (role, act)
        if not may_on_foreign(Role(role), me, act, foreign, holder):
            assert foreign.canary not in heard, (role, act, heard)
            assert await state_of(house, foreign) == before, (role, act)


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.ADMIN])
async def test_what_is_ones_own_is_shown(house: House, role: Role) -> None:
    """The same acts are of use on one's own ticket: the check is not simply a no."""
    person = await house.colleague("Me", role)
    (me,) = [one.id for one in await house.rows(Staff)]
    things = await somebody(house, me)

    for act in ("customer.show", "customer.reveal", "customer.timeline", "customer.tags", "ticket.history"):
        await offered(house, person, act, args_for(things, things, 0))
        assert things.canary in "\n".join(await person.presses("Try it")), act


@pytest.mark.parametrize(
    "command",
    [
        "/customer",
        "/customer {id} tag stolen",
        "/why",
        "/note",
        "/learn",
        "/merge",
        "/resolve",
        "/handon",
        "/reply",
        "/claim",
        "/order",
    ],
)
@pytest.mark.parametrize("role", [Role.AGENT, Role.MARKETER])
async def test_no_command_reaches_what_a_colleague_has(house: House, role: Role, command: str) -> None:
    """By number, by name, or to pieces."""
    await house.colleague("Other")
    (holder,) = [one.id for one in await house.rows(Staff)]
    person = await house.colleague("Me", role)
    foreign = await somebody(house, holder)
    (row,) = await house.rows(Customer, Customer.id == foreign.customer)
    before = await state_of(house, foreign)

    word, _, rest = command.partition(" ")
    for named in (f"#{foreign.number}", f"#{row.number}", f"Name-{foreign.canary}", f"{foreign.canary}@example.com"):
        words = f"{word} {rest.format(id=named)}" if rest else f"{word} {named} words"
        heard = "\n".join(await person.says(words))
        asked = heard.replace(named, "").replace(named[:20], "")  # what was typed is said again
        assert foreign.canary not in asked, (words, heard)
    assert await state_of(house, foreign) == before


def test_every_act_about_somebody_is_pressed_here() -> None:
    """The others touch nothing of one customer; who may do them is tried in test_staff."""
    assert set(_ABOUT) | _OF_ONES_OWN >= set(handlers.ACTS)
    assert len(_ABOUT) >= 20
