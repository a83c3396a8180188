"""The in-memory notice: whoever committed something rings, and the sockets that care wake up and read."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

EVERYTHING = "*"  # what the desk listens to


class Listener:
    """One reader's ear. A ring between two waits is never missed; several rings are one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Something may be new."""
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most this long; says whether there was one."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)
        rung = self._event.is_set()
        self._event.clear()
        return rung


class Bell:
    """Rings for an address; whoever listens to everything hears every ring."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    def ring(self, address: str = "") -> None:
        """Wake the readers of this address and the desk; without an address, everybody."""
        keys = [address, EVERYTHING] if address else list(self._listeners)
        for key in keys:
            for listener in self._listeners.get(key, ()):
                listener.wake()

    @contextmanager
    def listen(self, key: str) -> Iterator[Listener]:
        """A listener for as long as the block lasts."""
        listener = Listener()
        self._listeners[key].add(listener)
        try:
            yield listener
        finally:
            self._listeners[key].discard(listener)
            if not self._listeners[key]:
                del self._listeners[key]
