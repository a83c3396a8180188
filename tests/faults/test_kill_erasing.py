"""An erasure is killed again and again and asked for again: at the end it is whole, and nobody else lost a word."""

import contextlib
import os
import random
import signal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm_core import conversations, customers
from crm_core.conversations import Words, record
from crm_core.models import Customer, Erasure, Interaction, Kind
from crm_core.work import Work
from tests import servers
from tests.faults.conftest import MakeDesk
from tests.faults.nursery import Nursery
from tests.faults.process import Frontdesk, kills, pause, until

KILLS = 8
WORDS = 4_000  # of the person who is to be forgotten
_CANARY = "CANARY"


async def meet(work: Work) -> None:
    """Ana, who said much, and Bo, who said one thing."""
    for name, count in (("ana", WORDS), ("bo", 1)):
        _identity, _customer, talk = await customers.welcome(
            work, channel="memory", external_id=name, chat=name, language="en", name=f"{_CANARY} {name}"
        )
        await work.session.flush()
        for number in range(count):
            await record(work, talk, Words(kind=Kind.MESSAGE, text=f"{_CANARY} {name} {number}"))


def erase(desk: Frontdesk, nursery: Nursery, number: int, kill_after: float | None) -> bool:
    """Erase somebody; whether it came to its end. With `kill_after` it is killed so long after the tombstone."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    environ |= servers.environ(desk.folder)
    out, err = desk.folder / "erase.out", desk.folder / "erase.err"
    child = nursery.start(["erase", str(number), "--yes", "--config", str(desk.config)], environ, out, err)
    if kill_after is not None:
        stone = desk.settings.tombstone_file
        until(lambda: child.poll() is not None or (stone.exists() and stone.stat().st_size > 0), "it has begun")
        pause(kill_after)
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL)
    until(lambda: child.poll() is not None, "it has ended")
    assert "Traceback" not in err.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
    return child.poll() == 0


async def left(work: Work) -> tuple[int, list[str]]:
    """How many words are there, and those that can be read."""
    rows = (await work.session.scalars(select(Interaction).where(Interaction.body != b""))).all()
    return len(rows), [await conversations.body_of(work, one) for one in rows]


async def number_of_ana(work: Work) -> int:
    """The number of the first customer."""
    return await work.session.scalar(select(func.min(Customer.number))) or 0


def with_canary(folder: Path) -> list[str]:
    """The files that hold a word of somebody in clear."""
    return [path.name for path in folder.rglob("*") if path.is_file() and _CANARY.encode() in path.read_bytes()]


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_an_erasure_killed_anywhere_and_asked_for_again_is_whole(
    make_desk: MakeDesk, nursery: Nursery, chance: random.Random
) -> None:
    desk = make_desk()
    desk.change(meet)
    number = desk.look(number_of_ana)

    deaths, ended = 0, False
    for _ in range(kills(KILLS)):
        ended = ended or erase(desk, nursery, number, chance.uniform(0, 0.12))
        deaths += not ended
    assert ended or erase(desk, nursery, number, None)

    assert deaths, "no erasure was killed before it had ended"
    print(f"{deaths} erasures were killed")  # noqa: T201
    assert desk.look(left) == (1, [f"{_CANARY} bo 0"])

    async def finished(work: Work) -> list[bool]:
        return [one.finished_at is not None for one in await work.session.scalars(select(Erasure))]

    assert desk.look(finished) == [True]
    assert with_canary(desk.folder) == []
