"""The classifiers learn which phrasing belongs to whom, and are silent where there is nothing or too much to learn."""

import numpy as np
import pytest

from knowledge_base.learner import MOST_SQUARE, MOST_WEIGHTS, MOST_WORK, Learnt, train
from knowledge_base.lexicon import Concepts
from knowledge_base.nearness import Rows
from knowledge_base.vectors import Vectors, Vocabulary

KINDS = ("cup", "pot", "tin")


def taught(rows: list[list[str]], owner: list[int]) -> tuple[Vocabulary, Learnt | None]:
    vocabulary = Vocabulary(Concepts(()))
    made = Rows(vocabulary, rows, learn=True)
    return vocabulary, made.train(np.array(owner, dtype=np.intp), max(owner, default=-1) + 1)


def judged(vocabulary: Vocabulary, learnt: Learnt, *tokens: str) -> tuple[int, int, np.ndarray]:
    """The article that each classifier puts first, and the probabilities."""
    odds, margins = learnt.judge(*vocabulary.vectors([tokens]).row(0))
    return int(odds.argmax()), int(margins.argmax()), np.exp(odds)


def phrasings(each: int) -> tuple[list[list[str]], list[int]]:
    rows = [["where", "is", "my", kind, f"x{n}"] for kind in KINDS for n in range(each)]
    return rows, [number for number in range(len(KINDS)) for _ in range(each)]


@pytest.mark.parametrize("each", [2, MOST_SQUARE // 3 + 2], ids=["few", "many"])
def test_every_phrasing_is_its_owners(each: int) -> None:
    """Also when they are more than the matrix of all against all is kept for."""
    rows, owner = phrasings(each)
    vocabulary, learnt = taught(rows, owner)

    assert learnt is not None
    assert learnt.articles == len(KINDS)
    for number in range(0, len(rows), max(len(rows) // 20, 1)):
        by_odds, by_margin, probabilities = judged(vocabulary, learnt, *rows[number])
        assert by_odds == by_margin == owner[number]
        assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert judged(vocabulary, learnt, "lost", "tin")[:2] == (2, 2)


def test_both_ways_to_learn_come_to_the_same() -> None:
    """By all against all, and by the rows as they are: copies that only push the number up change no verdict."""
    rows, owner = phrasings(3)
    few = taught(rows, owner)
    times = MOST_SQUARE // len(rows) + 1
    many = taught(rows * times, owner * times)

    for tokens in (["where", "pot"], ["cup", "x1"], ["tin"], ["my", "is"]):
        assert few[1] is not None
        assert many[1] is not None
        if len(tokens) > 1 and tokens[0] != "my":
            assert judged(*_pair(few), *tokens)[:2] == judged(*_pair(many), *tokens)[:2]


def _pair(found: tuple[Vocabulary, Learnt | None]) -> tuple[Vocabulary, Learnt]:
    vocabulary, learnt = found
    assert learnt is not None
    return vocabulary, learnt


def test_with_one_article_or_none_there_is_nothing_to_tell_apart() -> None:
    assert taught([["cup"], ["pot"]], [0, 0])[1] is None
    assert taught([], [])[1] is None


@pytest.mark.parametrize(
    ("terms", "length", "articles"),
    [(MOST_WEIGHTS // 2 + 1, MOST_WEIGHTS // 2 + 1, 2), (1, 1_000, MOST_WORK // 1_000 + 1)],
    ids=["memory", "work"],
)
def test_what_would_take_far_too_much_is_not_begun(terms: int, length: int, articles: int) -> None:
    """Nobody asks for the nearness of a single row."""
    ids = np.arange(length, dtype=np.int32) % np.int32(terms)
    vectors = Vectors(np.array([0, length], dtype=np.int64), ids, np.ones(length, dtype=np.float32))

    assert train(vectors, terms, np.zeros(1, dtype=np.intp), articles, lambda _row: pytest.fail("begun")) is None


def test_phrasings_without_a_word_teach_nothing() -> None:
    """Punctuation in two articles is no error, few or many of it."""
    for times in (1, MOST_SQUARE):
        learnt = taught([[], []] * times, [0] * times + [1] * times)[1]
        if learnt is not None:
            odds, _ = learnt.judge(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
            assert np.allclose(np.exp(odds), 0.5, atol=0.01)


def test_the_same_words_in_two_articles_are_half_probable_in_each() -> None:
    """A hundred equal rows make a matrix that is hard to factorise; it is no error."""
    vocabulary, learnt = taught([["price", "of", "tea"]] * 100 + [[]] * 3, [0] * 50 + [1] * 50 + [2] * 3)

    assert learnt is not None
    probabilities = judged(vocabulary, learnt, "price", "of", "tea")[2]
    assert probabilities[0] == pytest.approx(probabilities[1], abs=0.02)
    assert probabilities[2] < 0.1
    assert np.isfinite(judged(vocabulary, learnt, "zebra")[2]).all()


def test_terms_that_came_after_the_lesson_say_nothing() -> None:
    vocabulary, learnt = taught(*phrasings(2))
    assert learnt is not None
    before = learnt.judge(*vocabulary.vectors([["cup"]]).row(0))[0]
    vocabulary.vectors([["zebra"]], grow=True)
    ids, weights = vocabulary.vectors([["zebra"]]).row(0)

    assert ids.size > 0
    bias = learnt.judge(ids, weights)[0]
    assert bias.shape == before.shape
    assert np.allclose(bias, learnt.judge(ids[:0], weights[:0])[0])


def test_the_same_lesson_gives_the_same_weights() -> None:
    one, other = (taught(*phrasings(4))[1] for _ in range(2))

    assert one is not None
    assert other is not None
    assert np.array_equal(one.logistic, other.logistic)
    assert np.array_equal(one.hinge, other.hinge)
