"""Whether a campaign or follow-up may go to somebody now: send, wait until, or suppress."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WEEK = timedelta(days=7)
_LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a recipient at the moment of sending."""

    consented: bool
    blocked: bool
    unreachable: bool
    erased: bool
    open_ticket: bool
    sent_this_week: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`suppress` names why it never goes; `wait` says when to look again; both empty: send."""

    suppress: str = ""
    wait: datetime | None = None


def verdict(standing: Standing, now: datetime, quiet: datetime | None, weekly_cap: int) -> Verdict:
    """Decide at the claim. Consent, cap, block and erasure suppress; quiet hours and an open ticket wait."""
    if standing.erased:
        return Verdict(suppress="erased")
    if not standing.consented:
        return Verdict(suppress="no_consent")
    if standing.blocked:
        return Verdict(suppress="blocked")
    if standing.unreachable:
        return Verdict(suppress="unreachable")
    if weekly_cap and standing.sent_this_week >= weekly_cap:
        return Verdict(suppress="weekly_cap")
    if quiet is not None:
        return Verdict(wait=quiet)
    if standing.open_ticket:
        return Verdict(wait=now + _LOOK_AGAIN)
    return Verdict()
