"""Durable turns per second through the whole counter, against the same rows by raw sqlite3; latency, memory, start."""

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import logs
from bot.app import App, open_app
from bot.channels.memory import Memory, encode
from bot.config import load_settings
from bot.message import Delivery, Incoming

QUESTIONS = (
    "how long does delivery take to my city",
    "where is my order please",
    "can I cancel my order",
    "do you ship abroad",
    "how do I brew green tea",
    "I want my money back",
    "配送要多久",
    "怎么退货",
)
CONFIG = """\
[web]
enabled = false
[receiving]
per_minute = 1000000
[tickets]
unclaimed_after_minutes = 100000
"""


@dataclass(frozen=True, slots=True)
class Result:
    """Turns per second and the latencies behind them, in milliseconds."""

    per_second: float
    p50: float
    p99: float


def question(sender: int, number: int) -> Incoming:
    """One question of one of many people."""
    return Incoming(
        channel="memory",
        external_id=f"{sender}-{number}",
        sender=f"s{sender}",
        chat=f"s{sender}",
        text=QUESTIONS[(sender + number) % len(QUESTIONS)],
        language="en",
    )


async def alone(app: App, turns: int, first: int = 0) -> Result:
    """One conversation at a time: the next message comes when the last reply was settled."""
    spans = []
    for number in range(first, first + turns):
        start = time.perf_counter()
        await app.intake.take("memory", [encode(question(number % 20, number))])
        await app.counter.answer_waiting()
        await app.couriers["memory"].deliver_waiting()
        spans.append(time.perf_counter() - start)
    return _result(spans, sum(spans))


async def burst(app: App, waiting: int, rounds: int, first: int = 0) -> Result:
    """`waiting` conversations wait at once; repeated."""
    spans = []
    for number in range(first, first + rounds):
        updates = [encode(question(1000 + sender, number)) for sender in range(waiting)]
        start = time.perf_counter()
        await app.intake.take("memory", updates)
        while await app.counter.answer_waiting():
            pass
        await app.couriers["memory"].deliver_waiting()
        spans.append(time.perf_counter() - start)
    total = sum(spans)
    return Result(waiting * rounds / total, statistics.median(spans) * 1e3, max(spans) * 1e3)


def _result(spans: Sequence[float], total: float) -> Result:
    ordered = sorted(spans)
    return Result(len(spans) / total, ordered[len(ordered) // 2] * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3)


async def latency(app: App, memory: Memory, per_second: float, messages: int) -> Result:
    """Reply latency under an even load with everything running: from the hand-over to the reply in the chat."""
    heard: dict[str, float] = {}
    sent: dict[str, float] = {}
    everybody = asyncio.Event()

    def note(delivery: Delivery) -> None:
        heard.setdefault(delivery.chat, time.perf_counter())
        if len(heard) == messages:
            everybody.set()

    memory.trouble = note
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await asyncio.sleep(0.5)
    begin = time.perf_counter()
    for number in range(messages):
        await asyncio.sleep(max(0.0, begin + number / per_second - time.perf_counter()))
        incoming = question(100_000 + number, number)
        sent[incoming.chat] = time.perf_counter()
        memory.say(incoming)
    await everybody.wait()
    stop.set()
    await running
    spans = [heard[chat] - at for chat, at in sent.items()]
    return _result(spans, messages / per_second)


_UNIQUE = {
    "inbox": ("id", "external_id"),
    "interaction": ("id", "source_key"),
    "outbox": ("id", "token"),
    "message_link": ("message_id",),
}


def floor(database: Path, turns: int) -> float:
    """Turns per second when raw sqlite3 writes the very rows that one turn left, one transaction per turn."""
    source = sqlite3.connect(database)
    source.row_factory = sqlite3.Row
    rows = {
        table: [dict(row) for row in source.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 400")]
        for table in _UNIQUE
    }
    conversations = [dict(row) for row in source.execute("SELECT * FROM conversation LIMIT 400")]
    made = source.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND sql > ''")
    schema = [row[0] for row in made]
    source.close()
    with tempfile.TemporaryDirectory() as folder:
        target = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        target.execute("PRAGMA journal_mode=WAL")
        target.execute("PRAGMA synchronous=FULL")
        for sql in schema:
            target.execute(sql)
        for conversation in conversations:
            _insert(target, "conversation", conversation)
        fresh = iter(range(1, 10**9))
        start = time.perf_counter()
        for turn in range(turns):
            target.execute("BEGIN IMMEDIATE")
            for table in ("inbox", "interaction", "interaction", "outbox", "message_link"):
                number = next(fresh)
                row = rows[table][turn % len(rows[table])]
                _insert(target, table, {**row, **dict.fromkeys(_UNIQUE[table], number)})
            target.execute(
                "UPDATE conversation SET version = version + 1, last_rev = last_rev + 2 WHERE id = ?",
                (conversations[turn % len(conversations)]["id"],),
            )
            target.execute("COMMIT")
        span = time.perf_counter() - start
        target.close()
    return turns / span


def _insert(target: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    names = ",".join(row)
    target.execute(f"INSERT INTO {table} ({names}) VALUES ({','.join('?' * len(row))})", list(row.values()))


def start_up(folder: Path) -> tuple[float, float]:
    """Seconds from the command to a ready web chat on an existing database, and the memory then, in MB."""
    config = folder / "start.toml"
    port = _free_port()
    config.write_text(f'[web]\nport = {port}\n[log]\nlevel = "error"\n', encoding="utf-8")
    spans, memory = [], 0.0
    for attempt in range(4):
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run", "--config", str(config)], stdout=subprocess.DEVNULL
        )
        try:
            _wait_ready(port)
            if attempt:
                spans.append(time.perf_counter() - start)
            memory = _resident(process.pid)
        finally:
            process.terminate()
            process.wait(10)
    return statistics.median(spans), memory


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(port: int) -> None:
    for _ in range(2000):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.01)  # noqa: TID251 - another process gives no other sign
    raise SystemExit("the server did not become ready")


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure(turns: int) -> dict[str, float]:
    """Every figure of the turns benchmark, in one run."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
        memory = Memory()
        app = await open_app(load_settings(folder / "config.toml", {}), lambda *_parts: [memory])
        await alone(app, 40)
        await burst(app, 100, 2)
        one = await alone(app, turns, 40)
        many = await burst(app, 100, max(3, turns // 40), 2)
        load = await latency(app, memory, 25, 250)
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        await app.close()
        raw = floor(folder / "var" / "frontdesk.db", 2000)
        start, memory_mb = start_up(folder)
    figures |= {"floor_per_second": raw, "alone_per_second": one.per_second, "alone_p50_ms": one.p50}
    figures |= {"alone_p99_ms": one.p99, "alone_ratio": one.per_second / raw}
    figures |= {"burst_per_second": many.per_second, "burst_of_100_ms": many.p50, "burst_ratio": many.per_second / raw}
    figures |= {"latency_p50_ms": load.p50, "latency_p99_ms": load.p99, "benchmark_peak_mb": resident}
    return figures | {"start_to_ready_s": start, "serving_resident_mb": memory_mb}


WANTED = {
    "alone_ratio": "at least 0.03",
    "burst_ratio": "at least 0.15, aim 0.3",
    "latency_p99_ms": "under 100 at 25 messages a second",
    "start_to_ready_s": "under 2, without Telegram",
}


def main() -> None:
    """Run and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logs.set_up("error", as_json=False)
    figures = asyncio.run(measure(arguments.turns))
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"SQLite {sqlite3.sqlite_version}, synchronous=FULL, {os.cpu_count()} cores")
    for name, value in figures.items():
        print(f"  {name:24} {value:10.3f}   {WANTED.get(name, '')}")


if __name__ == "__main__":
    main()
