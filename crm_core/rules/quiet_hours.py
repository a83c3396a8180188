"""Quiet hours: when a person is not to be disturbed by what they did not ask for."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, quiet: tuple[time, time] | None, zone: str) -> datetime | None:
    """The end of the quiet hours that `now` falls in, as an aware time; None when now is not quiet.

    `quiet` is (from, to) in local time of `zone` and may pass midnight; equal ends mean no quiet hours.
    """
    if quiet is None or quiet[0] == quiet[1]:
        return None
    start, end = quiet
    local = now.astimezone(ZoneInfo(zone))
    clock = local.timetz().replace(tzinfo=None)
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, ZoneInfo(zone)).astimezone(now.tzinfo)
