"""The CRM at size: import against raw executemany of the same rows, look-ups one at a time, memory as files grow."""

import argparse
import asyncio
import csv
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import event

from bot import logs
from bot.config import load_settings
from bot.importing.fields import Manner
from bot.importing.reading import How
from bot.importing.runs import Wishes
from bot.imports import import_customers, import_orders
from bot.opening import open_records
from crm_core import finding, record, saved_segments
from crm_core.work import Records, Work

_GIVEN = ("Ana", "Ben", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mara")
_FAMILY = ("Brook", "Carter", "Dunn", "Evans", "Fischer", "Garcia", "Hoffmann", "Ivanov", "Jensen", "Keller", "Lima")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_SIGNS = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红波辉"
_PRODUCTS = ("Jasmine Pearl 50 g", "Oolong of the Quay 100 g", "Harbour Sampler", "Spring Green 50 g", "Travel cup")
_STATES = ("delivered", "delivered", "delivered", "shipped", "paid", "cancelled")
_TAGS = ("loyal", "tea-box", "wholesale", "newsletter", "blocked")
_LOOKS = 400
SEGMENT = "language = zh and spent >= 50 EUR and last_order < 400 days ago and tag loyal and not tag blocked"
_WRITTEN = {
    "customers": ("customer", "contact", "name_token", "customer_tag", "consent", "identity"),
    "orders": ("shop_order", "order_line", "order_event", "payment"),
}
_SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "wal_autocheckpoint=4000")
HOW = How(manner=Manner(zone=ZoneInfo("UTC")))


def name_of(chance: random.Random) -> str:
    """A made-up name, two of five Chinese."""
    if chance.random() < 0.4:
        return chance.choice(_SURNAMES) + "".join(chance.choices(_SIGNS, k=chance.choice((1, 2, 2))))
    return f"{chance.choice(_GIVEN)} {chance.choice(_FAMILY)}"


def write_customers(file: Path, count: int) -> list[str]:
    """A table of sample customers; their names."""
    chance = random.Random(1)
    names = []
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["客户编号", "姓名", "E-mail", "手机", "Language", "Tags", "Newsletter"])
        for number in range(count):
            names.append(name_of(chance))
            email, phone = f"customer{number}@example.com", f"+86138{number:08}"
            tag = chance.choice(_TAGS) if number % 3 == 0 else ""
            said = ("yes", "no", "")[number % 3]
            rows.writerow([f"C{number:07}", names[-1], email, phone, chance.choice(("en", "zh")), tag, said])
    return names


def write_orders(file: Path, count: int, customers: int) -> None:
    """A table of sample orders of one to three products."""
    chance = random.Random(2)
    begin = datetime.now(UTC) - timedelta(days=900)
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        head = ["Order number", "E-mail", "Status", "Date", "Total", "Currency"]
        rows.writerow([*head, "Product", "SKU", "Qty", "Price", "Tracking"])
        for number in range(count):
            lines = [
                (chance.randrange(len(_PRODUCTS)), chance.randint(1, 3), chance.randint(500, 5000))
                for _ in range(chance.choice((1, 1, 2, 3)))
            ]
            total = sum(quantity * price for _, quantity, price in lines) / 100
            placed = begin + timedelta(minutes=chance.randrange(60 * 24 * 900))
            owner = f"customer{chance.randrange(customers)}@example.com"
            first = [owner, chance.choice(_STATES), f"{placed:%Y-%m-%d %H:%M}", f"{total:.2f}", "EUR"]
            for place, (product, quantity, price) in enumerate(lines):
                said = first if place == 0 else [""] * len(first)
                line = [_PRODUCTS[product], f"P{product}", quantity, f"{price / 100:.2f}"]
                rows.writerow([f"R{number:08}", *said, *line, f"T{number:09}" if place == 0 else ""])


async def imported(records: Records, folder: Path) -> dict[str, float]:
    """Seconds that the import of each table takes, reading, checking and sealing in them."""
    spent = {}
    start = time.perf_counter()
    await import_customers(records, folder / "customers.csv", HOW, "en", Wishes())
    spent["customers"] = time.perf_counter() - start
    start = time.perf_counter()
    await import_orders(records, folder / "orders.csv", HOW, Wishes())
    spent["orders"] = time.perf_counter() - start
    return spent


async def holds(records: Records) -> list[float]:
    """Milliseconds for which each write transaction from now on holds the lock, its sync included."""
    spans: list[float] = []
    begun = 0.0

    def begin(_connection: object) -> None:
        nonlocal begun
        begun = time.perf_counter()

    async with records.write() as work:
        engine = work.session.get_bind()
    event.listen(engine, "begin", begin)  # comes after the listener of the house, which takes the lock
    records.listen(lambda _work: spans.append((time.perf_counter() - begun) * 1e3))
    return spans


def raw(database: Path, folder: Path, at_once: int) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds that raw executemany takes for exactly the rows which the import wrote, table by table; how many.

    The tables, their indexes, the settings and the order of the rows are those of the import. A transaction holds
    `at_once` rows, 0 for all of a table: that one writes every page of an index once and syncs once, which nothing
    can that lets turns pass in between.
    """
    source = sqlite3.connect(database)
    made = source.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND sql > ''")
    target = sqlite3.connect(folder / f"raw{at_once}.db", isolation_level=None)
    for setting in _SETTINGS:
        target.execute(f"PRAGMA {setting}")
    for (sql,) in made.fetchall():
        target.execute(sql)
    spent = dict.fromkeys(_WRITTEN, 0.0)
    rows = dict.fromkeys(_WRITTEN, 0)
    for group, tables in _WRITTEN.items():
        for table in tables:
            order = "customer_id" if table in {"name_token", "customer_tag"} else "id"  # as they were written
            found = source.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
            if not found:
                continue
            statement = f"INSERT INTO {table} VALUES ({','.join('?' * len(found[0]))})"
            start = time.perf_counter()
            for first in range(0, len(found), at_once or len(found)):
                target.execute("BEGIN IMMEDIATE")
                target.executemany(statement, found[first : first + (at_once or len(found))])
                target.execute("COMMIT")
            spent[group] += time.perf_counter() - start
            rows[group] += len(found)
    source.close()
    target.close()
    return spent, rows


async def p99(records: Records, look: Callable[[Work, int], Awaitable[object]], times: int) -> float:
    """Milliseconds that all but one of a hundred look-ups take, one at a time."""
    spans = []
    for number in range(times):
        async with records.read() as work:
            start = time.perf_counter()
            await look(work, number)
            spans.append(time.perf_counter() - start)
    return sorted(spans)[max(0, int(times * 0.99) - 1)] * 1e3


async def looked_up(records: Records, names: list[str], customers: int) -> dict[str, float]:
    """The p99 of each kind of look-up."""
    chance = random.Random(3)
    drawn = [chance.randrange(customers) for _ in range(_LOOKS)]

    async def by_phone(work: Work, number: int) -> None:
        assert await finding.find(work, f"+86138{drawn[number]:08}")

    async def by_name(work: Work, number: int) -> None:
        assert await finding.find(work, names[drawn[number]])

    async def card(work: Work, number: int) -> None:
        found = await record.by_number(work, drawn[number] + 1)
        assert found is not None
        await record.card(work, found)

    async def segment(work: Work, _number: int) -> None:
        assert await saved_segments.count(work, SEGMENT, "UTC")

    kinds = {"find_by_phone": by_phone, "find_by_name": by_name, "card": card}
    for look in (*kinds.values(), segment):
        await p99(records, look, 3)  # the first one loads what it needs
    figures = {f"{name}_p99_ms": await p99(records, look, _LOOKS) for name, look in kinds.items()}
    return figures | {"segment_count_p99_ms": await p99(records, segment, 40)}


def peak_memory() -> float:
    """The most memory that this process held, in MB; `ru_maxrss` would begin with that of whoever started it."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def peak(customers: int) -> float:
    """The peak memory in MB of a process of its own that imports so many customers and three orders for each."""
    command = [sys.executable, "-m", "benchmarks.crm", "--only-import", str(customers)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


async def only_import(customers: int, folder: Path) -> None:
    """What `peak` measures."""
    write_customers(folder / "customers.csv", customers)
    write_orders(folder / "orders.csv", 3 * customers, customers)
    records = await open_records(load_settings(folder / "config.toml", {}))
    await imported(records, folder)
    await records.database.close()


async def measure(customers: int, folder: Path) -> dict[str, float]:
    """Every figure, in one run."""
    names = write_customers(folder / "customers.csv", customers)
    write_orders(folder / "orders.csv", 3 * customers, customers)
    records = await open_records(load_settings(folder / "config.toml", {}))
    held = await holds(records)
    spent = await imported(records, folder)
    held.sort()
    figures = await looked_up(records, names, customers)
    await records.database.close()
    figures |= {"write_lock_p50_ms": held[len(held) // 2], "write_lock_p99_ms": held[int(len(held) * 0.99)]}
    database = folder / "var" / "frontdesk.db"
    floor, rows = raw(database, folder, 0)
    in_steps, _ = raw(database, folder, sum(rows.values()) // len(held))
    for kind in _WRITTEN:
        figures[f"{kind}_rows_per_second"] = rows[kind] / spent[kind]
        figures[f"{kind}_raw_per_second"] = rows[kind] / floor[kind]
        figures[f"{kind}_ratio"] = floor[kind] / spent[kind]
    figures["import_ratio"] = sum(floor.values()) / sum(spent.values())
    figures["import_ratio_in_steps"] = sum(in_steps.values()) / sum(spent.values())
    return figures


WANTED = {
    "import_ratio": "at least 0.2 of one transaction for each table",
    "import_ratio_in_steps": "of transactions as small as the import's",
    "write_lock_p99_ms": "about 50",
    "find_by_phone_p99_ms": "under 10",
    "find_by_name_p99_ms": "under 30",
    "card_p99_ms": "under 20",
    "segment_count_p99_ms": "under 200",
    "memory_growth": "about 1: memory does not grow with the file",
}


def main() -> None:
    """Run and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000, help="with three orders each")
    parser.add_argument("--no-memory", action="store_true", help="leave out the two further imports that measure it")
    parser.add_argument("--only-import", type=int, metavar="N", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logs.set_up("error", as_json=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text("", encoding="utf-8")
        if arguments.only_import:
            asyncio.run(only_import(arguments.only_import, folder))
            print(peak_memory())
            return
        figures = asyncio.run(measure(arguments.customers, folder))
    if not arguments.no_memory:
        small, large = peak(arguments.customers // 10), peak(arguments.customers)
        figures |= {"memory_tenth_mb": small, "memory_mb": large, "memory_growth": large / small}
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"{arguments.customers:,} customers, {3 * arguments.customers:,} orders; SQLite {sqlite3.sqlite_version}")
    for figure, value in figures.items():
        print(f"  {figure:28} {value:12.3f}   {WANTED.get(figure, '')}")


if __name__ == "__main__":
    main()
