"""The stage of a relationship: a table of histories, and that time alone moves nobody back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.models import Stage
from crm_core.rules.lifecycle import History, Lifecycle, standing, usual_interval, visits_of

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
RULES = Lifecycle()  # at risk after twice, lost after four times the usual interval, which is 60 days until known
_ORDER_OF_TIME = {Stage.LEAD: 0, Stage.ACTIVE: 1, Stage.WON_BACK: 1, Stage.AT_RISK: 2, Stage.LOST: 3}


def history(*days_ago: float, wrote: float | None = None) -> History:
    """Orders and the last words, so many days ago."""
    contact = None if wrote is None else NOW - timedelta(days=wrote)
    return History(orders=sorted(NOW - timedelta(days=one) for one in days_ago), last_contact=contact)


@pytest.mark.parametrize(
    ("before", "known", "shop_days", "stage", "reason"),
    [
        # nothing bought
        (Stage.LEAD, history(), None, Stage.LEAD, "no_order"),
        (Stage.LEAD, history(wrote=400), None, Stage.LEAD, "no_order"),
        (Stage.ACTIVE, history(), None, Stage.LEAD, "no_order"),  # the only order was cancelled
        # a first order, and then silence
        (Stage.LEAD, history(0), None, Stage.ACTIVE, "first_order"),
        (Stage.ACTIVE, history(120), None, Stage.ACTIVE, "ordered_again"),
        (Stage.ACTIVE, history(120.1), None, Stage.AT_RISK, "quiet"),
        (Stage.LEAD, history(120.1), None, Stage.AT_RISK, "quiet"),
        (Stage.AT_RISK, history(240), None, Stage.AT_RISK, "quiet"),
        (Stage.AT_RISK, history(240.1), None, Stage.LOST, "long_gone"),
        # the shop's own interval, when it is known
        (Stage.ACTIVE, history(41), 20.0, Stage.AT_RISK, "quiet"),
        (Stage.ACTIVE, history(120.1), 61.0, Stage.ACTIVE, "ordered_again"),
        # their own, from three visits on; orders of one day are one visit
        (Stage.ACTIVE, history(60, 80, 100), None, Stage.AT_RISK, "quiet"),
        (Stage.ACTIVE, history(60, 60.1, 60.2), None, Stage.ACTIVE, "ordered_again"),
        (Stage.ACTIVE, history(150, 240, 330), None, Stage.ACTIVE, "ordered_again"),
        # neither a daily nor a yearly buyer is taken at their word
        (Stage.ACTIVE, history(28, 30, 32), None, Stage.ACTIVE, "ordered_again"),
        (Stage.ACTIVE, history(28.1, 30.1, 32.1), None, Stage.AT_RISK, "quiet"),
        (Stage.AT_RISK, history(721, 1086, 1451), None, Stage.LOST, "long_gone"),
        # who writes is not lost, and not active either
        (Stage.AT_RISK, history(300, wrote=30), None, Stage.AT_RISK, "quiet"),
        (Stage.LOST, history(300, wrote=30), None, Stage.AT_RISK, "in_touch"),
        (Stage.AT_RISK, history(300, wrote=30.1), None, Stage.LOST, "long_gone"),
        # who was lost and buys is won back, until the next order
        (Stage.LOST, history(1, 300), None, Stage.WON_BACK, "back_again"),
        (Stage.LEAD, history(1, 300), None, Stage.WON_BACK, "back_again"),
        (Stage.AT_RISK, history(1, 200), None, Stage.ACTIVE, "ordered_again"),
        (Stage.WON_BACK, history(1, 30, 300), None, Stage.ACTIVE, "ordered_again"),
        (Stage.WON_BACK, history(130, 500), None, Stage.AT_RISK, "quiet"),
        # measured by what was usual before the silence
        (Stage.LOST, history(1, 100, 120, 140), None, Stage.WON_BACK, "back_again"),
        # an order of tomorrow, from a clock that is ahead
        (Stage.LEAD, history(-1), None, Stage.ACTIVE, "first_order"),
    ],
)
def test_where_somebody_stands(
    before: Stage, known: History, shop_days: float | None, stage: Stage, reason: str
) -> None:
    found = standing(known, before, shop_days, RULES, NOW)

    assert (found.stage, found.reason) == (stage, reason)


def test_the_settings_count() -> None:
    strict = Lifecycle(usual_days=10, shortest_days=1, at_risk_after=1, lost_after=1.5, in_touch_days=2)

    assert standing(history(11), Stage.ACTIVE, None, strict, NOW).stage == Stage.AT_RISK
    assert standing(history(16, wrote=1), Stage.AT_RISK, None, strict, NOW).stage == Stage.AT_RISK
    assert standing(history(16, wrote=3), Stage.AT_RISK, None, strict, NOW).stage == Stage.LOST


def test_a_limit_that_moves_a_little_moves_nobody_back_and_forth() -> None:
    """The shop's interval is measured anew every day; who is at risk stays so until they buy."""
    stage, seen = Stage.ACTIVE, []
    for shop_days in (60.0, 57.0, 63.0, 58.0, 64.0):
        stage = standing(history(118), stage, shop_days, RULES, NOW).stage
        seen.append(stage)

    assert seen == [Stage.ACTIVE, Stage.AT_RISK, Stage.AT_RISK, Stage.AT_RISK, Stage.AT_RISK]


_DAYS_AGO = st.lists(st.floats(0, 3000), max_size=8)


@given(
    days_ago=_DAYS_AGO,
    wrote=st.none() | st.floats(0, 3000),
    before=st.sampled_from(Stage),
    jitter=st.lists(st.floats(0.9, 1.1), min_size=2, max_size=30),
    steps=st.lists(st.floats(0, 200), min_size=2, max_size=30),
)
def test_time_alone_moves_nobody_back(
    days_ago: list[float], wrote: float | None, before: Stage, jitter: list[float], steps: list[float]
) -> None:
    """Whatever was bought, and although the shop's interval moves a little: each stage is come to once at most."""
    known, now = history(*days_ago, wrote=wrote), NOW
    stage = standing(known, before, 60.0, RULES, now).stage
    passed = [stage]
    for factor, step in zip(jitter, steps, strict=False):
        now += timedelta(days=step)
        stage = standing(known, stage, 60.0 * factor, RULES, now).stage
        if stage != passed[-1]:
            passed.append(stage)

    ranks = [_ORDER_OF_TIME[one] for one in passed]
    assert ranks == sorted(ranks)
    assert len(passed) == len(set(passed))


@given(days_ago=_DAYS_AGO, wrote=st.none() | st.floats(0, 3000), before=st.sampled_from(Stage))
def test_looking_twice_changes_nothing(days_ago: list[float], wrote: float | None, before: Stage) -> None:
    known = history(*days_ago, wrote=wrote)
    once = standing(known, before, None, RULES, NOW).stage

    assert standing(known, once, None, RULES, NOW).stage == once


@given(days_ago=_DAYS_AGO, before=st.sampled_from(Stage))
def test_who_has_just_ordered_is_active_or_won_back(days_ago: list[float], before: Stage) -> None:
    assert standing(history(0, *days_ago), before, None, RULES, NOW).stage in (Stage.ACTIVE, Stage.WON_BACK)


@given(days_ago=_DAYS_AGO)
def test_a_usual_interval_stays_within_its_bounds(days_ago: list[float]) -> None:
    found = usual_interval(visits_of(history(*days_ago).orders), 1000.0, RULES)

    assert timedelta(days=14) <= found <= timedelta(days=180)
