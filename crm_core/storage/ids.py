"""Ids made in Python, so that a row knows its place before it is sealed and stored."""

import secrets
import threading
import time
from datetime import datetime, timedelta

_EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_LONG_AGO = 1_356_998_400  # 2013-01-01T00:00:00Z in seconds, before which nobody wrote on a channel of ours
_RANDOM_BITS = 22
_lock = threading.Lock()
_last = 0


def new_id() -> int:
    """A positive 63-bit id that grows with time and never repeats within a process.

    41 bits of milliseconds and 22 random bits. Two replicas may draw the same id once in a great while: the unique key
    refuses it, the batch is rolled back and tried again with a new one.
    """
    global _last  # noqa: PLW0603 - one clock per process
    with _lock:
        drawn = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        _last = max(_last + 1, drawn)
        return _last


def first_id_of(span: timedelta) -> int:
    """The smallest id that `new_id` can have drawn within this span until now, by the clock of this process."""
    since = time.time_ns() // 1_000_000 - _EPOCH_MS - span // timedelta(milliseconds=1)
    return max(since, 0) << _RANDOM_BITS


def id_at(at: datetime, nth: int) -> int:
    """A positive id for what happened at an earlier time, in order with those that `new_id` drew and will draw.

    `nth`, from 0, is its place among what happened in the same second. It may have been drawn before: look.
    """
    second = int(at.timestamp())
    # Until 2026 each second has the room of one millisecond, in the first days of that year.
    place = max(second * 1000 - _EPOCH_MS, second - _LONG_AGO, 0)
    return place << _RANDOM_BITS | min(nth, 1023) << 12 | secrets.randbits(12)


def read_id(word: str) -> int | None:
    """The id or number that somebody wrote; None when it is none, or one that no database can hold."""
    if not (word.isascii() and word.isdigit() and len(word) < 20):
        return None
    number = int(word)
    return number if number < 1 << 63 else None
