"""Turns that raise, updates that cannot be read, and updates that come twice."""

import json
from dataclasses import dataclass

import pytest

from bot.channels import RawUpdate
from bot.channels.memory import encode
from bot.turn import Articles
from crm_core.models import Customer, Identity, Inbox, Interaction, Ticket
from knowledge_base import Article, Match
from tests.builders import House, NothingPublished

_SORRY = (
    "Something went wrong on our side with your last message. It is kept, and a colleague has been told."
    " You can go on writing."
)


@dataclass
class Trap(NothingPublished):
    """Articles whose answer to one question cannot be written down."""

    book: Articles
    springs: int = 1_000_000

    def find(self, article_id: str, language: str) -> Article | None:
        return self.book.find(article_id, language)

    def match(self, text: str, language: str) -> Match:
        found = self.book.match("refund please" if text == "trap" else text, language)
        if text == "trap" and self.springs:
            self.springs -= 1
            object.__setattr__(found, "reason", ["no", "column", "takes", "this"])
        return found


async def try_again(house: House) -> None:
    """Let the time between two tries pass."""
    for _ in range(4):
        house.hands.move(seconds=2)
        await house.settle()


async def test_a_turn_that_raises_is_set_aside_after_three_tries_and_all_are_told(house: House) -> None:
    """The person hears a polite sentence, the admin which row it is; what comes later goes on."""
    root, ana = await house.colleague("Root", "admin"), house.customer()
    await ana.says("hello")
    house.read_from(Trap(house.app.book))

    house.put(ana.incoming(text="trap"))
    await house.settle()
    house.put(ana.incoming(text="how long does delivery take"))
    await house.settle()
    await try_again(house)

    assert ana.words[1] == _SORRY
    assert ana.words[2].startswith("Delivery takes")
    (row,) = await house.rows(Inbox, Inbox.state == "set_aside")
    assert row.attempts == 3
    assert f"inbox row {row.id}" in root.words[-1]
    assert "trap" not in (row.error or "")


async def test_a_turn_that_fails_once_is_tried_again_and_answered_once(house: House) -> None:
    """Nothing of the failed try is left."""
    ana = house.customer()
    house.read_from(Trap(house.app.book, springs=2))

    await ana.says("trap")
    await try_again(house)

    assert [words.split(".")[0] for words in ana.words] == ["We refund within 14 days"]
    assert [kind for kind, _ in await house.talk_of("ana")] == ["message", "reply"]


async def test_a_new_persons_first_words_that_fail_are_answered_politely_too(house: House) -> None:
    """We never met them, and still they hear that it went wrong."""
    house.read_from(Trap(house.app.book))
    li = house.customer("li", "zh")

    await li.says("trap")
    await try_again(house)

    assert li.words == ["抱歉，您的上一条消息在我们这边出了问题。消息已保存，同事也已收到通知。您可以继续写。"]


async def test_one_bad_turn_does_not_harm_the_others_in_its_batch(house: House) -> None:
    """They are answered at once, each once."""
    house.read_from(Trap(house.app.book))
    people = [house.customer(f"c{number}") for number in range(10)]

    for number, person in enumerate(people):
        house.put(person.incoming(text="trap" if number == 4 else "refund please"))
    await house.settle()

    assert [len(person.heard) for person in people] == [1, 1, 1, 1, 0, 1, 1, 1, 1, 1]
    assert await house.how_many(Customer) == 9
    await try_again(house)
    assert people[4].words == [_SORRY]


async def test_an_update_that_cannot_be_read_is_set_aside_at_once(house: House) -> None:
    """The admin is told, and so is the sender when we know them; what comes later goes on."""
    root, ana = await house.colleague("Root", "admin"), house.customer()
    await ana.says("hello")

    await house.app.intake.take("memory", [RawUpdate(external_id="odd", sender="ana", raw="{}")])
    house.put(ana.incoming(text="refund please"))
    await house.settle()

    assert ana.words[1] == _SORRY
    assert ana.words[2].startswith("We refund")
    assert "set aside" in root.words[-1]
    assert [row.attempts for row in await house.rows(Inbox, Inbox.state == "set_aside")] == [1]


async def test_an_unreadable_update_of_nobody_is_set_aside_quietly(house: House) -> None:
    """There is nobody to tell."""
    await house.app.intake.take("memory", [RawUpdate(external_id="odd", sender="", raw="not even JSON")])

    await house.settle()

    assert await house.how_many(Inbox, Inbox.state == "set_aside") == 1
    assert house.memory.heard == []


async def test_half_characters_in_a_raw_update_do_not_stop_the_batch(house: House) -> None:
    """What no database can hold is replaced at the door."""
    ana = house.customer()
    raw = encode(ana.incoming(text="hello"))
    odd = RawUpdate(external_id="\ud800", sender="b\0ob", raw=json.dumps({"text": "\ud800"}, ensure_ascii=False))

    await house.app.intake.take("memory", [odd, raw])
    await house.settle()

    assert len(ana.heard) == 1
    assert await house.how_many(Inbox) == 2


@pytest.mark.parametrize("when", ["in one batch", "later", "after its row is gone"])
async def test_an_update_that_comes_twice_is_recorded_and_answered_once(house: House, when: str) -> None:
    """Channels repeat what was not confirmed in time."""
    ana = house.customer()
    first = ana.incoming(text="hello")
    house.put(first)
    if when != "in one batch":
        await house.settle()
    if when == "after its row is gone":
        house.hands.move(hours=73)
        await house.ring("cleaning")
        assert await house.how_many(Inbox) == 0

    house.put(first)
    await house.settle()
    await try_again(house)

    assert await house.talk_of("ana") == [
        ("message", "hello"),
        ("reply", "Hello! What would you like to know?"),
    ]
    assert len(ana.heard) == 1
    assert await house.how_many(Inbox, Inbox.state != "done") == 0


async def test_many_first_messages_of_one_person_make_one_customer(house: House) -> None:
    """Twenty at once, each recorded once and in order."""
    ana = house.customer()
    for number in range(20):
        house.put(ana.incoming(text=f"my question number {number}"))

    await house.settle()

    assert await house.how_many(Customer) == 1
    assert await house.how_many(Identity) == 1
    said = [words for kind, words in await house.talk_of("ana") if kind == "message"]
    assert said == [f"my question number {number}" for number in range(20)]


@pytest.mark.parametrize("kind", ["sticker", "voice"])
async def test_media_that_we_do_not_take_are_answered_in_words_and_on_record(house: House, kind: str) -> None:
    """Nothing is lost without a word."""
    ana = house.customer()

    (heard,) = await ana.does(unsupported=kind)

    assert heard.text.startswith(f"I cannot take this kind of message yet ({kind}).")
    assert (await house.talk_of("ana"))[0] == ("message", f"[{kind}]")
    assert await house.how_many(Ticket) == 0


async def test_an_unknown_command_is_answered_in_words(house: House) -> None:
    """And on record as it was written."""
    ana = house.customer()

    assert await ana.says("/dance tango") == ["I do not know /dance. /help shows what I understand."]
    assert (await house.talk_of("ana"))[0] == ("message", "/dance tango")
    assert await house.how_many(Interaction) == 2
