"""Starts Frontdesk processes by forking one that has the slow imports behind it: as real, in a tenth of the time.

As `python -m tests.faults.nursery` it reads orders from its standard input, one JSON object per line, and answers each
with one line. When the input ends, it ends whatever it has started.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """The other side: a parent process, started when it is first needed."""

    def __init__(self) -> None:
        self._parent: subprocess.Popen[str] | None = None

    def start(self, command: list[str], environ: dict[str, str], out: Path, err: Path) -> "Child":
        """Start `frontdesk <command>` with this environment and these files as its outputs."""
        order = {"do": "start", "command": command, "environ": environ, "out": str(out), "err": str(err)}
        return Child(self, int(self.ask(order)))

    def ask(self, order: dict[str, Any]) -> Any:
        """Give an order; what was answered."""
        if self._parent is None:
            # Threads of a linear algebra library do not outlive a fork, so there shall be none.
            environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=_ROOT,
                env=environ,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return json.loads(self._parent.stdout.readline())

    def close(self) -> None:
        """End the parent and all that it started."""
        if self._parent is not None:
            self._parent.communicate()
            self._parent = None


class Child:
    """One forked process, with as much of `subprocess.Popen` as the tests need."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code (the signal's number, negative, of one that was killed); None while it runs."""
        if self._code is None:
            self._code = self._nursery.ask({"do": "poll", "pid": self.pid})
        return self._code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended: the number may be somebody else's by then."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _main() -> None:
    import bot.channels.telegram.with_aiogram
    import bot.channels.telegram.with_ptb
    import bot.cli
    import bot.serve  # noqa: F401 - imported so that it need not be imported after the fork

    started: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            pid = os.fork()
            if pid == 0:
                _become(order)
            started.add(pid)
            answer: int | None = pid
        else:
            answer = _poll(order["pid"])
            if answer is not None:
                started.discard(order["pid"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in started:
        if _poll(pid) is None:
            os.kill(pid, signal.SIGKILL)


def _poll(pid: int) -> int | None:
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def _become(order: dict[str, Any]) -> None:
    """Be `frontdesk run` from here on; never returns."""
    code = 1
    try:
        for name, number in ((os.devnull, 0), (order["out"], 1), (order["err"], 2)):
            file = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(file, number)
        os.environ.clear()
        os.environ.update(order["environ"])
        sys.argv = ["frontdesk", *order["command"]]
        from bot.cli import main

        main()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it was, the fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _main()
