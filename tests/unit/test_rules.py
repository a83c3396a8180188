"""The rules as tables: when it is quiet, whom marketing may write to, what becomes of a try."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.models import ACTIVE, Lane, Ticket, TicketState
from crm_core.rules.delivery import after_doubt, retry_delay
from crm_core.rules.marketing import Standing, Verdict, verdict
from crm_core.rules.quiet_hours import quiet_until

_NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
_LATER = _NOW + timedelta(hours=1)
_NIGHT = (time(21), time(9))


@pytest.mark.parametrize(
    ("now", "quiet", "zone", "until"),
    [
        ("2026-11-18T20:59:59+00:00", _NIGHT, "UTC", None),
        ("2026-11-18T21:00:00+00:00", _NIGHT, "UTC", "2026-11-19T09:00:00+00:00"),
        ("2026-11-19T08:59:59+00:00", _NIGHT, "UTC", "2026-11-19T09:00:00+00:00"),
        ("2026-11-19T09:00:00+00:00", _NIGHT, "UTC", None),
        ("2026-11-18T14:00:00+00:00", _NIGHT, "Asia/Shanghai", "2026-11-19T01:00:00+00:00"),
        ("2026-11-18T12:30:00+00:00", (time(12), time(13)), "UTC", "2026-11-18T13:00:00+00:00"),
        ("2026-11-18T13:00:00+00:00", (time(12), time(13)), "UTC", None),
        ("2026-11-18T12:30:00+00:00", (time(12), time(12)), "UTC", None),
        ("2026-11-18T12:30:00+00:00", None, "UTC", None),
        # The clocks go forward that night: 02:30 does not exist, and 09:00 comes an hour sooner.
        ("2026-03-29T00:30:00+00:00", _NIGHT, "Europe/Berlin", "2026-03-29T07:00:00+00:00"),
        # They go back: 02:30 comes twice, and both are quiet.
        ("2026-10-25T01:30:00+00:00", _NIGHT, "Europe/Berlin", "2026-10-25T08:00:00+00:00"),
    ],
)
def test_quiet_hours(now: str, quiet: tuple[time, time] | None, zone: str, until: str | None) -> None:
    found = quiet_until(datetime.fromisoformat(now), quiet, zone)

    assert found == (datetime.fromisoformat(until) if until else None)


@given(
    now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_quiet_hours_end_after_now_and_within_a_day(now: datetime, start: time, end: time, zone: str) -> None:
    until = quiet_until(now, (start, end), zone)

    assert until is None or timedelta(0) < until - now <= timedelta(hours=25, minutes=1)


_FINE: dict[str, Any] = {
    "consented": True,
    "blocked": False,
    "unreachable": False,
    "erased": False,
    "open_ticket": False,
    "sent_this_week": 0,
}


@pytest.mark.parametrize(
    ("standing", "quiet", "decided"),
    [
        ({}, None, Verdict()),
        ({"consented": False}, None, Verdict(suppress="no_consent")),
        ({"erased": True, "consented": False}, None, Verdict(suppress="erased")),
        ({"blocked": True}, None, Verdict(suppress="blocked")),
        ({"unreachable": True}, None, Verdict(suppress="unreachable")),
        ({"sent_this_week": 2}, None, Verdict()),
        ({"sent_this_week": 3}, None, Verdict(suppress="weekly_cap")),
        ({"sent_this_week": 9}, None, Verdict(suppress="weekly_cap")),
        ({}, _LATER, Verdict(wait=_LATER)),
        ({"open_ticket": True}, None, Verdict(wait=_NOW + timedelta(minutes=5))),
        ({"open_ticket": True}, _LATER, Verdict(wait=_LATER)),
        ({"consented": False}, _LATER, Verdict(suppress="no_consent")),
        ({"open_ticket": True, "blocked": True}, None, Verdict(suppress="blocked")),
    ],
)
def test_whom_marketing_may_write_to(standing: dict[str, Any], quiet: datetime | None, decided: Verdict) -> None:
    assert verdict(Standing(**(_FINE | standing)), _NOW, quiet, 3) == decided


def test_a_weekly_cap_of_zero_is_none() -> None:
    assert verdict(Standing(**(_FINE | {"sent_this_week": 99})), _NOW, None, 0) == Verdict()


@pytest.mark.parametrize(
    ("lane", "attempts", "state"),
    [
        (Lane.REPLY, 1, "queued"),
        (Lane.REPLY, 2, "in_doubt"),
        (Lane.COPY, 1, "queued"),
        (Lane.COPY, 2, "in_doubt"),
        (Lane.AGENT, 1, "in_doubt"),
        (Lane.AGENT, 2, "in_doubt"),
        (Lane.CAMPAIGN, 1, "in_doubt"),
        (Lane.FOLLOW_UP, 1, "in_doubt"),
    ],
)
def test_what_becomes_of_a_message_in_doubt(lane: Lane, attempts: int, state: str) -> None:
    assert after_doubt(lane, attempts) == state


def test_a_message_that_did_not_leave_is_tried_again_after_a_second_then_two_and_at_most_a_minute() -> None:
    assert [retry_delay(failures).total_seconds() for failures in (0, 1, 2, 3, 6, 7, 8, 10_000)] == [
        1.0, 1.0, 2.0, 4.0, 32.0, 60.0, 60.0, 60.0,
    ]  # fmt: skip


@pytest.mark.parametrize("state", TicketState)
def test_a_ticket_is_active_until_it_is_resolved(state: TicketState) -> None:
    assert Ticket(state=state).active == (state in ACTIVE) == (state not in {"resolved", "closed"})
