"""Articles that exist only in the other language: found by the concepts that English and Chinese share."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from knowledge_base.article import Article
from knowledge_base.lexicon import crossing
from knowledge_base.text import normal_form, stem, tokens_of

ALIKE_ENOUGH: Final = 0.65  # cosine of the concepts of question and phrasing
FEWEST_SHARED: Final = 2  # concepts; a single one is a topic, no question


class Crossing:
    """The articles of one language as far as they can be told in the other one's words."""

    def __init__(self, articles: Iterable[Article], language: str) -> None:
        concepts = crossing(language)
        self._rows: list[tuple[Article, frozenset[int]]] = []
        for article in articles if concepts is not None else ():
            for text in (*article.phrasings, article.title):
                assert concepts is not None
                found = frozenset(concepts.find(list(map(stem, tokens_of(normal_form(text))))))
                if len(found) >= FEWEST_SHARED:
                    self._rows.append((article, found))
        counts = Counter(concept for _, row in self._rows for concept in row)
        self._rarity = {concept: math.log((1 + len(self._rows)) / (1 + n)) + 1 for concept, n in counts.items()}
        self._rarest = math.log(1 + len(self._rows)) + 1

    def find(self, tokens: Sequence[str], language: str, left_out: Iterable[str]) -> tuple[Article, float] | None:
        """Give the article that a tokenised question in the other language asks for, and how alike they are, 0..1.

        Articles with an id in `left_out` exist in that language too and are passed over.
        """
        concepts = crossing(language)
        asked = frozenset(concepts.find(list(map(stem, tokens)))) if concepts is not None else frozenset()
        if len(asked) < FEWEST_SHARED:
            return None
        without = frozenset(left_out)
        length = self._length(asked)
        best: tuple[Article, float] | None = None
        for article, row in self._rows:
            shared = asked & row
            if len(shared) < FEWEST_SHARED or article.id in without:
                continue
            alike = self._length(shared) ** 2 / (length * self._length(row))
            if alike >= ALIKE_ENOUGH and (best is None or alike > best[1]):
                best = article, alike
        return best

    def _length(self, concepts: frozenset[int]) -> float:
        return math.sqrt(sum(self._rarity.get(concept, self._rarest) ** 2 for concept in concepts))
