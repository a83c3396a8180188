"""Starting the server as a process, and the blocking client of its control API."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Control:
    """What a test orders from a running server, and what it asks of it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def feed(self, *items: dict[str, Any]) -> list[int]:
        """Let people act, thousands at once if need be; the update ids in return.

        {"kind": "text", "user": 5, "text": "hello"}; also photo, document (text is the caption; content as base64,
        size), press (data, message_id), block, unblock, migrate (chat, to), undecodable, raw (update), and any other
        kind with its own "fields". Optional everywhere: chat (a group's id), name, language, reply_to, edited,
        update_id.
        """
        return list(self._ask("updates", list(items)))

    def open_chats(self, *chat_ids: int) -> None:
        """Make chats known to the bot without an update, as if they had written long ago."""
        self._ask("chats", list(chat_ids))

    def fault(self, kind: str, times: int = 1, **more: Any) -> None:
        """Let the next `times` sends go wrong; see `state.Fault` for the kinds and what else may be said."""
        self._ask("faults", [{"kind": kind, "times": times, **more}])

    def clear_faults(self) -> None:
        """Take back the faults that have not happened yet."""
        self._ask("faults", [])

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """Everything that took effect, in order."""
        return list(self._ask(f"log?since={since}"))

    def state(self) -> dict[str, Any]:
        """Counts: pending updates, polls, answers by method and status, faults to come."""
        return dict(self._ask("state"))

    def wait(self, count: int, method: str = "", seconds: float = 10.0) -> list[dict[str, Any]]:
        """The log entries of a method (of all sends by default) once there are `count`.

        Raises urllib.error.HTTPError (408) when they do not come within `seconds`.
        """
        return list(self._ask("wait", {"count": count, "method": method, "seconds": seconds}))

    def _ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control/{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


@contextmanager
def start(*options: str) -> Iterator[Control]:
    """A server process with these command line options, ended when the block is left."""
    command = [sys.executable, "-m", "tests.telegram_server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())
            yield Control(address["url"], address["token"])
        finally:
            process.terminate()
