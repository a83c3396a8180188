"""The keeper of the audit log: links, anchors in a file, and a line a day for the admins."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.audit_keeper import AuditKeeper
from crm_core import audit, audit_chain
from crm_core.models import AuditEntry, AuditLink, Meta
from crm_core.storage.ids import new_id
from tests.builders import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def enter(house: House) -> None:
    async with house.app.records.write() as work:
        audit.enter(work, None, "act", "subject")


def anchors(house: House) -> list[int]:
    """The numbers in the anchor file."""
    file = house.app.settings.anchor_file
    return [one.seq for one in audit_chain.kept(file) if one] if file.exists() else []


async def test_what_waits_is_linked_and_an_anchor_is_kept_every_hour(house: House) -> None:
    keeper = house.app.audit_keeper
    await enter(house)
    await keeper.keep()
    assert await house.how_many(AuditLink) == 1
    assert anchors(house) == [1]

    await enter(house)
    house.hands.move(minutes=59)
    await keeper.keep()
    assert await house.how_many(AuditLink) == 2
    assert anchors(house) == [1]

    house.hands.move(minutes=1)
    await keeper.keep()
    assert anchors(house) == [1, 2]


async def test_who_takes_over_links_what_was_left_long_ago(house: House) -> None:
    long_ago = new_id() - (int(timedelta(days=2) / timedelta(milliseconds=1)) << 22)
    async with house.app.records.write() as work:
        work.session.add(AuditEntry(id=long_ago, staff_id=None, act="early", subject="x", detail={}, at=work.now))
        work.session.add(Meta(name="audit_told", value="2020-01-01"))
    house.hands.now = house.hands.now.replace(hour=1)
    audit_chain.keep(house.app.settings.anchor_file, audit_chain.Anchor(house.hands(), 1, "0" * 64))

    await house.app.audit_keeper.keep()

    assert await house.how_many(AuditLink) == 1


async def test_where_nothing_happened_no_anchor_is_kept(house: House) -> None:
    keeper = house.app.audit_keeper
    await keeper.keep()
    assert anchors(house) == []

    await enter(house)
    for _hour in range(4):
        house.hands.move(hours=1)
        await keeper.keep()
    assert anchors(house) == [1]


async def test_whoever_leaves_keeps_a_last_anchor(house: House) -> None:
    await house.app.audit_keeper.keep()
    await enter(house)

    await house.app.audit_keeper.leave()

    assert anchors(house) == [1]


async def test_a_restart_goes_on_with_the_hour(house: House) -> None:
    await enter(house)
    await house.app.audit_keeper.keep()
    await enter(house)
    again = AuditKeeper(house.app.records, house.app.shop, house.app.settings.anchor_file)

    await again.keep()
    assert anchors(house) == [1]
    house.hands.move(hours=1)
    await again.keep()
    assert anchors(house) == [1, 2]


async def test_an_anchor_file_that_cannot_be_written_does_not_keep_a_process_from_leaving(tmp_path: Path) -> None:
    async with open_house(tmp_path, AUDIT__ANCHOR_FILE=str(tmp_path / "config.toml" / "x")) as house:
        await enter(house)
        await house.app.audit_keeper.leave()

        assert await house.how_many(AuditLink) == 1


async def test_admins_are_told_an_anchor_once_a_day_from_the_second_day_on(house: House) -> None:
    admin = await house.colleague("Ada", "admin")
    beate = await house.colleague("Mei", "admin", language="zh")
    agent = await house.colleague("Wei")
    keeper = house.app.audit_keeper

    async def told(moment: datetime) -> list[int]:
        before = [len(one.heard) for one in (admin, beate, agent)]
        house.hands.now = moment
        await keeper.keep()
        await house.settle()
        return [len(one.heard) - count for one, count in zip((admin, beate, agent), before, strict=True)]

    first = house.hands.now.replace(hour=12)
    assert await told(first) == [0, 0, 0]
    assert await told(first.replace(day=first.day + 1, hour=8)) == [0, 0, 0]
    assert await told(first.replace(day=first.day + 1, hour=9)) == [1, 1, 0]
    assert await told(first.replace(day=first.day + 1, hour=23)) == [0, 0, 0]
    heard = len(admin.heard)
    await AuditKeeper(house.app.records, house.app.shop, house.app.settings.anchor_file).keep()
    await house.settle()
    assert len(admin.heard) == heard
    assert await told(first.replace(day=first.day + 2, hour=10)) == [1, 1, 0]

    seq = await house.how_many(AuditEntry)
    line = next(line for line in admin.words[-1].splitlines() if line.strip()[:4] == "2026").strip()
    assert audit_chain.read_anchor(line).seq == seq
    assert "审计日志" in beate.words[-1]
