"""Articles that say the same and phrasings that pull two ways are found, and what only shares its grammar is not."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base import Article
from knowledge_base.duplicates import examine, near_duplicates, torn_phrasings


def article(article_id: str, *phrasings: str, answer: str = "", language: str = "en") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=answer or article_id[::-1])


CANCEL = article(
    "cancel",
    "how do I cancel my order",
    "cancel an order",
    "I ordered by mistake",
    "stop my order please",
    "undo order",
)
TRACK = article(
    "track", "how do I track my order", "where is my parcel", "has it been shipped", "track a parcel", "parcel not here"
)
OPENING = article("hours", "when are you open", "opening hours", "are you open on sunday")
INVOICE = article("invoice", "怎么开发票", "可以开发票吗", "发票抬头怎么改", language="zh")
ALL = (CANCEL, TRACK, OPENING, INVOICE)


def test_articles_that_differ_in_the_word_that_decides_are_left_alone() -> None:
    assert near_duplicates(ALL) == ()
    assert torn_phrasings(ALL) == ()


def test_two_articles_with_nearly_the_same_phrasings_are_named_together() -> None:
    again = article(
        "cancelling", "how do I cancel my order?", "cancelling an order", "ordered by mistake", "stop order"
    )

    found = near_duplicates((*ALL, again))

    assert [(one.first.id, one.second.id, one.alike) for one in found] == [("cancel", "cancelling", "phrasings")]
    assert found[0].example[0] in CANCEL.phrasings
    assert found[0].example[1] in again.phrasings


@pytest.mark.parametrize("turn", [1, -1])
def test_an_article_that_is_contained_in_a_larger_one_is_its_duplicate_whichever_comes_first(turn: int) -> None:
    small = article("undo", "undo order", "stop my order, please!")

    found = near_duplicates((CANCEL, small, TRACK)[::turn])

    assert [{one.first.id, one.second.id} for one in found] == [{"cancel", "undo"}]
    assert found[0].example[0] in found[0].first.phrasings
    assert found[0].example[1] in found[0].second.phrasings


def test_the_same_answer_under_two_ids_is_named_also_without_any_phrasing() -> None:
    first = article("a", "one thing", answer="Send it back within 30 days, and we pay the label.")
    second = article("b", answer="Send it back within 30 days and we pay the label!")

    found = near_duplicates((first, second, OPENING))

    assert [(one.first.id, one.second.id, one.alike) for one in found] == [("a", "b", "answers")]
    assert found[0].similarity > 0.9


def test_answers_that_are_missing_are_not_alike() -> None:
    blank = [Article(id=name, language="en", phrasings=(f"{name} {name}ing",), answer=" ") for name in ("tea", "mug")]

    assert near_duplicates(blank) == ()


def test_the_versions_of_one_article_in_two_languages_are_no_duplicates() -> None:
    both = [article("x", "Teamaster X200 manual", answer="See PDF", language=language) for language in ("en", "zh")]

    assert examine(both) == examine([])


def test_a_phrasing_in_the_wrong_article_is_torn_and_both_articles_are_named() -> None:
    misled = article("hours", *OPENING.phrasings, "where is my parcel now")

    found = torn_phrasings((CANCEL, TRACK, misled, INVOICE))

    assert ("hours", "where is my parcel now", "track") in {(o.article.id, o.phrasing, o.other.id) for o in found}
    assert {one.nearest for one in found if one.article is misled} == {"where is my parcel"}
    assert all({one.article.id, one.other.id} == {"hours", "track"} and one.theirs > one.own for one in found)


def test_the_very_same_phrasing_in_two_articles_is_torn_on_both_sides() -> None:
    """However well it sits among its own: such words say nothing for either article."""
    first = article("tea", "green tea", "Green tea!", "oolong")
    second = article("shop", "opening", "green tea", "green  tea?")

    found = torn_phrasings((first, second))

    assert {(one.article.id, one.other.id) for one in found} == {("tea", "shop"), ("shop", "tea")}
    assert {one.phrasing for one in found} == {"green tea", "Green tea!", "green  tea?"}


def test_chinese_phrasings_are_compared_by_their_characters() -> None:
    misled = article("shipping", "什么时候发货", "包裹到哪里了", "可以开发票的吗", language="zh")

    found = torn_phrasings((*ALL, misled))

    assert ("shipping", "可以开发票的吗", "invoice") in {(one.article.id, one.phrasing, one.other.id) for one in found}


def test_an_only_phrasing_is_torn_only_by_its_twin() -> None:
    lonely, near, twin = (
        article(name, text) for name, text in (("a", "open today"), ("b", "open"), ("c", "open today?"))
    )

    assert torn_phrasings((lonely, near)) == ()
    assert {one.article.id for one in torn_phrasings((lonely, near, twin))} == {"a", "c"}


def test_the_clearest_findings_come_first() -> None:
    found = examine((*ALL, article("undo", "undo order"), article("track2", "track a parcel", "where's my parcel")))

    similarities = [one.similarity for one in found.duplicates]
    assert len(similarities) >= 2
    assert similarities == sorted(similarities, reverse=True)
    assert [one.theirs - one.own for one in found.torn] == sorted((o.theirs - o.own for o in found.torn), reverse=True)


def test_a_twin_is_found_among_thousands_of_phrasings_made_of_few_words() -> None:
    chance = random.Random(3)
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    many = [article(f"a{n}", *(" ".join(chance.sample(words, 5)) for _ in range(3))) for n in range(700)]
    twin = article("twin", *many[350].phrasings)

    found = examine([*many, twin])

    assert ("a350", "twin") in {(one.first.id, one.second.id) for one in found.duplicates}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Article,
            id=st.uuids().map(str),
            language=st.sampled_from(["en", "zh"]),
            phrasings=st.lists(st.text(max_size=20), max_size=4).map(tuple),
            answer=st.text(max_size=20),
        ),
        max_size=6,
    )
)
def test_any_articles_can_be_examined(articles: list[Article]) -> None:
    found = examine(articles)

    for pair in found.duplicates:
        assert pair.first.language == pair.second.language
        assert pair.first is not pair.second
        assert 0 < pair.similarity <= 1
    for one in found.torn:
        assert one.phrasing in one.article.phrasings
        assert one.nearest in one.other.phrasings
        assert one.article is not one.other
    assert len({(id(one.first), id(one.second), one.alike) for one in found.duplicates}) == len(found.duplicates)
