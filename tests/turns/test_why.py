"""Why the bot did what it did: staff can ask, on a ticket and with words of their own."""

import pytest

from bot.explaining import as_written
from crm_core.models import Interaction, Kind, Ticket
from tests.builders import House, NothingPublished

_ODD = "elephants allowed inside"


async def test_a_tickets_card_has_a_button_that_explains_the_bots_decision(house: House) -> None:
    """Which article was nearest, by which words, what came second, and that it is worked out with today's articles."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("my parcel")
    await ana.presses("None of these. Talk to a person")

    (why,) = await wei.presses("Why?")

    lines = why.splitlines()
    assert lines[0] == "#1: what the bot made of the question"
    assert lines[1].startswith("It asks back, because")
    assert "Words that count for it: parcel" in why
    assert "“Delivery times” (delivery)" in why
    assert " points behind." in why

    assert lines[-1] == "Worked out anew, with the articles as they are now."


def test_words_are_named_as_the_customer_wrote_them() -> None:
    """Stems are for the matcher; a single letter says nothing, a single character of Chinese does."""
    assert as_written(("tast", "a", "elephant", "茶"), "Tastings with elephants, a 茶 day") == [
        "tastings",
        "elephants",
        "茶",
    ]


async def test_why_says_so_when_the_articles_would_decide_otherwise_by_now(house: House) -> None:
    """What was true when the ticket was opened and what is true now are told apart."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says(_ODD)
    await house.learn("delivery", "en", _ODD)

    (why,) = await wei.says("/why 1")

    assert "It answers: an article has these very words among its phrasings." in why
    assert "At the time it handed over; articles or settings have changed since." in why


async def test_why_in_chinese_is_chinese_throughout(house: House) -> None:
    """An agent who reads Chinese gets the same in Chinese, titles aside."""
    li = await house.colleague("Li", language="zh")
    await li.says("/language zh")
    await house.customer().says(_ODD)

    (why,) = await li.presses("为什么？")

    assert why.splitlines()[1].startswith("它会转人工")
    assert "以上是按现在的知识条目重新计算的。" in why
    assert "sure" not in why


async def test_a_ticket_without_a_question_has_nothing_to_explain(house: House) -> None:
    """Who asked for a person at once was not looked at by the matcher, and a greeting is no question."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("hello")
    await ana.says("/agent")

    (why,) = await wei.says("/why 1")

    assert why == "The bot has looked at no question for #1: the customer asked for a person or sent a file."


async def test_a_person_wanted_after_an_answer_is_explained_by_the_question_before(house: House) -> None:
    """What the customer asked is what the ticket is about, not the press on a button."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("refund please")
    await ana.presses("Talk to a person")

    (why,) = await wei.says("/why 1")

    assert "“Refunds” (refund)" in why


async def test_why_needs_a_ticket(house: House) -> None:
    """A number that there is not is asked for again, and customers have no such command."""
    wei, ana = await house.colleague("Wei"), house.customer()

    assert await wei.says("/why 99") == ["Which ticket? For example: /claim 12. /queue shows who is waiting."]
    assert await ana.says("/why 1") == ["Your role does not allow this. If it should, ask an admin."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("refund please", "We refund within 14 days."),
        ("my parcel", "A choice: "),
        ("elephants inside", "A ticket is opened"),
        ("hello", "A short word back"),
        ("elephants", "A "),
        ("怎么退款", "我们会在十四天内退款。"),
    ],
)
async def test_ask_shows_what_a_customer_would_get_and_changes_nothing(house: House, words: str, said: str) -> None:
    """A rehearsal: no ticket, no question on record as a customer's."""
    wei = await house.colleague("Wei")

    (heard,) = await wei.says(f"/ask {words}")

    assert heard.startswith("What a customer would get\n" + said)
    assert await house.how_many(Ticket) == 0
    assert await house.how_many(Interaction, Interaction.kind == Kind.MESSAGE, Interaction.decision.is_not(None)) == 0


async def test_ask_without_words_says_how_it_goes(house: House) -> None:
    wei = await house.colleague("Wei")

    assert await wei.says("/ask") == ["What shall I look up? For example: /ask how long does delivery take"]


async def test_others_are_answered_while_something_is_found_out(house: House) -> None:
    """A colleague's look-up waits in the inbox; a customer of the same batch does not wait for it."""
    wei, ana = await house.colleague("Wei"), house.customer()
    house.put(wei.incoming(text="/ask refund please"))
    house.put(ana.incoming(text="refund please"))

    await house.take_in()
    await house.app.counter.answer_waiting()
    await house.app.couriers[house.memory.name].deliver_waiting()

    assert ana.words[-1].startswith("We refund within 14 days.")
    assert not wei.words[-1].startswith("What a customer would get")
    await house.settle()
    assert wei.words[-1].startswith("What a customer would get")


async def test_what_fails_while_it_is_found_out_is_set_aside_in_words(house: House) -> None:
    """A fault ahead of the turn is a fault of the turn: told to the person, kept for the operator."""

    class Broken(NothingPublished):
        def match(self, text: str, language: str) -> None:
            raise RuntimeError(text)

        def find(self, article_id: str, language: str) -> None:
            return None

    wei = await house.colleague("Wei")
    house.read_from(Broken())  # type: ignore[arg-type]  # a matcher that fails is the point
    for _ in range(3):
        await wei.says("/ask refund") if not house.pending and _ == 0 else await house.settle()
        house.hands.move(seconds=5)

    assert wei.words[-1].startswith("Something went wrong on our side")
