"""A check names what is wrong with the articles of a shop, and what is worth a look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from knowledge_base import Article, Matcher
from knowledge_base.checking import Finding, check, is_current

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RETURNS = Article(
    id="returns",
    language="en",
    phrasings=("can I return something", "I want to send it back", "how do returns work", "give it back to you"),
    answer="Within 30 days.",
)
HOURS = Article(
    id="hours",
    language="en",
    phrasings=("when are you open", "opening hours", "are you open on sunday", "what time do you close"),
    answer="From ten to six.",
)


def kinds(*articles: Article, languages: tuple[str, ...] = ("en",)) -> list[tuple[str, str, dict[str, Any]]]:
    return [(one.kind, one.article, dict(one.values)) for one in looked_at(*articles, languages=languages)]


def looked_at(*articles: Article, languages: tuple[str, ...] = ("en",)) -> list[Finding]:
    matcher = Matcher([one for one in articles if is_current(one, NOW)])
    return check(articles, matcher.match, languages, NOW)


def test_articles_in_order_give_nothing_to_say() -> None:
    """And their examples hold."""
    examples = replace(RETURNS, must_match=("I want to send it back",), must_not_match=("are you open on sunday",))

    assert looked_at(examples, HOURS) == []
    assert looked_at() == []


def test_an_example_that_another_article_is_first_for_fails() -> None:
    """It says which one was first."""
    (found,) = looked_at(replace(RETURNS, must_match=("opening hours",)), HOURS)

    assert found.wrong
    assert (found.kind, found.article, found.values["text"], found.values["first"]) == (
        "must_match",
        "returns",
        "opening hours",
        "hours",
    )


def test_an_example_that_no_article_knows_fails() -> None:
    """Nothing is first."""
    (found,) = looked_at(replace(RETURNS, must_match=("???",)), HOURS)

    assert (found.wrong, found.values["first"]) == (True, "")


def test_an_example_that_must_not_be_answered_fails_only_when_it_is() -> None:
    """To stand among the candidates is no mistake."""
    (found,) = looked_at(replace(RETURNS, must_not_match=("how do returns work", "zebra", "opening hours")), HOURS)

    assert (found.kind, found.wrong, found.values["text"]) == ("must_not_match", True, "how do returns work")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "draft"},
        {"state": "archived"},
        {"valid_from": NOW + timedelta(days=1)},
        {"valid_until": NOW},
    ],
    ids=["draft", "archived", "not begun", "over"],
)
def test_examples_of_what_customers_do_not_get_are_not_tried(change: dict[str, Any]) -> None:
    """They cannot hold."""
    hidden = replace(RETURNS, must_match=("I want to send it back",), **change)

    assert not [one for one in looked_at(hidden, HOURS) if one.wrong]


def test_an_article_that_is_over_is_named_from_that_moment_on() -> None:
    """Not before, and not once it is archived."""
    assert kinds(replace(HOURS, valid_until=NOW)) == [("over", "hours", {"until": NOW.isoformat()})]
    assert kinds(replace(HOURS, valid_until=NOW + timedelta(seconds=1))) == []
    assert kinds(replace(HOURS, valid_until=NOW, state="archived")) == []


def test_missing_translations_are_named_once_for_each_language() -> None:
    """A draft is no version that customers get, and needs none itself."""
    chinese = replace(HOURS, language="zh", phrasings=("几点开门", "营业时间", "周日开门吗", "几点关门"), state="draft")

    assert kinds(HOURS, chinese, languages=("en", "zh")) == [("translation", "hours", {"missing": "zh"})]
    assert kinds(HOURS, replace(chinese, state="published"), languages=("en", "zh")) == []
    assert kinds(chinese, languages=("en", "zh")) == []


def test_few_phrasings_and_unknown_related_articles_are_notes() -> None:
    """They fail nothing."""
    found = looked_at(replace(HOURS, phrasings=HOURS.phrasings[:3], related=("returns", "gone")), RETURNS)

    assert [(one.kind, one.wrong) for one in found] == [("few", False), ("related", False)]
    assert (found[0].values, found[1].values) == ({"count": 3}, {"other": "gone"})


def test_articles_that_say_the_same_are_named_and_so_are_phrasings_that_pull_away() -> None:
    """With the other article."""
    again = replace(RETURNS, id="again", answer="Write to us.")
    torn = replace(HOURS, phrasings=(*HOURS.phrasings, "I want to send it back now"))

    assert ("duplicate", "again") in {(kind, values["other"]) for kind, _, values in kinds(RETURNS, again)}
    found = [(article, values["other"]) for kind, article, values in kinds(RETURNS, torn) if kind == "torn"]
    assert ("hours", "returns") in found
