"""Repairing Chinese: a character that fits its neighbours nowhere becomes the one that was surely meant."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from knowledge_base.text import is_han
from knowledge_base.wordlists import SINGLE_CHARACTER_WORDS

CONSIDERED: Final = 200  # tokens of a question; what follows stays as it is
IN_ARTICLES: Final = 1.0  # how much it says that two characters stand side by side in an article …
IN_LEXICON: Final = 0.5  # … and that they do so in the lexicon only

_Key = TypeVar("_Key")
_NONE: Final[Counter[str]] = Counter()


class Repair(NamedTuple):
    """What could be written instead of some characters; the best repair is the largest."""

    gain: float  # how much better everything fits then
    times: int  # how often that stands in articles and lexicon
    size: int  # characters that go
    instead: str


class Neighbours:
    """Which characters stand side by side in some texts, and how often."""

    def __init__(self, rows: Iterable[Sequence[str]] = ()) -> None:
        """Start with these tokenised texts."""
        self.pairs: set[str] = set()
        self.after: dict[tuple[str, str], Counter[str]] = {}  # (a character, the sound after it) -> that character
        self.before: dict[tuple[str, str], Counter[str]] = {}  # (a character, the sound before it) -> that character
        self.between: dict[str, Counter[str]] = {}  # two characters -> the one between them
        for row in rows:
            self.take_up(row)

    def take_up(self, row: Sequence[str]) -> None:
        """Take up one more text."""
        if all(map(str.isascii, row)):
            return
        for one, two in pairwise(row):
            if is_han(one) and is_han(two):
                self.pairs.add(one + two)
                self.after.setdefault((one, sound_of(two)), Counter())[two] += 1
                self.before.setdefault((two, sound_of(one)), Counter())[one] += 1
        for one, middle, two in zip(row, row[1:], row[2:], strict=False):
            if is_han(one) and is_han(middle) and is_han(two):
                self.between.setdefault(one + two, Counter())[middle] += 1


class Slips:
    """Repairs homophones, swapped and lost characters, by which characters stand side by side in articles and lexicon.

    A character that makes a word by itself may stand anywhere, so less is taken for a slip. The lexicon's neighbours
    are only read, so that all who repair with one lexicon share them.
    """

    def __init__(self, phrasings: Iterable[Sequence[str]], lexicon: Neighbours | None = None) -> None:
        """Start with these tokenised texts."""
        self._lexicon: Final = lexicon or Neighbours()
        self._articles: Final = Neighbours(phrasings)

    def learn(self, phrasing: Sequence[str]) -> None:
        """Take up one more phrasing."""
        self._articles.take_up(phrasing)

    def repair(self, tokens: Sequence[str]) -> list[str]:
        """Give the tokens of a question as they were meant, from left to right."""
        found = list(tokens)
        if not (self._articles.pairs or self._lexicon.pairs):
            return found
        for at in range(min(len(found), CONSIDERED)):
            one, two = found[at], found[at + 1] if at + 1 < len(found) else ""
            if is_han(one) and not self._worth(one + two):
                left, right = found[at - 1] if at else "", found[at + 2] if at + 2 < len(found) else ""
                best = max(self._repairs(left, one, two, right), default=None)
                if best is not None:
                    found[at : at + best.size] = best.instead
        return found

    def _repairs(self, left: str, one: str, two: str, right: str) -> Iterator[Repair]:
        """List what two neighbours that are strangers may have been meant to be."""
        if not self._worth(left + one):
            yield from self._heard(left, one, two)
        if is_han(two):
            yield from self._swapped(left, one, two, right)
            yield from self._lost(left, one, two, right)

    def _heard(self, left: str, one: str, two: str) -> Iterator[Repair]:
        """What sounds the same and fits."""
        sound = sound_of(one)
        after = _both(self._lexicon.after, self._articles.after, (left, sound))
        before = _both(self._lexicon.before, self._articles.before, (two, sound))
        enough = IN_ARTICLES + IN_LEXICON if one in SINGLE_CHARACTER_WORDS else IN_LEXICON
        for other in {*after, *before} - {one}:
            gain = self._fit(left, other, two)
            if gain >= enough:
                yield Repair(gain, after[other] + before[other], 1, other)

    def _swapped(self, left: str, one: str, two: str, right: str) -> Iterator[Repair]:
        """Both the other way round."""
        gain = self._fit(left, two, one, right) - self._fit(left, one, two, right)
        if self._worth(two + one) and gain >= IN_ARTICLES and not {one, two} <= SINGLE_CHARACTER_WORDS:
            yield Repair(gain, 0, 2, two + one)

    def _lost(self, left: str, one: str, two: str, right: str) -> Iterator[Repair]:
        """What stands between them elsewhere, when one of them fits nothing here."""
        between = _both(self._lexicon.between, self._articles.between, one + two)
        stray = (one not in SINGLE_CHARACTER_WORDS and not self._worth(left + one)) or (
            two not in SINGLE_CHARACTER_WORDS and not self._worth(two + right)
        )
        if between and stray:
            middle, times = between.most_common(1)[0]
            yield Repair(self._fit(one, middle, two) - IN_ARTICLES, times, 1, one + middle)

    def _fit(self, *row: str) -> float:
        return sum(self._worth(one + two) for one, two in pairwise(row))

    def _worth(self, pair: str) -> float:
        if pair in self._articles.pairs:
            return IN_ARTICLES
        return IN_LEXICON if pair in self._lexicon.pairs else 0.0


def _both(one: Mapping[_Key, Counter[str]], two: Mapping[_Key, Counter[str]], key: _Key) -> Counter[str]:
    """What both counted under a key, taken together."""
    return one.get(key, _NONE) + two.get(key, _NONE)


@lru_cache(maxsize=32_768)
def sound_of(character: str) -> str:
    """Give the commonest reading of a Chinese character in pinyin without tone."""
    # Only single characters are asked for: the library's phrases would take 50 MB. It reads these when it is loaded.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(character)[0])
