"""Gaps: questions that no article answered, put together when they ask for the same thing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.smalltalk import small_talk
from knowledge_base.text import normal_form
from knowledge_base.wording import Wordings

NEAR_ENOUGH: Final = 0.22  # cosine with the middle of a group
MOST_COMPARED: Final = 50  # texts of one group; its newest ones say well enough what it is about


@dataclass(frozen=True, slots=True)
class Question:
    """What a customer asked, under the caller's number for it."""

    key: int
    text: str
    language: str  # what it was taken for; questions are compared by their words alone


@dataclass(frozen=True, slots=True)
class Group:
    """A gap as it stands: the caller's number for it, and its questions, newest last."""

    key: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignments:
    """Where each question belongs; every key of a question is in exactly one of the three."""

    joined: dict[int, int]  # question's key -> existing group's key
    opened: tuple[tuple[int, ...], ...]  # new groups: the keys of their questions, in the order given
    left_out: tuple[int, ...]  # small talk, and texts without any word


def group(questions: Sequence[Question], existing: Sequence[Group]) -> Assignments:
    """Put each question, in order, into the group that is nearest in wording, or open a new one.

    Existing groups neither split nor merge, so what staff have read stays as it was. All languages share one space of
    words: a Chinese and an English question come together only over words that they share, such as a product's name.
    Some 2 s for 2,000 questions. Raises ValueError when a key is used twice.

    Near enough was chosen on the dev questions of five public sets, 400 each at most, in three random orders, same
    article meaning same gap. Of the pairs put together 51 % belong together (33 % among banking's many near twins,
    57 to 72 % elsewhere), and 20 % of those that do are found; the adjusted Rand index is 0.23, where average linkage
    over all at once comes to 0.28 and could not take a new question without moving old ones.
    """
    _distinct((one.key for one in questions), "question")
    _distinct((one.key for one in existing), "group")
    wanted = [one for one in questions if _says_something(one.text)]
    groups = [_newest(one) for one in existing]
    texts = [text for one in groups for text in one.texts] + [one.text for one in wanted]
    known = _Groups(Wordings(texts), [len(one.texts) for one in groups], len(wanted))
    joined: dict[int, int] = {}
    opened: dict[int, list[int]] = {}
    wordless: set[int] = set()
    first = len(texts) - len(wanted)
    for text, one in enumerate(wanted, start=first):
        place = known.take(text)
        if place is None:
            wordless.add(one.key)
        elif place < len(groups):
            joined[one.key] = groups[place].key
        else:
            opened.setdefault(place, []).append(one.key)
    taken = {one.key for one in wanted} - wordless
    left_out = tuple(one.key for one in questions if one.key not in taken)
    return Assignments(joined, tuple(map(tuple, opened.values())), left_out)


def label(texts: Sequence[str]) -> str:
    """Choose the most typical of a group's questions: the one that is most like all others; the shortest among equals.

    Only the newest 50 are looked at. Raises ValueError without any.
    """
    if not texts:
        raise ValueError("a group without questions has no label")
    newest = texts[-MOST_COMPARED:]
    wordings = Wordings(newest)
    typical = [float(wordings.alike(place).sum()) for place in range(len(newest))]
    # Rounded, because the same words in another order add up to a last digit of their own.
    return min(zip(newest, typical, strict=True), key=lambda pair: (-round(pair[1], 4), len(pair[0])))[0]


class _Groups:
    """Which text is in which group, and how long the sum of each group's vectors is."""

    def __init__(self, wordings: Wordings, sizes: Sequence[int], more: int) -> None:
        self._wordings = wordings
        self._group: NDArray[np.intp] = np.full(wordings.size, -1, dtype=np.intp)
        self._group[: sum(sizes)] = np.repeat(np.arange(len(sizes)), sizes)
        self._count = len(sizes)
        self._squares = np.zeros(len(sizes) + more)  # of the lengths of the sums
        for text in range(sum(sizes)):
            at = self._group[text]
            self._squares[at] += wordings.alike(text)[self._group == at].sum()

    def take(self, text: int) -> int | None:
        """Put a text into a group, an old or a new one, and give the group's place; None when it has no words."""
        alike = self._wordings.alike(text)
        own = float(alike[text])
        if own <= 0:
            return None
        inside = self._group >= 0
        shared = np.bincount(self._group[inside], alike[inside], minlength=self._count)
        squares = self._squares[: self._count]
        near = shared / np.sqrt(np.where(squares > 0, squares, np.inf) * own)
        place = int(near.argmax()) if self._count else 0
        if not self._count or near[place] < NEAR_ENOUGH:
            place, self._count = self._count, self._count + 1
            self._squares[place] = own
        else:
            self._squares[place] += 2 * shared[place] + own
        self._group[text] = place
        return place


def _newest(one: Group) -> Group:
    return Group(one.key, one.texts[-MOST_COMPARED:])


def _says_something(text: str) -> bool:
    normal = normal_form(text)
    return bool(normal) and small_talk(normal) is None


def _distinct(keys: Iterable[int], what: str) -> None:
    seen: set[int] = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"the {what} {key} is given twice")
        seen.add(key)
