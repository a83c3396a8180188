"""Repairing Chinese: a character that fits its neighbours nowhere becomes the one that was surely meant."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from knowledge_base.text import is_han
from knowledge_base.wordlists import SINGLE_CHARACTER_WORDS

CONSIDERED: Final = 200  # tokens of a question; what follows stays as it is
IN_ARTICLES: Final = 1.0  # how much it says that two characters stand side by side in an article …
IN_LEXICON: Final = 0.5  # … and that they do so in the lexicon only

_NONE: Final[Counter[str]] = Counter()


class Repair(NamedTuple):
    """What could be written instead of some characters; the best repair is the largest."""

    gain: float  # how much better everything fits then
    times: int  # how often that stands in articles and lexicon
    size: int  # characters that go
    instead: str


class Slips:
    """Repairs homophones, swapped and lost characters, by which characters stand side by side in articles and lexicon.

    A character that makes a word by itself may stand anywhere, so less is taken for a slip.
    """

    def __init__(self, phrasings: Iterable[Sequence[str]], lexicon: Iterable[Sequence[str]] = ()) -> None:
        """Start with these tokenised texts."""
        self._pairs: dict[str, float] = {}
        self._after: dict[tuple[str, str], Counter[str]] = {}  # (a character, the sound after it) -> that character
        self._before: dict[tuple[str, str], Counter[str]] = {}  # (a character, the sound before it) -> that character
        self._between: dict[str, Counter[str]] = {}  # two characters -> the one between them
        self._take_up(lexicon, IN_LEXICON)
        self._take_up(phrasings, IN_ARTICLES)

    def learn(self, phrasing: Sequence[str]) -> None:
        """Take up one more phrasing."""
        self._take_up([phrasing], IN_ARTICLES)

    def _take_up(self, rows: Iterable[Sequence[str]], worth: float) -> None:
        for row in rows:
            if all(map(str.isascii, row)):
                continue
            for one, two in pairwise(row):
                if is_han(one) and is_han(two):
                    self._pairs[one + two] = worth
                    self._after.setdefault((one, sound_of(two)), Counter())[two] += 1
                    self._before.setdefault((two, sound_of(one)), Counter())[one] += 1
            for one, middle, two in zip(row, row[1:], row[2:], strict=False):
                if is_han(one) and is_han(middle) and is_han(two):
                    self._between.setdefault(one + two, Counter())[middle] += 1

    def repair(self, tokens: Sequence[str]) -> list[str]:
        """Give the tokens of a question as they were meant, from left to right."""
        found = list(tokens)
        if not self._pairs:
            return found
        for at in range(min(len(found), CONSIDERED)):
            one, two = found[at], found[at + 1] if at + 1 < len(found) else ""
            if one + two not in self._pairs and is_han(one):
                left, right = found[at - 1] if at else "", found[at + 2] if at + 2 < len(found) else ""
                best = max(self._repairs(left, one, two, right), default=None)
                if best is not None:
                    found[at : at + best.size] = best.instead
        return found

    def _repairs(self, left: str, one: str, two: str, right: str) -> Iterator[Repair]:
        """List what two neighbours that are strangers may have been meant to be."""
        if left + one not in self._pairs:
            yield from self._heard(left, one, two)
        if is_han(two):
            yield from self._swapped(left, one, two, right)
            yield from self._lost(left, one, two, right)

    def _heard(self, left: str, one: str, two: str) -> Iterator[Repair]:
        """What sounds the same and fits."""
        sound = sound_of(one)
        after, before = self._after.get((left, sound), _NONE), self._before.get((two, sound), _NONE)
        enough = IN_ARTICLES + IN_LEXICON if one in SINGLE_CHARACTER_WORDS else IN_LEXICON
        for other in {*after, *before} - {one}:
            gain = self._fit(left, other, two)
            if gain >= enough:
                yield Repair(gain, after[other] + before[other], 1, other)

    def _swapped(self, left: str, one: str, two: str, right: str) -> Iterator[Repair]:
        """Both the other way round."""
        gain = self._fit(left, two, one, right) - self._fit(left, one, two, right)
        if two + one in self._pairs and gain >= IN_ARTICLES and not {one, two} <= SINGLE_CHARACTER_WORDS:
            yield Repair(gain, 0, 2, two + one)

    def _lost(self, left: str, one: str, two: str, right: str) -> Iterator[Repair]:
        """What stands between them elsewhere, when one of them fits nothing here."""
        between = self._between.get(one + two)
        stray = (one not in SINGLE_CHARACTER_WORDS and not self._fit(left, one)) or (
            two not in SINGLE_CHARACTER_WORDS and not self._fit(two, right)
        )
        if between and stray:
            middle, times = between.most_common(1)[0]
            yield Repair(self._fit(one, middle, two) - IN_ARTICLES, times, 1, one + middle)

    def _fit(self, *row: str) -> float:
        return sum(self._pairs.get(one + two, 0.0) for one, two in pairwise(row))


@lru_cache(maxsize=32_768)
def sound_of(character: str) -> str:
    """Give the commonest reading of a Chinese character in pinyin without tone."""
    # Only single characters are asked for: the library's phrases would take 50 MB. It reads these when it is loaded.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(character)[0])
