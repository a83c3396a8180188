"""How sure a match is: a small logistic function over what speaks for and against the article."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple


class Evidence(NamedTuple):
    """What speaks for one article as the answer to one question; each value is about 0..1 unless said otherwise."""

    nearest_margin: float  # cosine with its nearest phrasing less that of the best other article, -1..1
    learnt: float  # the classifier's score
    learnt_margin: float  # the same less the best of the other articles, -1..1
    covered: float  # share of the question's rarity that its phrasings together hold
    covered_back: float  # share of the nearest phrasing's rarity that the question holds
    known: float  # share of the question's rarity that any article knows, typing errors not repaired
    length: float  # natural logarithm of the number of different words, 0..3.2
    phrasings: float  # natural logarithm of the mean number of phrasings per article, 0 and more


# Fitted by benchmarks/fit_confidence.py on the dev questions of six public sets, each with few and many phrasings; the
# thresholds kept every set (mean of its sizes) within its share while that set was left out of the fitting.
INTERCEPT: Final = -4.483
WEIGHTS: Final[tuple[float, ...]] = (0.560, 2.209, 4.318, 1.600, 1.049, 1.347, 0.400, -0.293)
# (share of all questions answered wrongly at most, confidence from which to answer)
THRESHOLDS: Final[tuple[tuple[float, float], ...]] = (
    (0.0, 1.0),
    (0.005, 0.975),
    (0.01, 0.95),
    (0.02, 0.905),
    (0.03, 0.84),
    (0.05, 0.755),
    (0.08, 0.64),
    (0.12, 0.535),
    (0.2, 0.4),
    (1.0, 0.0),
)
SUGGEST_FROM: Final = 0.2


def confidence_of(evidence: Evidence) -> float:
    """Give the probability, 0..1, that the article is the right answer."""
    total = INTERCEPT + sum(weight * value for weight, value in zip(WEIGHTS, evidence, strict=True))
    return 1 / (1 + math.exp(-total))


def answer_threshold(wrong_answers_at_most: float, points: Sequence[tuple[float, float]] = THRESHOLDS) -> float:
    """Give the confidence from which to answer, so that at most this share of all questions is answered wrongly.

    Between the measured points it is interpolated. Raises ValueError when the share is not within 0..1.
    """
    if not 0 <= wrong_answers_at_most <= 1:
        raise ValueError("wrong_answers_at_most is a share between 0 and 1")
    for (share, threshold), (next_share, next_threshold) in pairwise(points):
        if wrong_answers_at_most <= next_share:
            part = (wrong_answers_at_most - share) / (next_share - share)
            return threshold + part * (next_threshold - threshold)
    return points[-1][1]
