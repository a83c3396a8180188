"""A ticket from the customer's side: add to it, ask how it stands, reopen it, rate it."""

import pytest

from crm_core.models import Interaction, Kind, Outbox, Ticket, TicketEvent
from tests.builders import House, Person

_ODD = "elephants allowed inside"


async def resolved(house: House) -> tuple[Person, Person]:
    """Ana asked, Wei took it and resolved it."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says(_ODD)
    await wei.says("/claim 1")
    await wei.says("Elephants are welcome.")
    await wei.says("/resolve")
    return ana, wei


async def test_what_a_customer_adds_is_filed_under_the_ticket_and_the_bot_stays_silent(house: House) -> None:
    """Even a question that the bot could answer is the agent's now."""
    ana = house.customer()
    await ana.says(_ODD)

    assert await ana.says("how long does delivery take") == []

    ticket = await house.ticket()
    filed = await house.rows(Interaction, Interaction.ticket_id == ticket.id, Interaction.kind == Kind.MESSAGE)
    assert len(filed) == 2
    assert filed[1].decision is None


async def test_what_a_customer_adds_reaches_whoever_has_the_ticket(house: House) -> None:
    """The copy names ticket and customer."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana Silva")
    await wei.says("/claim 1")

    await ana.says("he is called Otto")

    assert wei.words[-1] == "#1 Ana Silva\nhe is called Otto"


async def test_a_very_long_message_reaches_the_agent_cut_to_what_every_channel_takes(house: House) -> None:
    """A copy that a channel would refuse as too long is a copy that nobody reads."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says(_ODD)
    await wei.says("/claim 1")

    await ana.says("x" * 15_000)

    assert len(wei.words[-1]) < 4096
    assert wei.words[-1].endswith("(The desk page shows the whole message.)")
    assert (await house.talk_of("ana"))[-1] == ("message", "x" * 15_000)


async def test_status_says_how_the_ticket_stands(house: House) -> None:
    """None, in the queue, with an agent, answered."""
    wei, ana = await house.colleague("Wei"), house.customer()

    assert await ana.says("/status") == ["You have no open ticket. Just write your question."]
    await ana.says(_ODD)
    house.hands.move(minutes=7)
    assert "is in the queue, for 7 minutes so far" in (await ana.says("/status"))[0]
    await wei.says("/claim 1")
    assert await ana.says("/status") == ["Wei takes care of ticket #1 and answers here."]
    await wei.says("Elephants are welcome.")
    assert (await ana.says("/status"))[0].startswith("Wei has answered ticket #1.")


async def test_writing_within_a_day_reopens_the_ticket_with_the_same_agent(house: House) -> None:
    """The same number, the same agent, and the words reach the agent at once."""
    ana, wei = await resolved(house)
    house.hands.move(hours=23)

    heard = await ana.says("and his trunk?")

    assert heard == ["I have opened ticket #1 again and told a colleague."]
    assert wei.words[-1].startswith("#1 Visitor ")
    assert wei.words[-1].endswith("and his trunk?")
    ticket = await house.ticket()
    assert (ticket.state, ticket.current_of) == ("open", ticket.conversation_id)


async def test_a_thank_you_does_not_reopen_the_ticket(house: House) -> None:
    """Small talk is answered by the bot."""
    ana, _wei = await resolved(house)

    assert await ana.says("thank you") == ["You are welcome. Is there anything else?"]
    assert (await house.ticket()).state == "resolved"


async def test_an_empty_message_does_not_reopen_the_ticket(house: House) -> None:
    """There is nothing in it for the agent."""
    ana, _wei = await resolved(house)

    await ana.says("")

    assert (await house.ticket()).state == "resolved"


async def test_after_a_day_the_bot_answers_again(house: House) -> None:
    """A new question then is a new matter."""
    ana, _wei = await resolved(house)
    house.hands.move(hours=25)

    heard = await ana.says("how long does delivery take")

    assert heard[0].startswith("Delivery takes")
    assert (await house.ticket()).state == "resolved"


async def test_asking_for_a_person_within_a_day_goes_on_with_the_same_ticket(house: House) -> None:
    """/agent right after a resolution means that it was not resolved."""
    ana, _wei = await resolved(house)

    assert await ana.says("/agent") == ["I have opened ticket #1 again and told a colleague."]
    assert await house.how_many(Ticket) == 1


async def test_a_resolved_ticket_is_rated_and_the_agent_hears_of_it(house: House) -> None:
    """Five buttons, and the last press counts."""
    ana, wei = await resolved(house)
    assert ana.labels == ["★", "★★", "★★★", "★★★★", "★★★★★"]

    assert await ana.presses("★★★★") == ["Thank you for telling us."]

    assert (await house.ticket()).rating == 4
    assert wei.words[-1] == "#1 was rated 4 of 5."


async def test_somebody_elses_rating_buttons_rate_nothing(house: House) -> None:
    """A press counts only from the chat that the buttons were sent to."""
    ana, _wei = await resolved(house)
    bob = house.customer("bob")
    await bob.says("hello")

    heard = await bob.does(press=ana.button("★"))

    assert heard[0].text.startswith("This button is out of date.")
    assert (await house.ticket()).rating is None


async def test_a_foreign_tickets_number_in_ones_own_button_rates_nothing(house: House) -> None:
    """Even a button of one's own may only rate one's own ticket."""
    ana, wei = await resolved(house)
    bob = house.customer("bob")
    await bob.says(_ODD)
    await wei.says("/claim 2")
    await wei.says("/resolve")
    async with house.app.records.write() as work:
        row = (await house.rows(Outbox, Outbox.chat == "bob", Outbox.buttons.is_not(None)))[-1]
        mine = await work.session.get_one(Outbox, row.id)
        rows = [[{**one, "args": {"ticket": 1, "stars": 1}} for one in line] for line in row.buttons["rows"]]
        mine.buttons = {**row.buttons, "rows": rows}

    await bob.presses("★")

    assert [one.rating for one in await house.rows(Ticket)] == [None, None]
    assert ana.words[-1] != "Thank you for telling us."


async def test_everything_that_happened_to_a_ticket_is_an_event(house: House) -> None:
    """The story of a ticket can be told from its events."""
    ana, wei = await resolved(house)
    await ana.presses("★★★★★")
    await ana.says("and his trunk?")
    await wei.says("/resolve 1")

    kinds = [one.kind for one in await house.rows(TicketEvent)]

    assert kinds == ["opened", "claimed", "answered", "resolved", "rated", "reopened", "resolved"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_ticket_speaks_the_customers_language(house: House, language: str) -> None:
    """What the shop says on its own follows the customer, not the agent."""
    wei, li = await house.colleague("Wei"), house.customer("li", language)
    await li.says("/agent")
    await wei.says("/claim 1")
    await wei.says("/resolve")

    chinese = any("\u4e00" <= character <= "\u9fff" for character in "".join(li.words[-2:]))

    assert chinese == (language == "zh")


async def test_messages_over_the_limit_are_kept_with_the_ticket_and_stop_still_works(house: House) -> None:
    """Who writes too fast is asked once to slow down; nothing is lost, and an opt-out is never put off."""
    from bot.throttle import Throttle

    ana = house.customer()
    await ana.says(_ODD)
    house.app.counter._throttle = Throttle(1)
    assert await ana.says("one") == []

    assert (await ana.says("two"))[0].startswith("That was a lot at once.")
    assert await ana.says("three") == []
    for words in ("/stop", "退订"):
        assert (await ana.says(words))[0].startswith("Done. You get no more offers")

    ticket = await house.ticket()
    filed = await house.rows(Interaction, Interaction.ticket_id == ticket.id, Interaction.kind == Kind.MESSAGE)
    assert len(filed) == 4  # the words for stop are for the bot
