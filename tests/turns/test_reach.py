"""How far agents look, when the shop lets them see their own tickets, their team's, or all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crm_core.models import Customer, Interaction, Kind, Staff, Ticket
from tests.builders import House, Person, open_house

_ODD = "elephants allowed inside"
_OUT_OF_DATE = "This button is out of date. Please write what you would like, or send /help."


async def shop(folder: Path, sees: str) -> AsyncIterator[House]:
    async with open_house(folder, ACCESS__AGENTS_SEE=sees) as house:
        yield house


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[House]:
    """A shop whose agents see their own tickets and what waits."""
    async for house in shop(tmp_path, "own"):
        yield house


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[House]:
    """A shop whose agents see what their team has, too."""
    async for house in shop(tmp_path, "team"):
        yield house


async def put_in_team(house: House, name: str, team: str) -> None:
    async with house.app.records.write() as work:
        (found,) = await house.rows(Staff, Staff.name == name)
        (await work.session.get_one(Staff, found.id)).team = team


async def with_ticket(house: House, name: str, agent: Person | None = None) -> int:
    """Somebody with a ticket, claimed by an agent or waiting; returns its number."""
    person = house.customer(name)
    await person.does(text=_ODD, name=f"{name.title()} Silva")
    number = await house.how_many(Ticket)
    if agent is not None:
        await agent.says(f"/claim {number}")
    return number


async def number_of(house: House, ticket: int) -> int:
    (found,) = await house.rows(Ticket, Ticket.number == ticket)
    (customer,) = await house.rows(Customer, Customer.id == found.customer_id)
    return int(customer.number or 0)


async def test_an_agent_sees_nothing_of_a_ticket_that_a_colleague_has(own: House) -> None:
    """Neither reads nor notes nor teaches; the words are those for a ticket that there is not."""
    wei, ana = await own.colleague("Wei"), await own.colleague("Ana")
    await with_ticket(own, "bo", wei)
    unknown = await ana.says("/why 99")

    for words in ("/why 1", "/note 1 look at this", "/learn 1", "/resolve 1", "/reply #1 hello", "/handon 1"):
        assert await ana.says(words) == unknown, words
    assert await own.how_many(Interaction, Interaction.kind == Kind.NOTE) == 0


async def test_an_agent_sees_what_waits_and_what_is_theirs(own: House) -> None:
    wei = await own.colleague("Wei")
    await with_ticket(own, "bo")

    assert "#1" in (await wei.says("/why 1"))[0]
    await wei.says("/claim 1")
    assert await wei.says("/note 1 careful") == ["Noted on #1. The customer does not see it."]


async def test_who_has_no_ticket_within_reach_is_nobody_to_an_agent(own: House) -> None:
    """Neither by number nor by name; the supervisor finds them."""
    wei, ana, boss = await own.colleague("Wei"), await own.colleague("Ana"), await own.colleague("Boss", "supervisor")
    number = await number_of(own, await with_ticket(own, "bo", wei))
    assert "Bo Silva" in (await wei.says(f"/customer #{number}"))[0]
    assert "Bo Silva" in (await boss.says(f"/customer #{number}"))[0]
    assert "Bo Silva" not in (await ana.says(f"/customer #{number}"))[0]
    assert (await ana.says("/customer Bo Silva"))[0].startswith("I find nobody")
    assert "Bo Silva" not in (await ana.says(f"/customer #{number} company Sly"))[0]
    (customer,) = await own.rows(Customer, Customer.number == number)
    assert customer.company is None


async def test_a_card_that_was_shown_opens_no_more_when_the_ticket_went_elsewhere(own: House) -> None:
    """Its buttons are asked anew each time."""
    wei, ana = await own.colleague("Wei"), await own.colleague("Ana")
    number = await number_of(own, await with_ticket(own, "bo", wei))
    await wei.says(f"/customer #{number}")
    await wei.says("/handon 1 Ana")

    for button in ("Timeline", "Notes", "Tags", "Edit"):
        assert await wei.presses(button) == [_OUT_OF_DATE], button
    assert "Bo Silva" in (await ana.says(f"/customer #{number}"))[0]


async def test_a_team_sees_what_its_colleagues_have_and_no_other(team: House) -> None:
    wei, ana, max_ = [await team.colleague(name) for name in ("Wei", "Ana", "Max")]
    for name, its in (("Wei", "tea"), ("Ana", "tea"), ("Max", "coffee")):
        await put_in_team(team, name, its)
    number = await number_of(team, await with_ticket(team, "bo", wei))

    assert "Bo Silva" in (await ana.says(f"/customer #{number}"))[0]
    assert "Bo Silva" not in (await max_.says(f"/customer #{number}"))[0]


async def test_a_ticket_is_handed_to_a_team_which_alone_is_told_and_claims_it(house: House) -> None:
    """By its name; somebody of another team is refused, a supervisor is not."""
    wei, ana, max_ = [await house.colleague(name) for name in ("Wei", "Ana", "Max")]
    await put_in_team(house, "Ana", "tea")
    await put_in_team(house, "Max", "coffee")
    await with_ticket(house, "bo", wei)
    heard = len(max_.words)

    assert await wei.says("/handon 1 tea") == ["#1 waits for team tea now."]

    assert ana.words[-1].startswith("#1 Bo Silva")
    assert len(max_.words) == heard
    assert await max_.says("/claim 1") == ["#1 waits for team tea. Somebody of that team or a supervisor takes it."]
    assert "#1" not in (await max_.says("/queue"))[0]
    assert "#1" in (await ana.says("/queue"))[0]
    await ana.says("/claim 1")
    (ticket,) = await house.rows(Ticket)
    (holder,) = await house.rows(Staff, Staff.name == "Ana")
    assert ticket.assignee_id == holder.id


async def test_a_team_is_offered_as_a_button(house: House) -> None:
    wei = await house.colleague("Wei")
    await house.colleague("Ana")
    await put_in_team(house, "Ana", "tea")
    await with_ticket(house, "bo", wei)

    await wei.says("/handon 1")
    await wei.presses("To team tea")

    (ticket,) = await house.rows(Ticket)
    assert (ticket.assignee_id, ticket.team) == (None, "tea")


async def test_a_team_without_people_leaves_nobody_waiting_unheard(house: House) -> None:
    """Its last colleague is gone: everybody is told."""
    wei, ana = await house.colleague("Wei"), await house.colleague("Ana")
    await put_in_team(house, "Ana", "tea")
    await with_ticket(house, "bo", wei)
    await put_in_team(house, "Ana", "coffee")

    assert await wei.says("/handon 1 tea") == ["There is nobody called tea on the desk."]
    assert ana.words
