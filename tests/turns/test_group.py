"""A group of agents: tickets are announced there, commands work there, strangers in it are nobody's business."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.memory import Memory
from crm_core.models import Customer, Inbox, Interaction
from tests.builders import House, Person, open_house

_ODD = "elephants allowed inside"
_GROUP = "-100200"


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[House]:
    """A shop whose agents share a group."""
    async with open_house(tmp_path, Memory(name="telegram:1"), TELEGRAM__STAFF_CHAT_ID=_GROUP) as opened:
        yield opened


async def in_group(house: House, name: str, role: str = "agent") -> Person:
    """A colleague who speaks in the group."""
    return await house.colleague(name, role, group=_GROUP)


async def test_a_new_ticket_is_announced_once_in_the_group(shared: House) -> None:
    """And not to each agent again."""
    wei, mia = await in_group(shared, "Wei"), await shared.colleague("Mia")
    before = len(mia.heard)

    await shared.customer().does(text=_ODD, name="Ana")

    assert wei.words[-1].startswith("#1 Ana\nNobody has it yet.")
    assert wei.labels == ["Claim", "Why?"]
    assert len(mia.heard) == before


async def test_a_claim_in_the_group_tells_the_group_who_has_it_and_the_agent_what_to_do(shared: House) -> None:
    """The group hears a name; the card that speaks of plain words goes to the agent's own chat."""
    wei = await in_group(shared, "Wei")
    ana = shared.customer()
    await ana.does(text=_ODD, name="Ana")

    assert await wei.presses("Claim") == ["#1 is with Wei now."]

    private = [one.text for one in shared.memory.heard if one.chat == "wei"]
    assert "It is yours: what you write here goes to Ana." in private[-1]
    assert ana.words[-1] == "Wei is taking care of this now."


async def test_talk_in_the_group_goes_to_no_customer(shared: House) -> None:
    """With a ticket in hand, plain words among colleagues stay among them."""
    wei, ana = await in_group(shared, "Wei"), shared.customer()
    await ana.says(_ODD)
    await wei.presses("Claim")
    before = len(ana.heard)

    assert await wei.says("elephants, really?") == []

    assert len(ana.heard) == before


async def test_a_command_with_a_number_works_in_the_group(shared: House) -> None:
    """`/reply 1 words` needs nothing in hand."""
    wei, ana = await in_group(shared, "Wei"), shared.customer()
    await ana.does(text=_ODD, name="Ana")

    assert await wei.says("/reply 1 Elephants are welcome.") == ["Sent to Ana (#1)."]
    assert (await wei.says("/reply Elephants are welcome."))[0].startswith("Which ticket?")
    assert ana.words[-1] == "Elephants are welcome."


async def test_a_stranger_in_the_group_is_not_answered_and_becomes_no_customer(shared: House) -> None:
    """Whatever they write, press or send."""
    wei = await in_group(shared, "Wei")
    await shared.customer().says(_ODD)
    stranger = Person(shared, "stranger", group=_GROUP)
    before = len(shared.memory.heard)

    await stranger.says("how long does delivery take")
    await stranger.says("/claim 1")
    await stranger.says("/start token")
    await stranger.does(press=wei.button("Claim"))
    await stranger.sends_photo()

    assert len(shared.memory.heard) == before
    assert await shared.how_many(Customer) == 1
    assert (await shared.ticket()).assignee_id is None
    assert await shared.how_many(Inbox, Inbox.state != "done") == 0


async def test_a_customer_in_the_group_is_not_answered_there(shared: House) -> None:
    """Their talk with the bot is private."""
    ana = shared.customer()
    await ana.says("hello")
    before = await shared.how_many(Interaction)

    await Person(shared, "ana", group=_GROUP).says("how long does delivery take")

    assert await shared.how_many(Interaction) == before
    assert len(shared.memory.heard) == 1


async def test_a_campaign_dialogue_takes_no_words_from_the_group(shared: House) -> None:
    """An admin who plans a campaign in private chats with colleagues meanwhile."""
    sue = await shared.colleague("Sue", "admin")
    await sue.says("/campaign_new")
    chat = Person(shared, "sue", group=_GROUP)

    assert await chat.says("lunch, anybody?") == []

    assert await sue.says("Hello from the shop") == ["Please write the message in 中文."]


async def test_a_group_that_moved_is_followed(shared: House) -> None:
    """The row goes to the new id, and is not lost."""
    from bot.channels import Refused
    from tests.builders import Trouble

    await in_group(shared, "Wei")
    Trouble(shared.memory, Refused("chat_moved", new_chat="-100999"), strikes=lambda one: one.chat == _GROUP)

    await shared.customer().does(text=_ODD, name="Ana")

    assert [one.text[:6] for one in shared.memory.heard if one.chat == "-100999"] == ["#1 Ana"]


async def test_the_news_that_a_group_moved_is_no_message(shared: House) -> None:
    """Whoever is named as its sender, nothing is answered."""
    wei = await in_group(shared, "Wei")

    assert await wei.does(new_chat="-100999") == []
