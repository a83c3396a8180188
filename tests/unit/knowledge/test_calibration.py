"""The threshold keeps to the operator's sentence: from judged messages where there are enough, else as shipped."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.calibration import Judged, calibrate, wilson, wrong_rows_allowed
from knowledge_base.confidence import SUGGEST_FROM, answer_threshold

SHIPPED = answer_threshold(0.05)


def rows(*wrong: float, right: int) -> list[Judged]:
    """So many right rows that are sure, and a wrong one of each of these confidences."""
    return [Judged(0.95, right=True)] * right + [Judged(confidence, right=False) for confidence in wrong]


def test_without_rows_the_shipped_threshold_holds_and_nothing_is_claimed() -> None:
    found = calibrate([], 0.05)

    assert (found.threshold, found.source, found.judged, found.wrong) == (SHIPPED, "shipped", 0, 0)
    assert (found.realised, found.interval, found.kept) == (None, (0.0, 1.0), False)


def test_with_49_rows_the_shipped_threshold_holds_but_what_came_of_it_is_said() -> None:
    found = calibrate(rows(0.99, 0.98, 0.1, right=46), 0.05)

    assert (found.threshold, found.source, found.judged, found.wrong) == (SHIPPED, "shipped", 49, 2)
    assert found.realised == pytest.approx(2 / 49)


def test_a_threshold_from_outside_stands_in_for_the_shipped_one() -> None:
    assert calibrate([], 0.05, shipped=0.4).threshold == 0.4


def test_fifty_rows_allow_one_wrong_answer_in_twenty() -> None:
    """The second wrong row from the top is the first that must not be answered, and what is surer is."""
    found = calibrate(rows(0.9, 0.7, 0.5, right=47), 0.05)

    assert (found.source, found.kept, found.wrong) == ("judged", True, 1)
    assert 0.7 < found.threshold < 0.7000001
    assert found.realised == 1 / 50


def test_rows_as_sure_as_each_other_stand_and_fall_together() -> None:
    found = calibrate(rows(0.9, 0.9, 0.9, right=47), 0.05)

    assert found.threshold > 0.9
    assert found.wrong == 0


def test_a_matcher_that_is_hardly_ever_wrong_still_answers_nothing_it_would_not_suggest() -> None:
    assert calibrate(rows(right=50), 0.05).threshold == SUGGEST_FROM


def test_a_matcher_that_is_always_wrong_hardly_ever_answers() -> None:
    found = calibrate([Judged(place / 100, right=False) for place in range(100)], 0.05)

    assert found.wrong <= 4
    assert found.threshold > 0.95


def test_only_the_newest_rows_count() -> None:
    """What was wrong 200 judgements ago is forgotten."""
    found = calibrate(rows(right=200) + [Judged(1.0, right=False)] * 500, 0.05)

    assert (found.judged, found.wrong, found.threshold) == (200, 0, SUGGEST_FROM)


def test_a_target_that_the_rows_cannot_promise_takes_the_stricter_of_two_words() -> None:
    """50 rows cannot vouch for 1 %: the shipped threshold holds, or the surest wrong row if that is worse."""
    mild, harsh = calibrate(rows(0.3, right=49), 0.01), calibrate(rows(0.99, right=49), 0.01)

    assert (mild.threshold, mild.source, mild.kept) == (answer_threshold(0.01), "shipped", False)
    assert (harsh.source, harsh.wrong, harsh.kept) == ("judged", 0, False)
    assert 0.99 < harsh.threshold < 0.9900001


def test_nothing_wrong_ever_means_nothing_answered_that_could_be() -> None:
    """At 0 % a row that was wrong with full confidence still is not answered."""
    assert calibrate(rows(1.0, right=99), 0.0).threshold > 1.0


def test_everything_may_be_wrong_when_the_operator_says_so() -> None:
    assert calibrate(rows(*[0.9] * 50, right=0), 1.0).threshold == SUGGEST_FROM


@pytest.mark.parametrize("target", [-0.1, 1.1, math.nan])
def test_a_target_that_is_no_share_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="share"):
        calibrate([], target)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, math.nan, math.inf])
def test_a_confidence_that_is_none_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        calibrate([Judged(confidence, right=True)], 0.05)


@pytest.mark.parametrize(
    ("judged", "target", "allowed"),
    [(50, 0.05, 1), (59, 0.05, 2), (60, 0.05, 2), (99, 0.05, 4), (200, 0.05, 9), (50, 0.01, None), (99, 0.01, 0)],
)
def test_how_many_wrong_rows_a_target_allows(judged: int, target: float, allowed: int | None) -> None:
    """(wrong + 1) of (rows + 1) is at most the target."""
    assert wrong_rows_allowed(judged, target) == allowed


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=50, max_size=220),
    st.floats(0, 1),
    st.booleans(),
)
def test_the_bound_of_conformal_risk_control_holds_on_the_rows_themselves(
    drawn: list[tuple[float, bool]], target: float, between: bool
) -> None:
    """Where a promise is made, (n * risk + 1) / (n + 1) is within it; between two rows at most one more is answered."""
    judged = [Judged(confidence, right=right) for confidence, right in drawn]

    found = calibrate(judged, target, between=between)

    if found.kept and not between:
        assert (found.wrong + 1) / (found.judged + 1) <= target + 1e-9
    assert found.threshold >= SUGGEST_FROM
    assert found.interval[0] <= (found.realised or 0.0) <= found.interval[1]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=50, max_size=120), st.floats(0.02, 0.5))
def test_a_stricter_sentence_never_answers_more(drawn: list[tuple[float, bool]], target: float) -> None:
    judged = [Judged(confidence, right=right) for confidence, right in drawn]

    assert calibrate(judged, target / 2).threshold >= calibrate(judged, target).threshold


@pytest.mark.parametrize("between", [False, True])
def test_the_promise_holds_on_average_for_confidences_that_mean_nothing(between: bool) -> None:
    """A matcher whose confidence says nothing, wrong three times in ten: 5 % stay 5 % over 2,000 draws of 50 rows."""
    chance = random.Random(5)
    risks = []
    for _ in range(2000):
        judged = [Judged(chance.random(), right=chance.random() > 0.3) for _ in range(50)]
        risks.append(0.3 * (1 - min(calibrate(judged, 0.05, between=between).threshold, 1.0)))

    assert 0.03 < sum(risks) / len(risks) < 0.052


def test_between_two_rows_the_fraction_that_is_left_counts() -> None:
    """51 rows' worth of 5 % is 2.55: one wrong row is allowed, and 0.55 of the way to the next is gone."""
    judged = rows(0.9, 0.7, 0.5, right=47)

    assert calibrate(judged, 0.05, between=True).threshold == pytest.approx(0.7 - 0.55 * 0.2)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 50, 0.0, 0.0713), (5, 100, 0.0215, 0.1118), (9, 9, 0.7009, 1.0)]
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)

    assert found[0] == pytest.approx(low, abs=0.0006)
    assert found[1] == pytest.approx(high, abs=0.0006)
