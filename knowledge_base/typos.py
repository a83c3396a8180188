"""Repairing typing errors: a word that no article knows becomes the article's word it was surely meant to be."""

from collections.abc import Iterable, Mapping
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST: Final = 4  # letters; shorter words are other words too often
NEAR_ENOUGH: Final = 0.74  # one error in four letters, two in eight
MOST_REMEMBERED: Final = 4_096


class Typos:
    """Repairs unknown Latin words against a vocabulary by optimal string alignment: a swap is one error."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        usable = (word for word in counts if len(word) >= SHORTEST and word.isalpha())
        # The commoner word comes first, so it wins among equally near ones; the alphabet settles the rest.
        self._vocabulary = sorted(usable, key=lambda word: (-counts[word], word))
        self._remembered: dict[str, str | None] = {}

    def learn(self, words: Iterable[str]) -> None:
        """Take up more words; what was repaired before may be repaired better now."""
        known = set(self._vocabulary)
        new = [word for word in dict.fromkeys(words) if len(word) >= SHORTEST and word.isalpha() and word not in known]
        if new:
            self._vocabulary += new
            self._remembered.clear()

    def repair(self, word: str) -> str | None:
        """Give the known word that is nearest to an unknown one, or None when none is near enough."""
        if len(word) < SHORTEST or not (word.isascii() and word.isalpha()):
            return None
        if word not in self._remembered:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)), None)
            self._remembered[word] = self._search(word)
        return self._remembered[word]

    def _search(self, word: str) -> str | None:
        found = process.extractOne(word, self._vocabulary, scorer=OSA.normalized_similarity, score_cutoff=NEAR_ENOUGH)
        return None if found is None else str(found[0])
