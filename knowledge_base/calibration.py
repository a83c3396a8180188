"""Calibration: the confidence from which to answer, learnt from turns that people judged."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from knowledge_base.confidence import SUGGEST_FROM, answer_threshold

FEWEST_JUDGED: Final = 50  # with fewer rows the shipped threshold holds
MOST_JUDGED: Final = 200  # the rolling window: older rows speak of a knowledge base that is no more
_Z: Final = 1.959964  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Judged:
    """One turn drawn at random, whatever was decided in it: how sure the matcher was of its first candidate."""

    confidence: float  # 0..1, 0 when there was no candidate
    right: bool  # whether the first candidate was the right answer; False when no article was


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold, where it comes from, and how it would have done on the judged turns."""

    threshold: float  # answer from this confidence on
    source: Literal["shipped", "judged"]
    target: float  # share of all messages, 0..1, that may be answered wrongly
    judged: int  # rows in the window
    wrong: int  # of these, how many would be answered wrongly at the threshold
    realised: float | None  # wrong / judged, 0..1; None without rows
    interval: tuple[float, float]  # within it lies the share for all messages, 95 times of 100; (0, 1) without rows
    kept: bool  # whether the rows are enough to promise the target, averaged over draws of such rows


def calibrate(
    judged: Sequence[Judged], wrong_answers_at_most: float, shipped: float | None = None, *, between: bool = False
) -> Calibration:
    """Choose the threshold so that at most this share of all messages, 0..1, gets a wrong answer.

    `judged` is newest first, and only the newest 200 count; with fewer than 50 the shipped threshold holds (`shipped`,
    else that of `confidence.answer_threshold`). From 50 on it is conformal risk control (Angelopoulos et al. 2024): the
    least threshold t with (n * risk(t) + 1) / (n + 1) <= target, where risk(t) is the share of all n rows that are
    wrong and at least as sure as t. If the rows are drawn at random, the mean risk of thresholds chosen so is at most
    the target, whatever the confidences are worth. Nothing is mixed in from other shops: 20 more rows that say what the
    shipped threshold says cost 2.6 points of coverage on the public sets and made the worst set no better.

    Whole rows are coarse: 50 of them allow 1 wrong answer for a target of 5 %, which comes to 3.9 %. `between` uses the
    rest by going the fraction of the way from one allowed wrong row to the next. It keeps the promise as long as wrong
    rows thin out towards high confidences; benchmarks/calibration.py measures both.

    A target below 1 / (n + 1) cannot be promised by n rows, however good they are (2 % wants 50 rows, 0.5 % wants 200).
    Then the stricter of two holds: the shipped threshold, and just above the surest wrong row; `kept` is False.
    Raises ValueError when the target is not within 0..1, or a confidence is not.
    """
    first = answer_threshold(wrong_answers_at_most) if shipped is None else shipped
    rows = judged[:MOST_JUDGED]
    if not all(0 <= row.confidence <= 1 for row in rows):
        raise ValueError("a confidence is between 0 and 1")
    if len(rows) < FEWEST_JUDGED:
        return _calibration(first, "shipped", wrong_answers_at_most, rows, kept=False)
    sure_and_wrong = sorted((row.confidence for row in rows if not row.right), reverse=True)
    allowed = wrong_rows_allowed(len(rows), wrong_answers_at_most)
    if allowed is None:
        strict = _above(sure_and_wrong, 0)
        source: Literal["shipped", "judged"] = "judged" if strict > first else "shipped"
        return _calibration(max(strict, first), source, wrong_answers_at_most, rows, kept=False)
    threshold = _above(sure_and_wrong, allowed)
    if between:
        part = wrong_answers_at_most * (len(rows) + 1) - 1 - allowed
        threshold -= max(part, 0.0) * (threshold - _above(sure_and_wrong, allowed + 1))
    # What the matcher would not even suggest is never answered, however much room the target leaves.
    threshold = max(threshold, SUGGEST_FROM)
    return _calibration(threshold, "judged", wrong_answers_at_most, rows, kept=True)


def wrong_rows_allowed(rows: int, target: float) -> int | None:
    """How many of so many judged rows may be answered wrongly; None when even none of them promises the target."""
    # A hair is added because 0.05 * 60 - 1 must allow exactly 2, not 1.9999999.
    allowed = math.floor(target * (rows + 1) - 1 + 1e-9)
    return allowed if allowed >= 0 else None


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of a share, 0..1, after so many hits of so many (Wilson 1927); (0, 1) of none."""
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    # Rounding must not shut out what was seen.
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def _above(confidences: Sequence[float], place: int) -> float:
    """The least number above the one at this place of a falling list; 0 when the list ends before."""
    return math.nextafter(confidences[place], math.inf) if place < len(confidences) else 0.0


def _calibration(
    threshold: float, source: Literal["shipped", "judged"], target: float, rows: Sequence[Judged], *, kept: bool
) -> Calibration:
    wrong = sum(row.confidence >= threshold and not row.right for row in rows)
    return Calibration(
        threshold=threshold,
        source=source,
        target=target,
        judged=len(rows),
        wrong=wrong,
        realised=wrong / len(rows) if rows else None,
        interval=wilson(wrong, len(rows)),
        kept=kept,
    )
