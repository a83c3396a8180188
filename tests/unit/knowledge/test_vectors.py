"""Vectors: one text in many spellings is one vector; rare words weigh more, stop words less but not nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.lexicon import Concepts, concepts_of
from knowledge_base.text import normal_form, stem, tokens_of
from knowledge_base.vectors import STOP_WEIGHT, Vocabulary, latin_share, pieces, stop_weight

TEXTS = ("how do I cancel my order", "where is my order", "订单什么时候发货", "怎么退款", "refund 请问")


def vocabulary(*texts: str, groups: tuple[tuple[str, ...], ...] = ()) -> Vocabulary:
    found = Vocabulary(Concepts(groups) if groups else concepts_of("en"))
    found.learn([tokens_of(normal_form(text)) for text in texts or TEXTS])
    return found


def cosine(words: Vocabulary, one: str, other: str) -> float:
    first, second = (dict(zip(*map(np.ndarray.tolist, _row(words, text)), strict=True)) for text in (one, other))
    return float(sum(weight * second.get(term, 0.0) for term, weight in first.items()))


def _row(words: Vocabulary, text: str) -> tuple[np.ndarray, np.ndarray]:
    return words.vectors([tokens_of(normal_form(text))]).row(0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("订单什么时候发货", "訂單什麼時候發貨"),
        ("refund my order", "ＲＥＦＵＮＤ ｍｙ Ｏｒｄｅｒ"),
        ("where is my order", "Where is my ORDER?!"),
        ("where's my order", "Where’s MY order"),
    ],
    ids=["traditional", "full width", "case", "apostrophe"],
)
def test_spellings_of_one_text_are_the_same(one: str, other: str) -> None:
    words = vocabulary()

    assert cosine(words, one, one) > 0.7
    assert cosine(words, one, other) == pytest.approx(cosine(words, one, one))


def test_misspelt_endings_are_forgiven() -> None:
    """By the pieces of the word."""
    words = vocabulary()

    assert 0 < cosine(words, "cancellations", "cancel") < 1
    assert cosine(words, "cancel", "龘") == 0


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.sampled_from("cancel order 订单退款#9 the 的"), max_size=40))
def test_no_vector_is_longer_than_one(text: str) -> None:
    """Whatever the text: a cosine stays between nought and one."""
    _, weights = _row(vocabulary(text, *TEXTS), text)

    assert np.linalg.norm(weights) <= 1 + 1e-5
    assert (weights >= 0).all()


def test_stop_words_weigh_less_but_are_there() -> None:
    """ "to" and "from" can be all that tells two questions apart."""
    words = vocabulary("send money to spain", "send money from spain")

    assert stop_weight("to") == stop_weight("from") == STOP_WEIGHT
    assert stop_weight("spain") == 1
    assert 0 < words.rarity("to") < words.rarity("zebra")
    assert cosine(words, "money from spain", "send money from spain") > cosine(
        words, "money from spain", "send money to spain"
    )


def test_rare_words_weigh_more_and_unknown_ones_most() -> None:
    words = vocabulary("order cup", "order pot", "order tin")

    assert words.rarity("order") < words.rarity("cup") < words.rarity("zebra")


def test_what_customers_say_is_not_remembered() -> None:
    """There is no end to it: only articles bring terms."""
    words = vocabulary()
    before = len(words)
    for number in range(50):
        words.vectors([["zebra", f"xylophone{number}", "龘"]])

    assert len(words) == before
    assert not words.knows("zebra")
    words.vectors([["zebras"]], grow=True)
    assert words.knows("zebra")
    assert words.rarity(stem("zebra")) > words.rarity("order")


def test_members_of_a_group_are_one_concept() -> None:
    """Phrases too; without the group they have nothing in common."""
    apart = vocabulary("where is my blick", "when do you open", groups=(("alpha", "beta"),))
    together = vocabulary("where is my blick", "when do you open", groups=(("blick", "goods in transit"),))

    assert cosine(apart, "blick", "goods in transit") == 0
    assert cosine(together, "blick", "goods in transit") > 0.1


def test_small_measures() -> None:
    assert latin_share(["order", "订", "单", "9"]) == 0.5
    assert latin_share([]) == 0
    assert pieces("ab") == [" a", "ab", "b ", " ab", "ab ", " ab "]


def test_nothing_makes_empty_vectors() -> None:
    words = Vocabulary(concepts_of("en"))

    assert len(words.learn([])) == 3
    assert words.learn([[]]).row(0)[0].size == 0
    assert words.vectors([["order"], []]).row(1)[0].size == 0
