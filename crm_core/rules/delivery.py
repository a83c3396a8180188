"""What becomes of an outbox row after a try: the promises of each lane (docs/promises.md)."""

from datetime import timedelta

from crm_core.models.boxes import Lane, OutboxState

AUTOMATIC = (Lane.REPLY, Lane.COPY)  # at least once, at most two copies
_FIRST_DELAY = timedelta(seconds=1)
_LONGEST_DELAY = timedelta(seconds=60)


def after_doubt(lane: int, attempts: int) -> OutboxState:
    """Where a row goes that may have arrived: automatic ones are sent once more, others wait for a person."""
    if lane in AUTOMATIC and attempts < 2:
        return OutboxState.QUEUED
    return OutboxState.IN_DOUBT


def retry_delay(failures: int) -> timedelta:
    """How long to wait before the next try of a row that surely did not leave: 1 s, doubled, at most a minute."""
    doublings = min(max(failures - 1, 0), 10)
    return min(_FIRST_DELAY * (1 << doublings), _LONGEST_DELAY)
