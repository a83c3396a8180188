"""Texts that say nothing but that somebody wants to talk to a person."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from knowledge_base.lexicon import listed
from knowledge_base.matcher import Decision, Match
from knowledge_base.smalltalk import MOST_TOKENS
from knowledge_base.text import normal_form, tokens_of

WANTED: Final = "smalltalk_person"  # the reason of a match with such a text


def person_wanted(match: Match, text: str) -> Match:
    """The match of a text, told apart when the text wants nothing but a person: that is no question to any article.

    The reason is "smalltalk_person" then, and there are no candidates. An article that has these very words among its
    phrasings stays what is meant.
    """
    if match.reason == "same_words" or not wants_person(text):
        return match
    return replace(match, decision=Decision.ESCALATE, reason=WANTED, candidates=())


def wants_person(text: str) -> bool:
    """Whether the whole text can be cut into words that ask for a person and small talk, with a person among them."""
    tokens = tokens_of(normal_form(text), numbers=True)
    return 0 < len(tokens) <= MOST_TOKENS and _cut(tokens)


def _cut(tokens: Sequence[str]) -> bool:
    members, longest = _members()
    reached: list[set[bool]] = [set() for _ in range(len(tokens) + 1)]  # whether a person was named on the way there
    reached[0].add(False)
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + longest, len(tokens)) + 1):
            named = members.get(tuple(tokens[start:end]))
            if named is not None:
                reached[end] |= {before or named for before in reached[start]}
    return True in reached[-1]


@cache
def _members() -> tuple[dict[tuple[str, ...], bool], int]:
    """Each token sequence that may stand in such a text, and whether it names a person; the length of the longest."""
    found: dict[tuple[str, ...], bool] = {}
    for name in ("smalltalk", "abuse", "person"):
        for line, words in listed(name).items():
            for word in words:
                tokens = tuple(tokens_of(word, numbers=True))
                found[tokens] = found.get(tokens, False) or line.startswith("person ")
    found.pop((), None)
    return found, max(map(len, found))
