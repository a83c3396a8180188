"""Texts that ask no article anything: that want a person, or only say yes or no to what the bot said."""

from dataclasses import replace
from typing import Final, Literal

from knowledge_base.matcher import Decision, Match
from knowledge_base.smalltalk import MOST_TOKENS, members_of, ways_to_cut
from knowledge_base.text import normal_form, tokens_of

Aside = Literal["person", "no", "ok"]

WANTED: Final = "smalltalk_person"  # the reason of a match with a text that wants a person
AGREED: Final = "smalltalk_ok"
DENIED: Final = "smalltalk_no"
_ANSWERING: Final = frozenset({"fillers", "ok", "no"})  # what a yes or a no may be made of


def told_apart(match: Match, text: str) -> Match:
    """The match of a text, told apart when the text is an aside: that is no question to any article.

    The reason is "smalltalk_person", "smalltalk_no" or "smalltalk_ok" then, and there are no candidates. An article
    that has these very words among its phrasings stays what is meant, and other small talk stays what it is.
    """
    if match.reason == "same_words":
        return match
    found = aside(text)
    if found is None or (found != "person" and match.reason.startswith("smalltalk_")):
        return match
    return replace(match, decision=Decision.ESCALATE, reason=f"smalltalk_{found}", candidates=())


def aside(text: str) -> Aside | None:
    """Tell what kind of aside a whole text is: it can be cut into the words of that kind and what may go with them.

    "ok" is also what consists of fillers alone, such as "hmm" or "all right". None when any part says something else.
    """
    tokens = tokens_of(normal_form(text), numbers=True)
    if not 0 < len(tokens) <= MOST_TOKENS:
        return None
    ways = ways_to_cut(tokens, members_of("smalltalk", "abuse", "asides"))
    if any("person" in way for way in ways):
        return "person"
    answering = [way for way in ways if way <= _ANSWERING]
    if any("ok" in way and "no" not in way for way in answering):
        return "ok"
    if any("no" in way for way in answering):
        return "no"
    return "ok" if answering else None
