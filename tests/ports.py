"""Ports for servers under test that must know theirs beforehand."""

import random
import socket

# Below what the system hands out by itself, so that nobody's port 0 takes it between this look and its use.
_FROM, _TO = 15_000, 32_000


def free_port() -> int:
    """A port that nobody listens on just now; another one for every caller, most probably."""
    draw = random.SystemRandom()
    while True:
        port = draw.randrange(_FROM, _TO)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
