"""The trained evidence: two linear classifiers that learn from all phrasings which terms speak for which article."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.vectors import Floats, Ids, Vectors

Positions = NDArray[np.intp]
Loss = Callable[[Floats, Positions], tuple[float, Floats]]

MEMORY: Final = 3  # earlier steps that the next one is computed from
MOST_SQUARE: Final = 2_500  # phrasings up to which the matrix of all against all is kept: 25 MB
FEWEST_ROWS: Final = 2  # phrasings that a term of many phrasings is in; the others are most of all and tell little
MOST_WEIGHTS: Final = 6_000_000  # terms times articles of one classifier: 24 MB, and 10 times that while it trains
MOST_WORK: Final = 250_000_000  # terms of all phrasings times articles: half a minute for one classifier

# How much one phrasing's loss weighs beside half the squared length of the weights.
LOGISTIC_WEIGHT: Final = 30.0
HINGE_WEIGHT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt: weights are places x articles; `places` holds the place of each term id, -1 for none."""

    places: Ids
    logistic: Floats
    logistic_bias: Floats
    hinge: Floats
    hinge_bias: Floats

    @property
    def articles(self) -> int:
        """How many articles it knows."""
        return len(self.logistic_bias)

    def judge(self, ids: Ids, weights: Floats) -> tuple[Floats, Floats]:
        """Give each article's log probability and its margin (1 and more: surely this one; -1: surely not)."""
        known = ids < len(self.places)
        places, weights = self.places[ids[known]], weights[known]
        places, weights = places[places >= 0], weights[places >= 0]
        odds = weights @ self.logistic[places] + self.logistic_bias
        odds -= odds.max()
        margins: Floats = weights @ self.hinge[places] + self.hinge_bias
        return odds - np.log(np.exp(odds).sum()), margins


def train(
    vectors: Vectors, terms: int, owner: Positions, articles: int, nearness: Callable[[int], Floats]
) -> Learnt | None:
    """Fit both classifiers to all phrasings; None where there is nothing to tell apart or far too much.

    `owner` holds the article of each row of `vectors`, `nearness(i)` the products of row i with all rows. A multinomial
    logistic regression, best with few phrasings, and a linear support vector machine with squared hinge, one against
    the rest, best with many; both by L-BFGS (Nocedal 1980).
    """
    small = len(owner) <= MOST_SQUARE
    kept = np.bincount(vectors.ids, minlength=terms) >= (1 if small else FEWEST_ROWS)
    if articles < 2 or int(kept.sum()) * articles > MOST_WEIGHTS or len(vectors.ids) * articles > MOST_WORK:
        return None
    places = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    rows = _Square(vectors, places, nearness) if small else _Sparse(vectors, places)
    logistic, logistic_bias = _fit(rows, owner, articles, _logistic)
    hinge, hinge_bias = _fit(rows, owner, articles, _squared_hinge)
    return Learnt(places, logistic, logistic_bias, hinge, hinge_bias)


class _Sparse:
    """The rows as they are, for many phrasings; the library for such products is loaded only here."""

    steps: Final = 60
    enough: Final = 1e-4

    def __init__(self, vectors: Vectors, places: Ids) -> None:
        from scipy.sparse import csr_matrix

        starts, ids, weights = vectors
        kept = places[ids] >= 0
        starts = np.concatenate([[0], np.cumsum(kept)])[starts]
        ids, weights, terms = places[ids[kept]], weights[kept], int(places.max(initial=-1)) + 1
        self._rows: Any = csr_matrix((weights, ids, starts), shape=(len(starts) - 1, terms))
        self._turned: Any = self._rows.T.tocsr()
        self.width = terms

    def times(self, point: Floats) -> Floats:
        return np.asarray(self._rows @ point, dtype=np.float32)

    def turned_times(self, slopes: Floats) -> Floats:
        return np.asarray(self._turned @ slopes, dtype=np.float32)

    def weights(self, point: Floats) -> Floats:
        return point


class _Square:
    """The rows in as many coordinates as there are rows, for few phrasings: fewer than terms, and the same products."""

    steps: Final = 40
    enough: Final = 1e-3

    def __init__(self, vectors: Vectors, places: Ids, nearness: Callable[[int], Floats]) -> None:
        self.width = len(vectors.starts) - 1
        products = np.stack([nearness(row) for row in range(self.width)])
        products += np.eye(self.width, dtype=np.float32) * np.float32(1e-3)  # rows that are the same twice
        self._root: Floats = np.linalg.cholesky(products)
        self._vectors, self._places = vectors, places

    def times(self, point: Floats) -> Floats:
        found: Floats = self._root @ point
        return found

    def turned_times(self, slopes: Floats) -> Floats:
        found: Floats = self._root.T @ slopes
        return found

    def weights(self, point: Floats) -> Floats:
        parts = np.linalg.solve(self._root.T, point)
        found = np.zeros((int(self._places.max(initial=-1)) + 1, point.shape[1]), dtype=np.float32)
        for row in range(self.width):
            ids, weights = self._vectors.row(row)
            found[self._places[ids]] += weights[:, None] * parts[row]
        return found


def _logistic(odds: Floats, owner: Positions) -> tuple[float, Floats]:
    """Give the summed loss of these log odds (rows x articles) and its slope, which takes their place."""
    every = np.arange(len(owner))
    odds -= odds.max(axis=1, keepdims=True)
    right = float(odds[every, owner].sum())
    np.exp(odds, out=odds)
    sums = odds.sum(axis=1, keepdims=True)
    odds /= sums
    odds[every, owner] -= 1
    odds *= np.float32(LOGISTIC_WEIGHT)
    return LOGISTIC_WEIGHT * (float(np.log(sums).sum()) - right), odds


def _squared_hinge(margins: Floats, owner: Positions) -> tuple[float, Floats]:
    """Give the summed loss of these margins (rows x articles) and its slope, which takes their place."""
    every = np.arange(len(owner))
    margins[every, owner] *= -1
    margins += 1
    np.maximum(margins, 0, out=margins)
    loss = HINGE_WEIGHT * float(np.square(margins).sum())
    margins *= np.float32(2 * HINGE_WEIGHT)
    margins[every, owner] *= -1
    return loss, margins


def _fit(rows: _Sparse | _Square, owner: Positions, articles: int, loss: Loss) -> tuple[Floats, Floats]:
    def loss_and_slope(point: Floats) -> tuple[float, Floats]:
        value, slopes = loss(rows.times(point[:-1]) + point[-1], owner)
        slope = np.empty_like(point)
        slope[:-1] = rows.turned_times(slopes)
        slope[:-1] += point[:-1]
        slope[-1] = slopes.sum(axis=0)
        return value + 0.5 * float(np.square(point[:-1]).sum()), slope

    start = np.zeros((rows.width + 1, articles), dtype=np.float32)
    point = _minimum(loss_and_slope, start, rows.steps, rows.enough)
    return rows.weights(point[:-1]), point[-1]


def _minimum(function: Callable[[Floats], tuple[float, Floats]], point: Floats, steps: int, enough: float) -> Floats:
    """Follow so many limited-memory BFGS steps, or fewer if the slope falls to this share of the first one."""
    moves: list[tuple[Floats, Floats, float]] = []  # (step, change of slope, their product)
    value, slope = function(point)
    enough *= float(np.linalg.norm(slope))
    for _ in range(steps):
        direction = _direction(slope, moves)
        downhill = float((slope * direction).sum())
        length = 1.0 if moves else 1 / max(float(np.abs(slope).sum()), 1e-9)
        for _ in range(20):
            step = np.float32(length) * direction
            next_value, next_slope = function(point + step)
            if next_value <= value + 1e-4 * length * downhill:
                break
            length /= 2
        else:
            return point
        change = next_slope - slope
        product = float((step * change).sum())
        if product > 1e-9:
            moves = [*moves[-(MEMORY - 1) :], (step, change, product)]
        point, value, slope = point + step, next_value, next_slope
        if float(np.linalg.norm(slope)) < enough:
            break
    return point


def _direction(slope: Floats, moves: list[tuple[Floats, Floats, float]]) -> Floats:
    direction = -slope
    parts = []
    for step, change, product in reversed(moves):
        part = float((step * direction).sum()) / product
        direction -= np.float32(part) * change
        parts.append(part)
    if moves:
        _, change, product = moves[-1]
        direction *= np.float32(product / float(np.square(change).sum()))
    for (step, change, product), part in zip(moves, reversed(parts), strict=True):
        direction += np.float32(part - float((change * direction).sum()) / product) * step
    return direction
