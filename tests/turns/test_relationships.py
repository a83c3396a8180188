"""Stages as they are moved on record: at once by an order, once a day by time, and written down with the reason."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from crm_core import customers, merging, relationships, unmerging
from crm_core.models import Conversation, Customer, Identity, Merge, Order, OrderState, Stage, StageChange
from crm_core.rules.lifecycle import Lifecycle
from crm_core.storage.ids import new_id
from crm_core.work import Work
from scheduler.jobs import relationships as job
from tests.builders import House, open_house

RULES = Lifecycle()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def known(house: House, *days_ago: float, **fields: Any) -> int:
    """A customer with orders of so many days ago, whose stage nobody has looked at yet."""
    async with house.app.records.write() as work:
        customer = customers.create(work, language="en", name="", source="import")
        for name, value in fields.items():
            setattr(customer, name, value)
        await work.session.flush()
    for days in days_ago:
        await order(house, customer.id, days)
    return customer.id


async def order(house: House, customer_id: int, days_ago: float = 0, state: str = OrderState.PAID) -> None:
    """An order from elsewhere, that nobody was told of."""
    async with house.app.records.write() as work:
        row = {
            "id": new_id(),
            "source": "shop",
            "external_ref": str(next(house.numbers)),
            "customer_id": customer_id,
            "state": state,
            "total_minor": 1000,
            "currency": "EUR",
            "placed_at": work.now - timedelta(days=days_ago),
        }
        await work.session.execute(insert(Order), [row])


async def stage(house: House, customer_id: int) -> str:
    (row,) = await house.rows(Customer, Customer.id == customer_id)
    return str(row.stage)


async def movements(house: House, customer_id: int) -> list[tuple[str, str, str]]:
    rows = await house.rows(StageChange, StageChange.customer_id == customer_id)
    return [(row.before, row.after, row.reason) for row in rows]


async def test_a_relationship_goes_its_way_and_every_step_is_written_down(house: House) -> None:
    ana = await known(house)
    await house.ring("relationships")
    assert await stage(house, ana) == Stage.LEAD

    await order(house, ana)
    async with house.app.records.write() as work:
        assert await relationships.reckon(work, [ana], RULES) == 1
    assert await stage(house, ana) == Stage.ACTIVE

    for days, expected in ((121, Stage.AT_RISK), (121, Stage.LOST)):
        house.hands.move(days=days)
        await house.ring("relationships")
        assert await stage(house, ana) == expected

    await order(house, ana)
    async with house.app.records.write() as work:
        await relationships.reckon(work, [ana], RULES)

    assert await stage(house, ana) == Stage.WON_BACK
    assert await movements(house, ana) == [
        ("lead", "active", "first_order"),
        ("active", "at_risk", "quiet"),
        ("at_risk", "lost", "long_gone"),
        ("lost", "won_back", "back_again"),
    ]


async def test_an_order_of_the_same_work_counts_before_it_is_committed(house: House) -> None:
    ana = await known(house)
    async with house.app.records.write() as work:
        work.session.add(
            Order(id=new_id(), source="shop", external_ref="1", customer_id=ana, state="paid", total_minor=1,
                  currency="EUR", placed_at=work.now)
        )  # fmt: skip
        await relationships.reckon(work, [ana], RULES)

    assert await stage(house, ana) == Stage.ACTIVE


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.RETURNED])
async def test_what_was_not_kept_counts_for_nothing(house: House, state: str) -> None:
    ana = await known(house)
    await order(house, ana, state=state)
    async with house.app.records.write() as work:
        await relationships.reckon(work, [ana], RULES)

    assert (await stage(house, ana), await movements(house, ana)) == (Stage.LEAD, [])


async def test_looking_again_writes_nothing(house: House) -> None:
    ana = await known(house, 1)
    await house.ring("relationships")
    async with house.app.records.write() as work:
        assert await relationships.reckon(work, [ana], RULES) == 0
    house.hands.move(days=2)
    await house.ring("relationships")

    assert await movements(house, ana) == [("lead", "active", "first_order")]


async def test_nobody_is_looked_at_twice_a_day_unless_it_is_asked_for(house: House) -> None:
    await house.ring("relationships")
    ana = await known(house, 1)
    house.hands.move(hours=23)
    await house.ring("relationships")
    assert await stage(house, ana) == Stage.LEAD

    async with house.app.records.write() as work:
        await relationships.stir(work)
    await house.ring("relationships")
    assert await stage(house, ana) == Stage.ACTIVE


async def test_a_merge_and_its_undoing_move_both_at_once(house: House) -> None:
    ana, bo = await known(house), await known(house, 130, 1)
    await house.ring("relationships")
    async with house.app.records.write() as work:
        kept, other = [await work.session.get_one(Customer, one) for one in (ana, bo)]
        merge = await merging.merge(work, kept, other, "person", None, RULES)
    assert await stage(house, ana) == Stage.ACTIVE

    house.hands.move(days=29)
    async with house.app.records.write() as work:
        await unmerging.undo(work, await work.session.get_one(Merge, merge.id), None, replace(RULES, usual_days=14))

    assert [await stage(house, one) for one in (ana, bo)] == [Stage.LEAD, Stage.AT_RISK]
    assert await movements(house, ana) == [("lead", "active", "ordered_again"), ("active", "lead", "no_order")]
    assert await movements(house, bo) == [("lead", "active", "ordered_again"), ("active", "at_risk", "quiet")]


async def test_who_is_erased_or_merged_away_stays_as_they_were(house: House) -> None:
    ana = await known(house, 1)
    gone = await known(house, 1, key=None)
    merged = await known(house, 1, merged_into=ana)
    await house.ring("relationships")
    async with house.app.records.write() as work:
        await relationships.reckon(work, [gone, merged], RULES)

    assert [await stage(house, one) for one in (ana, gone, merged)] == [Stage.ACTIVE, Stage.LEAD, Stage.LEAD]
    assert await house.how_many(StageChange) == 1


async def test_who_writes_is_not_lost(house: House) -> None:
    """A word brings them back to at risk at the next look; an unanswered month later they are lost again."""
    ana = house.customer()
    await ana.says("hello")
    (row,) = await house.rows(Customer)
    await order(house, row.id, 1)
    house.hands.move(days=300)
    await house.ring("relationships")
    await ana.says("hello again")
    house.hands.move(days=1)
    await house.ring("relationships")
    house.hands.move(days=31)
    await house.ring("relationships")

    assert [after for _before, after, _why in await movements(house, row.id)] == ["lost", "at_risk", "lost"]


async def crowd(house: House, number: int) -> list[int]:
    """Customers with an order each, that nobody has looked at yet."""
    async with house.app.records.write() as work:
        found = [customers.create(work, language="en", name="", source="import") for _ in range(number)]
        await work.session.flush()
        rows = [
            {"id": new_id(), "source": "shop", "external_ref": str(one.id), "customer_id": one.id, "state": "paid",
             "total_minor": 1000, "currency": "EUR", "placed_at": work.now}
            for one in found
        ]  # fmt: skip
        await work.session.execute(insert(Order), rows)
    return [one.id for one in found]


async def test_a_walk_that_was_cut_off_goes_on_where_it_was(house: House) -> None:
    """Many customers are moved in many transactions; after a crash between two of them none is moved twice."""
    ids = await crowd(house, 2 * relationships.AT_ONCE + 10)
    context = house.app.clock._context
    async with house.app.records.write() as work:
        walk = await relationships.begin(work, None)
    ahead = await job._step(context, walk)
    assert await house.how_many(StageChange) == relationships.AT_ONCE
    assert ahead.cursor == ids[relationships.AT_ONCE - 1]

    await house.ring("relationships")

    assert await house.how_many(Customer, Customer.stage == Stage.ACTIVE) == len(ids)
    assert await house.how_many(StageChange) == len(ids)
    async with house.app.records.read() as work:
        assert relationships.is_over(await relationships.walk_of(work), work.now)


async def test_the_records_are_left_alone_where_nobody_moves(house: House) -> None:
    """A step without a movement opens no transaction that writes; only the end of the walk is written down."""
    ids = await crowd(house, relationships.AT_ONCE + 10)
    await house.ring("relationships")
    house.hands.move(days=2)
    async with house.app.records.write() as work:
        walk = await relationships.begin(work, None)
    committed: list[Work] = []
    house.app.records.listen(committed.append)

    ahead = await job._step(house.app.clock._context, walk)
    assert (ahead.cursor, committed) == (ids[relationships.AT_ONCE - 1], [])

    ahead = await job._step(house.app.clock._context, ahead)
    assert (ahead.cursor, len(committed)) == (None, 1)


async def test_the_shops_own_interval_is_measured_when_enough_came_twice(house: House) -> None:
    """30 customers come every 20 days: at risk is then who stays away for more than 40."""
    async with house.app.records.read() as work:
        assert await relationships.measure(work) is None
    for _ in range(30):
        await known(house, 1, 21)
    once = await known(house, 41)
    await house.ring("relationships")

    assert await stage(house, once) == Stage.AT_RISK
    async with house.app.records.read() as work:
        assert await relationships.usual_days(work) == pytest.approx(20, abs=0.01)


async def test_the_settings_of_the_shop_count(tmp_path: Path) -> None:
    async with open_house(tmp_path, RELATIONSHIPS__USUAL_DAYS="20") as house:
        ana = await known(house, 41)
        await house.ring("relationships")

        assert await stage(house, ana) == Stage.AT_RISK


async def test_a_walk_that_is_stirred_while_it_goes_begins_anew(house: House) -> None:
    """What an import took in during a walk may lie behind it."""
    first, second = await crowd(house, 2)
    async with house.app.records.write() as work:
        walk = replace(await relationships.begin(work, None), cursor=first)
    async with house.app.records.write() as work:
        await relationships.stir(work)
    ahead = await job._step(house.app.clock._context, walk)
    assert (ahead.cursor, await stage(house, second)) == (0, Stage.ACTIVE)

    await house.ring("relationships")
    assert await stage(house, first) == Stage.ACTIVE


async def test_a_colleagues_talk_is_no_customers_contact(house: House) -> None:
    await house.colleague()
    assert await house.how_many(Identity, Identity.staff_id.is_not(None)) == 1
    await house.ring("relationships")

    assert await house.how_many(Conversation) == 1
    assert await house.how_many(StageChange) == 0
