"""A question in one language whose article exists only in the other finds it, and is never answered with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base import Article, Decision, Match, Matcher
from knowledge_base.crossing import Crossing
from knowledge_base.text import normal_form, tokens_of


def article(article_id: str, language: str, *phrasings: str, answer: str = "") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=answer)


BOTH = (
    article("refund", "en", "how do I get a refund", "when do I get my money back"),
    article("refund", "zh", "怎么退款", "退款什么时候到账"),
)
INVOICE = article("invoice", "zh", "怎么开发票", "可以开发票吗")
CHINESE = (INVOICE, article("address", "zh", "怎么修改收货地址", "收货地址写错了能改吗"))
ENGLISH = (article("parking", "en", "where can I park my car", "is there parking, and where"),)
SHOP = Matcher([*BOTH, *CHINESE, *ENGLISH])


def _none(article_id: str) -> bool:
    return False


def first(match: Match) -> tuple[str, str] | None:
    return (match.candidates[0].article.id, match.candidates[0].article.language) if match.candidates else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("how can I have an invoice", ("invoice", "zh")),
        ("How can I change my delivery address?", ("address", "zh")),
        ("停车场在哪里", ("parking", "en")),
        ("停車場在哪裡？", ("parking", "en")),
    ],
)
def test_an_article_of_the_other_language_is_named_and_handed_over(text: str, expected: tuple[str, str]) -> None:
    """Whatever the own language has that is a little like it."""
    match = SHOP.match(text)

    assert (match.decision, match.reason, first(match)) == (Decision.ESCALATE, "other_language", expected)
    assert match.language != expected[1]
    assert len(match.candidates) == 1
    assert 0 < match.candidates[0].confidence <= 0.5
    assert match.suggestions == match.candidates


@pytest.mark.parametrize(
    "text", ["how do I get a refund please", "怎么退款呢", "refund", "退款", "zebra", "斑马吃什么"]
)
def test_what_the_own_language_has_or_nobody_has_is_not_looked_for_elsewhere(text: str) -> None:
    assert SHOP.match(text).reason != "other_language"


def test_once_it_is_translated_it_is_found_no_more() -> None:
    """And again once the translation is gone; a shop of one language only names it, too."""
    matcher = Matcher([*BOTH, *CHINESE, *ENGLISH])
    text = "how can I have an invoice"
    assert first(matcher.match(text)) == ("invoice", "zh")

    matcher.replace(article("invoice", "en", "bill for the tax office"))
    assert matcher.match(text).reason != "other_language"

    matcher.remove("invoice", "en")
    assert first(matcher.match(text)) == ("invoice", "zh")

    matcher.remove("invoice", "zh")
    assert matcher.match(text).reason != "other_language"
    assert first(Matcher([INVOICE]).match(text)) == ("invoice", "zh")


def test_being_prepared_changes_nothing_but_when() -> None:
    """What is made beforehand is what would be made later."""
    prepared, lazy = Matcher([*BOTH, *CHINESE, *ENGLISH]), Matcher([*BOTH, *CHINESE, *ENGLISH])
    prepared.prepare()

    for text in ("how can I have an invoice", "停车场在哪里", "怎么退款", "zebra"):
        assert prepared.match(text) == lazy.match(text)


def test_other_scripts_and_languages_have_no_concepts() -> None:
    """No error, and nothing found."""
    matcher = Matcher([*SHOP.articles, article("geld", "de", "wo bleibt mein geld")])

    assert first(matcher.match("где оставить машину")) is None
    assert Crossing([article("geld", "de", "wo bleibt mein geld")], "de").find(["how", "invoice"], "en", _none) is None
    assert Crossing(CHINESE, "zh").find(["wo", "rechnung"], "de", _none) is None


POOL = (*CHINESE, BOTH[1], article("invoice", "zh", "发票抬头怎么改"), article("empty", "zh", "?"))
ASKED = ("how can I have an invoice", "how can I change my delivery address", "how do I get a refund")


@settings(deadline=None, max_examples=40)
@given(changes=st.lists(st.tuples(st.booleans(), st.sampled_from(POOL)), max_size=8))
def test_live_changes_are_as_made_anew(changes: list[tuple[bool, Article]]) -> None:
    live = Crossing([], "zh")
    left: dict[str, Article] = {}
    for put, one in changes:
        if put:
            live.put(one)
            left[one.id] = one
        else:
            live.take_out(one.id)
            left.pop(one.id, None)
    anew = Crossing(left.values(), "zh")

    for text in ASKED:
        tokens = tokens_of(normal_form(text))
        assert live.find(tokens, "en", _none) == anew.find(tokens, "en", _none)
        assert live.find(tokens, "en", left.__contains__) is None
