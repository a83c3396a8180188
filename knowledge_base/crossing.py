"""Articles that exist only in the other language: found by the concepts that English and Chinese share."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from knowledge_base.article import Article
from knowledge_base.lexicon import crossing
from knowledge_base.text import normal_form, stem, tokens_of

ALIKE_ENOUGH: Final = 0.6  # cosine of the concepts of question and phrasing


class Crossing:
    """The articles of one language as far as they can be told in the other one's words."""

    def __init__(self, articles: Iterable[Article], language: str) -> None:
        self._concepts = crossing(language)
        self._rows: dict[str, tuple[Article, list[frozenset[int]]]] = {}  # by article id
        self._counts: Counter[int] = Counter()
        self._having: dict[int, set[str]] = {}  # concept -> ids of the articles that have it
        self._size = 0  # rows of all articles
        for article in articles:
            self.put(article)

    def put(self, article: Article) -> None:
        """Take up an article at once, in place of the one with its id if there is one."""
        if self._concepts is None:
            return
        self._uncount(article.id)
        texts = (normal_form(text) for text in (*article.phrasings, article.title))
        told = (frozenset(self._concepts.find(list(map(stem, tokens_of(text))))) for text in texts)
        rows = [row for row in told if row]
        self._rows[article.id] = article, rows
        for concept in frozenset().union(*rows):
            self._having.setdefault(concept, set()).add(article.id)
        self._counts.update(concept for row in rows for concept in row)
        self._size += len(rows)

    def take_out(self, article_id: str) -> None:
        """Let an article be none any more; nothing happens when there is none."""
        self._uncount(article_id)
        self._rows.pop(article_id, None)

    def _uncount(self, article_id: str) -> None:
        _, rows = self._rows.get(article_id, (None, []))
        self._counts.subtract(concept for row in rows for concept in row)
        for concept in frozenset().union(*rows):
            self._having[concept].discard(article_id)
        self._size -= len(rows)

    def find(self, tokens: Sequence[str], language: str, exists: Callable[[str], bool]) -> tuple[Article, float] | None:
        """Give the article that a tokenised question in the other language asks for, and how alike they are, 0..1.

        Articles whose id `exists` in that language too are passed over.
        """
        concepts = crossing(language)
        asked = frozenset(concepts.find(list(map(stem, tokens)))) if concepts is not None else frozenset()
        found = {article_id for concept in asked for article_id in self._having.get(concept, ())}
        worth = sorted(one for one in found if not exists(one))
        length = self._length(asked)
        best: tuple[Article, float] | None = None
        for article, row in ((self._rows[one][0], row) for one in worth for row in self._rows[one][1]):
            alike = self._length(asked & row) ** 2 / (length * self._length(row))
            if alike >= ALIKE_ENOUGH and (best is None or alike > best[1]):
                best = article, alike
        return best

    def _length(self, concepts: frozenset[int]) -> float:
        return math.sqrt(sum((math.log((1 + self._size) / (1 + self._counts[one])) + 1) ** 2 for one in concepts))
