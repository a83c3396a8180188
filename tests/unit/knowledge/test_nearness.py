"""Nearness: the short way through many rows finds what the long way finds, and changes count at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.lexicon import concepts_of
from knowledge_base.nearness import MOST_EXHAUSTIVE, MOST_RESCORED, Near, Rows
from knowledge_base.vectors import Vocabulary

CONCEPTS = concepts_of("en")


def made(rows: list[list[str]], most_exhaustive: int = MOST_EXHAUSTIVE) -> tuple[Vocabulary, Rows]:
    vocabulary = Vocabulary(CONCEPTS)
    return vocabulary, Rows(vocabulary, rows, learn=True, most_exhaustive=most_exhaustive)


def near(vocabulary: Vocabulary, rows: Rows, *tokens: str) -> Near:
    return rows.near(*vocabulary.vectors([tokens]).row(0))


MANY = [
    ["please", "tell", "me", "the", "thing", f"word{n % 7919}", f"kind{n % 97}"] for n in range(MOST_EXHAUSTIVE + 1)
]
SHORT = made(MANY)
LONG = made(MANY, most_exhaustive=len(MANY))


@pytest.mark.parametrize("row", [0, 4711, 7919, MOST_EXHAUSTIVE])
def test_beyond_15000_rows_the_best_ones_are_found_all_the_same(row: int) -> None:
    """The rarest terms lead there; common ones, which stand in every row, are not followed but still compared."""
    tokens = ["please", "tell", "me", *MANY[row][4:], "unheard"]
    short, long = near(*SHORT, *tokens), near(*LONG, *tokens)

    assert len(short.rows) <= MOST_RESCORED < len(long.rows)
    assert short.values.max() == pytest.approx(long.values.max(), abs=1e-5)
    assert row in short.rows[short.values > short.values.max() - 1e-5]
    compared = long.spread()[short.rows]
    assert np.allclose(short.values, compared, atol=1e-5), "every row that is listed is compared exactly"


def test_a_text_of_common_words_only_is_compared_with_some_rows() -> None:
    """One posting list is followed whatever its length."""
    found = near(*SHORT, "tell", "me", "the", "thing")

    assert 0 < len(found.rows) <= MOST_RESCORED


def test_a_text_that_shares_nothing_is_near_to_nothing() -> None:
    for vocabulary, rows in (SHORT, LONG, made([])):
        assert len(near(vocabulary, rows, "龘").rows) == len(near(vocabulary, rows).rows) == 0


WORDS = st.lists(st.sampled_from(["cup", "pot", "tin", "the", "is", "blau", "杯", "茶"]), max_size=5)


@settings(deadline=None, max_examples=80)
@given(first=st.lists(WORDS, max_size=12), later=st.lists(WORDS, max_size=4), gone=st.sets(st.integers(0, 15)))
def test_both_ways_agree_whatever_came_later_and_was_dropped(
    first: list[list[str]], later: list[list[str]], gone: set[int]
) -> None:
    """A text is as near to itself as it is long, and a dropped row is near to nothing."""
    both = [made(first), made(first, most_exhaustive=0)]
    for _, rows in both:
        for row in later:
            rows.add(row)
        for position in gone:
            if position < len(rows):
                rows.drop(position)

    for number, row in enumerate([*first, *later]):
        one, other = (near(*each, *row) for each in both)
        assert np.allclose(one.spread(), other.spread(), atol=1e-5)
        assert gone.isdisjoint(one.rows.tolist())
        if row and number not in gone:
            _, weights = both[0][0].vectors([row]).row(0)
            assert one.spread()[number] == pytest.approx(float(weights @ weights), abs=1e-4)
            assert one.values.max() <= 1 + 1e-5


def test_a_row_that_came_later_may_bring_terms_or_not() -> None:
    vocabulary, rows = made([["cup"]])
    before = len(vocabulary)

    assert rows.add(["zeppelin"], grow=False) == 1
    assert (len(vocabulary), vocabulary.knows("zeppelin")) == (before, False)
    assert rows.add(["zeppelin"]) == 2
    assert near(vocabulary, rows, "zeppelin").rows.tolist() == [2]
