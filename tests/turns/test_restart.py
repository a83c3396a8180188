"""A restart: what was taken in is answered, what was answered is delivered, and nothing is done twice."""

from pathlib import Path

from bot.channels.memory import Memory
from crm_core.models import Interaction
from tests.builders import Hands, open_house


async def test_what_was_taken_in_before_a_stop_is_answered_after_it(tmp_path: Path) -> None:
    """The inbox is the memory of it."""
    memory, hands = Memory(), Hands()
    async with open_house(tmp_path, memory, hands) as house:
        house.put(house.customer().incoming(text="refund please"))
        await house.take_in()
    async with open_house(tmp_path, memory, hands) as house:
        await house.settle()

        assert [words.split(".")[0] for words in house.customer().words] == ["We refund within 14 days"]
        assert await house.how_many(Interaction) == 2


async def test_what_was_answered_before_a_stop_is_delivered_after_it(tmp_path: Path) -> None:
    """The outbox is the memory of it."""
    memory, hands = Memory(), Hands()
    async with open_house(tmp_path, memory, hands) as house:
        house.put(house.customer().incoming(text="refund please"))
        await house.answer()
        assert memory.heard == []
    async with open_house(tmp_path, memory, hands) as house:
        await house.settle()

        assert len(house.customer().heard) == 1
        assert await house.how_many(Interaction) == 2


async def test_buttons_dialogues_and_the_ticket_in_hand_outlive_a_restart(tmp_path: Path) -> None:
    """They are rows."""
    memory, hands = Memory(), Hands()
    async with open_house(tmp_path, memory, hands) as house:
        wei, sue = await house.colleague("Wei"), await house.colleague("Sue", "admin")
        ana = house.customer()
        await ana.says("hello")
        await ana.presses("Talk to a person")
        await wei.says("/claim 1")
        await sue.says("/campaign_new")
        numbers = house.numbers
    async with open_house(tmp_path, memory, hands) as house:
        house.numbers = numbers
        wei, sue, ana = (house.customer(name) for name in ("wei", "sue", "ana"))

        assert (await wei.says("Good morning!"))[0].startswith("Sent to")
        assert ana.words[-1] == "Good morning!"
        assert await sue.says("Spring teas are here.") == ["Please write the message in 中文."]
        assert (await ana.presses("Talk to a person"))[0].startswith("A colleague already takes care")
