"""Before a change is published, its effect is known: which questions it answers, and which it spoils."""

from dataclasses import replace

import pytest

from knowledge_base import Article, Matcher
from knowledge_base.replay import Example, JudgedQuestion, Replay, examples_of, failing_examples, replay


def article(article_id: str, *phrasings: str, language: str = "en") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=article_id[::-1])


CANCEL = article("cancel", "how do I cancel an order", "cancel my order please", "I ordered by mistake, stop it")
TRACK = article("track", "how do I track an order", "where is my parcel", "has my order been shipped")
HOURS = article("hours", "when are you open", "what are your opening hours")
GIFTS = article("gifts", "do you wrap gifts", "can you gift wrap a present")
PARCELS = article("track", "我的订单到哪儿了", "订单什么时候发货", "怎么查物流", language="zh")
SHOP = (CANCEL, TRACK, HOURS, PARCELS)


def judged(*questions: tuple[str, str | None]) -> list[JudgedQuestion]:
    return [JudgedQuestion(key, text, "en", right) for key, (text, right) in enumerate(questions, start=1)]


ASKED = judged(
    ("where is my parcel", "track"),
    ("when are you open", "hours"),
    ("do you wrap gifts", None),
    ("purple elephants on the moon", None),
    ("订单什么时候发货", "track"),
)


def nothing_changes(found: Replay) -> bool:
    told = (found.newly_answered, found.put_right, found.held_back, found.now_wrong, found.no_longer_answered)
    return not any(told) and not found.failing_examples


def test_a_change_that_changes_nothing_says_so() -> None:
    found = replay(Matcher(SHOP), Matcher(SHOP), ASKED)

    assert nothing_changes(found)
    assert not found.regression
    assert found.judged == 5


def test_a_new_article_answers_what_was_not_answered() -> None:
    asked = judged(("do you wrap gifts", "gifts"), ("where is my parcel", "track"))

    found = replay(Matcher(SHOP), Matcher((*SHOP, GIFTS)), asked)

    assert found.newly_answered == (1,)
    assert (found.regression, nothing_changes(found)) == (False, False)


def test_an_answer_where_none_is_right_is_wrong_but_no_regression() -> None:
    """Nobody was answered rightly before, so staff are warned and may go on."""
    found = replay(Matcher(SHOP), Matcher((*SHOP, GIFTS)), ASKED)

    assert (found.now_wrong, found.turned_wrong) == ((3,), ())
    assert not found.regression


def test_a_phrasing_taken_from_another_article_is_a_regression() -> None:
    stolen = replace(HOURS, phrasings=(*HOURS.phrasings, *TRACK.phrasings))
    bare = replace(TRACK, phrasings=("package tracking number",))

    found = replay(Matcher(SHOP), Matcher((CANCEL, bare, stolen, PARCELS)), ASKED)

    assert found.now_wrong == found.turned_wrong == (1,)
    assert found.regression


def test_the_way_back_is_seen_as_put_right_and_as_held_back() -> None:
    stolen = replace(HOURS, phrasings=(*HOURS.phrasings, *TRACK.phrasings, *GIFTS.phrasings))
    bare = replace(TRACK, phrasings=("package tracking number",))

    found = replay(Matcher((CANCEL, bare, stolen, PARCELS)), Matcher(SHOP), ASKED)

    assert (found.put_right, found.held_back) == ((1,), (3,))
    assert not found.regression


def test_an_archived_article_leaves_its_questions_unanswered() -> None:
    found = replay(Matcher(SHOP), Matcher((CANCEL, TRACK, PARCELS)), ASKED)

    assert found.no_longer_answered == (2,)
    assert not found.regression


def test_the_version_in_the_other_language_is_tried_in_its_own() -> None:
    found = replay(Matcher(SHOP), Matcher((CANCEL, TRACK, HOURS)), ASKED)

    assert found.no_longer_answered == (5,)


def test_an_example_that_held_and_does_not_any_more_is_a_regression() -> None:
    guarded = replace(TRACK, must_match=("where is my parcel",))
    thief = article("lost", "where is my parcel", "where is my parcel now", "my parcel where is it")

    found = replay(Matcher((guarded, HOURS)), Matcher((replace(guarded, phrasings=("tracking",)), HOURS, thief)), [])

    assert found.broken_examples == (Example("track", "en", "where is my parcel", must=True),)
    assert found.regression


def test_an_example_that_never_held_fails_without_being_broken() -> None:
    hopeful = replace(HOURS, must_match=("where is my parcel",))

    found = replay(Matcher(SHOP), Matcher((CANCEL, TRACK, hopeful, PARCELS)), ASKED)

    assert [example.text for example in found.failing_examples] == ["where is my parcel"]
    assert (found.broken_examples, found.regression, nothing_changes(found)) == ((), False, False)


def test_an_article_may_not_answer_what_it_must_not_match() -> None:
    shy = replace(TRACK, must_not_match=("where is my parcel", "do you wrap gifts"))

    found = failing_examples(Matcher((shy, CANCEL, HOURS)), examples_of([shy]))

    assert found == (Example("track", "en", "where is my parcel", must=False),)


def test_an_example_in_one_language_is_not_met_by_the_version_in_another() -> None:
    """The English version of an article is no answer to what its Chinese version has to match."""
    wanted = Example("track", "zh", "订单什么时候发货", must=True)

    assert failing_examples(Matcher(SHOP), [wanted]) == ()
    assert failing_examples(Matcher((CANCEL, TRACK, HOURS)), [wanted]) == (wanted,)


def test_examples_given_stand_in_for_those_of_the_articles() -> None:
    wanted = Example("hours", "en", "where is my parcel", must=True)

    assert replay(Matcher(SHOP), Matcher(SHOP), [], [wanted]).failing_examples == (wanted,)


def test_each_example_is_listed_once() -> None:
    twice = replace(HOURS, must_match=("open?", "open?"), must_not_match=("open?",))

    assert [(example.text, example.must) for example in examples_of([twice])] == [("open?", True), ("open?", False)]


def test_a_key_that_is_used_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="share a key"):
        replay(Matcher(SHOP), Matcher(SHOP), [ASKED[0], ASKED[0]])


def test_nothing_at_all_can_be_replayed() -> None:
    assert nothing_changes(replay(Matcher(()), Matcher(()), ASKED))
