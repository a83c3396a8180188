"""Small talk: texts that say nothing but hello, thank you or goodbye, or that only abuse."""

from collections.abc import Sequence
from functools import cache
from typing import Final, Literal

from knowledge_base.lexicon import listed
from knowledge_base.text import normal_form, tokens_of

SmallTalk = Literal["abuse", "thanks", "greeting", "goodbye"]

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
    members, longest = _members()
    ways: list[set[frozenset[str]]] = [set() for _ in range(len(tokens) + 1)]
    ways[0].add(frozenset())
    for start in range(len(tokens)):
        if not ways[start]:
            continue
        for end in range(start + 1, min(start + longest, len(tokens)) + 1):
            for kind in members.get(tuple(tokens[start:end]), ()):
                more = frozenset() if kind == "fillers" else frozenset([kind])
                ways[end] |= {way | more for way in ways[start]}
    told = [way for way in ways[-1] if way]
    # Of several readings the one that tells least is meant: "great" alone is thanks, in "great, bye" it only fills.
    return min(told, key=lambda way: (len(way), sorted(way)), default=frozenset())


@cache
def _members() -> tuple[dict[tuple[str, ...], frozenset[str]], int]:
    """Give what kinds each token sequence belongs to, and the length of the longest."""
    found: dict[tuple[str, ...], set[str]] = {}
    for name in ("smalltalk", "abuse"):
        for line, words in listed(name).items():
            kind = "abuse" if name == "abuse" else line.partition(" ")[0]
            for word in words:
                found.setdefault(tuple(_unnumbered(normal_form(word))), set()).add(kind)
    found.pop((), None)
    return {key: frozenset(kinds) for key, kinds in found.items()}, max(map(len, found))


def _unnumbered(normal: str) -> list[str]:
    """The tokens, numbers as they stand: 886 is a goodbye, 885 is not."""
    return tokens_of(normal, numbers=True)
