"""An agent's words: to the customer from the hand, by command or as an answer; notes never; held when in doubt."""

import pytest

from crm_core.models import Interaction, Kind
from tests.builders import House, Person

_ODD = "elephants allowed inside"


async def at_work(house: House) -> tuple[Person, Person]:
    """Wei has Ana's ticket in hand."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana")
    await wei.says("/claim 1")
    return wei, ana


async def test_plain_words_go_to_the_customer_of_the_ticket_in_hand(house: House) -> None:
    """They are on record in the customer's talk as an agent's words, and the agent hears that they went."""
    wei, ana = await at_work(house)

    assert await wei.says("Elephants are welcome.") == ["Sent to Ana (#1)."]

    assert ana.words[-1] == "Elephants are welcome."
    assert (await house.talk_of("ana"))[-1] == ("agent", "Elephants are welcome.")
    ticket = await house.ticket()
    assert (ticket.state, ticket.waiting_since) == ("waiting", None)


@pytest.mark.parametrize("command", ["/reply It leaves today", "/reply #1 It leaves today", "/reply\nIt leaves today"])
async def test_reply_goes_to_the_customer(house: House, command: str) -> None:
    """With the number or without."""
    wei, ana = await at_work(house)

    assert await wei.says(command) == ["Sent to Ana (#1)."]
    assert ana.words[-1] == "It leaves today"


async def test_a_number_that_begins_the_words_is_not_taken_for_a_ticket(house: House) -> None:
    """`/reply 2 days` with ticket 1 in hand is said to the customer of ticket 1, though there is a ticket 2."""
    wei, ana = await at_work(house)
    bob = house.customer("bob")
    await bob.says(_ODD)
    before = len(bob.heard)

    await wei.says("/reply 2 days")

    assert ana.words[-1] == "2 days"
    assert len(bob.heard) == before


async def test_a_reply_by_number_claims_a_ticket_that_nobody_has(house: House) -> None:
    """Who answers first has it."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana")

    assert await wei.says("/reply 1 Elephants are welcome.") == ["Sent to Ana (#1)."]

    assert ana.words[-1] == "Elephants are welcome."
    assert (await house.ticket()).assignee_id is not None


async def test_answering_the_copy_reaches_its_customer_whatever_is_in_hand(house: House) -> None:
    """With ticket 2 in hand, an answer to Ana's copy goes to Ana."""
    wei, ana = await at_work(house)
    bob = house.customer("bob")
    await bob.says(_ODD)
    await ana.says("he is called Otto")
    copy = f"m{len(house.memory.heard)}"
    await wei.says("/claim 2")
    before = len(bob.heard)

    assert await wei.says("Otto is welcome.", reply_to=copy) == ["Sent to Ana (#1)."]

    assert ana.words[-1] == "Otto is welcome."
    assert len(bob.heard) == before


async def test_a_note_never_reaches_the_customer(house: House) -> None:
    """By command, by number, as an answer to the copy, with a photo: nothing of it is ever delivered to her."""
    wei, ana = await at_work(house)
    mia = await house.colleague("Mia")
    await ana.says("he is called Otto")
    copy = f"m{len(house.memory.heard)}"

    assert await wei.says("/note SECRET one") == ["Noted on #1. The customer does not see it."]
    await mia.says("/note 1 SECRET two")
    await wei.says("/note SECRET three", reply_to=copy)
    await wei.sends_photo("/note SECRET four")
    await wei.says("SECRET five", thread=f"ticket:{(await house.ticket()).id}")
    await wei.says("/resolve")
    await ana.says("thanks, and his trunk?")
    await ana.says("/status")

    assert not [words for words in ana.words if "SECRET" in words]
    assert not [one for one in ana.heard if one.attachment]
    notes = [words for kind, words in await house.talk_of("ana") if kind == "note"]
    assert [words.split()[-1] for words in notes] == ["one", "two", "three", "four", "five"]


async def test_colleagues_read_a_note_on_the_card(house: House) -> None:
    """That is what it is for."""
    wei, _ana = await at_work(house)
    mia = await house.colleague("Mia")
    await wei.says("/note ask the zoo")

    await mia.says("/customer ana")
    assert "Note: ask the zoo" in (await mia.presses("Ticket #1"))[0]


@pytest.mark.parametrize(("command", "heard"), [("/reply", "What shall I say?"), ("/note", "What shall I note down?")])
async def test_empty_words_are_asked_for(house: House, command: str, heard: str) -> None:
    """A command without words sends nothing."""
    wei, ana = await at_work(house)
    before = len(ana.heard)

    assert (await wei.says(command))[0].startswith(heard)
    assert len(ana.heard) == before


async def test_words_longer_than_a_message_are_refused_in_words(house: House) -> None:
    """Nothing is cut off silently, and nothing is sent that a channel would refuse."""
    wei, ana = await at_work(house)
    before = len(ana.heard)

    assert (await wei.says("x" * 4001))[0].startswith("That is 4,001 characters; a message takes 4,000.")
    assert (await wei.sends_photo("x" * 1001))[0].startswith("That is 1,001 characters; a message takes 1,000.")
    assert len(ana.heard) == before


async def test_after_half_an_hour_plain_words_are_held_and_sent_when_confirmed(house: House) -> None:
    """The agent may have forgotten whom they talk to."""
    wei, ana = await at_work(house)
    house.hands.move(minutes=31)
    before = len(ana.heard)

    assert await wei.says("Elephants are welcome.") == ["Send to Ana (#1)?"]
    assert len(ana.heard) == before

    assert await wei.presses("Send") == ["Sent to Ana (#1)."]
    assert ana.words[-1] == "Elephants are welcome."
    assert (await house.talk_of("ana"))[-1] == ("agent", "Elephants are welcome.")
    assert await wei.says("All of them.") == ["Sent to Ana (#1)."]


async def test_held_words_are_sent_once_however_often_the_button_is_pressed(house: House) -> None:
    """The second press finds nothing to send."""
    wei, ana = await at_work(house)
    house.hands.move(minutes=31)
    await wei.says("Elephants are welcome.")
    send = wei.button("Send")

    await wei.does(press=send)
    await wei.does(press=send)

    assert ana.words.count("Elephants are welcome.") == 1


async def test_held_words_that_are_dropped_go_nowhere_for_good(house: House) -> None:
    """Do not send means do not send, even if the other button is pressed afterwards."""
    wei, ana = await at_work(house)
    house.hands.move(minutes=31)
    await wei.says("Elephants are welcome.")
    send = wei.button("Send")

    assert await wei.presses("Do not send") == ["It was not sent."]
    await wei.does(press=send)

    assert "Elephants are welcome." not in ana.words


async def test_each_used_word_keeps_the_ticket_in_hand_for_another_half_hour(house: House) -> None:
    """The term begins again with every answer."""
    wei, _ana = await at_work(house)
    for _ in range(3):
        house.hands.move(minutes=29)
        assert await wei.says("Elephants are welcome.") == ["Sent to Ana (#1)."]


async def test_a_customers_photo_reaches_the_agent_and_the_agents_photo_the_customer(house: House) -> None:
    """With caption, in both directions, as the same file of the channel."""
    wei, ana = await at_work(house)

    await ana.sends_photo("this is Otto")
    received = wei.heard[-1]
    await wei.sends_photo("and this is our door")

    assert received.text == "#1 Ana\nthis is Otto"
    for delivery in (received, ana.heard[-1]):
        assert delivery.attachment is not None
        assert (delivery.attachment.ref, delivery.attachment.file_name) == ("photo-1", "spout.jpg")
    assert ana.words[-1] == "and this is our door"


async def test_plain_words_without_a_ticket_in_hand_go_to_nobody(house: House) -> None:
    """And the agent is told so."""
    wei = await house.colleague("Wei")

    assert (await wei.says("hello?"))[0].startswith("You have no ticket in hand, so this went to nobody.")


async def test_plain_words_in_a_tickets_thread_are_a_note(house: House) -> None:
    """Among colleagues plain text is internal; /reply speaks to the customer."""
    wei, ana = await at_work(house)
    thread = f"ticket:{(await house.ticket()).id}"
    before = len(ana.heard)

    assert await wei.says("ask the zoo", thread=thread) == ["Noted on #1. The customer does not see it."]
    assert len(ana.heard) == before
    assert await wei.says("/reply The zoo says yes.", thread=thread) == ["Sent to Ana (#1)."]
    assert ana.words[-1] == "The zoo says yes."


async def test_words_in_an_unknown_thread_are_not_given_to_the_ticket_in_hand(house: House) -> None:
    """A thread whose ticket is gone is asked about."""
    wei, ana = await at_work(house)
    before = len(ana.heard)

    assert (await wei.says("/reply The zoo says yes.", thread="ticket:5"))[0].startswith("Which ticket?")
    assert len(ana.heard) == before


async def test_an_agents_words_are_sealed_for_the_customer_they_were_said_to(house: House) -> None:
    """Whoever erases the customer's key erases what was said to them."""
    wei, _ana = await at_work(house)
    await wei.says("Elephants are welcome.")

    (said,) = await house.rows(Interaction, Interaction.kind == Kind.AGENT)

    assert said.customer_id == (await house.ticket()).customer_id
