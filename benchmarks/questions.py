"""The main job on real input: 1,000 customers ask in the web chat of a running process, an agent answers the rest."""

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ORIGINAL = "PolyAI-LDN/task-specific-datasets (banking_data, CC BY 4.0), with out-of-scope rows of clinc/oos-eval"
ARTICLES = "banking77.articles_k5.jsonl"
QUESTIONS = "banking77.dev.jsonl"
_BOT = (sys.executable, "-m", "bot")
AT_ONCE = 40  # customers who talk at the same moment
PATIENCE = 120.0  # seconds until a customer gives up, which fails the benchmark


@dataclass(slots=True)
class Tally:
    """What the customers saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    right: int = 0
    wrong: int = 0
    first_reply: list[float] = field(default_factory=list)  # seconds
    by_agent: list[float] = field(default_factory=list)


class Talk:
    """One socket of one person: frames out, messages in."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self.messages: dict[str, dict[str, Any]] = {}
        self.threads: list[dict[str, Any]] = []

    async def say(self, text: str, thread: str = "", mode: str = "say") -> None:
        """Say something and wait until it is acknowledged."""
        await self._send({"type": "say", "thread": thread, "mode": mode, "text": text})

    async def press(self, data: str) -> None:
        """Press a button and wait until it is acknowledged."""
        await self._send({"type": "press", "data": data})

    async def _send(self, frame: dict[str, Any]) -> None:
        client_id = str(uuid.uuid4())
        await self._ws.send_json({**frame, "client_id": client_id})
        while True:
            seen = await self.next()
            if seen.get("client_id") == client_id and seen["type"] in ("ack", "refused"):
                if seen["type"] == "refused":
                    raise RuntimeError(f"the server refused {frame}: {seen['key']}")
                return

    async def next(self) -> dict[str, Any]:
        """The next frame, taken into account."""
        frame: dict[str, Any] = await self._ws.receive_json(timeout=PATIENCE)
        if frame["type"] == "messages":
            self.messages.update({one["id"]: one for one in frame["messages"]})
        elif frame["type"] == "threads":
            self.threads = frame["threads"]
        return frame

    async def hear(self, *authors: str, known: set[str]) -> dict[str, Any]:
        """The first message of one of these authors that is not known yet."""
        while True:
            for one in self.messages.values():
                if one["author"] in authors and one["id"] not in known:
                    return one
            await self.next()


@asynccontextmanager
async def connect(base: str, page: str, enter: str = "") -> AsyncIterator[Talk]:
    """Open a page's socket as a browser would; `enter` is a one-time link for staff."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        if enter:
            async with session.post(enter, headers={"Origin": base}) as answer:
                answer.raise_for_status()
        else:
            async with session.get(f"{base}/{page}") as answer:
                answer.raise_for_status()
        async with session.ws_connect(f"{base}/{page}/socket", headers={"Origin": base}, max_msg_size=0) as ws:
            await ws.send_json({"type": "hello", "cursor": {} if enter else 0, "language": "en"})
            yield Talk(ws)


async def customer(base: str, question: dict[str, Any], tally: Tally, titles: dict[str, str]) -> None:
    """Ask, look at what comes, choose the right suggestion or a person, wait for the person's answer."""
    async with connect(base, "chat") as talk:
        start = time.perf_counter()
        await talk.say(question["text"])
        reply = await talk.hear("bot", known=set())
        tally.first_reply.append(time.perf_counter() - start)
        outcome = _outcome(reply)
        tally.outcomes[outcome] += 1
        if outcome == "answered":
            right = reply["text"] == _answer(question["expected"])
            tally.right += right
            tally.wrong += not right
            return
        if outcome == "suggested" and await _choose(talk, reply, titles.get(question["expected"] or "", "")):
            tally.outcomes["right suggestion"] += 1
            return
        await talk.hear("agent", known=set())
        tally.by_agent.append(time.perf_counter() - start)


def _outcome(reply: dict[str, Any]) -> str:
    if reply.get("source"):
        return "answered"
    if any(len(row) and row[0].get("label") for row in reply["buttons"]) and len(reply["buttons"]) > 1:
        return "suggested"
    return "escalated"


async def _choose(talk: Talk, reply: dict[str, Any], title: str) -> bool:
    """Press the suggestion that is right, else "none of these"; True when it was among them."""
    buttons = [button for row in reply["buttons"] for button in row]
    known = set(talk.messages)
    right = next((button for button in buttons if button["label"] == title), None)
    await talk.press((right or buttons[-1])["data"])
    await talk.hear("bot", known=known)
    return right is not None


async def agent(base: str, link: str) -> None:
    """Answer whatever waits in the queue, resolve it, until the process is ended."""
    async with connect(base, "desk", link) as talk:
        answered: set[str] = set()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            waiting = [one["id"] for one in talk.threads if one["group"] == "queue" and one["id"] not in answered]
            for thread in waiting:
                answered.add(thread)
                await talk.say("Thank you for writing. I have looked it up for you: it is done.", thread, "reply")
                await talk.say("/resolve", thread)
            if not waiting:
                await talk.next()


def _answer(expected: str | None) -> str:
    return f"This is the answer about {expected}."


def prepare(data: Path, folder: Path, port: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Write the shop's files; returns the questions and the article titles by id."""
    articles = [json.loads(line) for line in (data / ARTICLES).read_text(encoding="utf-8").splitlines() if line]
    titles = {one["id"]: one["id"].replace("_", " ").capitalize() for one in articles}
    lines = [{**one, "title": titles[one["id"]], "answer": _answer(one["id"])} for one in articles]
    (folder / "articles.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    (folder / "config.toml").write_text(
        f'[shop]\nlanguages = ["en"]\n[web]\nport = {port}\n[knowledge]\narticles = "articles.jsonl"\n'
        '[receiving]\nper_minute = 100000\n[log]\nlevel = "warning"\n',
        encoding="utf-8",
    )
    return [json.loads(line) for line in (data / QUESTIONS).read_text(encoding="utf-8").splitlines() if line], titles


async def ask_all(base: str, questions: list[dict[str, Any]], titles: dict[str, str]) -> tuple[Tally, float]:
    """Let every question be asked by a customer of its own, 40 at a time."""
    tally = Tally()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(question: dict[str, Any]) -> None:
        async with places:
            await customer(base, question, tally, titles)

    start = time.perf_counter()
    await asyncio.gather(*(one(question) for question in questions))
    return tally, time.perf_counter() - start


def check_record(database: Path, asked: int) -> dict[str, int]:
    """Counts of the record: every customer's message once, every ticket answered, nothing left waiting."""
    connection = sqlite3.connect(database)

    def count(sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0])

    found = {
        "messages on record": count("SELECT COUNT(*) FROM interaction WHERE kind = 'message'"),
        "distinct source keys": count("SELECT COUNT(DISTINCT source_key) FROM interaction WHERE kind = 'message'"),
        "bot replies on record": count("SELECT COUNT(*) FROM interaction WHERE kind = 'reply'"),
        "agent replies on record": count("SELECT COUNT(*) FROM interaction WHERE kind = 'agent'"),
        "tickets": count("SELECT COUNT(*) FROM ticket"),
        "tickets resolved": count("SELECT COUNT(*) FROM ticket WHERE state = 'resolved'"),
        "inbox rows not done": count("SELECT COUNT(*) FROM inbox WHERE state <> 'done'"),
        "outbox rows not sent": count("SELECT COUNT(*) FROM outbox WHERE state <> 'sent'"),
    }
    connection.close()
    found["lost"] = asked - found["messages on record"]
    found["recorded twice"] = found["messages on record"] - found["distinct source keys"]
    return found


def run(data: Path, many: int) -> int:
    """Start the process and the agent, ask, print; 1 when something was lost or doubled."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        every, titles = prepare(data, folder, port)
        questions = [every[number * len(every) // many] for number in range(min(many, len(every)))]
        config = str(folder / "config.toml")
        server = subprocess.Popen([*_BOT, "run", "--config", config], stdout=subprocess.PIPE, text=True)
        helper = None
        try:
            assert server.stdout is not None
            server.stdout.readline()
            invite = subprocess.run(
                [*_BOT, "invite", "--role", "agent", "--name", "Bench", "--json", "--config", config],
                capture_output=True,
                text=True,
                check=True,
            )
            token = json.loads(invite.stdout)["token"]
            helper = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.questions", "--agent", base, f"{base}/desk/enter/{token}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert helper.stdout is not None
            helper.stdout.readline()
            tally, span = asyncio.run(ask_all(base, questions, titles))
            memory = _resident(server.pid)
        finally:
            for process in (helper, server):
                if process is not None:
                    process.terminate()
                    process.wait(15)
        record = check_record(folder / "var" / "frontdesk.db", len(questions))
    _print(len(questions), tally, span, memory, record)
    return 1 if record["lost"] or record["recorded twice"] or record["inbox rows not done"] else 0


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS")), 0.0)


def _print(asked: int, tally: Tally, span: float, memory: float, record: dict[str, int]) -> None:
    first = sorted(tally.first_reply)
    lines = [f"{asked} questions of {QUESTIONS} by {asked} customers, {AT_ONCE} at a time, {os.cpu_count()} cores"]
    lines += [f"  {name:26} {count:8}" for name, count in tally.outcomes.items()]
    lines += [f"  answered rightly / wrongly {tally.right:8} / {tally.wrong}"]
    lines += [f"  {name:26} {count:8}" for name, count in record.items()]
    lines.append(f"  {'seconds in all':26} {span:8.1f}   ({asked / span:.0f} customers a second)")
    p50, p99 = statistics.median(first) * 1e3, first[int(len(first) * 0.99)] * 1e3
    lines.append(f"  {'first reply p50 / p99, ms':26} {p50:8.0f} / {p99:.0f}")
    if tally.by_agent:
        lines.append(f"  {'agent answer p50, ms':26} {statistics.median(tally.by_agent) * 1e3:8.0f}")
    lines.append(f"  {'server memory, MB':26} {memory:8.0f}")
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> None:
    """Run as the whole benchmark, or as its agent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help=f"folder with {ARTICLES} and {QUESTIONS}; originals: {ORIGINAL}")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--agent", nargs=2, metavar=("BASE", "LINK"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.agent:
        try:
            asyncio.run(agent(*arguments.agent))
        except (KeyboardInterrupt, TypeError, aiohttp.ClientError):
            return  # the server left first
    elif arguments.data is None:
        sys.stdout.write(f"bench-questions needs DATA=folder with {ARTICLES} and {QUESTIONS}.\nOriginals: {ORIGINAL}\n")
    else:
        sys.exit(run(arguments.data, arguments.questions))


if __name__ == "__main__":
    main()
