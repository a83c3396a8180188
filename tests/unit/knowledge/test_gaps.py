"""Unanswered questions come together when they ask for the same thing, and what is together stays together."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.gaps import MOST_COMPARED, Group, Question, group, label
from knowledge_base.wording import Wordings

GIFT_WRAP = ("do you wrap gifts", "can you gift wrap my order", "is gift wrapping possible", "gift wrap for a present")
NORWAY = ("do you ship to norway", "shipping to norway possible?", "i live in norway, can you ship there")
FOR_ME = ("可以代发货吗", "你们支持代发货不", "想问下能代发货吗")


def asked(*texts: str, start: int = 1) -> list[Question]:
    return [Question(key, text, "en") for key, text in enumerate(texts, start=start)]


def test_questions_that_ask_for_the_same_thing_share_a_gap() -> None:
    found = group(asked(*GIFT_WRAP, *NORWAY, *FOR_ME), [])

    assert found.opened == ((1, 2, 3, 4), (5, 6, 7), (8, 9, 10))
    assert (found.joined, found.left_out) == ({}, ())


def test_the_order_in_which_they_came_makes_no_difference_where_they_are_clear() -> None:
    for order in itertools.permutations(range(3)):
        parts = [(GIFT_WRAP[0], GIFT_WRAP[1]), (NORWAY[0], NORWAY[1]), (FOR_ME[0], FOR_ME[1])]
        found = group(asked(*itertools.chain(*(parts[place] for place in order))), [])

        assert found.opened == ((1, 2), (3, 4), (5, 6)), order


def test_a_new_question_joins_the_gap_that_is_there() -> None:
    existing = [Group(70, NORWAY[:2]), Group(80, GIFT_WRAP[:3]), Group(90, FOR_ME[:2])]

    found = group(asked(GIFT_WRAP[3], FOR_ME[2], NORWAY[2], "can i pay with bitcoin"), existing)

    assert found.joined == {1: 80, 2: 90, 3: 70}
    assert found.opened == ((4,),)


def test_two_languages_come_together_over_a_word_that_they_share() -> None:
    """A product's name is the same in both; without one, an English and a Chinese question stay apart."""
    found = group(
        asked("do you sell Teamaster X200", "Teamaster X200 有货吗", "where is my parcel", "我的包裹在哪里"), []
    )

    assert found.opened == ((1, 2), (3,), (4,))


@pytest.mark.parametrize("text", ["", "   ", "?!", "hello", "谢谢", "Thanks a lot!", "再见", "😀"])
def test_small_talk_and_texts_without_words_are_no_gap(text: str) -> None:
    found = group([Question(7, text, "en"), Question(8, "do you ship to norway", "en")], [Group(1, ("hello there",))])

    assert found.left_out == (7,)
    assert found.opened == ((8,),)


def test_an_existing_gap_whose_words_cannot_be_read_any_more_attracts_nothing() -> None:
    found = group(asked("do you ship to norway"), [Group(1, ()), Group(2, ("", "?"))])

    assert (found.joined, found.opened) == ({}, ((1,),))


def test_nothing_asked_is_nothing_grouped() -> None:
    found = group([], [Group(1, NORWAY)])

    assert (found.joined, found.opened, found.left_out) == ({}, (), ())


def test_a_key_that_is_used_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="question 3"):
        group([Question(3, "a word", "en"), Question(3, "another", "en")], [])
    with pytest.raises(ValueError, match="group 4"):
        group([], [Group(4, ()), Group(4, ())])


def test_only_the_newest_questions_of_a_gap_speak_for_it() -> None:
    drifted = Group(1, GIFT_WRAP * 5 + NORWAY * (MOST_COMPARED // 3 + 1))

    found = group(asked("is gift wrapping possible", "do you ship to norway"), [drifted])

    assert found.joined == {2: 1}


def test_a_gap_of_long_mails_takes_bounded_memory() -> None:
    """What comes after the first words of a text does not decide, and is not kept."""
    tail = " ".join(f"word{place}" for place in range(2_000))

    found = group(asked(*(f"{NORWAY[0]} {tail[turn:]}" for turn in range(30))), [])

    assert sum(len(keys) for keys in found.opened) == 30


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=40), max_size=12),
    st.lists(st.lists(st.text(max_size=30), max_size=3), max_size=4),
)
def test_whatever_is_asked_every_question_has_one_place(texts: list[str], groups: list[list[str]]) -> None:
    existing = [Group(100 + place, tuple(one)) for place, one in enumerate(groups)]

    found = group(asked(*texts), existing)

    places = [*found.joined, *itertools.chain(*found.opened), *found.left_out]
    assert sorted(places) == list(range(1, len(texts) + 1))
    assert set(found.joined.values()) <= {one.key for one in existing}
    assert group(asked(*texts), existing) == found


def test_the_label_is_the_question_that_is_most_like_the_others() -> None:
    assert (
        label(["can you ship to norway", "norway?", "do you ship norway", "where is my parcel"]) == "do you ship norway"
    )
    assert label(["我的包裹呢", "怎么开发票", "请问怎么开发票", "怎么开发票呀"]) == "怎么开发票"


def test_among_equals_the_shortest_is_the_label() -> None:
    assert label(["gift wrap??", "Gift wrap", "gift   wrap!"]) == "Gift wrap"
    assert label(["?"]) == "?"


def test_a_group_without_questions_has_no_label() -> None:
    with pytest.raises(ValueError, match="no label"):
        label([])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_likeness_is_a_cosine(texts: list[str]) -> None:
    """Every text is like itself, no two are more than alike, and the order of the two makes no difference."""
    wordings = Wordings(texts)
    table = [wordings.alike(place).tolist() for place in range(len(texts))]

    for row, line in enumerate(table):
        assert line[row] == pytest.approx(1, abs=1e-4) or not any(line)
        for column, value in enumerate(line):
            assert -1e-6 <= value <= 1 + 1e-4
            assert value == pytest.approx(table[column][row], abs=1e-5)
