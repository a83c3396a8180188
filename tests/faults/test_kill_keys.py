"""The master key of 100,000 customers is changed, and the process killed again and again: everybody stays readable."""

import contextlib
import os
import random
import signal
import sqlite3

import pytest
from sqlalchemy import insert, select

from crm_core.models import Customer
from crm_core.storage.ids import new_id
from crm_core.storage.keyring import Keyring
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
from tests.faults.nursery import Child, Nursery
from tests.faults.process import Frontdesk, kills, pause, until

CUSTOMERS = int(os.environ.get("FRONTDESK_TEST_KEYS", "100000"))
KILLS = 20
_AT_ONCE = 10_000


async def _come(work: Work, count: int = CUSTOMERS) -> None:
    """Many customers with a name each, in bulk."""
    for start in range(0, count, _AT_ONCE):
        rows = []
        for number in range(start, min(start + _AT_ONCE, count)):
            customer_id = new_id()
            key = work.vault.new_customer_key(customer_id)
            name = work.vault.seal(f"C{number}", f"customer.name:{customer_id}", key, customer_id)
            rows.append(
                {"id": customer_id, "number": number, "key": key, "name": name, "named": 0, "language": "en",
                 "stage": "lead", "source": "test", "created_at": work.now}
            )  # fmt: skip
        await work.session.execute(insert(Customer), rows)


async def _unreadable(work: Work) -> int:
    """How many names do not open to what they were, each key taken from its row anew."""
    lost = 0
    rows = await work.session.execute(select(Customer.id, Customer.number, Customer.key, Customer.name))
    for customer_id, number, key, name in rows:
        assert name is not None
        lost += work.vault.open(name, f"customer.name:{customer_id}", key, customer_id) != f"C{number}"
    return lost


def _step(desk: Frontdesk) -> tuple[int, ...]:
    """How far all changes of the key came, and whether the file holds two keys."""
    file = desk.settings.database_url.database
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        far = database.execute("SELECT count(*), coalesce(sum(count), 0), count(finished_at) FROM rekeying").fetchone()
    return (*far, len(Keyring.read(desk.settings.key_file).masters))


def _start(desk: Frontdesk, nursery: Nursery) -> Child:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    command = ["keys", "rotate", "--yes", "--config", str(desk.config)]
    return nursery.start(command, environ, desk.folder / "keys.out", desk.folder / "keys.err")


@pytest.mark.sqlite_only("its customers are put into the file")
@pytest.mark.fault
@pytest.mark.timeout(600)
def test_a_change_of_the_master_key_killed_twenty_times_leaves_nobody_unreadable(
    make_desk: MakeDesk, nursery: Nursery, chance: random.Random
) -> None:
    """Before the file, between file and rows, in a batch, between the last batch and the file: kills fall anywhere."""
    desk = make_desk()
    desk.change(_come)
    old = Keyring.read(desk.settings.key_file).newest.fingerprint
    deaths = 0

    for _ in range(kills(KILLS)):
        before, child = _step(desk), _start(desk, nursery)
        if chance.random() < 0.7:  # else it dies at its start or soon after
            until(lambda: child.poll() is not None or _step(desk) != before, "the change goes on")  # noqa: B023
        pause(chance.uniform(0, 0.4))
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL)
        until(lambda: child.poll() is not None, "the process has ended")  # noqa: B023
        deaths += child.poll() == -signal.SIGKILL
        assert "Traceback" not in (desk.folder / "keys.err").read_text(encoding="utf-8")
    last = _start(desk, nursery)
    until(lambda: last.poll() is not None, "the change has come to its end", 300)

    print(f"{deaths} deaths, steps {_step(desk)}")  # noqa: T201
    assert last.poll() == 0
    assert deaths >= kills(KILLS) // 2
    (only,) = Keyring.read(desk.settings.key_file).masters
    assert only.fingerprint != old
    assert desk.look(_unreadable) == 0


@pytest.mark.sqlite_only("its customers are put into the file")
@pytest.mark.fault
def test_a_change_that_was_interrupted_is_brought_to_its_end_by_the_next_start(
    make_desk: MakeDesk, nursery: Nursery
) -> None:
    """`run` goes on with it while it serves; nobody has to remember."""
    desk = make_desk()
    desk.change(lambda work: _come(work, 10_000))
    before = _step(desk)
    child = _start(desk, nursery)
    until(lambda: _step(desk)[:2] > before[:2], "some keys are under the new one")
    child.send_signal(signal.SIGKILL)
    until(lambda: child.poll() is not None, "the process has ended")
    assert _step(desk)[2:] == (0, 2)

    desk.start()
    until(lambda: _step(desk)[2:] == (1, 1), "the change has come to its end")
    desk.ask_to_leave()

    assert desk.look(_unreadable) == 0


@pytest.mark.fault
def test_two_first_starts_at_once_share_one_key(make_desk: MakeDesk, nursery: Nursery) -> None:
    """Neither seals with a key that the other does not have."""
    for _ in range(kills(5)):
        desk = make_desk()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        command = ["migrate", "--config", str(desk.config)]
        both = [
            nursery.start(command, environ, desk.folder / f"{name}.out", desk.folder / f"{name}.err") for name in "ab"
        ]
        until(lambda: all(child.poll() is not None for child in both), "both have ended")  # noqa: B023

        said = "".join((desk.folder / f"{name}.err").read_text(encoding="utf-8") for name in "ab")
        assert [child.poll() for child in both] == [0, 0], said
        assert len(Keyring.read(desk.settings.key_file).masters) == 1
