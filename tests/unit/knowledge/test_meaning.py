"""Nearness by meaning: the nearest phrasing counts, and what the embedder does not know stands in the middle."""

from collections.abc import Sequence

import numpy as np
import pytest

from knowledge_base import Article, Matcher
from knowledge_base.embedders import Rows, unit_rows
from knowledge_base.meaning import WEIGHT, Meanings, added_odds, best_by_meaning


def article(article_id: str, language: str, *phrasings: str, answer: str = "") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=answer)


PLANE = {
    "where is my parcel": (1, 0),
    "lost post": (0.9, 0.1),
    "refund": (0, 1),
    "我的包裹": (1, 0),
    "sunk ship": (1, 0.05),
}


class Plane:
    """Texts lie in a plane, where a table says."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Rows:
        self.asked += texts
        return unit_rows([PLANE[text] for text in texts], len(texts))

    def close(self) -> None:
        """Nothing to let go of."""


ARTICLES = (
    article("track", "en", "Where is my parcel", "lost post"),
    article("refund", "en", "refund"),
    article("track", "zh", "我的包裹"),
)


def test_each_article_is_as_near_as_its_nearest_phrasing() -> None:
    """In the language that is asked for, and no other."""
    plane = Plane()
    meanings = Meanings(ARTICLES, plane)
    vector = plane.embed(["sunk ship"])[0]

    near = meanings.nearest(vector, "en")

    assert near == {"track": pytest.approx(0.9988, abs=1e-3), "refund": pytest.approx(0.05, abs=1e-3)}
    assert best_by_meaning(near, 1) == ["track"]
    assert meanings.nearest(vector, "zh").keys() == {"track"}
    assert meanings.nearest(vector, "de") == {}


def test_vectors_of_another_model_are_near_to_nothing() -> None:
    """The server may have changed its model since the articles were embedded."""
    assert Meanings(ARTICLES, Plane()).nearest(np.ones(3, dtype=np.float32), "en") == {}


def test_without_articles_nobody_is_asked() -> None:
    plane = Plane()

    assert Meanings([], plane).nearest(np.ones(2, dtype=np.float32), "en") == {}
    assert plane.asked == []


def test_what_is_not_known_by_meaning_is_neither_lifted_nor_pushed() -> None:
    """An article that came after the embedding stands in the middle of the others."""
    assert added_odds({"a": 0.8, "b": 0.2}, ["b", "new", "a"]) == pytest.approx(
        [0.2 * WEIGHT, 0.5 * WEIGHT, 0.8 * WEIGHT]
    )
    assert added_odds({}, ["a", "b"]) == [0, 0]


def test_a_question_without_a_shared_word_is_found_by_meaning() -> None:
    """Also if it shares none with any article; an article that is gone, or of another language, is not found."""
    matcher = Matcher([*ARTICLES, article("ship", "en", "ship to spain", "do you ship to peru")])
    meant = {"track": 0.99, "refund": 0.05, "ship": 0.1, "gone": 1.0}

    assert matcher.match("the sunk ship").candidates[0].article.id == "ship"
    found = matcher.match("the sunk ship", meant=meant).candidates
    assert (found[0].article.id, found[0].article.language) == ("track", "en")
    assert "gone" not in {one.article.id for one in found}
    assert matcher.match("qqq zzz").candidates == ()
    alone = matcher.match("qqq zzz", meant=meant)
    assert [one.article.id for one in alone.candidates] == ["track", "ship"], "of the three nearest the third is gone"
