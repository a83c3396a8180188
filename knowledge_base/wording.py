"""Wordings compared with each other: texts as sparse vectors of length 1, however many languages they mix."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.text import NUMBER, is_han, normal_form, stem, tokens_of
from knowledge_base.wordlists import STOP_CHARACTERS, STOP_PAIRS, STOP_WORDS

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

MOST_WORDS: Final = 80  # words of one text that are considered; a customer's question comes to its point before
LETTERS_SHARE: Final = 0.4  # how much the letters inside words count beside whole words, in a text of Latin words
STOP_WEIGHT: Final = 0.3
_SAY_LITTLE: Final = STOP_WORDS | STOP_CHARACTERS | {stem(word) for word in STOP_WORDS}


class Wordings:
    """Texts and how alike any two of them are: 0 (they share nothing) to 1 (the same words).

    Two fields: stemmed words, single Chinese characters and pairs of neighbours; and the 3- and 4-letter pieces inside
    Latin words, which forgive endings and typing errors. Both are weighed by rarity among these very texts, and words
    that say little are weighed down. A text without words is like no other. Memory is some 10 kB a text at most.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = [tokens_of(normal_form(text))[:MOST_WORDS] for text in texts]
        words = _field([_word_terms(row) for row in tokens])
        letters = _field([_letter_terms(row) for row in tokens])
        latin = np.array([_latin_share(row) for row in tokens], dtype=np.float32) * np.float32(LETTERS_SHARE)
        self._fields: Final = (_Postings(words, np.sqrt(1 - latin)), _Postings(letters, np.sqrt(latin)))
        self.size: Final = len(tokens)

    def alike(self, text: int) -> Floats:
        """Compare the text at this place with all: one number each, its own (about 1, or 0 without words) included."""
        first, second = self._fields
        return first.products(text) + second.products(text)


class _Postings:
    """One field of all texts as a sparse matrix, readable by text and by term."""

    def __init__(self, rows: Sequence[dict[str, float]], scale: Floats) -> None:
        number = {term: place for place, term in enumerate(dict.fromkeys(term for row in rows for term in row))}
        sizes = np.array([len(row) for row in rows], dtype=np.int64)
        self._starts = np.concatenate(([0], np.cumsum(sizes)))
        self._terms: Integers = np.fromiter((number[t] for row in rows for t in row), np.int32, int(sizes.sum()))
        weights = np.fromiter((weight for row in rows for weight in row.values()), np.float32, int(sizes.sum()))
        self._weights: Floats = weights * np.repeat(scale, sizes)
        by_term = np.argsort(self._terms, kind="stable")
        self._texts: Integers = np.repeat(np.arange(len(rows), dtype=np.int32), sizes)[by_term]
        self._by_term: Floats = self._weights[by_term]
        self._term_starts = np.searchsorted(self._terms[by_term], np.arange(len(number) + 1))
        self._size = len(rows)

    def products(self, text: int) -> Floats:
        inside = slice(int(self._starts[text]), int(self._starts[text + 1]))
        total = np.zeros(self._size, dtype=np.float32)
        for term, weight in zip(self._terms[inside].tolist(), self._weights[inside].tolist(), strict=True):
            posting = slice(self._term_starts[term], self._term_starts[term + 1])
            total[self._texts[posting]] += self._by_term[posting] * weight  # a text is once in a posting
        return total


def _field(rows: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Weigh terms by rarity (smoothed idf), then bring each row to length 1."""
    counts = Counter(term for row in rows for term in row)
    found = []
    for row in rows:
        weighed = {t: w * (math.log((1 + len(rows)) / (1 + counts[t])) + 1) for t, w in row.items()}
        length = math.sqrt(sum(weight * weight for weight in weighed.values())) or 1.0
        found.append({term: weight / length for term, weight in weighed.items()})
    return found


def _word_terms(tokens: Sequence[str]) -> dict[str, float]:
    stems = [stem(token) for token in tokens]
    terms = {word: STOP_WEIGHT if word in _SAY_LITTLE else 1.0 for word in stems}
    for first, second in pairwise(stems):
        little = first + second in STOP_PAIRS or {first, second} <= _SAY_LITTLE
        terms[f"{first} {second}"] = STOP_WEIGHT if little else 1.0
    return terms


def _letter_terms(tokens: Sequence[str]) -> dict[str, float]:
    terms: dict[str, float] = {}
    for token in tokens:
        if _has_letters(token):
            weight = STOP_WEIGHT if token in _SAY_LITTLE else 1.0
            for piece in _pieces(token):
                terms[piece] = max(weight, terms.get(piece, 0.0))
    return terms


def _pieces(word: str) -> Iterator[str]:
    marked = f" {word} "
    for length in (3, 4):
        yield from (marked[start : start + length] for start in range(len(marked) - length + 1))


def _latin_share(tokens: Sequence[str]) -> float:
    return sum(map(_has_letters, tokens)) / len(tokens) if tokens else 0.0


def _has_letters(token: str) -> bool:
    return token != NUMBER and not is_han(token) and not token.isdigit()
