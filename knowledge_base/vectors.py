"""Texts as sparse vectors: the channels of evidence, their terms, and how much each term weighs."""

import math
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge_base.lexicon import Concepts
from knowledge_base.text import NUMBER, is_han, stem
from knowledge_base.wordlists import STOP_CHARACTERS, STOP_PAIRS, STOP_WORDS

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]

# The channels: stems and pairs of neighbouring stems (a Chinese character is a word); the pieces inside Latin words,
# which forgive endings and compounds; concepts.
CHANNELS: Final = 3
WORDS, LETTERS, CONCEPTS = range(CHANNELS)
LETTERS_SHARE: Final = 0.6  # of a text all of Latin words, before concepts, with few phrasings …
LETTERS_SHARE_OF_MANY: Final = 0.4  # … and with many: then most words have been seen whole
FEW, MANY = 10, 40  # phrasings an article; between them the share falls with the logarithm
LEAPS_FROM: Final = 15  # phrasings an article from which pairs of stems with one between them are terms too
CONCEPTS_SHARE: Final = 0.2
STOP_WEIGHT: Final = 0.5
ROWS_A_TIME: Final = 10_000

_SAY_LITTLE: Final = STOP_WORDS | STOP_CHARACTERS | {stem(word) for word in STOP_WORDS}


class Vectors(NamedTuple):
    """Rows of (term id, weight): row i is `ids[starts[i]:starts[i + 1]]`, each channel of length 1 times its share."""

    starts: NDArray[np.int64]
    ids: Ids
    weights: Floats

    def row(self, number: int) -> tuple[Ids, Floats]:
        """Give the term ids and weights of one row."""
        cut = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return self.ids[cut], self.weights[cut]


class Vocabulary:
    """The terms of one language's articles with their rarity; texts become vectors over them.

    Terms are weighed by smoothed inverse document frequency over the rows it was made from, times their own count
    (sublinear), and less when they say little.
    """

    def __init__(self, concepts: Concepts, phrasings_each: float = 1.0) -> None:
        """Start without terms; `phrasings_each` is how many phrasings an article has on average."""
        self._concepts = concepts
        self._leaps = phrasings_each >= LEAPS_FROM
        fallen = math.log(min(max(phrasings_each, FEW), MANY) / FEW) / math.log(MANY / FEW)
        self._letters_share = LETTERS_SHARE - fallen * (LETTERS_SHARE - LETTERS_SHARE_OF_MANY)
        self._ids: dict[str, int] = {}
        self._channels = array("b")
        self._stops = array("f")
        self._pieces: dict[str, array[int]] = {}
        self._rarity: Floats = np.zeros(0, dtype=np.float32)
        self._rows = 0

    def __len__(self) -> int:
        return len(self._ids)

    def learn(self, rows: Sequence[Sequence[str]]) -> Vectors:
        """Take up the terms of these tokenised rows, weigh them by rarity among them, and give the rows as vectors."""
        parts = [self._counted(rows[at : at + ROWS_A_TIME]) for at in range(0, len(rows), ROWS_A_TIME)]
        per_row = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        ids = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, dtype=np.int32)
        counts = np.concatenate([part[2] for part in parts]) if parts else np.zeros(0, dtype=np.float32)
        self._rows = len(rows)
        found = np.bincount(ids, minlength=len(self._ids))
        self._rarity = self._idf(found) * np.frombuffer(self._stops, dtype=np.float32)
        return self._weighed(per_row, ids, counts, list(map(latin_share, rows)))

    def vectors(self, rows: Sequence[Sequence[str]], *, grow: bool = False) -> Vectors:
        """Give tokenised rows as vectors; unknown terms are left out, or with `grow` taken up as the rarest."""
        per_row, ids, counts = self._counted(rows, grow=grow)
        if len(self._rarity) < len(self._ids):
            new = np.frombuffer(self._stops, dtype=np.float32)[len(self._rarity) :]
            self._rarity = np.concatenate([self._rarity, self._idf(np.zeros(len(new))) * new])
        return self._weighed(per_row, ids, counts, list(map(latin_share, rows)))

    def knows(self, word: str) -> bool:
        """Tell whether any row holds this word, whatever its ending."""
        return stem(word) in self._ids

    def rarity(self, term: str) -> float:
        """Give the weight of one stemmed word: rare words weigh more, unknown ones most, stop words less."""
        known = self._ids.get(term)
        return (math.log(1 + self._rows) + 1) * stop_weight(term) if known is None else float(self._rarity[known])

    def _idf(self, found: NDArray[np.int64] | NDArray[np.float64]) -> Floats:
        return (np.log((1 + self._rows) / (1 + found)) + 1).astype(np.float32)

    def _counted(self, rows: Sequence[Sequence[str]], *, grow: bool = True) -> tuple[NDArray[np.int64], Ids, Floats]:
        """Give (number of different terms per row, their ids row by row, how often each stands in its row)."""
        flat = array("i")
        sizes = np.zeros(len(rows), dtype=np.int64)
        for number, tokens in enumerate(rows):
            before = len(flat)
            self._collect(tokens, flat, grow)
            sizes[number] = len(flat) - before
        wide = max(len(self._ids), 1)
        keys = np.repeat(np.arange(len(rows), dtype=np.int64), sizes) * wide + np.frombuffer(flat, dtype=np.int32)
        different, counts = np.unique(keys, return_counts=True)
        per_row = np.bincount(different // wide, minlength=len(rows)).astype(np.int64)
        return per_row, (different % wide).astype(np.int32), counts.astype(np.float32)

    def _collect(self, tokens: Sequence[str], into: "array[int]", grow: bool) -> None:
        """Add the ids of all terms of one row, repeats included."""
        take = self._id if grow else self._known_id
        stems = [stem(token) for token in tokens]
        for term in stems:
            take(term, WORDS, into)
        for first, second in pairwise(stems):
            take(f"{first} {second}", WORDS, into)
        if self._leaps:
            for first, second in zip(stems, stems[2:], strict=False):
                take(f"{first} {second}", WORDS, into)
        for concept in self._concepts.find(stems):
            take(f"\x02{concept}", CONCEPTS, into)
        for token in tokens:
            if has_letters(token) and token not in _SAY_LITTLE:
                into.extend(self._pieces_of(token, grow))

    def _id(self, term: str, channel: int, into: "array[int]") -> None:
        found = self._ids.get(term)
        if found is None:
            found = self._ids[term] = len(self._ids)
            self._channels.append(channel)
            self._stops.append(stop_weight(term) if channel == WORDS else 1.0)
        into.append(found)

    def _known_id(self, term: str, channel: int, into: "array[int]") -> None:
        found = self._ids.get(term)
        if found is not None:
            into.append(found)

    def _pieces_of(self, word: str, grow: bool) -> "array[int]":
        known = self._pieces.get(word)
        if known is None:
            ids = array("i")
            for piece in pieces(word):
                (self._id if grow else self._known_id)(f"\x01{piece}", LETTERS, ids)
            if not grow:
                return ids  # words that only customers use are not remembered: there is no end to them
            known = self._pieces[word] = ids
        return known

    def _weighed(self, per_row: NDArray[np.int64], ids: Ids, counts: Floats, latin: Sequence[float]) -> Vectors:
        rows = np.repeat(np.arange(len(per_row)), per_row)
        weights = (1 + np.log(counts)) * self._rarity[ids]
        place = rows * CHANNELS + np.frombuffer(self._channels, dtype=np.int8)[ids]
        lengths = np.sqrt(np.bincount(place, weights * weights, minlength=CHANNELS * len(per_row)))
        lengths[lengths == 0] = 1
        shares = [_shares(share, self._letters_share) for share in latin]
        factors = np.sqrt(np.array(shares, dtype=np.float64)).ravel() / lengths
        starts = np.concatenate([[0], np.cumsum(per_row)]).astype(np.int64)
        return Vectors(starts, ids, (weights * factors[place]).astype(np.float32))


def _shares(latin: float, letters_share: float) -> tuple[float, float, float]:
    """Give what part of the squared length each channel may fill in a text with this share of Latin words."""
    rest = 1 - CONCEPTS_SHARE
    letters = rest * letters_share * latin
    return rest - letters, letters, CONCEPTS_SHARE


def latin_share(tokens: Sequence[str]) -> float:
    """Give the share, 0..1, of Latin words and numbers among tokens."""
    return sum(not is_han(token) for token in tokens) / len(tokens) if tokens else 0.0


def has_letters(token: str) -> bool:
    """Tell whether a token is a word of letters: neither a number nor a Chinese character."""
    return token != NUMBER and not is_han(token)


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
