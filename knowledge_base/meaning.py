"""Nearness by meaning: vectors of all phrasings from an embedder, beside what the words tell."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import Article
from knowledge_base.book import wordings_of
from knowledge_base.embedders import Embedder

Floats = NDArray[np.float32]

# What a whole unit of cosine adds to the log odds of an article. No model ships to fit it with: chosen among 5, 10, 20
# and 30 on the dev questions of three public sets with one small English model (docs/howto/semantic.md).
WEIGHT: Final = 20.0


class Meanings:
    """Where the phrasings of all articles lie; slow to make, quick to ask, and not changed afterwards."""

    def __init__(self, articles: Iterable[Article], embedder: Embedder) -> None:
        """Embed every phrasing; raises EmbedderError when that fails."""
        self._ids: dict[str, list[str]] = {}
        texts: list[str] = []
        places: list[tuple[str, str]] = []
        for article in articles:
            for text in wordings_of(article):
                texts.append(text)
                places.append((article.language, article.id))
        rows = embedder.embed(texts) if texts else np.zeros((0, 0), dtype=np.float32)
        self._rows: dict[str, Floats] = {}
        for language in dict.fromkeys(language for language, _ in places):
            chosen = [number for number, (other, _) in enumerate(places) if other == language]
            self._ids[language] = [places[number][1] for number in chosen]
            self._rows[language] = rows[chosen]

    def nearest(self, vector: Floats, language: str) -> dict[str, float]:
        """Give the cosine of a vector with the nearest phrasing of each article, by id; none if lengths differ."""
        rows = self._rows.get(language)
        if rows is None or rows.shape[1:] != vector.shape:
            return {}
        found: dict[str, float] = {}
        for article_id, cosine in zip(self._ids[language], (rows @ vector).tolist(), strict=True):
            if cosine > found.get(article_id, -2.0):
                found[article_id] = cosine
        return found


def best_by_meaning(near: Mapping[str, float], most: int) -> list[str]:
    """List the ids of the articles nearest by meaning, nearest first."""
    return sorted(near, key=lambda article_id: -near[article_id])[:most]


def added_odds(near: Mapping[str, float], ids: Iterable[str]) -> list[float]:
    """Give what meaning adds to the log odds of these articles; one that it does not know stands in the middle."""
    if not near:
        return [0.0 for _ in ids]
    middle = sum(near.values()) / len(near)
    return [WEIGHT * near.get(article_id, middle) for article_id in ids]
