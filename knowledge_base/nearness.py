"""How near a question is to every phrasing: sparse vectors behind an inverted index, open to live changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.learner import Learnt, train
from knowledge_base.vectors import Floats, Ids, Vocabulary

Positions = NDArray[np.intp]

MOST_EXHAUSTIVE: Final = 15_000  # rows up to which every posting is followed
COMMON: Final = 12  # then a term that every twelfth row has, or more, is kept as a whole column instead
MOST_POSTINGS: Final = 40_000  # beyond that: postings followed for one question, the rarest terms first …
MOST_RESCORED: Final = 200  # … and rows among them that are compared exactly


@dataclass(frozen=True, slots=True)
class Near:
    """Which rows are near a question, and how near, 0..1; rows that share nothing (or too little) are not listed."""

    rows: Positions
    values: Floats
    size: int

    def spread(self) -> Floats:
        """Give a value for every row, 0 for those not listed."""
        found = np.zeros(self.size, dtype=np.float32)
        found[self.rows] = self.values
        return found


class Rows:
    """Rows of sparse vectors with posting lists; later rows are kept beside them until everything is built anew."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        tokens: Sequence[Sequence[str]],
        *,
        learn: bool,
        most_exhaustive: int = MOST_EXHAUSTIVE,
    ) -> None:
        self._vocabulary = vocabulary
        self._most_exhaustive = most_exhaustive
        self._vectors = vocabulary.learn(tokens) if learn else vocabulary.vectors(tokens)
        starts, ids, weights = self._vectors
        self._base = len(starts) - 1
        # A stable sort by term keeps the rows of each posting list in order.
        order = np.argsort(ids, kind="stable")
        self._posted_rows: Ids = np.repeat(np.arange(self._base, dtype=np.int32), np.diff(starts))[order]
        self._posted_weights: Floats = weights[order]
        found = np.bincount(ids, minlength=len(vocabulary))
        self._lists = np.concatenate([[0], np.cumsum(found)]).astype(np.int64)
        common = np.flatnonzero(found * COMMON > self._base) if self._base <= most_exhaustive else np.zeros(0, np.intp)
        self._column_of = np.full(len(vocabulary), -1, dtype=np.int32)
        self._column_of[common] = np.arange(len(common))
        self._columns: Floats = np.zeros((len(common), self._base), dtype=np.float32)
        for column, term in zip(self._columns, common, strict=True):
            posted = slice(int(self._lists[term]), int(self._lists[term + 1]))
            column[self._posted_rows[posted]] = self._posted_weights[posted]
        self._later: list[tuple[Ids, Floats]] = []
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return self._base + len(self._later)

    def add(self, tokens: Sequence[str], *, grow: bool = True) -> int:
        """Take up one more row at once, with `grow` its new terms too; returns its position."""
        self._later.append(self._vocabulary.vectors([tokens], grow=grow).row(0))
        return len(self) - 1

    def drop(self, position: int) -> None:
        """Let a row be near nothing from now on."""
        self._gone.add(position)

    def length_of_sum(self, positions: Sequence[int]) -> float:
        """Give the length of the sum of these rows, 1 when there is none."""
        total = np.zeros(len(self._vocabulary), dtype=np.float32)
        for position in positions:
            ids, weights = self._row(position)
            total[ids] += weights
        return float(np.linalg.norm(total)) or 1.0

    def length_of_sums(self, owner: Positions, owners: int) -> Floats:
        """Give the length of the sum of the first rows of each owner; an owner's rows stand together."""
        starts, ids, weights = self._vectors
        ends = np.searchsorted(owner, np.arange(owners), side="right")
        lengths = np.ones(owners, dtype=np.float32)
        first = 0
        for number, end in enumerate(ends.tolist()):
            cut = slice(int(starts[first]), int(starts[end]))
            _, place = np.unique(ids[cut], return_inverse=True)
            lengths[number] = float(np.linalg.norm(np.bincount(place, weights[cut]))) or 1.0
            first = end
        return lengths

    def _row(self, position: int) -> tuple[Ids, Floats]:
        return self._vectors.row(position) if position < self._base else self._later[position - self._base]

    def train(self, owner: Positions, owners: int) -> Learnt | None:
        """Let classifiers learn which rows belong to whom."""
        return train(self._vectors, len(self._vocabulary), owner, owners, self._near_row)

    def _near_row(self, position: int) -> Floats:
        return self.near(*self._vectors.row(position)).spread()

    def near(self, ids: Ids, weights: Floats) -> Near:
        """Compare a vector with the rows."""
        inside = ids < len(self._lists) - 1
        rows, values = self._near_base(ids[inside], weights[inside])
        if self._later:
            later = self._near_later(ids, weights)
            rows = np.concatenate([rows, np.arange(self._base, len(self))])
            values = np.concatenate([values, later])
        if self._gone:
            values[np.isin(rows, np.fromiter(self._gone, dtype=np.intp))] = 0
        found = values > 0
        return Near(rows[found], values[found], len(self))

    def _near_base(self, ids: Ids, weights: Floats) -> tuple[Positions, Floats]:
        starts, ends = self._lists[ids], self._lists[ids + 1]
        if self._base <= self._most_exhaustive:
            columns = self._column_of[ids]
            common, rare = columns >= 0, columns < 0
            values = self._sum(starts[rare], ends[rare], weights[rare])
            return np.arange(self._base), values + weights[common] @ self._columns[columns[common]]
        lengths = ends - starts
        order = np.argsort(lengths, kind="stable")
        within = np.cumsum(lengths[order]) <= MOST_POSTINGS
        within[:1] = True  # one list at least, however long
        first = order[within]
        rough = self._sum(starts[first], ends[first], weights[first])
        rows = np.flatnonzero(rough)
        if len(rows) > MOST_RESCORED:
            rows = rows[np.argpartition(-rough[rows], MOST_RESCORED)[:MOST_RESCORED]]
        return rows, self._exactly(rows, ids, weights)

    def _sum(self, starts: NDArray[np.int64], ends: NDArray[np.int64], weights: Floats) -> Floats:
        """Add up what these posting lists give to each row."""
        lengths = ends - starts
        before = np.cumsum(lengths) - lengths
        at = np.repeat(starts - before, lengths)
        at += np.arange(len(at))
        values = self._posted_weights[at]
        values *= np.repeat(weights, lengths)
        return np.bincount(self._posted_rows[at], values, minlength=self._base).astype(np.float32)

    def _exactly(self, rows: Positions, ids: Ids, weights: Floats) -> Floats:
        """Compare with these rows only, every term counted."""
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        starts, all_ids, all_weights = self._vectors
        sizes = starts[rows + 1] - starts[rows]
        ends = np.cumsum(sizes)
        where = np.arange(int(ends[-1])) + np.repeat(starts[rows] - (ends - sizes), sizes)
        lookup = np.zeros(len(self._vocabulary), dtype=np.float32)
        lookup[ids] = weights
        products = lookup[all_ids[where]] * all_weights[where]
        return np.bincount(np.repeat(np.arange(len(rows)), sizes), products, minlength=len(rows)).astype(np.float32)

    def _near_later(self, ids: Ids, weights: Floats) -> Floats:
        lookup = np.zeros(len(self._vocabulary), dtype=np.float32)
        lookup[ids] = weights
        return np.array([float(lookup[own] @ own_weights) for own, own_weights in self._later], dtype=np.float32)
