"""Where a relationship stands, by what was bought when and who wrote lately: lead, active, at risk, lost, won back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from crm_core.models.people import Stage

_DAY = timedelta(days=1)
_OWN_VISITS = 3  # from so many purchases on, a customer's own interval counts, not the shop's
# How far below a limit somebody has to come who once passed it: small changes of the limits move nobody back.
_SLACK = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """The settings of `[relationships]`: days, and multiples of a customer's usual interval."""

    usual_days: float = 60.0  # between two orders, until the shop's own orders tell
    shortest_days: float = 14.0  # a usual interval is taken for no shorter …
    longest_days: float = 180.0  # … and for no longer than this
    at_risk_after: float = 2.0  # times the usual interval without an order
    lost_after: float = 4.0  # times the usual interval without an order
    in_touch_days: float = 30.0  # who wrote within so many days is not lost


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one customer bought and when they last wrote; times are aware."""

    orders: Sequence[datetime] = ()  # neither cancelled nor returned, in order
    last_contact: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A stage, and why somebody came to it.

    The reason is no_order, first_order, ordered_again, back_again, quiet, in_touch or long_gone; `usual` is the
    interval that was reckoned with.
    """

    stage: Stage
    reason: str
    usual: timedelta


def standing(history: History, before: Stage, shop_days: float | None, rules: Lifecycle, now: datetime) -> Standing:
    """Where a customer stands now who stood at `before`; `shop_days` is the shop's usual interval, if it is known.

    While nothing is bought and nothing is written, time moves a customer in one direction only: active or won back,
    at risk, lost. Only an order makes somebody active again; words alone bring a lost customer back to at risk.
    """
    visits = visits_of(history.orders)
    usual = usual_interval(visits, shop_days, rules)
    stage = _stage(history, visits, usual, before, shop_days, rules, now)
    return Standing(stage, _reason(before, stage, len(visits)), usual)


def visits_of(orders: Sequence[datetime]) -> list[datetime]:
    """The times somebody came to buy: orders within a day of each other are one visit."""
    visits: list[datetime] = []
    for at in sorted(orders):
        if not visits or at - visits[-1] > _DAY:
            visits.append(at)
    return visits


def usual_interval(visits: Sequence[datetime], shop_days: float | None, rules: Lifecycle) -> timedelta:
    """What is usual between two visits: the median of their own when there are three or more, else the shop's."""
    days = own_days(visits)
    if days is None:
        days = rules.usual_days if shop_days is None else shop_days
    return timedelta(days=min(max(days, rules.shortest_days), rules.longest_days))


def own_days(visits: Sequence[datetime]) -> float | None:
    """The median of the days between a customer's own visits; None when there are too few to tell."""
    if len(visits) < _OWN_VISITS:
        return None
    return median((later - at) / _DAY for at, later in pairwise(visits))


def _stage(
    history: History,
    visits: Sequence[datetime],
    usual: timedelta,
    before: Stage,
    shop_days: float | None,
    rules: Lifecycle,
    now: datetime,
) -> Stage:
    if not visits:
        return Stage.LEAD
    quiet = now - visits[-1]
    lost = usual * rules.lost_after * (_SLACK if before == Stage.LOST else 1)
    if quiet > lost and not _in_touch(history, rules, now):
        return Stage.LOST
    if quiet > usual * rules.at_risk_after * (_SLACK if before in (Stage.AT_RISK, Stage.LOST) else 1):
        return Stage.AT_RISK
    return Stage.WON_BACK if _came_back(visits, before, shop_days, rules) else Stage.ACTIVE


def _in_touch(history: History, rules: Lifecycle, now: datetime) -> bool:
    return history.last_contact is not None and now - history.last_contact <= timedelta(days=rules.in_touch_days)


def _came_back(visits: Sequence[datetime], before: Stage, shop_days: float | None, rules: Lifecycle) -> bool:
    """Whether the last visit ended a silence after which, going by what was usual until then, somebody was lost."""
    if len(visits) < 2:
        return False
    gone = usual_interval(visits[:-1], shop_days, rules) * rules.lost_after
    return visits[-1] - visits[-2] > gone * (_SLACK if before == Stage.WON_BACK else 1)


def _reason(before: Stage, stage: Stage, visits: int) -> str:
    if stage == Stage.ACTIVE:
        return "first_order" if visits == 1 and before == Stage.LEAD else "ordered_again"
    if stage == Stage.AT_RISK:
        return "in_touch" if before == Stage.LOST else "quiet"
    return {Stage.LEAD: "no_order", Stage.WON_BACK: "back_again"}.get(stage, "long_gone")
