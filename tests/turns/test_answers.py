"""What goes with an answer: files, links and what people want next; and questions that must not end in nonsense."""

import pytest

from bot.handlers.ask import opens
from crm_core.models import Interaction, Kind, Ticket
from knowledge_base import Article, Candidate, Decision, Match
from knowledge_base.article import Link
from tests.builders import House, NothingPublished


class Shelf(NothingPublished):
    """Articles that a test chose, and the one match that every question gets."""

    def __init__(self, *articles: Article, decision: Decision = Decision.ANSWER, reason: str = "sure") -> None:
        self.articles = articles
        self.decision = decision
        self.reason = reason

    def match(self, text: str, language: str) -> Match:
        found = tuple(Candidate(article=one, score=1.0, confidence=0.9, terms=("kettle",)) for one in self.articles[:1])
        return Match(self.decision, self.reason, found, language)

    def find(self, article_id: str, language: str) -> Article | None:
        return next((one for one in self.articles if (one.id, one.language) == (article_id, language)), None)


def article(name: str, language: str = "en", **fields: object) -> Article:
    return Article(id=name, language=language, phrasings=("p",), answer=f"About {name}.", title=name.title(), **fields)  # type: ignore[arg-type]


_OTHERS = tuple(article(name) for name in ("cups", "lids", "trays", "spoons"))


async def test_links_stand_below_an_answer_and_files_are_named_in_it(house: House) -> None:
    """A link opens by itself, so it is no act and nothing comes back; a file is a name and its address."""
    kettle = article(
        "kettle",
        buttons=(Link("Shop", "https://shop.example/kettle"),),
        attachments=(Link("Manual", "https://shop.example/kettle.pdf"),),
    )
    house.read_from(Shelf(kettle))
    ana = house.customer()

    (heard,) = await ana.says("the kettle")

    assert heard == "About kettle.\n\nManual: https://shop.example/kettle.pdf\n\nDid this help?"
    keys = {key.label: key.url for row in ana.heard[-1].keys for key in row}
    assert keys["Shop"] == "https://shop.example/kettle"
    assert keys["Talk to a person"] == ""
    assert await ana.presses("Shop") == ["This button is out of date. Please write what you would like, or send /help."]


async def test_at_most_three_related_articles_are_offered_and_answered_when_pressed(house: House) -> None:
    """One that is not there any more is left out; the way to a person stays the last row."""
    house.read_from(Shelf(article("kettle", related=("gone", "cups", "lids", "trays", "spoons")), *_OTHERS))
    ana = house.customer()
    await ana.says("the kettle")

    assert ana.labels == ["Yes, thank you", "Not quite", "Cups", "Lids", "Trays", "Talk to a person"]
    (heard,) = await ana.presses("Lids")
    assert heard.startswith("About lids.")
    answers = await house.rows(Interaction, Interaction.article_id.is_not(None))
    assert [one.article_id for one in answers] == ["kettle", "lids"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://shop.example/x",
        "https://",
        "http://localhost/x",
        "//shop.example",
        "",
        "https://[x",
    ],
)
async def test_a_link_that_no_channel_would_take_is_left_out(house: House, url: str) -> None:
    """One bad link must not cost the whole answer: Telegram refuses the message, and a script must never run."""
    kettle = article("kettle", buttons=(Link("Shop", url),), attachments=(Link("Manual", url),))
    house.read_from(Shelf(kettle))
    ana = house.customer()

    (heard,) = await ana.says("the kettle")

    assert heard == "About kettle.\n\nDid this help?"
    assert ana.labels == ["Yes, thank you", "Not quite", "Talk to a person"]


async def test_files_that_do_not_fit_into_one_message_are_left_out(house: House) -> None:
    """A channel refuses what is too long, and then nobody would have an answer."""
    long = "https://shop.example/" + "x" * 180
    kettle = Article(
        id="kettle",
        language="en",
        phrasings=("p",),
        answer="a" * 3800,
        attachments=(Link("One", "https://shop.example/1"), Link("Two", long), Link("Three", long)),
    )
    house.read_from(Shelf(kettle))

    (heard,) = await house.customer().says("the kettle")

    assert "One: https://shop.example/1" in heard
    assert long not in heard
    assert len(heard) <= 4096


def test_ordinary_links_open() -> None:
    assert opens("https://shop.example/a?b=c#d")
    assert opens("http://茶.example/茶")


@pytest.mark.parametrize(
    ("language", "other", "said", "card"),
    [
        ("en", "zh", "We have this in another language only", "It is in the article “Kettle (kettle)”"),
        ("zh", "en", "这方面的内容我们目前只有另一种语言的", "It is in the article “Kettle (kettle)”"),
    ],
)
async def test_what_is_known_in_the_other_language_only_is_handed_over_with_the_article_named(
    house: House, language: str, other: str, said: str, card: str
) -> None:
    """The customer is told in their own language; the colleague reads on the card where the answer stands."""
    wei = await house.colleague("Wei")
    house.read_from(Shelf(article("kettle", other), decision=Decision.ESCALATE, reason="other_language"))
    ana = house.customer("ana", language)

    (heard,) = await ana.says("the kettle" if language == "en" else "水壶")

    assert heard.startswith(said)
    assert (await house.ticket()).reason == "other_language"
    assert card in wei.words[-1]
    events = await house.rows(Interaction, Interaction.kind == Kind.EVENT)
    assert [one.reason for one in events] == ["opened", "other_language"]
    assert not await house.rows(Interaction, Interaction.article_id.is_not(None)), "nothing was answered"


@pytest.mark.parametrize(
    ("reason", "language", "said"),
    [
        ("smalltalk_abuse", "en", "I would like to help. Tell me what is wrong, or let me fetch a person."),
        ("smalltalk_abuse", "zh", "我很想帮您解决问题。请告诉我哪里不对，或者让我帮您找同事。"),
        ("one_word", "en", "Could you say it in a few more words? Then I can look for the answer."),
        ("one_word", "zh", "您能说得再具体一点吗？这样我才好找到答案。"),
    ],
)
async def test_harsh_or_single_words_open_no_ticket_by_themselves(
    house: House, reason: str, language: str, said: str
) -> None:
    """Ten times in a row they fill no queue; a person is one press away each time."""
    house.read_from(Shelf(decision=Decision.ESCALATE, reason=reason))
    ana = house.customer("ana", language)

    for _ in range(3):
        assert await ana.says("bah" if language == "en" else "哼") == [said]

    assert await house.how_many(Ticket) == 0
    assert len(ana.labels) == 1


async def test_one_word_that_several_articles_know_is_asked_back(house: House) -> None:
    """With something to choose from the choice is offered."""
    house.read_from(Shelf(article("kettle"), decision=Decision.SUGGEST, reason="one_word"))
    ana = house.customer()

    assert await ana.says("kettle") == ["I am not quite sure. Is this what you mean?"]
    assert ana.labels == ["Kettle", "No. Talk to a person"]
