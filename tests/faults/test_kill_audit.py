"""Processes that link the audit log are killed: the chain stays one, whole, and agrees with every anchor."""

import asyncio
import random

import pytest
from sqlalchemy import func, select

from bot.opening import open_records
from crm_core import audit, audit_chain, audit_check
from crm_core.audit_check import Verdict
from crm_core.models import AuditEntry, AuditLink
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
from tests.faults.process import Frontdesk, kills, pause, until

KILLS = 8
ENTRIES = 30


async def enter_beside(desk: Frontdesk, first: int) -> None:
    """Another process of the same shop enters, one transaction after the other."""
    records = await open_records(desk.settings)
    try:
        for number in range(first, first + ENTRIES):
            async with records.write() as work:
                audit.enter(work, None, "act", f"thing:{number}")
    finally:
        await records.database.close()


async def waiting(work: Work) -> int:
    entries = await work.session.scalar(select(func.count()).select_from(AuditEntry))
    links = await work.session.scalar(select(func.count()).select_from(AuditLink))
    return (entries or 0) - (links or 0)


@pytest.mark.fault
def test_killed_while_it_links_the_chain_goes_on_where_it_was(make_desk: MakeDesk, chance: random.Random) -> None:
    desk = make_desk(web={"enabled": True, "port": 0})
    times = kills(KILLS)
    for time in range(times):
        desk.start()
        asyncio.run(enter_beside(desk, time * ENTRIES))
        pause(chance.uniform(0.0, 1.0))
        desk.kill()
    desk.start()
    until(lambda: desk.look(waiting) == 0, "every entry has its link")
    code, _seconds = desk.ask_to_leave()
    anchors = list(audit_chain.kept(desk.settings.anchor_file))

    async def verify(work: Work) -> Verdict:
        return await audit_check.verify(work, anchors)

    verdict = desk.look(verify)
    assert (code, verdict.broken) == (0, None), desk.log
    assert verdict.links == verdict.entries >= times * ENTRIES
    assert anchors[-1] is not None
    assert anchors[-1].seq == verdict.links
