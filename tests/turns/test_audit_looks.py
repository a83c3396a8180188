"""Looks: whoever is handed personal data is on record, once in ten minutes for the same."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crm_core import audit
from crm_core.articles import _AUDITED
from crm_core.models import AuditEntry
from crm_core.reports import REPORTS
from crm_core.rules.access import ACTS
from crm_core.rules.traces import ENTERED, TRACES, Trace
from tests.builders import House, Person, open_house

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def wei(house: House) -> Person:
    """An agent, while Ana waits with ticket 1."""
    colleague = await house.colleague()
    await house.customer().says("the spout broke off, may I have another one?")
    return colleague


async def looks(house: House) -> list[tuple[str, str]]:
    """What agents looked at, in order."""
    return [
        (one.act, one.subject)
        for one in await house.rows(AuditEntry, AuditEntry.act.startswith("ticket."), AuditEntry.staff_id.is_not(None))
    ]


async def test_the_queue_a_ticket_and_its_reasons_are_looks(house: House, wei: Person) -> None:
    await wei.says("/queue")
    await wei.says("/claim 1")
    await wei.says("/why 1")

    assert await looks(house) == [("ticket.list", "tickets"), ("ticket.read", "ticket:1"), ("ticket.why", "ticket:1")]


async def test_an_empty_queue_is_no_look(house: House) -> None:
    await (await house.colleague()).says("/queue")

    assert await looks(house) == []


async def test_the_same_look_is_one_entry_in_ten_minutes(house: House, wei: Person) -> None:
    for _time in range(3):
        await wei.says("/queue")
        house.hands.move(minutes=3)
    assert len(await looks(house)) == 1

    house.hands.move(minutes=2)
    await wei.says("/queue")
    assert len(await looks(house)) == 2


async def test_looks_of_others_at_other_things_and_of_another_kind_are_entries_of_their_own(house: House) -> None:
    async with house.app.records.write() as work:
        for _time in range(2):
            for who in (1, None):
                for subject in ("customer:1", "customer:2"):
                    await audit.look(work, who, "customer.show", subject)
    async with house.app.records.write() as work:
        await audit.look(work, 1, "customer.show", "customer:1")
        await audit.look(work, 1, "customer.reveal", "customer:1")
        await audit.look(work, 2, "customer.show", "customer:1")

    entries = await house.rows(AuditEntry)
    assert sorted((one.staff_id or 0, one.act, one.subject) for one in entries) == [
        (0, "customer.show", "customer:1"),
        (0, "customer.show", "customer:2"),
        (1, "customer.reveal", "customer:1"),
        (1, "customer.show", "customer:1"),
        (1, "customer.show", "customer:2"),
        (2, "customer.show", "customer:1"),
    ]


async def test_a_look_that_was_rolled_back_does_not_count_as_seen(house: House) -> None:
    async def fail() -> None:
        async with house.app.records.write() as work:
            await audit.look(work, 1, "customer.show", "customer:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with house.app.records.write() as work:
        await audit.look(work, 1, "customer.show", "customer:1")

    assert await house.how_many(AuditEntry) == 1


async def test_admins_read_the_audit_log_in_the_chat_and_nobody_else_does(house: House, wei: Person) -> None:
    await wei.says("/queue")
    boss = await house.colleague("Ada", "admin")
    chief = await house.colleague("Sue", "supervisor")

    (told,) = await boss.says("/report audit")
    assert "Wei: ticket.list 1 ×" in told
    for person in (wei, chief):
        assert "ticket.list" not in "".join(await person.says("/report audit"))
    assert await house.how_many(AuditEntry, AuditEntry.act == "report.audit") == 1


# ---- every act ----


def test_every_act_says_what_trace_it_leaves() -> None:
    """A new act is decided about: entered into the audit log, on record by itself, or without personal data."""
    assert TRACES.keys() == ACTS.keys()
    assert ENTERED.keys() == {act for act, trace in TRACES.items() if trace is Trace.ENTRY}


def test_what_an_act_is_said_to_enter_is_entered_somewhere() -> None:
    files = [
        path.read_text(encoding="utf-8") for folder in ("bot", "crm_core") for path in (_ROOT / folder).rglob("*.py")
    ]
    entering = "".join(one for one in files if re.search(r"audit\.(enter|look)\(", one))
    words = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', entering)) | {f"article.{act}" for act in _AUDITED.values()}
    words |= {f"report.{one.name.replace('-', '_')}" for one in REPORTS.values() if one.lists_customers}

    assert {entry for entries in ENTERED.values() for entry in entries} - words == set()
