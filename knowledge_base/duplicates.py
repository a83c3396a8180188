"""Duplicates: articles that say nearly the same, and phrasings that pull their article towards another one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from knowledge_base.article import Article
from knowledge_base.wording import Floats, Wordings

NEARLY_THE_SAME: Final = 0.8  # cosine of two texts from which they say the same in nearly the same words
NEARLY_ALL: Final = 0.5  # mean cosine of one article's phrasings with the other's nearest, from which two may be one
ENOUGH_TO_TELL: Final = 5  # phrasings; the mean over fewer has to be NEARLY_THE_SAME
WORD_FOR_WORD: Final = 0.99
TORN_FROM: Final = 0.5  # cosine with the other article; what is like nothing else is only unusual
CLEARLY_NEARER: Final = 1.25  # a torn phrasing is so many times as near to the other article as to its own


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two articles of one language that may be one."""

    first: Article
    second: Article
    alike: Literal["phrasings", "answers"]
    similarity: float  # 0..1: of the answers, or the mean over the phrasings of the article that has fewer
    example: tuple[str, str]  # what is most alike: a phrasing of the first and one of the second, or both answers


@dataclass(frozen=True, slots=True)
class Torn:
    """A phrasing that is nearer to another article than to the rest of its own."""

    article: Article
    phrasing: str
    other: Article
    nearest: str  # the other article's phrasing that it is nearest to
    own: float  # cosine with the nearest other phrasing of its own article, 0 when it is the only one
    theirs: float  # cosine with `nearest`


@dataclass(frozen=True, slots=True)
class Findings:
    """What is worth a look, the clearest first."""

    duplicates: tuple[Duplicate, ...]
    torn: tuple[Torn, ...]


def near_duplicates(articles: Iterable[Article]) -> tuple[Duplicate, ...]:
    """List the pairs of articles of one language whose phrasings or answers nearly coincide; see `examine`."""
    return examine(articles).duplicates


def torn_phrasings(articles: Iterable[Article]) -> tuple[Torn, ...]:
    """List the phrasings that are nearer to another article of their language than to their own; see `examine`."""
    return examine(articles).torn


def examine(articles: Iterable[Article]) -> Findings:
    """Compare all articles of each language with each other: both lists from one pass.

    Hand it the published articles; it looks at no state. The work grows with the square of the phrasings of a language:
    some 10 s for 9,000. What is alike in words is found, what is alike in meaning only is not.

    Measured on the phrasings of public sets. Articles torn into two halves each, which paraphrase but do not coincide:
    of banking77's 77 pairs of halves 62 are found, of sofmattress's 21 12, of curekart's 28 7, with 6 false pairs of
    13,000. One phrasing in fifty moved into a wrong article: of banking77's 172, 132 are found, 119 of them among the
    first 172; with ten phrasings per article it is one in three.
    """
    every = list(articles)
    duplicates: list[Duplicate] = []
    torn: list[Torn] = []
    for language in dict.fromkeys(article.language for article in every):
        own = [article for article in every if article.language == language]
        duplicates += _same_answers([article for article in own if article.answer.strip()])
        table = _Table([article for article in own if article.phrasings])
        pairs: dict[tuple[int, int], Duplicate] = {}
        for place, near in table.rows():
            for other, found in table.duplicates_of(place, near):
                pair = min(place, other), max(place, other)
                if pair not in pairs or found.similarity > pairs[pair].similarity:
                    pairs[pair] = found
            torn += table.torn_of(place, near)
        duplicates += pairs.values()
    duplicates.sort(key=lambda one: -one.similarity)
    torn.sort(key=lambda one: one.own - one.theirs)
    return Findings(tuple(duplicates), tuple(torn))


def _same_answers(articles: Sequence[Article]) -> Iterator[Duplicate]:
    wordings = Wordings([article.answer for article in articles])
    for place, first in enumerate(articles):
        alike = wordings.alike(place)
        for other in (np.flatnonzero(alike[place + 1 :] >= NEARLY_THE_SAME) + place + 1).tolist():
            second = articles[other]
            similarity = min(float(alike[other]), 1.0)
            yield Duplicate(first, second, "answers", similarity, (first.answer, second.answer))


class _Table:
    """How near every phrasing of one language is to every article, an article's phrasings at a time."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = articles
        self._texts = [phrasing for article in articles for phrasing in article.phrasings]
        self._wordings = Wordings(self._texts)
        self._sizes = np.array([len(article.phrasings) for article in articles], dtype=np.intp)
        self._starts = np.concatenate(([0], np.cumsum(self._sizes)))[:-1].astype(np.intp)

    def rows(self) -> Iterator[tuple[int, Floats]]:
        """Give each article's place with a table: its phrasings down, the nearest phrasing of every article across."""
        for place, (start, size) in enumerate(zip(self._starts.tolist(), self._sizes.tolist(), strict=True)):
            near = np.empty((size, len(self.articles)), dtype=np.float32)
            for row in range(size):
                alike = self._wordings.alike(start + row)
                alike[start + row] = 0  # itself
                near[row] = np.maximum.reduceat(alike, self._starts)
            yield place, near

    def duplicates_of(self, place: int, near: Floats) -> Iterator[tuple[int, Duplicate]]:
        """Find the articles that say what this one says, and have as many phrasings or more; with their places."""
        needed = NEARLY_ALL if len(near) >= ENOUGH_TO_TELL else NEARLY_THE_SAME
        mean = near.mean(axis=0)
        for other in np.flatnonzero(mean >= needed).tolist():
            if other != place and self._sizes[other] >= len(near):
                row = int(near[:, other].argmax())
                sides = (place, self.articles[place].phrasings[row]), (other, self._nearest(place, row, other))
                (first, phrasing), (second, counterpart) = sorted(sides)
                yield (
                    other,
                    Duplicate(
                        first=self.articles[first],
                        second=self.articles[second],
                        alike="phrasings",
                        similarity=min(float(mean[other]), 1.0),
                        example=(phrasing, counterpart),
                    ),
                )

    def torn_of(self, place: int, near: Floats) -> Iterator[Torn]:
        """Find the phrasings of one article that are nearer to another."""
        own = near[:, place].copy()
        near[:, place] = 0
        for row, other in enumerate(near.argmax(axis=1).tolist()):
            theirs = float(near[row, other])
            # With a single phrasing there is no rest to be near to, so the other has to be all but the same.
            least = TORN_FROM if len(near) > 1 else NEARLY_THE_SAME
            if theirs >= WORD_FOR_WORD or (theirs >= least and theirs >= CLEARLY_NEARER * own[row]):
                yield Torn(
                    article=self.articles[place],
                    phrasing=self.articles[place].phrasings[row],
                    other=self.articles[other],
                    nearest=self._nearest(place, row, other),
                    own=float(own[row]),
                    theirs=theirs,
                )

    def _nearest(self, place: int, row: int, other: int) -> str:
        start = int(self._starts[other])
        alike = self._wordings.alike(int(self._starts[place]) + row)
        return self._texts[start + int(alike[start : start + int(self._sizes[other])].argmax())]
