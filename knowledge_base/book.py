"""All articles of one language with everything that is known for comparing a question with them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from knowledge_base.article import Article
from knowledge_base.learner import Learnt
from knowledge_base.lexicon import Concepts
from knowledge_base.nearness import MOST_EXHAUSTIVE, Near, Rows
from knowledge_base.slips import Slips
from knowledge_base.text import NUMBER, normal_form, stem, tokens_of
from knowledge_base.typos import SHORTEST, Typos
from knowledge_base.vectors import Floats, Ids, Vocabulary

Positions = NDArray[np.intp]

SHORTLIST: Final = 12  # articles that are looked at closely
LONGEST_COMPARED: Final = 300  # characters of question and phrasing whose spelling is compared
ANSWER_TOKENS: Final = 300  # of an answer that are considered: it comes to its point before
MOST_REPAIRED: Final = 40  # unknown words of a question; repairing one takes longer than all the rest of a match


class Evidence(NamedTuple):
    """What speaks for one article as the answer to one question; each value is about 0..1 unless said otherwise."""

    learnt: float  # log probability by the logistic classifier, 0 and less; 0 while there is none
    margin: float  # by the hinge classifier, about -1..1; 0 while there is none
    nearest: float  # cosine with its nearest phrasing
    nearest_three: float  # mean cosine with its three nearest phrasings, missing ones counted as 0
    centre: float  # cosine with the sum of its phrasings
    covered: float  # share of the question's rarity that its phrasings together hold
    covered_back: float  # share of the nearest phrasing's rarity that the question holds
    same_tokens: float  # how far the different tokens of question and nearest phrasing are the same
    same_spelling: float  # how far question and nearest phrasing are spelt the same
    answer: float  # cosine with its answer


class Contender(NamedTuple):
    """An article that was looked at closely."""

    position: int
    evidence: Evidence
    terms: tuple[str, ...]  # the stemmed tokens that question and nearest phrasing share, the rarest first


class Question:
    """One text on its way through a book: its tokens as written and as repaired, and how rare they are."""

    def __init__(self, tokens: Sequence[str], repaired: Sequence[str], vocabulary: Vocabulary) -> None:
        self.tokens: Final = tuple(tokens)
        self.repaired: Final = tuple(repaired)
        self.text: Final = " ".join(repaired)[:LONGEST_COMPARED]
        self.rarity: Final = {term: vocabulary.rarity(term) for term in dict.fromkeys(map(stem, repaired))}
        self._sum = sum(self.rarity.values())
        # Numbers are left out, and typing errors count as unknown: else a question about something else entirely,
        # repaired into the articles' words, would look well known.
        original = {stem(token): vocabulary.knows(token) for token in tokens if token != NUMBER}
        total = sum(map(vocabulary.rarity, original))
        self.known: Final = (
            sum(vocabulary.rarity(term) for term, known in original.items() if known) / total if total else 0.0
        )
        self._rarest_first = sorted(self.rarity, key=lambda term: -self.rarity[term])

    def share_in(self, terms: frozenset[str]) -> float:
        """Give the share of the question's rarity, 0..1, that these terms hold."""
        return sum(self.rarity[term] for term in self._rarest_first if term in terms) / self._sum if self._sum else 0.0

    def shared_with(self, terms: frozenset[str]) -> tuple[str, ...]:
        """List the terms that the question has too, the rarest first."""
        return tuple(term for term in self._rarest_first if term in terms)


class Book:
    """The articles of one language, open to live changes; `articles` is by position, None where one was taken out.

    A change counts at once, but the classifiers only learn of it when the book is made anew; while there is an article
    that they do not know, they are not asked.
    """

    def __init__(self, articles: Sequence[Article], concepts: Concepts, *, learn: bool = True) -> None:
        self.articles: Final[list[Article | None]] = list(articles)
        self._rows_of: list[list[int]] = []
        self._texts: list[str] = []
        owner: list[int] = []
        for position, article in enumerate(articles):
            texts = wordings_of(article)
            self._rows_of.append(list(range(len(owner), len(owner) + len(texts))))
            owner += [position] * len(texts)
            self._texts += texts
        tokens = [tokens_of(text) for text in self._texts]
        self.vocabulary: Final = Vocabulary(concepts, len(owner) / max(len(articles), 1))
        self._rows = Rows(self.vocabulary, tokens, learn=True)
        self._phrasings = len(owner)
        self._owner: Positions = np.array(owner, dtype=np.intp)
        self._terms: list[frozenset[str]] = [frozenset(map(stem, row)) for row in tokens]
        self._rarities: dict[int, float] = {}  # of the terms of a row, once it was asked for
        self._own_terms: list[frozenset[str]] = [self._terms_of(position) for position in range(len(articles))]
        self._lengths: Floats = self._rows.length_of_sums(self._owner, len(articles))
        self._answers = Rows(self.vocabulary, [_answer_tokens(article) for article in articles], learn=False)
        self._has_answers = any(article.answer for article in articles)
        self._typos = Typos(Counter(chain.from_iterable(tokens)), chain.from_iterable(concepts.members))
        self._slips = Slips(tokens, concepts.neighbours)
        self._positions = {article.id: position for position, article in enumerate(articles)}
        self._same: dict[str, set[int]] = {}
        self._words = [" ".join(row) for row in tokens]
        for words, position in zip(self._words, owner, strict=True):
            self._same.setdefault(words, set()).add(position)
        self.learnt: Learnt | None = None
        if learn and len(owner) <= MOST_EXHAUSTIVE:
            self.learnt = self._rows.train(self._owner, len(articles))

    @property
    def size(self) -> int:
        """How many articles there are."""
        return len(self._positions)

    @property
    def phrasings(self) -> int:
        """How many phrasings there are, titles included."""
        return self._phrasings

    def put(self, article: Article) -> None:
        """Take up an article at once, in place of the one with its id if there is one."""
        known = self._positions.get(article.id)
        before = self.articles[known] if known is not None else None
        if known is not None and before is not None and before.answer == article.answer:
            self.articles[known] = article
            self._change_wordings(known, wordings_of(article))
            return
        self.take_out(article.id)
        position = len(self.articles)
        self.articles.append(article)
        self._positions[article.id] = position
        self._rows_of.append([])
        self._own_terms.append(frozenset())
        self._lengths = np.append(self._lengths, np.float32(1))
        self._change_wordings(position, wordings_of(article))
        # Words of answers are no words that customers use: they count only where phrasings have them too.
        self._answers.add(_answer_tokens(article), grow=False)
        self._has_answers = self._has_answers or bool(article.answer)

    def take_out(self, article_id: str) -> None:
        """Let an article be none any more."""
        position = self._positions.pop(article_id, None)
        if position is not None:
            self._change_wordings(position, [])
            self._answers.drop(position)
            self.articles[position] = None

    def _change_wordings(self, position: int, texts: Sequence[str]) -> None:
        wanted = dict.fromkeys(texts)
        for row in list(self._rows_of[position]):
            if self._texts[row] in wanted:
                wanted.pop(self._texts[row])
                continue
            self._phrasings -= 1
            self._rows.drop(row)
            self._rows_of[position].remove(row)
            self._same.get(self._words[row], set()).discard(position)
        for row in self._rows_of[position]:  # what is left may be the same words, written in another way
            self._same.setdefault(self._words[row], set()).add(position)
        for text in wanted:
            tokens = tokens_of(text)
            self._phrasings += 1
            self._rows_of[position].append(self._rows.add(tokens))
            self._texts.append(text)
            self._terms.append(frozenset(map(stem, tokens)))
            self._owner = np.append(self._owner, position)
            self._typos.learn(tokens)
            self._slips.learn(tokens)
            self._words.append(" ".join(tokens))
            self._same.setdefault(self._words[-1], set()).add(position)
        self._own_terms[position] = self._terms_of(position)
        self._lengths[position] = self._rows.length_of_sum(self._rows_of[position])

    def _terms_of(self, position: int) -> frozenset[str]:
        return frozenset().union(*(self._terms[row] for row in self._rows_of[position]))

    def same_words(self, tokens: Sequence[str]) -> int | None:
        """Give the position of the one article that has this very text as a phrasing."""
        # Words that are a phrasing of two articles say nothing for either.
        found = self._same.get(" ".join(tokens), set())
        return next(iter(found)) if len(found) == 1 else None

    def question(self, tokens: Sequence[str]) -> Question:
        """Take up a tokenised text: what was mistyped is repaired into the words that were surely meant."""
        knows = self.vocabulary.knows
        unknown = [token for token in dict.fromkeys(tokens) if len(token) >= SHORTEST and not knows(token)]
        repairs = {token: self._typos.repair(token) or token for token in unknown[:MOST_REPAIRED]}
        repaired = self._slips.repair([repairs.get(token, token) for token in tokens])
        return Question(tokens, repaired, self.vocabulary)

    @property
    def is_trained(self) -> bool:
        """Whether classifiers know every article."""
        return self.learnt is not None and self.learnt.articles >= len(self.articles)

    def positions(self, ids: Iterable[str]) -> list[int]:
        """Give the positions of those of these articles that are in the book."""
        return [self._positions[one] for one in ids if one in self._positions]

    def contenders(self, question: Question, also: Iterable[int] = ()) -> list[Contender]:
        """Look closely at the dozen articles that come nearest by any measure, and at those in `also`.

        The order means nothing.
        """
        vector = self.vocabulary.vectors([question.repaired]).row(0)
        also = list(also)
        if not len(vector[0]) and not also:
            return []
        near = self._rows.near(*vector)
        answers = self._answers.near(*vector).spread() if self._has_answers else None
        nearest, sums = self._by_article(near)
        centre = sums / self._lengths
        learnt, margins = self._judged(*vector)
        measures: list[Floats] = [one for one in (nearest, centre, learnt, margins, answers) if one is not None]
        chosen = _best_of(measures, self.articles) if len(vector[0]) else []
        chosen += [position for position in dict.fromkeys(also) if position not in chosen]
        spread = near.spread()
        columns = [_of(measure, chosen) for measure in (centre, learnt, margins, answers)]
        return [
            self._contender(position, question, spread[self._rows_of[position]].tolist(), *values)
            for position, *values in zip(chosen, *columns, strict=True)
        ]

    def _by_article(self, near: Near) -> tuple[Floats, Floats]:
        """Give the cosine with the nearest phrasing of each article, and the sum over all its phrasings."""
        owner = self._owner[near.rows]
        nearest = np.zeros(len(self.articles), dtype=np.float32)
        np.maximum.at(nearest, owner, near.values)
        return nearest, np.bincount(owner, near.values, minlength=len(self.articles)).astype(np.float32)

    def _judged(self, ids: Ids, weights: Floats) -> tuple[Floats | None, Floats | None]:
        """Ask the classifiers; None when there are none or they do not know every article."""
        if self.learnt is None or not self.is_trained:
            return None, None
        return self.learnt.judge(ids, weights)

    def _rarity_of(self, row: int) -> float:
        known = self._rarities.get(row)
        if known is None:
            known = self._rarities[row] = sum(map(self.vocabulary.rarity, self._terms[row]))
        return known

    def _contender(
        self,
        position: int,
        question: Question,
        near: Sequence[float],
        centre: float,
        learnt: float,
        margin: float,
        answer: float,
    ) -> Contender:
        """Gather the evidence for one article; `near` says how near each of its rows is."""
        rows = self._rows_of[position]
        order = sorted(range(len(rows)), key=near.__getitem__, reverse=True)[:3]
        nearest = rows[order[0]] if order else None
        terms = self._terms[nearest] if nearest is not None else frozenset()
        shared = question.shared_with(terms)
        rarity = self._rarity_of(nearest) if nearest is not None else 0.0
        phrasing = self._words[nearest][:LONGEST_COMPARED] if nearest is not None else ""
        evidence = Evidence(
            learnt=learnt,
            margin=margin,
            nearest=near[order[0]] if order else 0.0,
            nearest_three=sum(near[place] for place in order) / 3,
            centre=centre,
            covered=question.share_in(self._own_terms[position]),
            covered_back=sum(question.rarity[term] for term in shared) / rarity if rarity else 0.0,
            same_tokens=fuzz.token_set_ratio(question.text, phrasing) / 100,
            same_spelling=fuzz.ratio(question.text, phrasing) / 100,
            answer=answer,
        )
        return Contender(position, evidence, shared)


def wordings_of(article: Article) -> list[str]:
    """List what people say to mean this article, in normal form: its phrasings and its title."""
    found = dict.fromkeys(normal_form(text) for text in (*article.phrasings, article.title))
    return [text for text in found if text]


def _answer_tokens(article: Article) -> list[str]:
    return tokens_of(normal_form(article.answer))[:ANSWER_TOKENS]


def _of(measure: Floats | None, positions: Sequence[int]) -> list[float]:
    """Give the values at these positions, 0 where nothing was measured."""
    return [0.0] * len(positions) if measure is None else measure[positions].tolist()


def _best_of(measures: Sequence[Floats], articles: Sequence[Article | None]) -> list[int]:
    """Choose articles by turns: the first by each measure, then the second by each, and so on."""
    orders = _first(np.stack(measures), SHORTLIST)
    chosen: dict[int, None] = {}
    for turn in zip(*orders, strict=True):
        for number, position in enumerate(turn):
            if articles[position] is not None and (number or measures[0][position] > 0):
                chosen.setdefault(position, None)
        if len(chosen) >= SHORTLIST:
            break
    return list(chosen)[:SHORTLIST]


def _first(measures: Floats, most: int) -> list[list[int]]:
    """Give the positions of the largest values of each row, largest first."""
    at = np.argpartition(-measures, most)[:, :most] if measures.shape[1] > most else np.arange(measures.shape[1])[None]
    every = np.arange(len(measures))[:, None]
    at = np.broadcast_to(at, (len(measures), at.shape[1]))
    order = np.argsort(-measures[every, at], kind="stable")
    return at[every, order].tolist()  # type: ignore[no-any-return]
