"""Replay: what a change of the articles would do, tried on their examples and on questions that people judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from knowledge_base.article import Article
from knowledge_base.matcher import Decision, Match, Matcher


@dataclass(frozen=True, slots=True)
class Example:
    """A question that an article has to be the first candidate for, or may not be the answer to."""

    article: str  # its id
    language: str
    text: str
    must: bool


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A customer's question that people judged, under the caller's number for it."""

    key: int
    text: str
    language: str  # the customer's own
    right: str | None  # the id of the article that answers it; None when none does


@dataclass(frozen=True, slots=True)
class Replay:
    """What changes; questions by their keys, in the order given. No question is in two of the first five."""

    newly_answered: tuple[int, ...]  # answered rightly, and was not answered before
    put_right: tuple[int, ...]  # answered rightly, and was answered wrongly before
    held_back: tuple[int, ...]  # not answered, and was answered wrongly before
    now_wrong: tuple[int, ...]  # answered wrongly, and was answered rightly or not at all before
    no_longer_answered: tuple[int, ...]  # not answered, and was answered rightly before
    turned_wrong: tuple[int, ...]  # of `now_wrong`, those that were answered rightly before
    failing_examples: tuple[Example, ...]  # do not hold after the change
    broken_examples: tuple[Example, ...]  # of these, the ones that held before
    judged: int  # questions tried

    @property
    def regression(self) -> bool:
        """Whether something that was right is wrong now; not being answered any more is a loss, but not wrong."""
        return bool(self.broken_examples or self.turned_wrong)


def replay(
    before: Matcher, after: Matcher, judged: Sequence[JudgedQuestion], examples: Sequence[Example] | None = None
) -> Replay:
    """Try every judged question with both matchers, and every example: those of the articles of `after` unless given.

    An example of an article that `before` does not have yet cannot have held there, so it may fail but not break. Costs
    two matches per question and one or two per example. Raises ValueError when a key is used twice.
    """
    if len({question.key for question in judged}) < len(judged):
        raise ValueError("two judged questions share a key")
    changes: dict[tuple[_Outcome, _Outcome], list[int]] = {}
    for question in judged:
        change = _outcome(before, question), _outcome(after, question)
        changes.setdefault(change, []).append(question.key)
    order = {question.key: place for place, question in enumerate(judged)}

    def keys(*wanted: tuple[_Outcome, _Outcome]) -> tuple[int, ...]:
        return tuple(sorted((key for change in wanted for key in changes.get(change, ())), key=order.__getitem__))

    failing = failing_examples(after, examples_of(after.articles) if examples is None else examples)
    failed_before = set(failing_examples(before, failing))
    right, wrong, open_ = _Outcome.RIGHT, _Outcome.WRONG, _Outcome.NOT_ANSWERED
    return Replay(
        newly_answered=keys((open_, right)),
        put_right=keys((wrong, right)),
        held_back=keys((wrong, open_)),
        now_wrong=keys((right, wrong), (open_, wrong)),
        no_longer_answered=keys((right, open_)),
        turned_wrong=keys((right, wrong)),
        failing_examples=failing,
        broken_examples=tuple(example for example in failing if example not in failed_before),
        judged=len(judged),
    )


def examples_of(articles: Iterable[Article]) -> tuple[Example, ...]:
    """List the examples of these articles, each once."""
    return tuple(
        dict.fromkeys(
            Example(article.id, article.language, text, must)
            for article in articles
            for texts, must in ((article.must_match, True), (article.must_not_match, False))
            for text in texts
        )
    )


def failing_examples(matcher: Matcher, examples: Iterable[Example]) -> tuple[Example, ...]:
    """List the examples that do not hold, in their order."""
    return tuple(example for example in examples if not holds(matcher, example))


def holds(matcher: Matcher, example: Example) -> bool:
    """Tell whether the article is the first candidate as it must, or is not answered with as it must not."""
    match = matcher.match(example.text, example.language)
    first = match.candidates[0].article if match.candidates else None
    meant = first is not None and (first.id, first.language) == (example.article, example.language)
    if example.must:
        return meant
    return not (meant and match.decision is Decision.ANSWER)


class _Outcome(Enum):
    """What became of a question."""

    RIGHT = auto()
    WRONG = auto()
    NOT_ANSWERED = auto()


def _outcome(matcher: Matcher, question: JudgedQuestion) -> _Outcome:
    match = matcher.match(question.text, question.language)
    if match.decision is not Decision.ANSWER:
        return _Outcome.NOT_ANSWERED
    return _Outcome.RIGHT if _answered_with(match) == question.right else _Outcome.WRONG


def _answered_with(match: Match) -> str | None:
    return match.candidates[0].article.id if match.candidates else None
