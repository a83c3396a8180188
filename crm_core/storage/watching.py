"""Whose sealed words are opened while somebody watches: what is said to staff then may name these people."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_opened: ContextVar[set[int] | None] = ContextVar("opened", default=None)


@contextmanager
def watching() -> Iterator[set[int]]:
    """The customers whose words are opened in this block, by this task: a set that fills."""
    opened: set[int] = set()
    token = _opened.set(opened)
    try:
        yield opened
    finally:
        _opened.reset(token)


def note(owner: int) -> None:
    """Words under the key of this customer were opened."""
    opened = _opened.get()
    if opened is not None:
        opened.add(owner)
