"""The matcher: a customer's words in, the articles that may answer them out, with how sure it is and why."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from knowledge_base.article import Article
from knowledge_base.confidence import SUGGEST_FROM, Evidence, answer_threshold, confidence_of
from knowledge_base.index import Index, Scores
from knowledge_base.text import LONGEST_TEXT, NUMBER, language_of, normal_form, small_talk, stem, tokens_of
from knowledge_base.typos import Typos

MOST_CANDIDATES: Final = 10
MOST_SUGGESTIONS: Final = 3
LEARNT_WEIGHT: Final = 3.0  # how much the classifier counts beside the nearest phrasing when articles are ranked
SAME_WORDS: Final = 0.99  # confidence in an article that has the question, word for word, among its phrasings
LONG: Final = 25  # different words; a text that is longer still is no surer for it
CLOSE: Final = 0.1  # a second article within this share of the first is close


class Decision(StrEnum):
    """What the bot should do with a question."""

    ANSWER = "answer"  # sure: send the first candidate's answer
    SUGGEST = "suggest"  # half sure: ask back which of the suggestions is meant
    ESCALATE = "escalate"  # not sure, or nothing to be sure of


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article that may answer the question."""

    article: Article
    score: float  # how near it is: ranks the articles for one question, not comparable between questions
    confidence: float  # 0..1, how probably it is the right answer
    terms: tuple[str, ...]  # the stemmed words that question and nearest phrasing share, the rarest first
    evidence: Evidence | None = None  # what the confidence was computed from


@dataclass(frozen=True, slots=True)
class Match:
    """What the knowledge base says to one text.

    `reason` is a key: "sure" and "same_words" (answer); "close_second" and "half_sure" (suggest); "weak", "no_terms",
    "no_words", "empty", "smalltalk_greeting", "smalltalk_thanks", "smalltalk_goodbye", "other_language" and
    "no_articles" (escalate).
    """

    decision: Decision
    reason: str
    candidates: tuple[Candidate, ...]  # at most ten, best first, whatever was decided
    language: str  # of the articles asked, or of the text when there are none in its language

    @property
    def suggestions(self) -> tuple[Candidate, ...]:
        """The articles to ask back with when the decision is suggest: at most three, none of them out of question."""
        floor = self.candidates[0].confidence / 8 if self.candidates else 0.0
        return tuple(c for c in self.candidates[:MOST_SUGGESTIONS] if c.confidence >= floor)


class Matcher:
    """Matches texts with articles, each in its language; any text at all gives a decision.

    `wrong_answers_at_most` is the share of all questions, 0..1, that may be answered wrongly. It was kept on
    each of the sets the confidence was measured on, and is a good guess, no promise, for another shop. Changing an
    article rebuilds the index of its language: some 0.2 s at 400 phrasings, 1 s at 2,000. For one thread at a time.
    """

    def __init__(self, articles: Iterable[Article], wrong_answers_at_most: float = 0.05) -> None:
        self.answer_from: Final = answer_threshold(wrong_answers_at_most)
        self._articles: dict[tuple[str, str], Article] = {}
        self._books: dict[str, _Book] = {}
        for article in articles:
            self._articles[article.language, article.id] = article
        for language in dict.fromkeys(language for language, _ in self._articles):
            self._rebuild(language)

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles, in the order in which they came."""
        return tuple(self._articles.values())

    def replace(self, article: Article) -> None:
        """Put an article in, in place of the one with its id and language if there is one."""
        self._articles[article.language, article.id] = article
        self._rebuild(article.language)

    def remove(self, article_id: str, language: str) -> None:
        """Take an article out; nothing happens when there is none."""
        if self._articles.pop((language, article_id), None) is not None:
            self._rebuild(language)

    def match(self, text: str, language: str | None = None) -> Match:
        """Decide what to do with a text.

        The script of the text decides its language; `language`, the customer's own, is asked only where script does not
        tell: without any letters, and between languages that share one.
        """
        normal = normal_form(text)
        spoken = self._language(normal, language)
        tokens = tokens_of(normal)
        if not tokens:
            return Match(Decision.ESCALATE, "no_words" if normal else "empty", (), spoken)
        book = self._books.get(spoken)
        same = book.same_words(normal) if book else None
        talk = small_talk(normal)
        if talk and same is None:
            return Match(Decision.ESCALATE, f"smalltalk_{talk}", (), spoken)
        if book is None:
            return Match(Decision.ESCALATE, "other_language" if self._books else "no_articles", (), spoken)
        candidates = book.candidates(tokens, same)
        return Match(*self._decide(candidates, same is not None), candidates, spoken)

    def _decide(self, candidates: Sequence[Candidate], same_words: bool) -> tuple[Decision, str]:
        if not candidates:
            return Decision.ESCALATE, "no_terms"
        first = candidates[0]
        if first.confidence >= self.answer_from:
            return Decision.ANSWER, "same_words" if same_words else "sure"
        if first.confidence < min(SUGGEST_FROM, self.answer_from):
            return Decision.ESCALATE, "weak"
        close = len(candidates) > 1 and candidates[1].score > first.score * (1 - CLOSE)
        return Decision.SUGGEST, "close_second" if close else "half_sure"

    def _language(self, normal: str, own: str | None) -> str:
        found = language_of(normal)
        if found is None:
            return own or next(iter(self._books), "en")
        if found == "en" and own is not None and own != "zh":
            return own
        return found

    def _rebuild(self, language: str) -> None:
        articles = [a for a in self._articles.values() if a.language == language and a.phrasings]
        if articles:
            self._books[language] = _Book(articles)
        else:
            self._books.pop(language, None)


class _Book:
    """All articles of one language with their index."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.index = Index(articles)
        self._typos = Typos(self.index.words)
        self._own_terms = [
            frozenset(stem(token) for phrasing in article.phrasings for token in tokens_of(normal_form(phrasing)))
            for article in articles
        ]
        self._phrasings = math.log(max(self.index.size / len(articles), 1))
        self._same: dict[str, int | None] = {}
        for position, article in enumerate(articles):
            for phrasing in article.phrasings:
                key = _plain(normal_form(phrasing))
                # Words that are a phrasing of two articles say nothing for either.
                self._same[key] = position if self._same.get(key, position) == position else None

    def same_words(self, normal: str) -> int | None:
        """Give the position of the article that has this very text as a phrasing."""
        return self._same.get(_plain(normal))

    def candidates(self, tokens: Sequence[str], same: int | None) -> tuple[Candidate, ...]:
        """Rank the articles that share anything with the question, best first; `same` has these very words."""
        index = self.index
        repaired = [self._repaired(token) for token in tokens]
        scores = index.scores(repaired)
        if scores is None:
            return ()
        ranking = scores.nearest + LEARNT_WEIGHT * scores.learnt
        if same is not None:
            ranking[same] = ranking.max() + 1
        order = np.argsort(-ranking, kind="stable")[: MOST_CANDIDATES + 1].tolist()
        question = _Question(index, tokens, repaired)
        found: list[Candidate] = []
        for article in order[:MOST_CANDIDATES]:
            if scores.nearest[article] <= 0:
                continue
            other = order[1] if article == order[0] and len(order) > 1 else order[0]
            row = index.nearest_phrasing(scores, article)
            shared = question.shared_with(index.terms_of_row[row])
            ceiling = found[-1].confidence if found else 1.0
            evidence = self._evidence(question, scores, article, other, shared, index.rarity_of_row[row])
            sure = confidence_of(evidence)
            if article == same:
                sure = max(sure, SAME_WORDS)
            found.append(
                Candidate(
                    article=index.articles[article],
                    score=float(ranking[article]),
                    confidence=min(sure, ceiling),
                    terms=shared,
                    evidence=evidence,
                )
            )
        return tuple(found)

    def _repaired(self, token: str) -> str:
        if self.index.knows(token):
            return token
        return self._typos.repair(token) or token

    def _evidence(
        self,
        question: "_Question",
        scores: Scores,
        article: int,
        other: int,
        shared: Sequence[str],
        rarity_of_phrasing: float,
    ) -> Evidence:
        nearest, learnt = float(scores.nearest[article]), float(scores.learnt[article])
        alone = article == other
        shared_rarity = sum(question.rarity[term] for term in shared)
        return Evidence(
            nearest_margin=nearest if alone else nearest - float(scores.nearest[other]),
            learnt=learnt,
            learnt_margin=learnt if alone else learnt - float(scores.learnt[other]),
            covered=question.share_in(self._own_terms[article]),
            covered_back=shared_rarity / rarity_of_phrasing if rarity_of_phrasing else 0.0,
            known=question.known,
            length=question.length,
            phrasings=self._phrasings,
        )


class _Question:
    """The words of one question with their rarity."""

    def __init__(self, index: Index, tokens: Sequence[str], repaired: Sequence[str]) -> None:
        self.rarity = {term: index.rarity(term) for term in dict.fromkeys(map(stem, repaired))}
        self._sum = sum(self.rarity.values())
        self.length = math.log(min(len(self.rarity), LONG))
        # Numbers are left out, and typing errors count as unknown: else a question about something else entirely,
        # repaired into the articles' words, would look well known.
        original = {stem(token): index.knows(token) for token in tokens if token != NUMBER}
        total = sum(map(index.rarity, original))
        self.known = sum(index.rarity(term) for term, known in original.items() if known) / total if total else 0.0
        self._rarest_first = sorted(self.rarity, key=lambda term: -self.rarity[term])

    def share_in(self, terms: frozenset[str]) -> float:
        """Give the share of the question's rarity, 0..1, that these terms hold."""
        return sum(rarity for term, rarity in self.rarity.items() if term in terms) / self._sum

    def shared_with(self, terms: frozenset[str]) -> tuple[str, ...]:
        """List the terms that the question has too, the rarest first."""
        return tuple(term for term in self._rarest_first if term in terms)


def _plain(normal: str) -> str:
    """Leave out what does not change a question: its punctuation and spaces at the ends."""
    return " ".join(tokens_of(normal)) if len(normal) < LONGEST_TEXT else normal
