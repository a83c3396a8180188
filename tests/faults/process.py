"""A Frontdesk process under test: its folder, its start, its end by a signal, and its records afterwards."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from bot.config import Settings, load_settings
from bot.opening import open_records
from crm_core.work import Work
from tests import servers
from tests.builders import ARTICLES
from tests.faults.nursery import Child, Nursery
from tests.telegram_server.client import Control

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("aiogram", "python-telegram-bot")
READY = "Frontdesk is ready."
PATIENCE = 60.0  # seconds until a test gives up on what should have happened long ago
T = TypeVar("T")

_CONFIG: dict[str, dict[str, Any]] = {
    "shop": {"name": "Test Shop"},
    "web": {"enabled": False},
    "knowledge": {"articles": "articles.jsonl"},
    "sending": {"per_second": 1000, "per_chat_per_second": 1000, "per_group_per_minute": 1_000_000},
    "receiving": {"per_minute": 1_000_000},
    "marketing": {"quiet_hours": ""},
}


def kills(usual: int) -> int:
    """How often a test kills: as it says, or as FRONTDESK_TEST_KILLS says for a quicker look."""
    return min(usual, int(os.environ.get("FRONTDESK_TEST_KILLS", usual)))


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return once the condition holds, else fail saying `what` did not happen."""
    over = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < over, f"not within {seconds:.0f} s: {what}"
        pause(0.02)


def pause(seconds: float) -> None:
    """Let a moment pass: between two looks, and until the random moment of a kill."""
    threading.Event().wait(seconds)


class Frontdesk:
    """One installation in a folder, whose process is started, ended and started again."""

    def __init__(
        self, folder: Path, nursery: Nursery, telegram: Control | None, sections: dict[str, dict[str, Any]]
    ) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.library = LIBRARIES[1]
        self.starts = 0
        self.records = folder  # whose database it uses: its own, or that of another desk
        self._token = telegram.token if telegram else ""
        self._nursery = nursery
        self._process: subprocess.Popen[bytes] | Child | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "articles.jsonl").write_text(ARTICLES, encoding="utf-8")
        if telegram is not None:
            access = {"enabled": True, "token": telegram.token, "api_base": telegram.url}
            sections = {"telegram": access, **sections}
        self.configure(**sections)

    def configure(self, **sections: dict[str, Any]) -> None:
        """Write the configuration anew, with these keys beside the usual ones."""
        merged = {name: {**_CONFIG.get(name, {}), **sections.get(name, {})} for name in {**_CONFIG, **sections}}
        lines = [
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
            for name, keys in merged.items()
        ]
        self.config.write_text("".join(lines), encoding="utf-8")

    @property
    def settings(self) -> Settings:
        """The settings that the process reads."""
        return load_settings(self.config, servers.environ(self.records))

    @property
    def channel(self) -> str:
        """The name of its Telegram channel."""
        return f"telegram:{self._token.partition(':')[0]}"

    # the process

    def start(self, library: str = "", *, wait: bool = True, command: bool = False) -> None:
        """Start the process and, unless told otherwise, return once it says that it is ready.

        With `command` it is started as an operator does, by `python -m bot run`; else it is forked, which is quicker.
        """
        assert self._process is None, "it runs already"
        self.library = library or self.library
        self.starts += 1
        words = ["run", "--config", str(self.config)]
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            if command:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "bot", *words], cwd=ROOT, env=self._environ(), stdout=out, stderr=err
                )
            else:
                self._process = self._nursery.start(words, self._environ(), Path(out.name), Path(err.name))
        if wait:
            until(lambda: self.is_ready or not self.runs, "Frontdesk is ready")
            assert self.runs, f"it ended instead of serving:\n{self.log}"

    @property
    def is_ready(self) -> bool:
        """Whether this start has come to its end."""
        return READY in self.output

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """What the newest process wrote to standard output."""
        return self._file("out").read_text(encoding="utf-8")

    @property
    def log(self) -> str:
        """What the newest process wrote to standard error."""
        return self._file("err").read_text(encoding="utf-8")

    @property
    def logs(self) -> str:
        """What all processes wrote to standard error."""
        return "".join(file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("*.err")))

    def kill(self) -> None:
        """End it by SIGKILL: it notices nothing and tidies nothing up."""
        assert self.runs, f"it ended by itself:\n{self.log}"
        self.signal(signal.SIGKILL)
        self.wait_for_end()

    def ask_to_leave(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """End it as an operator does; the exit code, and how many seconds it took."""
        began = time.monotonic()
        self.signal(number)
        return self.wait_for_end(), time.monotonic() - began

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait_for_end(self) -> int:
        """The exit code, once it has ended."""
        process = self._process
        assert process is not None
        until(lambda: process.poll() is not None, "the process has ended")
        self._process = None
        return process.poll() or 0

    def end(self) -> None:
        """Whatever happened, leave no process behind."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self.wait_for_end()

    def command(self, *words: str) -> str:
        """Run another command of Frontdesk on this installation; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words, "--config", str(self.config)],
            cwd=ROOT,
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        ours = {"FRONTDESK_TELEGRAM__LIBRARY": self.library, "FRONTDESK_LOG__JSON": "false"}
        return {**kept, **servers.environ(self.records), **ours}

    def _file(self, kind: str) -> Path:
        return self.folder / f"start-{self.starts:03}.{kind}"

    # the records

    @property
    def unfinished(self) -> int:
        """How much waits in the inbox or the outbox or is under way, read without opening the house."""
        found = servers.ask_if_there(
            self.settings.database_url,
            "SELECT (SELECT count(*) FROM inbox WHERE state = 'received')"
            " + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'in_flight'))",
        )
        return int(found[0][0]) if found else 0

    def look(self, question: Callable[[Work], Awaitable[T]]) -> T:
        """Ask the records something."""
        return asyncio.run(self._within(question, write=False))

    def change(self, act: Callable[[Work], Awaitable[T]]) -> T:
        """Do something to the records in one transaction."""
        return asyncio.run(self._within(act, write=True))

    async def _within(self, act: Callable[[Work], Awaitable[T]], *, write: bool) -> T:
        records = await open_records(self.settings)
        try:
            async with contextlib.AsyncExitStack() as stack:
                work = await stack.enter_async_context(records.write() if write else records.read())
                return await act(work)
        finally:
            await records.database.close()
