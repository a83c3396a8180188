"""The agent's side: who waits, one winner per claim, hand on, resolve, the card."""

import asyncio
import copy
from dataclasses import dataclass

import pytest

from bot.turn import Articles
from crm_core import tickets
from crm_core.models import Conversation, Interaction, Outbox, Staff, Ticket
from crm_core.tickets import TicketRefused
from knowledge_base import Article, Match
from tests.builders import House, NothingPublished, Person

_ODD = "elephants allowed inside"


async def waiting(house: House) -> tuple[Person, Person]:
    """Wei is on the desk, and Ana has a ticket in the queue."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana Silva")
    return wei, ana


async def test_the_desk_is_told_of_a_new_ticket_with_a_button_to_claim_it(house: House) -> None:
    """The card says who, why and what was said."""
    wei, _ana = await waiting(house)

    assert wei.words[-1].splitlines()[:4] == [
        "#1 Ana Silva",
        "Nobody has it yet.",
        "Why: no article is near enough",
        "Ana Silva: elephants allowed inside",
    ]
    assert wei.labels == ["Claim", "Why?"]
    assert wei.heard[-1].titled


async def test_the_queue_lists_who_waits_longest_first_and_then_ones_own(house: House) -> None:
    """Each waiting ticket has its button."""
    wei, _ana = await waiting(house)
    house.hands.move(minutes=5)
    await house.customer("bob").does(text=_ODD, name="Bob")
    await house.customer("cleo").does(text=_ODD, name="Cleo")
    await wei.says("/claim 3")

    (heard,) = await wei.says("/queue")

    assert heard.splitlines() == [
        "2 tickets are waiting",
        "#1 Ana Silva · waits 5 min",
        "#2 Bob · waits 0 min",
        "",
        "Yours: 1",
        "#3 Cleo · waits 0 min",
    ]
    assert wei.labels == ["Claim #1", "Claim #2"]


async def test_an_empty_queue_says_so(house: House) -> None:
    """Nobody waits."""
    wei = await house.colleague("Wei")

    assert await wei.says("/queue") == ["Nobody is waiting."]


@pytest.mark.parametrize("how", ["button", "command"])
async def test_claiming_tells_the_customer_who_takes_care_and_shows_the_card(house: House, how: str) -> None:
    """By button or by number."""
    wei, ana = await waiting(house)

    heard = await (wei.presses("Claim") if how == "button" else wei.says("/claim 1"))

    assert "#1 is yours. What you write here goes to the customer" in heard[0]
    assert "It is yours: what you write here goes to Ana Silva." in heard[1]
    assert wei.labels == ["Resolve", "Hand on", "Why?", "Teach the bot"]
    assert ana.words[-1] == "Wei is taking care of this now."


async def test_the_card_shows_what_the_bot_tried(house: House) -> None:
    """The agent need not repeat an article that did not help."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("refund please")
    await ana.presses("Not quite")
    await ana.says("/agent")

    assert wei.words[-1].endswith("The bot tried: Refunds")
    assert "Why: asked for a person" in wei.words[-1]


async def test_of_two_agents_who_claim_at_the_same_moment_one_wins(house: House) -> None:
    """Both turns run in one batch; the other one learns the winner's name."""
    wei, ana = await waiting(house)
    mia = await house.colleague("Mia")

    house.put(wei.incoming(text="/claim 1"))
    house.put(mia.incoming(text="/claim 1"))
    await house.settle()

    assert sum("#1 is yours" in words for words in wei.words + mia.words) == 1
    assert "#1 is with Wei already." in mia.words
    assert ana.words.count("Wei is taking care of this now.") == 1


async def test_of_ten_agents_who_claim_in_processes_of_their_own_one_wins(house: House) -> None:
    """One statement in the database decides: all of them have seen the ticket while nobody had it."""
    for number in range(10):
        await house.colleague(f"Agent{number}")
    await house.customer().says(_ODD)

    async with house.app.records.read() as work:
        seen = await tickets.by_number(work, 1)
        assert seen is not None

    async def claim(member: Staff) -> bool:
        async with house.app.records.write() as work:
            conversation = await work.session.get_one(Conversation, seen.conversation_id)
            try:
                await tickets.claim(work, conversation, copy.copy(seen), member)
            except TicketRefused:
                return False
            return True

    won = await asyncio.gather(*(claim(member) for member in await house.rows(Staff)))

    assert sorted(won) == [False] * 9 + [True]


async def test_a_taken_ticket_is_refused_to_an_agent_and_taken_over_by_a_supervisor(house: House) -> None:
    """The agent who had it is told."""
    wei, ana = await waiting(house)
    mia, sue = await house.colleague("Mia"), await house.colleague("Sue", "supervisor")
    await wei.says("/claim 1")

    assert await mia.says("/claim 1") == ["#1 is with Wei already."]
    assert (await sue.says("/claim 1"))[0].startswith("#1 is yours.")
    assert wei.words[-1] == "Sue has taken over #1."
    assert ana.words.count("Sue is taking care of this now.") == 0
    assert (await wei.says("anybody there?"))[0].startswith("Send to")
    assert await wei.presses("Send") == ["#1 is not in your hands. Claim it first: /claim 1"]


async def test_resolving_tells_the_customer_and_asks_how_it_was(house: House) -> None:
    """The ticket in hand ends with it."""
    wei, ana = await waiting(house)
    await wei.says("/claim 1")

    assert await wei.presses("Resolve") == ["#1 is resolved, and the customer has been told."]

    assert ana.words[-1].startswith("Your ticket #1 is resolved.")
    assert ana.words[-1].endswith("How did we do?")
    assert await wei.says("and now?") == [
        "You have no ticket in hand, so this went to nobody. /queue shows who is waiting."
    ]


@pytest.mark.parametrize("command", ["/resolve 1", "/handon 1 Mia", "/reply 1 hello"])
async def test_a_ticket_in_other_hands_is_left_alone(house: House, command: str) -> None:
    """Only who has a ticket speaks for it."""
    wei, ana = await waiting(house)
    mia = await house.colleague("Mia")
    await wei.says("/claim 1")
    before = len(ana.words)

    assert await mia.says(command) == ["#1 is not in your hands. Claim it first: /claim 1"]
    assert len(ana.words) == before


@pytest.mark.parametrize("command", ["/claim 1", "/resolve 1", "/handon 1 Mia", "/reply 1 hello"])
async def test_a_resolved_ticket_is_left_alone(house: House, command: str) -> None:
    """It begins again when the customer writes."""
    wei, ana = await waiting(house)
    await wei.says("/claim 1")
    await wei.says("/resolve")
    before = len(ana.words)

    assert await wei.says(command) == ["#1 is resolved already."]
    assert len(ana.words) == before


@pytest.mark.parametrize("command", ["/claim", "/claim 99", "/claim abc", "/reply", "/note", "/resolve", "/handon"])
async def test_without_a_ticket_the_bot_asks_which(house: House, command: str) -> None:
    """Nothing is guessed."""
    wei = await house.colleague("Wei")

    (heard,) = await wei.says(command)

    assert heard.startswith("Which ticket?")


async def test_a_mistyped_number_is_not_taken_for_the_ticket_in_hand(house: House) -> None:
    """`/resolve 99` resolves nothing when there is no ticket 99."""
    wei, _ana = await waiting(house)
    await wei.says("/claim 1")

    for command in ("/resolve 99", "/handon 99 queue", "/reply #99 hello", "/note #99 hello"):
        assert (await wei.says(command))[0].startswith("Which ticket?")
    assert (await house.ticket()).state == "open"


async def test_handing_on_by_name_gives_the_ticket_and_its_card_to_the_colleague(house: House) -> None:
    """Upper and lower case are the same, and the colleague has it in hand."""
    wei, ana = await waiting(house)
    mia = await house.colleague("Mia")
    await wei.says("/claim 1")

    assert await wei.says("/handon mia") == ["#1 is with Mia now."]

    assert "Wei has handed #1 to you." in mia.words[-2:]
    assert any("It is yours" in words for words in mia.words[-2:])
    await mia.says("Elephants are welcome.")
    assert ana.words[-1] == "Elephants are welcome."


async def test_handing_on_offers_the_colleagues_and_the_queue(house: House) -> None:
    """Marketers take no tickets and are not offered."""
    wei, _ana = await waiting(house)
    await house.colleague("Mia")
    await house.colleague("Max", "marketer")
    await wei.says("/claim 1")

    assert await wei.presses("Hand on") == ["Who takes #1?"]
    assert wei.labels == ["Mia", "Back to the queue"]
    assert await wei.presses("Mia") == ["#1 is with Mia now."]


@pytest.mark.parametrize("how", ["Back to the queue", "/handon queue", "/handon 队列"])
async def test_a_ticket_goes_back_to_the_queue_and_the_desk_is_told(house: House, how: str) -> None:
    """Anybody may take it then."""
    wei, _ana = await waiting(house)
    mia = await house.colleague("Mia")
    await wei.says("/claim 1")

    if how.startswith("/"):
        heard = await wei.says(how)
    else:
        await wei.presses("Hand on")
        heard = await wei.presses(how)

    assert "#1 is back in the queue." in heard
    assert (await house.ticket()).assignee_id is None
    assert mia.labels == ["Claim", "Why?"]


@pytest.mark.parametrize("name", ["Nobody", "Max", "Wei"])
async def test_a_ticket_is_not_handed_to_whoever_cannot_take_it(house: House, name: str) -> None:
    """An unknown name, a marketer, oneself."""
    wei, _ana = await waiting(house)
    await house.colleague("Max", "marketer")
    await wei.says("/claim 1")

    assert await wei.says(f"/handon {name}") == [f"There is nobody called {name} on the desk."]


async def test_a_tickets_card_can_be_asked_for(house: House) -> None:
    """Anybody on the desk gets it from the card of its customer."""
    wei, ana = await waiting(house)
    mia = await house.colleague("Mia")
    await wei.says("/claim 1")
    await ana.says("he is called Otto")

    await mia.says("/customer Ana Silva")
    (heard,) = await mia.presses("Ticket #1")

    assert "Wei has it." in heard
    assert "Ana Silva: he is called Otto" in heard


async def test_a_customer_who_writes_while_the_ticket_is_being_resolved_is_not_lost(house: House) -> None:
    """Both turns in one batch: the words reopen the ticket, for the agent had the turn when they were written."""
    wei, ana = await waiting(house)
    await wei.says("/claim 1")

    house.put(wei.incoming(text="/resolve"))
    house.put(ana.incoming(text="and his trunk?"))
    await house.settle()

    ticket = await house.ticket()
    assert (ticket.state, ticket.current_of) == ("open", ticket.conversation_id)
    assert wei.words[-1].endswith("and his trunk?")


async def test_a_bot_reply_computed_before_a_handover_is_dropped(house: House) -> None:
    """The bot knows the answer, but at the time of the turn an agent has the talk: the words go to the agent alone."""
    wei, ana = await waiting(house)
    await wei.says("/claim 1")
    await wei.says("/resolve")
    house.hands.move(days=2)

    @dataclass
    class TakenMeanwhile(NothingPublished):
        """Articles that are looked up while a colleague takes the conversation."""

        book: Articles

        def find(self, article_id: str, language: str) -> Article | None:
            return self.book.find(article_id, language)

        def match(self, text: str, language: str) -> Match:
            house.beside("UPDATE ticket SET state = 'open', current_of = conversation_id")
            return self.book.match(text, language)

    house.read_from(TakenMeanwhile(house.app.book))

    assert await ana.says("how long does delivery take") == []
    assert wei.words[-1].endswith("how long does delivery take")


async def test_two_first_tickets_in_one_batch_get_two_numbers(house: House) -> None:
    """The very first batch of a shop is no exception."""
    for name in ("ana", "bob", "cleo"):
        house.put(house.customer(name).incoming(text=_ODD))

    await house.settle()

    assert [one.number for one in await house.rows(Ticket)] == [1, 2, 3]
    assert await house.how_many(Interaction, Interaction.kind == "message") == 3
    assert await house.how_many(Outbox) == 3
