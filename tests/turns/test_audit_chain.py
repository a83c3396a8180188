"""The audit chain: every entry is linked once whoever links; what is changed behind an anchor is found."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_core import audit, audit_chain, audit_check
from crm_core.audit_chain import Anchor
from crm_core.audit_check import Verdict
from crm_core.models import AuditEntry, AuditLink
from crm_core.rules.chaining import GENESIS, hash_of_entry, hash_of_link
from crm_core.storage import triggers
from crm_core.storage.ids import new_id
from crm_core.work import Work
from tests.builders import House, open_house

_ENTRY: Any = AuditEntry.__table__
_LINK: Any = AuditLink.__table__
_BEHIND = 40  # entries up to the last anchor
_AFTER = 4


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def enter(house: House, number: int, *, first: int = 0) -> None:
    """Entries, each a minute after the one before."""
    for one in range(first, first + number):
        house.hands.move(minutes=1)
        async with house.app.records.write() as work:
            audit.enter(work, one % 3 or None, f"act.{one % 5}", f"customer:{one}", count=one, words="数")


async def verify(house: House, *anchors: Anchor | None) -> Verdict:
    async with house.app.records.read() as work:
        return await audit_check.verify(work, anchors)


# ---- linking ----


async def test_every_entry_gets_one_link_in_a_chain_without_gaps(house: House) -> None:
    await enter(house, 5)

    assert await audit_chain.link_all(house.app.records) == 5
    assert await audit_chain.link_all(house.app.records) == 0

    links = await house.rows(AuditLink)
    assert [one.seq for one in links] == [1, 2, 3, 4, 5]
    assert [one.entry_id for one in links] == sorted(one.id for one in await house.rows(AuditEntry))
    verdict = await verify(house)
    assert (verdict.broken, verdict.links, verdict.entries, verdict.waiting) == (None, 5, 5, 0)


async def test_many_who_link_at_the_same_time_make_one_chain(house: House, tmp_path: Path) -> None:
    async with open_house(tmp_path, hands=house.hands) as other:
        await enter(house, 30)
        both = [one.app.records for one in (house, other)] * 10
        done = await asyncio.gather(
            *(audit_chain.link_all(one) for one in both), enter(house, 30, first=30), enter(other, 30, first=60)
        )
        await audit_chain.link_all(house.app.records)

        assert sum(one or 0 for one in done) <= 90
        assert [one.seq for one in await house.rows(AuditLink)] == list(range(1, 91))
        assert (await verify(house)).broken is None


async def test_an_entry_that_appears_behind_newer_ones_is_linked_after_them(house: House) -> None:
    """Ids are drawn before the commit: a slower process may commit an older one later."""
    early = new_id()
    await enter(house, 2)
    await audit_chain.link_all(house.app.records)
    async with house.app.records.write() as work:
        work.session.add(AuditEntry(id=early, staff_id=None, act="late", subject="x", detail={}, at=work.now))

    await audit_chain.link_all(house.app.records)

    assert [one.entry_id for one in await house.rows(AuditLink)][-1] == early
    assert (await verify(house)).broken is None


async def test_what_waited_longer_than_the_frequent_look_goes_back_is_linked_by_the_whole_look(house: House) -> None:
    long_ago = new_id() - (int(timedelta(days=2) / timedelta(milliseconds=1)) << 22)
    async with house.app.records.write() as work:
        work.session.add(AuditEntry(id=long_ago, staff_id=None, act="early", subject="x", detail={}, at=work.now))

    assert await audit_chain.link_all(house.app.records) == 0
    place = await audit_chain.anchor(house.app.records)

    assert place is not None
    assert place.seq == 1


async def test_more_entries_than_one_transaction_takes_are_linked_in_several(house: House) -> None:
    async with house.app.records.write() as work:
        for number in range(2 * audit_chain.AT_ONCE + 1):
            audit.enter(work, 1, "act", str(number))

    async with house.app.records.write() as work:
        assert len(await audit_chain.link_some(work, whole=False)) == audit_chain.AT_ONCE
    assert await audit_chain.link_all(house.app.records) == audit_chain.AT_ONCE + 1
    assert (await verify(house)).links == 2 * audit_chain.AT_ONCE + 1


_said = st.text(max_size=8)
_fields = st.tuples(st.integers(1), st.none() | st.integers(), _said, _said, _said, st.integers())


@given(_fields, _fields)
@example((1, None, "ab", "c", "", 1), (1, None, "a", "bc", "", 1))
@example((1, None, "a", "", "", 1), (1, 1, "a", "", "", 1))
def test_two_entries_that_differ_in_anything_have_two_hashes(one: Any, other: Any) -> None:
    assert (hash_of_entry(*one) == hash_of_entry(*other)) == (one == other)


# ---- anchors ----


async def test_an_anchor_file_holds_what_was_kept_and_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.anchors"
    first, second = (Anchor(datetime(2026, 1, day, tzinfo=UTC), day, str(day) * 64) for day in (1, 2))
    audit_chain.keep(file, first)
    with file.open("a", encoding="utf-8") as open_file:
        open_file.write("2026-01-01T12:0")
    audit_chain.keep(file, second)

    assert list(audit_chain.kept(file)) == [first, None, second]
    assert audit_chain.last_kept(file) == second
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "line", ["", "x", "2026-01-01T00:00:00 1 " + "a" * 64, "2026-01-01T00:00:00Z 0 " + "a" * 64,
             "2026-01-01T00:00:00Z 1 " + "g" * 64, "2026-01-01T00:00:00Z one " + "a" * 64]
)  # fmt: skip
def test_nonsense_is_no_anchor(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any way of being none will do
        audit_chain.read_anchor(line)


# ---- time that is over ----


async def test_entries_whose_time_is_over_go_and_the_chain_stays_whole(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        now, house.hands.now = house.hands.now, datetime(2020, 1, 1, tzinfo=UTC)
        await enter(house, 10)
        place = await audit_chain.anchor(house.app.records)
        house.hands.now = now
        await enter(house, 3)
        async with house.app.records.write() as work:
            assert await audit.expire(work, datetime(2021, 1, 1, tzinfo=UTC)) == 10
        async with house.app.records.write() as work:
            assert await audit.expire(work, datetime(2021, 1, 1, tzinfo=UTC)) == 0
        await audit_chain.link_all(house.app.records)

        verdict = await verify(house, place)

    assert (verdict.broken, verdict.links, verdict.entries, verdict.expired) == (None, 14, 4, 10)


async def test_what_is_younger_than_a_year_is_never_removed(house: House) -> None:
    async with house.app.records.write() as work:
        with pytest.raises(ValueError, match="365 days"):
            await audit.expire(work, work.now - timedelta(days=364))


# ---- attacks ----


class Attacker:
    """Somebody who may write anything to the database, and has its triggers out of the way."""

    def __init__(self, connection: AsyncConnection, chance: random.Random, anchors: list[Anchor]) -> None:
        self.connection = connection
        self.chance = chance
        self.anchors = anchors

    async def links(self) -> list[dict[str, Any]]:
        found = await self.connection.execute(text("SELECT * FROM audit_link ORDER BY seq"))
        return [dict(row._mapping) for row in found]

    async def entry(self, entry_id: int) -> dict[str, Any]:
        found = await self.connection.execute(text(f"SELECT * FROM audit_entry WHERE id = {entry_id}"))
        return dict(found.one()._mapping)

    async def set_entry(self, entry: dict[str, Any]) -> None:
        await self.connection.execute(text("DELETE FROM audit_entry WHERE id = :id"), {"id": entry["id"]})
        await self.connection.execute(
            text("INSERT INTO audit_entry (id, staff_id, act, subject, detail, at)"
                 " VALUES (:id, :staff_id, :act, :subject, :detail, :at)"),
            entry,
        )  # fmt: skip

    async def set_links(self, links: list[dict[str, Any]]) -> None:
        await self.connection.execute(text("DELETE FROM audit_link"))
        if links:
            await self.connection.execute(
                text("INSERT INTO audit_link (seq, entry_id, entry_hash, hash, at)"
                     " VALUES (:seq, :entry_id, :entry_hash, :hash, :at)"),
                links,
            )  # fmt: skip

    async def forge(self, links: list[dict[str, Any]]) -> None:
        """Number and hash these links anew, from the entries as they are now: a whole chain, and another one."""
        before = GENESIS
        for seq, one in enumerate(links, 1):
            entry = await self.entry(one["entry_id"])
            one["seq"], one["entry_hash"] = seq, hash_of_entry(*entry.values())
            before = one["hash"] = hash_of_link(before, seq, one["entry_id"], one["entry_hash"], one["at"])
        await self.set_links(links)

    def behind(self) -> int:
        """The place, from 0, of a link that is behind the last anchor."""
        return self.chance.randrange(self.anchors[-1].seq)

    async def edit(self) -> None:
        links = await self.links()
        one = links[self.behind()]
        entry = await self.entry(one["entry_id"])
        field = self.chance.choice(["staff_id", "act", "subject", "detail", "at"])
        other: Any = {"staff_id": 99, "act": "help", "subject": "customer:9999", "detail": "{}", "at": entry["at"] + 1}
        await self.set_entry({**entry, field: other[field]})
        effort = self.chance.randrange(3)
        if effort == 1:
            one["entry_hash"] = hash_of_entry(*(await self.entry(entry["id"])).values())
            await self.set_links(links)
        elif effort == 2:
            await self.forge(links)

    async def edit_link(self) -> None:
        links = await self.links()
        one = links[self.behind()]
        other: Any = {"hash": "f" * 64, "entry_hash": "f" * 64, "at": one["at"] + 1, "entry_id": 1}
        field = self.chance.choice(list(other))
        one[field] = other[field]
        await self.set_links(links)

    async def delete(self) -> None:
        links = await self.links()
        place, effort = self.behind(), self.chance.randrange(4)
        one = links.pop(place)
        if effort != 1:  # 1: only the link
            await self.connection.execute(text(f"DELETE FROM audit_entry WHERE id = {one['entry_id']}"))
        if effort == 3:
            await self.forge(links)
        elif effort:
            await self.set_links(links)

    async def delete_as_if_its_time_were_over(self) -> None:
        links = await self.links()
        one = links[self.behind()]
        await self.connection.execute(text(f"DELETE FROM audit_entry WHERE id = {one['entry_id']}"))
        last = links[-1]
        forged = {"id": new_id(), "staff_id": None, "act": audit.EXPIRE, "subject": "audit", "at": last["at"]}
        before = self.chance.choice(['"2999-01-01T00:00:00+00:00"', '"soon"', "7", '"2026-11-18T23:59:59+00:00"'])
        forged["detail"] = f'{{"before":{before}}}'
        await self.set_entry(forged)
        hashed = hash_of_entry(*(await self.entry(int(str(forged["id"])))).values())
        seq = last["seq"] + 1
        linked = {"seq": seq, "entry_id": forged["id"], "entry_hash": hashed, "at": last["at"]}
        linked["hash"] = hash_of_link(last["hash"], seq, int(str(forged["id"])), hashed, last["at"])
        await self.set_links([*links, linked])

    async def insert(self) -> None:
        links = await self.links()
        place, effort = self.behind(), self.chance.randrange(3)
        model = await self.entry(links[place]["entry_id"])
        early = int((self.anchors[-1].at - timedelta(minutes=6)).timestamp() * 1_000_000)
        forged = {**model, "id": model["id"] + self.chance.choice([-1, 1]), "at": min(model["at"], early)}
        await self.set_entry(forged)
        if effort:  # in its place, or behind the last
            place = place if effort == 1 else len(links)
            links.insert(place, {"entry_id": forged["id"], "at": links[place - 1]["at"]})
            await self.forge(links)

    async def reorder(self) -> None:
        links = await self.links()
        place = self.behind()
        other = self.chance.choice([one for one in range(len(links)) if one != place])
        fields = ["entry_id"] if self.chance.random() < 0.3 else ["entry_id", "entry_hash", "at"]
        for field in fields:
            links[place][field], links[other][field] = links[other][field], links[place][field]
        await (self.forge(links) if self.chance.random() < 0.5 else self.set_links(links))

    async def truncate(self) -> None:
        links = await self.links()
        end = self.behind()
        model = await self.entry(links[0]["entry_id"])
        for gone in links[end:] if self.chance.random() < 0.7 else []:
            await self.connection.execute(text(f"DELETE FROM audit_entry WHERE id = {gone['entry_id']}"))
        left, last = links[:end], links[-1]
        if self.chance.random() < 0.6:
            await self.set_links(left)
            return
        for number in range(1, len(links) - end + 3):  # let the chain grow past the anchor again
            grown = {"entry_id": last["entry_id"] + number, "at": last["at"] + number}
            await self.set_entry({**model, "id": grown["entry_id"], "at": grown["at"]})
            left.append(grown)
        await self.forge(left)


async def test_a_thousand_changes_behind_the_last_anchor_are_a_thousand_found(house: House) -> None:
    anchors = []
    for span in range(4):
        await enter(house, _BEHIND // 4, first=span * _BEHIND // 4)
        house.hands.move(minutes=10)
        place = await audit_chain.anchor(house.app.records)
        assert place is not None
        anchors.append(place)
    await enter(house, _AFTER, first=_BEHIND)
    await audit_chain.link_all(house.app.records)
    async with house.app.records.write() as work:
        await (await work.session.connection()).run_sync(triggers.drop)
    assert (await verify(house, *anchors)).broken is None

    chance = random.Random(2026)  # drawn again the same way
    ways: list[Callable[[Attacker], Any]] = [
        Attacker.edit, Attacker.edit_link, Attacker.delete, Attacker.delete_as_if_its_time_were_over, Attacker.insert,
        Attacker.reorder, Attacker.truncate,
    ]  # fmt: skip
    missed = []
    for number in range(1000):
        way = ways[number % len(ways)]
        async with house.app.records.database.write() as session:
            connection = await session.connection()
            before = chance.getstate()
            await way(Attacker(connection, chance, anchors))
            verdict = await audit_check.verify(
                Work(session, house.app.records.vault, house.hands(), frozenset()),
                anchors[-1:] if number % 2 else anchors,
            )
            if verdict.broken is None:
                missed.append((number, way.__name__, before[1][-1]))
            await session.rollback()

    assert missed == []
    assert (await verify(house, *anchors)).broken is None
