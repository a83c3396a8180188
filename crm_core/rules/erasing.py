"""Erasing: how long a last word may take, when an erasure is late, and what is left of an address."""

from datetime import datetime, timedelta
from typing import Final

GOODBYE: Final = timedelta(seconds=20)  # how long what is being said to somebody may hold up their erasure
LATE: Final = timedelta(seconds=60)  # after which an erasure should have been finished

SUPPRESSED: Final = "erased"  # why what waited for somebody does not leave

_ERASED, _GONE = "erased:", "gone:"


def goodbye_is_over(asked_at: datetime, now: datetime) -> bool:
    """Whether an erasure waits no longer for what is on its way to the person."""
    return now - asked_at > GOODBYE


def nameless(identity_id: int) -> str:
    """What stands in the place of the address of somebody who was erased."""
    return f"{_ERASED}{identity_id}"


def gone(blind: str) -> str:
    """The same for one who is to be known again: the shop's own reference of a customer, or somebody blocked."""
    return f"{_GONE}{blind}"


def is_gone(external_id: str) -> bool:
    """Whether this stands in the place of an address that was erased."""
    return external_id.startswith((_ERASED, _GONE))
