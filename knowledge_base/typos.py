"""Repairing typing errors: a word that no article knows becomes the word it was surely meant to be."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge_base.text import stem
from knowledge_base.wordlists import IRREGULAR_FORMS, STOP_WORDS

SHORTEST: Final = 3  # letters of a word that is repaired; a shorter one is another word too often
SHORTEST_KNOWN: Final = 4  # letters of an article's word that another may have been meant to be …
SHORTEST_LISTED: Final = 6  # … and of one that only the lexicon has
NEAR_ENOUGH: Final = 0.74  # to an article's word: one error in four letters, two in eight
NEAR_ENOUGH_LISTED: Final = 0.8  # to one that only the lexicon has: one error in five letters, two in ten
MOST_REMEMBERED: Final = 4_096


class Typos:
    """Repairs unknown Latin words by optimal string alignment: a swap is one error.

    An article's word is found first, then one of the lexicon. What the lexicon has is no error, even where no article
    has it.
    """

    def __init__(self, counts: Mapping[str, int], lexicon: Iterable[str] = ()) -> None:
        """`counts` says how often the articles have a word."""
        usable = (word for word in counts if _is_latin(word) and len(word) >= SHORTEST_KNOWN)
        # The commoner word comes first, so it wins among equally near ones; the alphabet settles the rest.
        self._vocabulary = sorted(usable, key=lambda word: (-counts[word], word))
        words = [word for word in dict.fromkeys(lexicon) if _is_latin(word)]
        self._listed: Final = [word for word in words if len(word) >= SHORTEST_LISTED]
        self._right: Final = _common_stems() | set(map(stem, words))
        self._remembered: dict[str, str | None] = {}

    def learn(self, words: Iterable[str]) -> None:
        """Take up more words; what was repaired before may be repaired better now."""
        known = set(self._vocabulary)
        new = [
            word
            for word in dict.fromkeys(words)
            if _is_latin(word) and len(word) >= SHORTEST_KNOWN and word not in known
        ]
        if new:
            self._vocabulary += new
            self._remembered.clear()

    def repair(self, word: str) -> str | None:
        """Give the word that is nearest to an unknown one, or None when none is near enough or nothing is wrong."""
        if len(word) < SHORTEST or not _is_latin(word):
            return None
        if word not in self._remembered:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)), None)
            self._remembered[word] = self._search(word)
        return self._remembered[word]

    def _search(self, word: str) -> str | None:
        base = stem(word)
        if base in self._right:
            return None
        # Articles may have the word with another ending.
        asked = [word] if base == word or len(base) < SHORTEST else [word, base]
        found = _nearest(asked, self._vocabulary, NEAR_ENOUGH)
        if found is None and len(word) >= SHORTEST_KNOWN:
            found = _nearest(asked, self._listed, NEAR_ENOUGH_LISTED)
        return found


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalpha()


@cache
def _common_stems() -> frozenset[str]:
    return frozenset(map(stem, (*STOP_WORDS, *IRREGULAR_FORMS)))


def _nearest(asked: Sequence[str], among: Sequence[str], enough: float) -> str | None:
    for word in asked:
        found = process.extractOne(word, among, scorer=OSA.normalized_similarity, score_cutoff=enough)
        if found is not None:
            return str(found[0])
    return None
