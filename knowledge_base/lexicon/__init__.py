"""Words that mean the same: the lexicon that ships, and the synonym groups that a shop adds."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from knowledge_base.slips import Neighbours
from knowledge_base.text import normal_form, stem, tokens_of

_FOLDER: Final = Path(__file__).parent
LONGEST_MEMBER: Final = 8  # tokens; what is longer is no word or short phrase

Groups = Sequence[Sequence[str]]
_Trie = dict[str, "_Trie | int"]
_END: Final = ""  # the key under which a member's concept stands; no token is empty


@cache
def shipped_groups(language: str) -> tuple[tuple[str, ...], ...]:
    """The groups that ship for a language, none for one that has no lexicon."""
    path = _FOLDER / f"{language}.txt"
    if not path.is_file():
        return ()
    lines = path.read_text("utf-8").splitlines()
    return tuple(tuple(map(str.strip, line.split("|"))) for line in lines if "|" in line and not line.startswith("#"))


@cache
def _crossing_pairs() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The concepts of zh-en.txt: (Chinese members, English members)."""
    found = []
    for line in (_FOLDER / "zh-en.txt").read_text("utf-8").splitlines():
        chinese, arrow, english = line.partition("=>")
        if arrow and not line.startswith("#"):
            found.append((_members(chinese), _members(english)))
    return tuple(found)


def _members(listed: str) -> tuple[str, ...]:
    return tuple(member for member in map(str.strip, listed.split("|")) if member)


class Concepts:
    """Finds the words and phrases of a token sequence that stand in a group; the longest member wins.

    A member that stands in several groups means the first: later groups would only blur it.
    """

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._root: _Trie = {}
        self.members: Final[list[list[str]]] = []  # tokenised, as they are written
        for number, group in enumerate(groups):
            for member in group:
                written = tokens_of(normal_form(member))
                self.members.append(written)
                tokens = list(map(stem, written))
                if 0 < len(tokens) <= LONGEST_MEMBER:
                    node = self._root
                    for token in tokens:
                        node = node.setdefault(token, {})  # type: ignore[assignment]
                    node.setdefault(_END, number)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Which characters stand side by side in the members."""
        return Neighbours(self.members)

    def find(self, stems: Sequence[str]) -> list[int]:
        """List the concepts in these stemmed tokens, in order."""
        found: list[int] = []
        at = 0
        while at < len(stems):
            node = self._root
            concept, end = -1, at + 1
            for position in range(at, len(stems)):
                following = node.get(stems[position])
                if following is None:
                    break
                node = following  # type: ignore[assignment]
                if _END in node:
                    concept, end = node[_END], position + 1  # type: ignore[assignment]
            if concept >= 0:
                found.append(concept)
            at = end
        return found


def concepts_of(language: str, own: Groups = ()) -> Concepts:
    """The shop's own groups, which come first, and the shipped ones of a language."""
    if not own:
        return _shipped_concepts(language)
    return Concepts((*own, *shipped_groups(language)))


@cache
def _shipped_concepts(language: str) -> Concepts:
    return Concepts(shipped_groups(language))


@cache
def crossing(language: str) -> Concepts | None:
    """The concepts that English and Chinese share, as one of the two says them; None for any other language."""
    if language not in ("en", "zh"):
        return None
    return Concepts(chinese if language == "zh" else english for chinese, english in _crossing_pairs())


@cache
def listed(name: str) -> Mapping[str, frozenset[str]]:
    """Give a word list of lines `KIND: word | word …`: "abuse" (kinds "en", "zh") or "smalltalk" ("greeting en" …)."""
    found: dict[str, frozenset[str]] = {}
    for line in (_FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        kind, colon, words = line.partition(":")
        if colon and not line.startswith("#"):
            found[kind.strip()] = found.get(kind.strip(), frozenset()) | frozenset(map(normal_form, _members(words)))
    return found
