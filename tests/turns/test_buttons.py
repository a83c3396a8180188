"""Buttons: an opaque token says what they do; forged, foreign, outdated and garbled presses do nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.models import Inbox, Interaction, Outbox, Ticket
from tests.builders import House

_OLD = "This button is out of date. Please write what you would like, or send /help."


async def test_a_button_carries_a_token_and_a_number_and_nothing_else(house: House) -> None:
    """Nothing can be read from it or made up, and it fits the smallest channel."""
    ana = house.customer()
    await ana.says("hello")

    data = ana.button("Talk to a person")

    (row,) = await house.rows(Outbox)
    assert data == f"{row.token}.0"
    assert len(data.encode()) <= 64
    assert len(row.token) >= 22


@pytest.mark.parametrize("index", ["1", "7", "99", "999", "9999999999", "-1", "", "x", "٣", "0.0"])
async def test_an_index_without_a_button_does_nothing(house: House, index: str) -> None:
    """Out of range, negative, or no number at all."""
    ana = house.customer()
    await ana.says("hello")
    token = ana.button("Talk to a person").partition(".")[0]

    heard = await ana.does(press=f"{token}.{index}")

    assert [one.text for one in heard] == [_OLD]
    assert await house.how_many(Ticket) == 0


async def test_a_forged_token_does_nothing(house: House) -> None:
    """And the press is on record all the same."""
    ana = house.customer()

    heard = await ana.does(press="AAAAAAAAAAAAAAAAAAAAAA.0")

    assert [one.text for one in heard] == [_OLD]
    assert [kind for kind, _ in await house.talk_of("ana")] == ["press", "reply"]


async def test_somebody_elses_token_does_nothing(house: House) -> None:
    """A token that was seen on another screen is worth nothing in another chat."""
    ana, bob = house.customer(), house.customer("bob")
    await ana.says("hello")

    heard = await bob.does(press=ana.button("Talk to a person"))

    assert [one.text for one in heard] == [_OLD]
    assert await house.how_many(Ticket) == 0


async def test_a_pretended_chat_does_not_help(house: House) -> None:
    """Even in the right chat the press counts only for the talk it was sent to."""
    ana, bob = house.customer(), house.customer("bob")
    await ana.says("hello")
    await bob.says("hello")

    await bob.does(press=ana.button("Talk to a person"), chat="ana")

    assert await house.how_many(Ticket) == 0


@pytest.mark.parametrize(("days", "works"), [(29, True), (30, False)])
async def test_a_button_works_for_thirty_days(house: House, days: int, works: bool) -> None:
    """Then it says that it is out of date."""
    ana = house.customer()
    await ana.says("hello")
    house.hands.move(days=days)

    heard = await ana.presses("Talk to a person")

    assert (heard != [_OLD]) == works


async def test_the_pressed_button_is_remembered_with_its_message(house: House) -> None:
    """So that a page can show which one it was."""
    ana = house.customer()
    await ana.says("refund please")

    await ana.presses("Not quite")

    (row, *_others) = await house.rows(Outbox)
    assert row.pressed == 1


async def test_a_press_is_acknowledged_to_its_channel(house: House) -> None:
    """The spinner stops."""
    ana = house.customer()
    await ana.says("hello")

    await ana.does(press=ana.button("Talk to a person"), press_id="spinner-1")

    assert house.memory.acknowledged == ["spinner-1"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(press=st.text(max_size=80))
async def test_any_text_as_a_press_is_recorded_once_and_does_nothing(house: House, press: str) -> None:
    """Whatever a client sends, no row is set aside."""
    ana = house.customer()
    before = await house.how_many(Interaction, Interaction.kind.in_(("press", "message")))

    await ana.does(press=press)

    assert await house.how_many(Interaction, Interaction.kind.in_(("press", "message"))) == before + 1
    assert await house.how_many(Inbox, Inbox.state != "done") == 0
