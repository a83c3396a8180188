"""The index of one language: how near a question is to every phrasing, by rarity-weighted words and letters."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import Article
from knowledge_base.text import NUMBER, is_han, normal_form, stem, tokens_of
from knowledge_base.wordlists import STOP_CHARACTERS, STOP_PAIRS, STOP_WORDS

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

LETTERS_SHARE: Final = 0.5  # how much the letters inside words count beside whole words, in a text all of Latin words
STOP_WEIGHT: Final = 0.6
RIDGE: Final = 0.5  # how much the classifier is held back; phrasings have length 1, so it is of the order of 1
MOST_ROWS_TO_TRAIN: Final = 2_000  # the classifier's training grows with the cube of the phrasings
NEIGHBOURS: Final = 20
CACHE_BYTES: Final = 16_000_000

_SAY_LITTLE: Final = STOP_WORDS | STOP_CHARACTERS | {stem(word) for word in STOP_WORDS}


@dataclass(frozen=True, slots=True)
class Scores:
    """How near one question is to every phrasing and, in the order of the articles, to every article."""

    phrasings: Floats  # cosine with each phrasing, 0..1
    nearest: Floats  # cosine with the nearest phrasing of each article, 0..1
    learnt: Floats  # what the classifier over all phrasings says of each article, about 0..1


class Index:
    """Phrasings of one language as sparse vectors of length 1, held as posting lists.

    Two fields: stemmed words and pairs of words (single Chinese characters count as words), and the 2- to 4-letter
    pieces inside Latin words, which forgive endings and compounds. Terms are weighed by rarity (smoothed idf). A kernel
    ridge classifier in closed form (Saunders et al. 1998) learns from all phrasings which similarities matter.
    """

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles: Final = tuple(articles)
        rows = [tokens_of(normal_form(phrasing)) for article in self.articles for phrasing in article.phrasings]
        sizes = [len(article.phrasings) for article in self.articles]
        self.size: Final = len(rows)
        self._starts: Positions = np.cumsum([0, *sizes[:-1]]).astype(np.intp)
        self._sizes: Floats = np.array(sizes, dtype=np.float64)
        self.terms_of_row: Final = tuple(frozenset(map(stem, tokens)) for tokens in rows)
        self.words: Final = Counter(token for tokens in rows for token in tokens if not is_han(token))
        counts = Counter(term for terms in self.terms_of_row for term in terms)
        self._rarity = {term: self._idf(count) * stop_weight(term) for term, count in counts.items()}
        self.rarity_of_row: Final = tuple(sum(self._rarity[term] for term in terms) for terms in self.terms_of_row)
        self._word_postings = self._post_words(rows)
        self._letter_postings, self._letter_rarity = self._post_letters(rows)
        self._letter_cache: dict[str, tuple[Floats, float]] = {}
        self._cache_limit = max(64, CACHE_BYTES // (8 * max(self.size, 1)))
        self._learning = self._learning_rows()
        self._classifier = self._train(rows)

    def knows(self, word: str) -> bool:
        """Tell whether any phrasing holds this word, whatever its ending."""
        return word in self.words or stem(word) in self._rarity

    def rarity(self, term: str) -> float:
        """Give the weight of one stemmed word: rare words weigh more, unknown ones most, stop words less."""
        known = self._rarity.get(term)
        return self._idf(0) * stop_weight(term) if known is None else known

    def scores(self, tokens: Sequence[str]) -> Scores | None:
        """Compare a question with every article; None when it shares nothing with any phrasing."""
        near = self._similarities(tokens)
        if near is None:
            return None
        nearest = np.maximum.reduceat(near, self._starts)
        if len(self._learning) == self.size:
            return Scores(near, nearest, near @ self._classifier)
        # What the classifier could not learn from has its say through the nearest phrasings.
        return Scores(near, nearest, (near[self._learning] @ self._classifier + self._neighbours(near)) / 2)

    def _neighbours(self, near: Floats) -> Floats:
        """Give each article's share, 0..1, among the phrasings nearest to the question, nearer ones counting more."""
        nearest = np.argpartition(-near, NEIGHBOURS)[:NEIGHBOURS]
        weights = near[nearest] ** 3
        article = np.searchsorted(self._starts, nearest, side="right") - 1
        shares = np.bincount(article, weights / weights.sum(), minlength=len(self.articles))
        return shares.astype(np.float64, copy=False)

    def nearest_phrasing(self, scores: Scores, article: int) -> int:
        """Give the position, among all phrasings, of the article's phrasing that is nearest to the question."""
        start = int(self._starts[article])
        return start + int(scores.phrasings[start : start + int(self._sizes[article])].argmax())

    def _idf(self, rows: int) -> float:
        return math.log((1 + self.size) / (1 + rows)) + 1

    def _post_words(self, rows: Sequence[Sequence[str]]) -> dict[str, tuple[Positions, Floats, float]]:
        """Build term -> (rows, weights in them, own weight)."""
        terms = [set(word_terms(tokens)) for tokens in rows]
        weight = {
            term: self._idf(count) * stop_weight(term) for term, count in Counter(t for ts in terms for t in ts).items()
        }
        return _postings(([(term, weight[term]) for term in sorted(row)] for row in terms), weight)

    def _post_letters(
        self, rows: Sequence[Sequence[str]]
    ) -> tuple[dict[str, tuple[Positions, Floats, float]], dict[str, float]]:
        counted = [_letter_counts(tokens) for tokens in rows]
        rarity = {p: self._idf(n) for p, n in Counter(piece for counts in counted for piece in counts).items()}
        weighted = ([(piece, n * rarity[piece]) for piece, n in sorted(counts.items())] for counts in counted)
        return _postings(weighted, rarity), rarity

    def _similarities(self, tokens: Sequence[str]) -> Floats | None:
        """Give the cosine with every phrasing, the two fields mixed."""
        words = self._near_by_words(tokens)
        letters = self._near_by_letters(tokens)
        if words is None or letters is None:
            return words if letters is None else letters
        share = LETTERS_SHARE * sum(map(_has_letters, tokens)) / len(tokens)
        return (1 - share) * words + share * letters

    def _near_by_words(self, tokens: Sequence[str]) -> Floats | None:
        found = [self._word_postings[term] for term in set(word_terms(tokens)) if term in self._word_postings]
        if not found:
            return None
        length = math.sqrt(sum(weight * weight for _, _, weight in found))
        at = np.concatenate([rows for rows, _, _ in found])
        weights = np.concatenate([inside * (weight / length) for _, inside, weight in found])
        return np.bincount(at, weights, minlength=self.size).astype(np.float64, copy=False)

    def _near_by_letters(self, tokens: Sequence[str]) -> Floats | None:
        latin = [token for token in dict.fromkeys(tokens) if _has_letters(token)]
        if not latin:
            return None
        total = np.zeros(self.size)
        square = 0.0
        for word in latin:
            near, own = self._letters_of(word)
            total += near
            square += own
        return total / math.sqrt(square) if square else None

    def _letters_of(self, word: str) -> tuple[Floats, float]:
        """Give what one word adds to every phrasing and to the question's squared length; remembered per word.

        Pieces shared by two words of one question are not merged: cheaper by far, and hardly less exact.
        """
        known = self._letter_cache.get(word)
        if known is None:
            near = np.zeros(self.size)
            square = 0.0
            factor = stop_weight(word)
            for piece in pieces(word):
                posting = self._letter_postings.get(piece)
                if posting is not None:
                    weight = posting[2] * factor
                    near[posting[0]] += posting[1] * weight
                    square += weight * weight
            if len(self._letter_cache) >= self._cache_limit:
                self._letter_cache.pop(next(iter(self._letter_cache)), None)
            known = self._letter_cache[word] = (near, square)
        return known

    def _learning_rows(self) -> Positions:
        """Choose what the classifier learns from: every phrasing, or as many as it may, an equal deal per article."""
        turn = np.arange(self.size) - np.repeat(self._starts, self._sizes.astype(int))
        return np.sort(np.argsort(turn, kind="stable")[:MOST_ROWS_TO_TRAIN])

    def _train(self, rows: Sequence[Sequence[str]]) -> Floats:
        learning = self._learning
        nothing = np.zeros(self.size)
        near = (self._similarities(rows[position]) for position in learning.tolist())
        kernel = np.array([(nothing if found is None else found)[learning] for found in near])
        kernel = (kernel + kernel.T) / 2
        article = np.repeat(np.arange(len(self.articles)), self._sizes.astype(int))[learning]
        target = np.zeros((len(learning), len(self.articles)))
        target[np.arange(len(learning)), article] = 1
        solved: Floats = np.linalg.solve(kernel + RIDGE * np.eye(len(learning)), target)
        return solved


def word_terms(tokens: Sequence[str]) -> list[str]:
    """List the stems and the pairs of neighbouring stems."""
    stems = [stem(token) for token in tokens]
    return stems + [f"{a} {b}" for a, b in pairwise(stems)]


def pieces(word: str) -> list[str]:
    """List the 2- to 4-letter pieces of a word, its two ends marked."""
    marked = f" {word} "
    return [marked[i : i + n] for n in (2, 3, 4) for i in range(len(marked) - n + 1)]


def stop_weight(term: str) -> float:
    """Give what a term's rarity is multiplied by: less than 1 for the words that say little."""
    first, _, second = term.partition(" ")
    if not second:
        return STOP_WEIGHT if term in _SAY_LITTLE else 1.0
    return STOP_WEIGHT if first + second in STOP_PAIRS or {first, second} <= _SAY_LITTLE else 1.0


def _has_letters(token: str) -> bool:
    return token != NUMBER and not is_han(token)


def _letter_counts(tokens: Sequence[str]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for token in tokens:
        if _has_letters(token):
            for piece in pieces(token):
                counts[piece] = counts.get(piece, 0.0) + stop_weight(token)
    return counts


def _postings(
    rows: Iterable[Sequence[tuple[str, float]]], own: dict[str, float]
) -> dict[str, tuple[Positions, Floats, float]]:
    """Turn rows of (term, weight) into posting lists whose rows have length 1."""
    lists: dict[str, tuple[list[int], list[float]]] = {term: ([], []) for term in own}
    for position, row in enumerate(rows):
        length = math.sqrt(sum(weight * weight for _, weight in row)) or 1.0
        for term, weight in row:
            lists[term][0].append(position)
            lists[term][1].append(weight / length)
    return {term: (np.array(at, dtype=np.intp), np.array(w), own[term]) for term, (at, w) in lists.items()}
