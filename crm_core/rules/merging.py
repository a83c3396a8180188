"""Two records of one person: which one stays, what becomes of their consents, and how long a merge can be undone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from crm_core.models import Customer

UNDO_TERM: Final = timedelta(days=30)
MOST_ROWS: Final = 500  # that change hands in one merge; more would hold the others up


def may_undo(merged_at: datetime, now: datetime) -> bool:
    """Whether a merge can still be undone."""
    return now - merged_at <= UNDO_TERM


def united_consent(kept: bool | None, other: bool | None) -> bool | None:
    """What counts for both: a no on either side wins, then a yes; None when neither said anything."""
    if kept is False or other is False:
        return False
    return kept if kept is not None else other


def gaps(kept: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """The fields that the kept record lacks and the other fills."""
    return [field for field, value in other.items() if value is not None and kept[field] is None]


def new_in(other: Iterable[str], kept: Iterable[str]) -> list[str]:
    """What the other has beyond the kept one, in order, each once."""
    known = set(kept)
    return [one for one in dict.fromkeys(other) if one not in known]


def older_first(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    """Of two records the older one, which stays when nobody chooses, and the other."""
    first, second = sorted((one, other), key=lambda customer: (customer.created_at, customer.id))
    return first, second


def conflicts(kept: Mapping[str, str], other: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
    """The fields in which both say something, and not the same: field, what stays, what the other says."""
    return [(field, kept[field], said) for field, said in other.items() if said and kept[field] and kept[field] != said]
