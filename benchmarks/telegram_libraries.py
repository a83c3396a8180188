"""Compare aiogram and python-telegram-bot as Frontdesk uses them; each is measured in a process of its own.

    python -m benchmarks.telegram_libraries [--sends 2000] [--rounds 3]

Import: seconds and memory that the library and a channel made with it add to a process that has imported FastAPI.
Send: one message after the other to the strict server on loopback, against the floor of the same request by plain
aiohttp. Decode: one ordinary text update. Figures are the median of the rounds; trust the ratios, not the milliseconds
of this machine.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.message import Attachment, Delivery, Key
from tests.telegram_server.client import start

FLOOR = "plain aiohttp"
LIBRARIES = ("aiogram", "python-telegram-bot")
CHAT = 5
TEXT = "Order 1017\nYour parcel left Hamburg this morning. 您的包裹今早已发出。"
DELIVERY = Delivery(
    outbox_id=1,
    chat=str(CHAT),
    text=TEXT,
    titled=True,
    keys=((Key(label="Where is it?", data="token.0"), Key(label="Talk to a person", data="token.1")),),
)
PERSON = {"id": CHAT, "is_bot": False, "first_name": "Ana", "language_code": "en"}
UPDATE = {
    "update_id": 700000001,
    "message": {
        "message_id": 17,
        "from": PERSON,
        "chat": {"id": CHAT, "type": "private", "first_name": "Ana"},
        "date": 1795000000,
        "text": "Where is my order 1017?",
    },
}
ROWS = (
    ("import and make the channel, s", "import_s", ".2f"),
    ("memory of it, MB", "memory_mb", ".0f"),
    ("send p50, ms", "p50_ms", ".2f"),
    ("send p99, ms", "p99_ms", ".2f"),
    ("processor time of a send, ms", "cpu_ms", ".2f"),
    ("decode one update, µs", "decode_us", ".0f"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sends", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=3, metavar=("LIBRARY", "URL", "TOKEN"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        name, url, token = given.measure
        print(json.dumps(asyncio.run(measure(name, url, token, given.sends))))
        return
    with start() as control:
        control.open_chats(CHAT)
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in (FLOOR, *LIBRARIES)}
        for _ in range(given.rounds):
            for name, results in rounds.items():
                results.append(in_a_child(name, control.url, control.token, given.sends))
    print_table({name: medians(results) for name, results in rounds.items()})


def in_a_child(name: str, url: str, token: str, sends: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.telegram_libraries", "--sends", str(sends), "--measure"]
    finished = subprocess.run([*command, name, url, token], check=True, stdout=subprocess.PIPE)
    return dict(json.loads(finished.stdout))


async def measure(name: str, url: str, token: str, sends: int) -> dict[str, float]:
    """All figures of one library, in this process, which has imported neither until now."""
    if name == FLOOR:
        return await measure_floor(url, token, sends)
    import fastapi  # noqa: F401 - the web side has brought pydantic and its kin before the channel is made

    from bot.channels.pace import Pace
    from bot.channels.telegram import make_channel

    memory, started = megabytes(), time.perf_counter()
    channel = make_channel(
        token=token, library="aiogram" if name == "aiogram" else "python-telegram-bot", pace=Pace(0, 0, 0),
        load_file=no_file, api_base=url,
    )  # fmt: skip
    figures = {"import_s": time.perf_counter() - started, "memory_mb": megabytes() - memory}
    figures |= await timed(lambda: channel.send(DELIVERY), sends)
    raw = json.dumps(UPDATE)
    started = time.perf_counter()
    for _ in range(sends):
        channel.decode(raw)
    figures["decode_us"] = (time.perf_counter() - started) / sends * 1e6
    await channel.close()
    return figures


async def measure_floor(url: str, token: str, sends: int) -> dict[str, float]:
    import aiohttp

    body = {
        "chat_id": CHAT,
        "text": TEXT,
        "entities": [{"type": "bold", "offset": 0, "length": 10}],
        "reply_markup": {
            "inline_keyboard": [
                [{"text": key.label, "callback_data": key.data} for key in row] for row in DELIVERY.keys
            ]
        },
    }
    async with aiohttp.ClientSession() as session:

        async def send() -> None:
            async with session.post(f"{url}/bot{token}/sendMessage", json=body) as answer:
                assert (await answer.json())["ok"]

        return await timed(send, sends)


async def timed(send: Callable[[], Awaitable[Any]], sends: int) -> dict[str, float]:
    for _ in range(50):  # the connection is made and the code is warm
        await send()
    took, cpu = [], time.process_time()
    for _ in range(sends):
        started = time.perf_counter()
        await send()
        took.append((time.perf_counter() - started) * 1e3)
    cpu = (time.process_time() - cpu) / sends * 1e3
    cuts = statistics.quantiles(took, n=100)
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "cpu_ms": cpu}


def megabytes() -> float:
    """What this process holds in memory now, or its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def no_file(attachment: Attachment) -> bytes:
    raise NotImplementedError


def medians(results: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def print_table(figures: dict[str, dict[str, float]]) -> None:
    """Values, and in brackets how many times the lowest of the line."""
    print(f"{'':34}" + "".join(f"{name:>22}" for name in figures))
    for title, key, form in ROWS:
        lowest = min(found[key] for found in figures.values() if key in found)
        cells = [
            f"{found[key]:{form}} ({found[key] / lowest:4.1f} x)" if key in found else "-" for found in figures.values()
        ]
        print(f"{title:34}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
