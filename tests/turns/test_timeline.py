"""The timeline: everything that happened with one person, newest first, page by page, nothing twice or lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core import customers, orders, record, timeline
from crm_core.models import Customer, Merge, Order, OrderEvent, Payment, StageChange
from crm_core.record import By
from crm_core.storage.ids import new_id
from crm_core.timeline import Entry, What
from crm_core.work import Work
from tests.builders import House

ME = By(staff_id=None, source="chat")


async def all_of(work: Work, customer: Customer, limit: int = 3) -> list[Entry]:
    """Every entry, by pages."""
    found: list[Entry] = []
    cursor = ""
    while True:
        page = await timeline.page(work, customer, cursor, limit)
        found += page.entries
        assert len(page.entries) <= limit
        if not page.older:
            return found
        cursor = page.older


async def busy(house: House) -> int:
    """A customer with whom everything happened; the id."""
    ana, wei = house.customer(), await house.colleague("Wei")
    await ana.says("how long does delivery take")
    await ana.says("/agent")
    await wei.says("/claim 1")
    await wei.says("It takes a week.")
    await wei.says("/note she is in a hurry")
    await wei.says("/resolve")
    await ana.presses("★★★★★" if "★★★★★" in ana.labels else ana.labels[-1])
    await ana.says("/subscribe")
    (customer,) = await house.rows(Customer)
    async with house.app.records.write() as work:
        one = await work.session.get_one(Customer, customer.id)
        await orders.upsert(
            work,
            source="shop",
            external_ref="HT-1",
            customer_id=one.id,
            state="placed",
            total_minor=4800,
            currency="EUR",
            placed_at=work.now - timedelta(days=3),
            lines=[],
        )
        await work.session.flush()
        await record.change(work, one, "company", "Tea House", ME)
        await record.add_note(work, one, "likes green tea", ME)
        work.session.add(
            StageChange(
                id=new_id(), customer_id=one.id, before="lead", after="active", reason="first_order", at=work.now
            )
        )
    (order,) = await house.rows(Order)
    async with house.app.records.write() as work:
        work.session.add(OrderEvent(id=new_id(), order_id=order.id, state="shipped", at=work.now))
        work.session.add(
            Payment(id=new_id(), order_id=order.id, kind="payment", amount_minor=4800, external_ref="p1", at=work.now)
        )
    return int(customer.id)


async def test_everything_that_happened_is_there_newest_first(house: House) -> None:
    customer_id = await busy(house)

    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, customer_id)
        found = await all_of(work, customer)

    assert {one.what for one in found} == set(What) - {What.MERGE}
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    said = {(one.kind, one.text, one.by) for one in found if one.what == What.TALK}
    assert {
        ("message", "how long does delivery take", ""),
        ("agent", "It takes a week.", "Wei"),
        ("note", "she is in a hurry", "Wei"),
    } <= said
    tickets = [(one.kind, one.number) for one in reversed(found) if one.what == What.TICKET]
    assert tickets[:3] == [("opened", 1), ("claimed", 1), ("resolved", 1)]
    (ordered,) = [one for one in found if one.what == What.ORDERED]
    assert (ordered.text, ordered.minor, ordered.currency) == ("HT-1", 4800, "EUR")
    (changed,) = [one for one in found if one.what == What.CHANGE]
    assert (changed.kind, changed.before, changed.after) == ("company", "", "Tea House")
    (consent,) = [one for one in found if one.what == What.CONSENT]
    assert consent.granted
    assert found[-1].what == What.ORDERED  # three days before they wrote


async def test_pages_of_any_size_show_the_same(house: House) -> None:
    customer_id = await busy(house)

    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, customer_id)
        whole = (await timeline.page(work, customer, limit=1000)).entries
        for size in (1, 2, 7, len(whole), len(whole) + 1):
            assert await all_of(work, customer, size) == whole


async def test_what_comes_meanwhile_moves_no_older_page(house: House) -> None:
    customer_id = await busy(house)
    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, customer_id)
        first = await timeline.page(work, customer, limit=5)
        second = await timeline.page(work, customer, first.older, limit=5)
    house.hands.move(minutes=1)
    await house.customer().says("and another thing")

    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, customer_id)
        assert (await timeline.page(work, customer, first.older, limit=5)).entries == second.entries


async def test_things_of_the_same_moment_are_shown_once_each(house: House) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with house.app.records.write() as work:
        one = customers.create(work, language="en", name="Ana", source="import")
        for number in range(10):
            work.session.add(
                StageChange(id=new_id(), customer_id=one.id, before="lead", after="active", reason=f"r{number}", at=at)
            )
    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, one.id)
        found = [entry.text for entry in await all_of(work, customer, 3) if entry.what == What.STAGE]

    assert found == [f"r{number}" for number in reversed(range(10))]


async def test_what_a_record_held_that_was_merged_in_is_there(house: House) -> None:
    customer_id = await busy(house)
    async with house.app.records.write() as work:
        kept = customers.create(work, language="en", name="Ana", source="import", number=55)
        await work.session.flush()
        other = await work.session.get_one(Customer, customer_id)
        other.merged_into = kept.id
        work.session.add(Merge(id=new_id(), kept_id=kept.id, merged_id=other.id, proof="person", moved={}, at=work.now))

    async with house.app.records.read() as work:
        found = await all_of(work, await work.session.get_one(Customer, kept.id))

    assert {What.TALK, What.TICKET, What.CHANGE, What.CONSENT, What.MERGE} <= {one.what for one in found}
    assert "It takes a week." in [one.text for one in found]
    assert [one.number for one in found if one.what == What.MERGE] == [other.number]


async def test_the_timeline_of_who_was_erased_is_empty(house: House) -> None:
    customer_id = await busy(house)
    async with house.app.records.write() as work:
        (await work.session.get_one(Customer, customer_id)).key = None

    async with house.app.records.read() as work:
        assert await all_of(work, await work.session.get_one(Customer, customer_id)) == []


async def test_nothing_of_anybody_else_is_there(house: House) -> None:
    await busy(house)
    async with house.app.records.write() as work:
        other = customers.create(work, language="en", name="Ben", source="import")

    async with house.app.records.read() as work:
        found = await all_of(work, await work.session.get_one(Customer, other.id))

    assert [one.what for one in found] == [What.CREATED]


@pytest.mark.parametrize("cursor", ["1", "a.b.c", "1.2", "9" * 30, "9999999999999999999.1.1", "١.٢.٣"])
async def test_a_cursor_that_is_none_begins_at_the_beginning(house: House, cursor: str) -> None:
    async with house.app.records.write() as work:
        one = customers.create(work, language="en", name="Ben", source="import")
    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, one.id)
        assert len((await timeline.page(work, customer, cursor)).entries) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text(alphabet="0123456789.-x", max_size=60))
async def test_whatever_cursor_comes_nothing_breaks(house: House, cursor: str) -> None:
    async with house.app.records.write() as work:
        one = customers.create(work, language="en", name="Ben", source="import")
    async with house.app.records.read() as work:
        await timeline.page(work, await work.session.get_one(Customer, one.id), cursor)
