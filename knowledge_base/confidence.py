"""From a share of wrong answers that the operator allows to the confidence from which the bot answers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from knowledge_base.ranking import shipped

SUGGEST_FROM: Final = 0.2


def answer_threshold(wrong_answers_at_most: float, points: Sequence[tuple[float, float]] | None = None) -> float:
    """Give the confidence from which to answer, so that at most this share of all questions is answered wrongly.

    Between the measured points (share, confidence) it is interpolated; they are those of benchmarks/fit.py unless
    given. Raises ValueError when the share is not within 0..1.
    """
    if not 0 <= wrong_answers_at_most <= 1:
        raise ValueError("wrong_answers_at_most is a share between 0 and 1")
    points = shipped().thresholds if points is None else points
    for (share, threshold), (next_share, next_threshold) in pairwise(points):
        if wrong_answers_at_most <= next_share:
            part = (wrong_answers_at_most - share) / (next_share - share)
            return threshold + part * (next_threshold - threshold)
    return points[-1][1]
