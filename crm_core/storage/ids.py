"""Ids made in Python, so that a row knows its place before it is sealed and stored."""

import secrets
import threading
import time

_EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
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


def read_id(word: str) -> int | None:
    """The id or number that somebody wrote; None when it is none, or one that no database can hold."""
    if not (word.isascii() and word.isdigit() and len(word) < 20):
        return None
    number = int(word)
    return number if number < 1 << 63 else None
