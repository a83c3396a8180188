"""The promises of delivery: what becomes of each message when the channel says no, says nothing, or the sender dies."""

import asyncio
import time

import pytest

from bot.channels import NotSent, Refused, Unconfirmed
from bot.channels.pace import Pace
from crm_core.models import AuditEntry, Identity, Interaction, Kind, Lane, Outbox
from tests.builders import House, Person, Trouble

_ODD = "elephants allowed inside"
_LATER = [Unconfirmed("time-out"), "crash"]


async def at_work(house: House) -> tuple[Person, Person]:
    """Wei has Ana's ticket in hand."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana")
    await wei.says("/claim 1")
    return wei, ana


async def after_a_crash(house: House) -> None:
    """Another sender takes over and delivers what is to be delivered."""
    house.crash_sender()
    await house.settle()


@pytest.mark.parametrize("fate", _LATER, ids=str)
@pytest.mark.parametrize("arrives", [True, False])
async def test_a_bots_reply_in_doubt_is_sent_once_more(house: House, fate: Exception | str, arrives: bool) -> None:
    """At least one copy, at most two."""
    ana = house.customer()
    Trouble(house.memory, fate, arrives=arrives)

    await ana.says("hello")
    await after_a_crash(house)

    assert len(ana.heard) == (2 if arrives else 1)
    (row,) = await house.rows(Outbox)
    assert (row.state, row.attempts) == ("sent", 2)


async def test_a_bots_reply_that_stays_in_doubt_is_not_sent_a_third_time(house: House) -> None:
    """Two copies may have arrived already."""
    ana = house.customer()
    Trouble(house.memory, Unconfirmed("time-out"), Unconfirmed("time-out"), arrives=True)

    await ana.says("hello")
    await after_a_crash(house)

    assert len(ana.heard) == 2
    (row,) = await house.rows(Outbox)
    assert row.state == "in_doubt"


@pytest.mark.parametrize("fate", _LATER, ids=str)
async def test_an_agents_words_in_doubt_are_not_repeated_but_the_agent_is_asked(
    house: House, fate: Exception | str
) -> None:
    """After a time-out and after a crash alike; the customer got at most one copy."""
    wei, ana = await at_work(house)
    Trouble(house.memory, fate, arrives=True, strikes=lambda one: one.text == "Elephants are welcome.")

    await wei.says("Elephants are welcome.")
    await after_a_crash(house)

    assert ana.words.count("Elephants are welcome.") == 1
    assert wei.words[-1].startswith("Not confirmed: these words for #1 may or may not have arrived.")
    assert "“Elephants are welcome.”" in wei.words[-1]
    (row,) = await house.outbox(Lane.AGENT)
    assert row.state == "in_doubt"


async def test_an_agent_may_send_words_in_doubt_again(house: House) -> None:
    """It is their decision; a second press finds nothing more to send."""
    wei, ana = await at_work(house)
    Trouble(house.memory, Unconfirmed("time-out"), strikes=lambda one: one.text == "Elephants are welcome.")
    await wei.says("Elephants are welcome.")
    again = wei.button("Send again")

    assert (await wei.does(press=again))[-1].text == "Sending it again for #1."
    assert ana.words[-1] == "Elephants are welcome."
    assert (await wei.does(press=again))[-1].text.startswith("There is nothing to send again")
    assert ana.words.count("Elephants are welcome.") == 1


async def test_only_who_has_the_ticket_may_send_its_words_again(house: House) -> None:
    """Or a supervisor."""
    wei, ana = await at_work(house)
    Trouble(house.memory, Unconfirmed("time-out"), strikes=lambda one: one.text == "Elephants are welcome.")
    await wei.says("Elephants are welcome.")
    (row,) = await house.outbox(Lane.AGENT)
    mia, sue = await house.colleague("Mia"), await house.colleague("Sue", "supervisor")

    assert (await mia.says(f"/resend {row.interaction_id}"))[0].startswith("#1 is not in your hands.")
    assert "Elephants are welcome." not in ana.words
    assert (await sue.says(f"/resend {row.interaction_id}")) == ["Sending it again for #1."]
    assert ana.words[-1] == "Elephants are welcome."
    assert await house.how_many(AuditEntry, AuditEntry.act == "ticket.resend") == 1


async def test_an_agent_is_told_of_words_that_were_refused(house: House) -> None:
    """With a button to try again."""
    wei, _ana = await at_work(house)
    Trouble(house.memory, Refused("bad request"), strikes=lambda one: one.text == "Elephants are welcome.")

    await wei.says("Elephants are welcome.")

    assert wei.words[-1].startswith("Not delivered: these words for #1 did not reach the customer.")
    assert wei.labels == ["Send again"]


async def test_what_surely_did_not_leave_is_sent_later_in_order(house: House) -> None:
    """The second message to the same person waits for the first; nothing is sent twice."""
    wei, ana = await at_work(house)
    Trouble(house.memory, NotSent("refused"), NotSent("refused"), strikes=lambda one: one.text in {"one", "two"})
    house.put(wei.incoming(text="one"))
    await house.answer()
    house.put(wei.incoming(text="two"))
    await house.settle()
    assert not {"one", "two"} & set(ana.words)

    for _ in range(4):
        house.hands.move(seconds=2)
        await house.settle()

    assert [words for words in ana.words if words in {"one", "two"}] == ["one", "two"]
    assert {row.state for row in await house.outbox(Lane.AGENT)} == {"sent"}


async def test_other_people_are_not_held_up_by_one_whose_message_waits(house: House) -> None:
    """Each chat has its own order."""
    ana, bob = house.customer(), house.customer("bob")
    Trouble(house.memory, NotSent("refused"), strikes=lambda one: one.chat == "ana")

    house.put(ana.incoming(text="hello"))
    house.put(bob.incoming(text="hello"))
    await house.settle()

    assert (len(ana.heard), len(bob.heard)) == (0, 1)


async def test_a_429_pauses_the_whole_channel_for_as_long_as_it_says(house: House) -> None:
    """Nobody hears anything until then, and nothing is lost."""
    ana, bob = house.customer(), house.customer("bob")
    Trouble(house.memory, NotSent("429", retry_after=30.0), strikes=lambda one: one.chat == "ana")

    for person in (ana, bob):
        house.put(person.incoming(text="hello"))
        await house.answer()
        await house.app.couriers["memory"]._pump(look_first=False)
        await asyncio.sleep(0)
        await house.app.couriers["memory"]._pump(look_first=False)

    assert house.memory.heard == []
    assert house.memory.pace.wait("anybody", time.monotonic()) > 25.0
    house.memory.pace = Pace(0, 0, 0)
    house.hands.move(seconds=31)
    await house.settle()
    assert (len(ana.heard), len(bob.heard)) == (1, 1)


async def test_who_blocked_us_is_marked_and_counts_as_reachable_when_they_write_again(house: House) -> None:
    """403 for good; the row failed, and staff find out from the record."""
    ana = house.customer()
    Trouble(house.memory, Refused("blocked", unreachable=True))

    await ana.says("hello")

    assert (await house.rows(Identity))[0].unreachable_at is not None
    assert (await house.rows(Outbox))[0].state == "failed"
    await ana.says("hello again")
    assert (await house.rows(Identity))[0].unreachable_at is None


async def test_the_news_that_somebody_blocked_us_is_written_down_without_an_answer(house: House) -> None:
    """And unblocking takes it back; a stranger who blocks us becomes no customer."""
    ana, stranger = house.customer(), house.customer("stranger")
    await ana.says("hello")

    assert await ana.does(reachable=False) == []
    assert (await house.rows(Identity))[0].unreachable_at is not None
    assert await ana.does(reachable=True) == []
    assert (await house.rows(Identity))[0].unreachable_at is None
    await stranger.does(reachable=False)
    assert await house.how_many(Identity) == 1


async def test_what_a_channel_did_not_expect_counts_as_in_doubt(house: House) -> None:
    """An error that no channel should raise says nothing about whether the message left."""
    wei, _ana = await at_work(house)
    Trouble(house.memory, RuntimeError("odd"), strikes=lambda one: one.text == "Elephants are welcome.")

    await wei.says("Elephants are welcome.")

    (row,) = await house.outbox(Lane.AGENT)
    assert (row.state, row.reason) == ("in_doubt", "RuntimeError")


async def test_a_message_that_cannot_be_rendered_fails_alone(house: House) -> None:
    """The ones behind it go on."""
    ana = house.customer()
    house.put(ana.incoming(text="refund please"))
    await house.answer()
    async with house.app.records.write() as work:
        reply = (await house.rows(Interaction, Interaction.kind == Kind.REPLY))[-1]
        (await work.session.get_one(Interaction, reply.id)).body = b"\x01garbage"
    house.put(ana.incoming(text="hello"))

    await house.settle()

    assert [row.state for row in await house.rows(Outbox)] == ["failed", "sent"]


async def test_an_agents_words_overtake_what_the_bot_still_has_to_say(house: House) -> None:
    """Lanes: the agent first, then the bot, then copies."""
    wei, ana = await at_work(house)
    Trouble(house.memory, NotSent("refused"), strikes=lambda one: one.chat == "ana")
    await ana.says("/status")
    assert not [words for words in ana.words if words.startswith("Wei takes care of")]

    await wei.says("Elephants are welcome.")
    house.hands.move(seconds=2)
    await house.settle()

    assert [words[:9] for words in ana.words[-2:]] == ["Elephants", "Wei takes"]


async def test_a_row_is_claimed_under_the_lease_and_an_old_sender_settles_nothing(house: House) -> None:
    """A sender that was halted and comes back after another took over finds its word no longer counts."""
    ana = house.customer()
    old = house.app.couriers["memory"]
    Trouble(house.memory, "crash")
    await ana.says("hello")
    house.crash_sender()
    new = house.app.couriers["memory"]
    await new._renew()

    await old.deliver_waiting()

    assert ana.heard == []
    await new.deliver_waiting()
    assert len(ana.heard) == 1
    assert [row.epoch for row in await house.rows(Outbox)] == [2]


async def test_what_an_old_sender_hears_late_does_not_settle_a_newer_claim(house: House) -> None:
    """Its message was confirmed, but by then another sender had claimed the row anew."""
    ana = house.customer()
    house.put(ana.incoming(text="hello"))
    await house.answer()
    old = house.app.couriers["memory"]
    await old._pump(look_first=False)
    await asyncio.wait(old._in_flight.values())
    house.crash_sender()
    new = house.app.couriers["memory"]
    await new._pump(look_first=False)

    await old._pump(look_first=False)

    (row,) = await house.rows(Outbox)
    assert (row.state, row.epoch) == ("in_flight", 2)
    await new.deliver_waiting()
    assert [row.state for row in await house.rows(Outbox)] == ["sent"]
