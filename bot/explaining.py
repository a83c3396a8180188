"""A match in words that staff understand: what was decided and why, which words counted, and what came second."""

import re
from collections.abc import Sequence

from bot.texts import Texts
from crm_core.models import Interaction
from knowledge_base import Article, Candidate, Decision, Match
from knowledge_base.asides import WANTED

_LONGEST_WORD = 40
_LONGEST_ENDING = 4  # letters that a stem lacks of its word; with more it is another word
_MOST_WORDS = 8  # terms that are named; the rarest come first and tell the most


def title_of(article: Article) -> str:
    """What people call an article, at most 60 characters."""
    return (article.title or (article.phrasings[0] if article.phrasings else article.id))[:60]


def percent(share: float) -> str:
    """A share from 0 to 1 as staff read it; only what is certain is called 100 %."""
    return f"{min(round(share * 100), 99) if share < 1 else 100}%"


def explain(texts: Texts, language: str, match: Match, words: str, then: Interaction | None = None) -> list[str]:
    """Sentences on the match of these words in the reader's language; `then` is the question as it was decided then.

    The first says what is decided and why, the others which article is nearest, by which words, what comes second and
    from where on the bot answers by itself.
    """
    lines = [texts.say(language, f"why-{match.reason.replace('_', '-')}")]
    if then is not None and then.decision and then.decision != match.decision:
        lines.append(texts.say(language, "why-then", decision=texts.say(language, f"decided-{then.decision}")))
    if match.candidates:
        lines += _nearest(texts, language, match.candidates, words)
        lines.append(texts.say(language, "why-from", sure=percent(match.answer_from)))
    return lines


def _nearest(texts: Texts, language: str, candidates: tuple[Candidate, ...], words: str) -> list[str]:
    first = candidates[0]
    lines = [
        texts.say(
            language, "why-first", title=title_of(first.article), id=first.article.id, sure=percent(first.confidence)
        )
    ]
    if counted := as_written(first.terms, words):
        lines.append(texts.say(language, "why-words", words=" · ".join(counted[:_MOST_WORDS])))
    if len(candidates) == 1:
        return [*lines, texts.say(language, "why-alone")]
    second = candidates[1]
    behind = max(0, round((first.confidence - second.confidence) * 100))
    return [
        *lines,
        texts.say(
            language,
            "why-second",
            title=title_of(second.article),
            id=second.article.id,
            sure=percent(second.confidence),
            behind=behind,
        ),
    ]


def as_written(terms: Sequence[str], words: str) -> list[str]:
    """Terms as the customer wrote them: "tasting" for "tast". Single letters tell nobody anything."""
    written = [one for one in re.findall(r"\w+", words.casefold()) if len(one) <= _LONGEST_WORD]
    found = [
        next((one for one in written if one.startswith(term) and len(one) <= len(term) + _LONGEST_ENDING), term)
        for term in terms
    ]
    return [one for one in dict.fromkeys(found) if len(one) > 1 or not one.isascii()]


def would_say(texts: Texts, language: str, match: Match) -> str:
    """What a customer would get now: the answer, the articles to choose from, or a person."""
    if match.decision == Decision.ANSWER:
        return match.candidates[0].article.answer
    if match.decision == Decision.SUGGEST:
        titles = [title_of(one.article) for one in match.suggestions]
        return texts.say(language, "ask-would-suggest", titles=" · ".join(titles))
    talk = match.reason.startswith("smalltalk_") or match.reason in {"empty", "no_words", "one_word"}
    talk = talk and match.reason != WANTED
    return texts.say(language, "ask-would-talk" if talk else "ask-would-escalate")
