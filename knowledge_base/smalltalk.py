"""Small talk: texts that say nothing but hello, thank you or goodbye, or that only abuse."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, Literal

from knowledge_base.lexicon import listed
from knowledge_base.text import tokens_of

SmallTalk = Literal["abuse", "thanks", "greeting", "goodbye"]
Members = Mapping[tuple[str, ...], frozenset[str]]

_KINDS: Final[tuple[SmallTalk, ...]] = ("abuse", "thanks", "greeting", "goodbye")  # the first that fits is told
MOST_TOKENS: Final = 24  # what is longer has more to say


def small_talk(normal: str) -> SmallTalk | None:
    """Tell what kind of small talk a text in normal form is; None when any part of it says something else."""
    tokens = tuple(_unnumbered(normal))
    if not 0 < len(tokens) <= MOST_TOKENS:
        return None
    told = _told(tokens)
    return next((kind for kind in _KINDS if kind in told), None)


def _told(tokens: Sequence[str]) -> frozenset[str]:
    """Give the kinds of the members that the whole text can be cut into, fillers left out; none when it cannot."""
    told = [way - {"fillers"} for way in ways_to_cut(tokens, members_of("smalltalk", "abuse"))]
    # Of several readings the one that tells least is meant: "great" alone is thanks, in "great, bye" it only fills.
    return min(filter(None, told), key=lambda way: (len(way), sorted(way)), default=frozenset())


def ways_to_cut(tokens: Sequence[str], members: Members) -> set[frozenset[str]]:
    """Give the sets of kinds into whose members the whole text can be cut; none when it cannot."""
    ways: list[set[frozenset[str]]] = [set() for _ in range(len(tokens) + 1)]
    ways[0].add(frozenset())
    for start in (start for start in range(len(tokens)) if ways[start]):
        for end in range(start + 1, len(tokens) + 1):
            for kind in members.get(tuple(tokens[start:end]), ()):
                ways[end] |= {way | {kind} for way in ways[start]}
    return ways[-1]


@cache
def members_of(*names: str) -> Members:
    """Give the token sequences of these word lists with their kinds, languages aside; all of abuse is one kind."""
    found: dict[tuple[str, ...], set[str]] = {}
    for name in names:
        for line, words in listed(name).items():
            kind = line.partition(" ")[0] if name != "abuse" else name
            for word in words:
                found.setdefault(tuple(_unnumbered(word)), set()).add(kind)
    found.pop((), None)
    return {key: frozenset(kinds) for key, kinds in found.items()}


def _unnumbered(normal: str) -> list[str]:
    """The tokens, numbers as they stand: 886 is a goodbye, 885 is not."""
    return tokens_of(normal, numbers=True)
