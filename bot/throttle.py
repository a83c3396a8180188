"""How often one sender may write to us: what comes above that is written down but not answered."""

from collections import deque
from enum import Enum


class Pass(Enum):
    """What becomes of a message."""

    ANSWER = "answer"
    ASK_TO_SLOW_DOWN = "ask_to_slow_down"  # the first one over the limit
    STAY_SILENT = "stay_silent"


class Throttle:
    """Counts messages per sender over the last minute of a monotonic clock that the caller passes in."""

    def __init__(self, per_minute: int) -> None:
        self._limit = per_minute
        self._seen: dict[str, deque[float]] = {}
        self._asked: dict[str, float] = {}

    def let_in(self, sender: str, now: float) -> Pass:
        """Count one message of `sender` at `now` (seconds)."""
        if not self._limit:
            return Pass.ANSWER
        times = self._seen.setdefault(sender, deque())
        while times and times[0] <= now - 60.0:
            times.popleft()
        if len(times) < self._limit:
            times.append(now)
            self._forget(now)
            return Pass.ANSWER
        if self._asked.get(sender, -60.0) <= now - 60.0:
            self._asked[sender] = now
            return Pass.ASK_TO_SLOW_DOWN
        return Pass.STAY_SILENT

    def _forget(self, now: float) -> None:
        if len(self._seen) > 10_000:
            self._seen = {key: times for key, times in self._seen.items() if times and times[-1] > now - 60.0}
            self._asked = {key: at for key, at in self._asked.items() if at > now - 60.0}
