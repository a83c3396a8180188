"""The matcher: a customer's words in, the articles that may answer them out, with how sure it is and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from knowledge_base.article import Article
from knowledge_base.book import Book, Evidence, Question
from knowledge_base.confidence import SUGGEST_FROM, answer_threshold
from knowledge_base.crossing import Crossing
from knowledge_base.lexicon import Groups, concepts_of
from knowledge_base.meaning import added_odds, best_by_meaning
from knowledge_base.ranking import Fitted, Ranked, Setting, rank, shipped
from knowledge_base.smalltalk import small_talk
from knowledge_base.text import is_han, language_of, normal_form, tokens_of

MOST_CANDIDATES: Final = 10
MOST_SUGGESTIONS: Final = 3
SAME_WORDS: Final = 0.99  # confidence in an article that has the question, word for word, among its phrasings
SUGGEST_BESIDE: Final = 0.08  # confidence from which a second and a third article are suggested beside the first
CLOSE: Final = 0.5  # a second article that is this probable beside the first is close
CROSSED: Final = 0.5  # confidence in an article of the other language, beside how alike the concepts are


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
    evidence: Evidence | None = None  # what the score was computed from


@dataclass(frozen=True, slots=True)
class Match:
    """What the knowledge base says to one text.

    `reason` is a key: "sure" and "same_words" (answer); "close_second" and "half_sure" (suggest); "one_word" (suggest,
    or escalate when no article has it); "weak", "no_terms", "no_words", "empty", "smalltalk_greeting",
    "smalltalk_thanks", "smalltalk_goodbye", "smalltalk_abuse", "other_language" (with the article as the only
    candidate, if one is known) and "no_articles" (escalate).
    """

    decision: Decision
    reason: str
    candidates: tuple[Candidate, ...]  # at most ten, best first, whatever was decided
    language: str  # of the articles asked, or of the text when there are none in its language
    answer_from: float = 1.0  # the confidence from which the first candidate would be answered with
    known: float = 0.0  # share of the question's rarity, 0..1, that any article knows, typing errors not repaired

    @property
    def suggestions(self) -> tuple[Candidate, ...]:
        """The articles to ask back with when the decision is suggest: at most three, none of them far-fetched."""
        first, others = self.candidates[:1], self.candidates[1:MOST_SUGGESTIONS]
        return first + tuple(candidate for candidate in others if candidate.confidence >= SUGGEST_BESIDE)


class Matcher:
    """Matches texts with articles, each in its language; any text at all gives a decision.

    `wrong_answers_at_most` is the share of all questions, 0..1, that may be answered wrongly: the threshold that ships
    for it kept it on public sets of questions and is a good guess, no promise, for another shop; `answer_from`, a
    threshold learnt from judged turns, wins. `synonyms` are the shop's own groups by language. `replace` and `remove`
    count at once; what has to be trained learns of them when a matcher is made anew. For one thread at a time.
    """

    def __init__(
        self,
        articles: Iterable[Article],
        wrong_answers_at_most: float = 0.05,
        *,
        answer_from: float | None = None,
        synonyms: Mapping[str, Groups] | None = None,
        fitted: Fitted | None = None,
        learn: bool = True,
    ) -> None:
        self._fitted: Final = fitted or shipped()
        at_most = answer_threshold(wrong_answers_at_most, self._fitted.thresholds)
        self.answer_from = at_most if answer_from is None else answer_from
        self._articles: dict[tuple[str, str], Article] = {}
        self._synonyms: Final = dict(synonyms or {})
        for article in articles:
            self._articles[article.language, article.id] = article
        by_language: dict[str, list[Article]] = {}
        for article in self._articles.values():
            by_language.setdefault(article.language, []).append(article)
        self._books: Final = {
            language: Book(found, concepts_of(language, self._synonyms.get(language, ())), learn=learn)
            for language, found in by_language.items()
            if any(article.phrasings for article in found)
        }
        self._crossings: dict[str, Crossing] = {}

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles, in the order in which they came."""
        return tuple(self._articles.values())

    def replace(self, article: Article) -> None:
        """Put an article in, in place of the one with its id and language if there is one."""
        self._articles[article.language, article.id] = article
        if article.language in self._crossings:
            self._crossings[article.language].put(article)
        book = self._books.get(article.language)
        if book is not None:
            book.put(article)
        elif article.phrasings:
            concepts = concepts_of(article.language, self._synonyms.get(article.language, ()))
            found = [one for one in self._articles.values() if one.language == article.language]
            self._books[article.language] = Book(found, concepts, learn=False)

    def remove(self, article_id: str, language: str) -> None:
        """Take an article out; nothing happens when there is none."""
        if self._articles.pop((language, article_id), None) is None:
            return
        if language in self._crossings:
            self._crossings[language].take_out(article_id)
        book = self._books.get(language)
        if book is not None:
            book.take_out(article_id)
            if not book.size:
                del self._books[language]

    def match(self, text: str, language: str | None = None, meant: Mapping[str, float] | None = None) -> Match:
        """Decide what to do with a text.

        The script of the text decides its language; `language`, the customer's own, is asked only where script does not
        tell: without any letters, and between languages that share one. `meant` is how near each article is by meaning,
        by id, if an embedder has told (`Meanings.nearest`).
        """
        normal = normal_form(text)
        spoken = self._language(normal, language)
        tokens = tokens_of(normal)
        if not tokens:
            return self._escalate("no_words" if normal else "empty", spoken)
        book = self._books.get(spoken)
        same = book.same_words(tokens) if book else None
        talk = small_talk(normal)
        if talk and same is None:
            return self._escalate(f"smalltalk_{talk}", spoken)
        if book is None:
            elsewhere = self._elsewhere(tokens, spoken)
            found = (elsewhere,) if elsewhere else ()
            return self._escalate("other_language" if self._books else "no_articles", spoken, found)
        question = book.question(tokens)
        candidates = self._candidates(book, question, same, meant or {})
        decision, reason = self._decide(candidates, tokens, same is not None)
        elsewhere = self._elsewhere(tokens, spoken) if decision is not Decision.ANSWER else None
        if elsewhere and (decision is Decision.ESCALATE or elsewhere.confidence > candidates[0].confidence):
            return self._escalate("other_language", spoken, (elsewhere,))
        return Match(decision, reason, candidates, spoken, self.answer_from, question.known)

    def _escalate(self, reason: str, spoken: str, candidates: tuple[Candidate, ...] = ()) -> Match:
        return Match(Decision.ESCALATE, reason, candidates, spoken, self.answer_from)

    def _candidates(
        self, book: Book, question: Question, same: int | None, meant: Mapping[str, float]
    ) -> tuple[Candidate, ...]:
        also = [] if same is None else [same]
        also += book.positions(best_by_meaning(meant, MOST_SUGGESTIONS))
        contenders = book.contenders(question, also)
        setting = Setting(question.known, len(question.rarity), book.size, book.phrasings)
        weights = self._fitted.trained if book.is_trained else self._fitted.untrained
        ids = [article.id if (article := book.articles[one.position]) else "" for one in contenders]
        ranked = rank(contenders, setting, weights, added_odds(meant, ids))
        first = next((one for one in ranked if one.contender.position == same), None)
        if first is not None:
            ranked = [
                Ranked(first.contender, ranked[0].score, max(ranked[0].confidence, SAME_WORDS)),
                *(one for one in ranked if one is not first),
            ]
        return tuple(
            Candidate(article, one.score, one.confidence, one.contender.terms, one.contender.evidence)
            for one in ranked[:MOST_CANDIDATES]
            if (article := book.articles[one.contender.position]) is not None
        )

    def _decide(self, candidates: Sequence[Candidate], tokens: Sequence[str], same_words: bool) -> tuple[Decision, str]:
        if not candidates:
            return Decision.ESCALATE, "no_terms"
        first = candidates[0]
        if same_words and first.confidence >= self.answer_from:
            return Decision.ANSWER, "same_words"
        if _one_word(tokens):
            return (Decision.SUGGEST if first.terms else Decision.ESCALATE), "one_word"
        if first.confidence >= self.answer_from:
            return Decision.ANSWER, "sure"
        if first.confidence < min(SUGGEST_FROM, self.answer_from):
            return Decision.ESCALATE, "weak"
        close = len(candidates) > 1 and candidates[1].confidence > first.confidence * CLOSE
        return Decision.SUGGEST, "close_second" if close else "half_sure"

    def _elsewhere(self, tokens: Sequence[str], spoken: str) -> Candidate | None:
        """Find an article that answers this and exists only in the other language."""
        if len(self._books) - (spoken in self._books) < 1:
            return None
        for language in self._books:
            if language == spoken:
                continue
            found = self._crossing(language).find(tokens, spoken, lambda one: (spoken, one) in self._articles)
            if found is not None:
                return Candidate(found[0], found[1], found[1] * CROSSED, ())
        return None

    def prepare(self) -> None:
        """Make now what the first question in another language than its article's would wait for."""
        for language in self._books:
            self._crossing(language)

    def _crossing(self, language: str) -> Crossing:
        if language not in self._crossings:
            articles = [article for article in self._articles.values() if article.language == language]
            self._crossings[language] = Crossing(articles, language)
        return self._crossings[language]

    def language_of(self, text: str, own: str | None = None) -> str:
        """Tell the language in which a text would be matched."""
        return self._language(normal_form(text), own)

    def _language(self, normal: str, own: str | None) -> str:
        found = language_of(normal)
        if found is None:
            return own or next(iter(self._books), "en")
        if found == "en" and own is not None and own != "zh":
            return own
        return found


def _one_word(tokens: Sequence[str]) -> bool:
    """Tell whether a text is one word: a topic, no question. Two Chinese characters make one."""
    return len(tokens) == 1 or (len(tokens) == 2 and all(map(is_han, tokens)))
