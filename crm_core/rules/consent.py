"""Consent: which channels somebody's yes counts for, after all that they have said."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_core.models.people import Purpose

EVERYWHERE = None  # the channel of a yes that was given for all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One yes or no to a purpose, for one channel or for all of them; a no is always for all."""

    granted: bool
    channel: str | None
    at: datetime
    purpose: str = Purpose.MARKETING


def counting(said: Iterable[Said]) -> list[Said]:
    """What counts of all that somebody said, oldest first: the last no, or each yes since, the newest per channel."""
    counts: dict[str | None, Said] = {}
    for one in said:
        if not one.granted or any(not other.granted for other in counts.values()):
            counts.clear()
        counts[one.channel if one.granted else EVERYWHERE] = one
    return list(counts.values())


def channels(said: Iterable[Said]) -> frozenset[str | None]:
    """The channels that a yes counts for; None among them is all."""
    return frozenset(one.channel for one in counting(said) if one.granted)


def covers(agreed: Collection[str | None], channel: str | None) -> bool:
    """Whether somebody who agreed for these channels may be written to on this one."""
    return EVERYWHERE in agreed or (channel is not None and channel in agreed)
