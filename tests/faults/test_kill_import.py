"""An import is killed again and again and given again: it leaves what one run leaves."""

import contextlib
import csv
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core import contacts, conversations, customers
from crm_core.models import Customer, ImportRun, Order, OrderLine
from crm_core.work import Work
from tests import servers
from tests.faults.conftest import MakeDesk
from tests.faults.nursery import Nursery
from tests.faults.process import Frontdesk, kills, pause, until

KILLS = 5
CUSTOMERS = 700
ORDERS = 5_000  # enough that the first kill always comes before the end


def write_customers(file: Path) -> None:
    """Customers, every other one with a tag."""
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["姓名", "email", "phone", "tags"])
        for number in range(CUSTOMERS):
            rows.writerow(
                [f"Sample {number}", f"c{number}@example.com", f"+1500555{number:04}", "tea" if number % 2 else ""]
            )


def write_orders(file: Path) -> None:
    """Orders of one or two products."""
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["order", "email", "status", "date", "total", "currency", "product", "price"])
        for number in range(ORDERS):
            owner = f"c{number % CUSTOMERS}@example.com"
            rows.writerow([f"R{number}", owner, "shipped", "2026-03-01 10:00", "9.50", "EUR", "Tea", "4.75"])
            if number % 2:
                rows.writerow([f"R{number}", "", "", "", "", "", "Cup", "4.75"])


def cursor(desk: Frontdesk) -> int:
    """How far all imports came, read past the processes."""
    quote = "`" if servers.CHOICE == "mariadb" else '"'
    found = servers.ask_if_there(
        desk.settings.database_url, f"SELECT coalesce(sum({quote}cursor{quote}), 0) FROM import_run"
    )
    return int(found[0][0]) if found else 0


def run(desk: Frontdesk, nursery: Nursery, kind: str, file: Path, kill_after: float | None) -> bool:
    """Import a file; whether it came to its end. With `kill_after` it is killed so long after its cursor moved."""
    before = cursor(desk)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    environ |= servers.environ(desk.folder)
    out, err = desk.folder / "import.out", desk.folder / "import.err"
    child = nursery.start(["import", kind, str(file), "--config", str(desk.config)], environ, out, err)
    if kill_after is not None:
        until(lambda: child.poll() is not None or cursor(desk) > before, "the import has begun to write")
        pause(kill_after)
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL)
    until(lambda: child.poll() is not None, "the import has ended")
    assert "Traceback" not in err.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
    return child.poll() == 0


async def left(work: Work) -> dict[str, Any]:
    """Everything that an import leaves, without what chance draws."""
    people = {}
    for customer in await work.session.scalars(select(Customer)):
        work.remember(customer)
        reaches = tuple((str(one.kind), one.value, one.main) for one in await contacts.of(work, customer.id))
        tags = tuple(await customers.tags_of(work, customer.id))
        people[customer.id] = (await conversations.name_of(work, customer), customer.number, reaches, tags)
    lines: dict[int, list[tuple[str, int]]] = {}
    for line in await work.session.scalars(select(OrderLine).order_by(OrderLine.id)):
        lines.setdefault(line.order_id, []).append((line.product, line.unit_price_minor))
    orders = [
        (one.external_ref, people[one.customer_id][1], one.state, one.total_minor, lines[one.id])
        for one in await work.session.scalars(select(Order))
    ]
    runs = await work.session.scalars(select(ImportRun))
    # Killed behind its last row, a file given again is known just so: only the sum of what was counted is the same.
    return {
        "people": sorted(people.values()),
        "orders": sorted(orders),
        "runs": sorted(
            (one.kind, one.cursor, one.total, sum(one.counts.values()), one.finished_at is not None) for one in runs
        ),
    }


@pytest.mark.fault
@pytest.mark.timeout(400)
def test_an_import_killed_anywhere_and_given_again_leaves_what_one_run_leaves(
    make_desk: MakeDesk, nursery: Nursery, chance: random.Random, tmp_path: Path
) -> None:
    write_customers(tmp_path / "customers.csv")
    write_orders(tmp_path / "orders.csv")
    whole, killed = make_desk(), make_desk()
    deaths = 0

    for kind in ("customers", "orders"):
        file = tmp_path / f"{kind}.csv"
        assert run(whole, nursery, kind, file, None)
        ended = False
        for _ in range(kills(KILLS)):
            ended = ended or run(killed, nursery, kind, file, chance.uniform(0, 0.15))
            deaths += not ended
        assert ended or run(killed, nursery, kind, file, None)

    assert deaths, "no import was killed before it had ended"
    print(f"{deaths} imports were killed")  # noqa: T201
    assert killed.look(left) == whole.look(left)
