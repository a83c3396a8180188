"""Orders on record: taken over again and again, paid and refunded, found and added up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from crm_core import customers, orders
from crm_core.models import Customer, Order, OrderEvent, OrderLine, Payment, PaymentKind
from crm_core.rules.orders import OrderDraft, OrderLineDraft, OrderRefused, PaymentDraft
from tests.builders import House

T0 = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
TEA = OrderLineDraft(product="Jasmine Pearl 50 g", sku="JAS-50", quantity=2, unit_price_minor=1290)
CUP = OrderLineDraft(product="Cup", sku="CUP", quantity=1, unit_price_minor=900)


async def customer(house: House, name: str = "Ana", **fields: Any) -> int:
    """Somebody on record."""
    async with house.app.records.write() as work:
        made = customers.create(work, language="en", name=name, source="import")
        for field, value in fields.items():
            setattr(made, field, value)
        return made.id


def draft(customer_id: int, ref: str = "A-1", **fields: Any) -> OrderDraft:
    """An order of theirs."""
    usual: dict[str, Any] = {
        "source": "shop",
        "external_ref": ref,
        "customer_id": customer_id,
        "state": "paid",
        "total_minor": 2580,
        "currency": "EUR",
        "placed_at": T0,
        "lines": (TEA,),
    }
    return OrderDraft(**usual | fields)


def paid(amount: int, ref: str = "p1", kind: PaymentKind = PaymentKind.PAYMENT) -> PaymentDraft:
    """Money that went one way."""
    return PaymentDraft(kind=kind, amount_minor=amount, external_ref=ref, at=T0)


async def take(house: House, *drafts: OrderDraft, write: bool = True) -> list[str]:
    """What became of each draft."""
    async with house.app.records.write() if write else house.app.records.read() as work:
        return [one.what for one in await orders.upsert_many(work, drafts, write=write)]


async def dump(house: House) -> list[Any]:
    """All that is on record of orders, ids aside."""
    refs = {one.id: one.external_ref for one in await house.rows(Order)}
    found: list[Any] = [
        [getattr(row, column.name) for column in Order.__table__.columns if column.name != "id"]
        for row in await house.rows(Order)
    ]
    found += sorted([refs[one.order_id], one.product, one.sku, one.quantity] for one in await house.rows(OrderLine))
    found += sorted([refs[one.order_id], one.state, one.at] for one in await house.rows(OrderEvent))
    return found + sorted([refs[one.order_id], one.kind, one.amount_minor] for one in await house.rows(Payment))


async def the_order(house: House) -> orders.Whole:
    """The only order, with all that belongs to it."""
    (row,) = await house.rows(Order)
    async with house.app.records.read() as work:
        (whole,) = await orders.whole(work, [row])
    return whole


async def test_taking_the_same_orders_again_changes_nothing(house: House) -> None:
    ana = await customer(house)
    drafts = [
        draft(ana, state_at=T0 + timedelta(hours=1), tracking="T1", carrier="DHL", payments=(paid(2580),)),
        draft(ana, "A-2", state="shipped", events=(("packed", T0 + timedelta(hours=2)),), lines=(TEA, CUP)),
    ]

    assert await take(house, *drafts, write=False) == ["added", "added"]
    assert await dump(house) == []
    assert await take(house, *drafts) == ["added", "added"]
    before = await dump(house)
    house.hands.move(days=1)
    assert await take(house, *drafts) == ["same", "same"]
    assert await take(house, *drafts[::-1], *drafts) == ["same"] * 4
    assert await dump(house) == before


async def test_an_order_that_stands_twice_among_the_drafts_is_taken_twice(house: House) -> None:
    ana = await customer(house)

    shipped = draft(ana, state="shipped")

    assert await take(house, draft(ana), draft(ana, "A-2"), shipped, shipped) == ["added", "added", "changed", "same"]
    assert [one.state for one in await house.rows(Order)] == ["shipped", "paid"]


async def test_lines_are_replaced_as_a_whole_and_left_alone_when_none_are_given(house: House) -> None:
    ana = await customer(house)
    await take(house, draft(ana, lines=(TEA, CUP), tracking="T1"))

    assert await take(house, draft(ana, lines=None)) == ["same"]
    assert await take(house, draft(ana, lines=(TEA._replace(quantity=3),))) == ["changed"]

    found = await the_order(house)
    assert [(line.product, line.quantity) for line in found.lines] == [("Jasmine Pearl 50 g", 3)]
    assert found.order.tracking == "T1"


async def test_states_that_come_in_any_order_end_at_the_newest(house: House) -> None:
    ana = await customer(house)
    came = [("paid", 1), ("shipped", 3), ("packed", 2), ("delivered", 9)]
    for number, way in enumerate(permutations(came)):
        for state, hours in (*way, *way):
            await take(house, draft(ana, f"A-{number}", state=state, state_at=T0 + timedelta(hours=hours)))

    assert {one.state for one in await house.rows(Order)} == {"delivered"}
    assert await house.how_many(OrderEvent) == 4 * 24


async def test_a_change_without_a_time_came_when_we_heard_of_it(house: House) -> None:
    ana = await customer(house)
    await take(house, draft(ana, state="paid"))
    assert (await the_order(house)).state_since is None
    house.hands.move(hours=5)
    then = house.hands.now

    await take(house, draft(ana, state="shipped"))

    found = await the_order(house)
    assert [event.state for event in found.events] == ["shipped"]
    assert found.state_since is not None
    assert then < found.state_since < house.hands.now


async def test_a_state_set_by_hand_may_not_be_older_than_what_is_known(house: House) -> None:
    ana = await customer(house)
    await take(house, draft(ana, state="shipped", state_at=T0 + timedelta(days=2)))
    async with house.app.records.write() as work:
        (order,) = await orders.by_ref(work, " A-1 ")
        with pytest.raises(OrderRefused, match="order_state_older"):
            await orders.set_state(work, order, "packed", T0 + timedelta(days=1))
        assert not await orders.set_state(work, order, "shipped", T0 + timedelta(days=2))
        assert await orders.set_state(work, order, "delivered", T0 + timedelta(days=3))

    assert (await the_order(house)).order.state == "delivered"
    assert await house.how_many(OrderEvent) == 2


async def test_payments_count_once_and_no_more_is_given_back_than_was_paid(house: House) -> None:
    ana = await customer(house)
    back = paid(1000, "r1", PaymentKind.REFUND)
    assert await take(house, draft(ana, payments=(back, paid(2580)))) == ["added"]
    assert await take(house, draft(ana, payments=(paid(2580), back))) == ["same"]
    assert await take(house, draft(ana, payments=(paid(2000),)), draft(ana, "A-2")) == ["refused", "added"]
    assert await take(house, draft(ana, payments=(paid(1581, "r2", PaymentKind.REFUND),))) == ["refused"]
    assert await take(house, draft(ana, payments=(paid(0, "p2"),))) == ["refused"]

    async with house.app.records.write() as work:
        (order,) = await orders.by_ref(work, "A-1")
        assert not await orders.pay(work, order, back)
        with pytest.raises(OrderRefused) as refused:
            await orders.pay(work, order, paid(1581, "r2", PaymentKind.REFUND))
        with pytest.raises(OrderRefused, match="order_payment_differs"):
            await orders.pay(work, order, replace(back, amount_minor=1))
        assert await orders.pay(work, order, paid(1580, "r2", PaymentKind.REFUND))

    assert refused.value.values == {"amount": "15.81 EUR", "left": "15.80 EUR"}
    async with house.app.records.read() as work:
        (found,) = await orders.whole(work, await orders.by_ref(work, "A-1"))
    assert (found.paid_minor, found.refunded_minor) == (2580, 2580)


async def test_the_currency_of_what_was_paid_does_not_change(house: House) -> None:
    ana = await customer(house)
    await take(house, draft(ana, payments=(paid(2580),)), draft(ana, "A-2"))

    assert await take(house, draft(ana, currency="JPY"), draft(ana, "A-2", currency="JPY")) == ["refused", "changed"]


async def test_an_order_of_an_erased_customer_is_refused_and_one_of_a_merged_customer_follows(house: House) -> None:
    kept = await customer(house)
    merged = await customer(house, merged_into=kept)
    twice = await customer(house, merged_into=merged)
    erased = await customer(house, key=None)
    into_erased = await customer(house, merged_into=erased)

    assert await take(house, draft(twice), draft(erased, "A-2"), draft(into_erased, "A-3")) == [
        "added", "refused", "refused",
    ]  # fmt: skip

    assert [one.customer_id for one in await house.rows(Order)] == [kept]
    async with house.app.records.write() as work:
        with pytest.raises(OrderRefused, match="order_customer_erased"):
            await orders.upsert(
                work,
                source="shop",
                external_ref="A-4",
                customer_id=erased,
                state="paid",
                total_minor=1,
                currency="EUR",
                placed_at=T0,
                lines=(),
            )


async def test_orders_are_found_by_number_customer_product_and_tracking(house: House) -> None:
    ana, bob = await customer(house), await customer(house, "Bob")
    await take(
        house,
        draft(ana),
        draft(ana, "A-2", placed_at=T0 + timedelta(days=1), lines=(CUP,), tracking="T-9"),
        draft(bob, "B-1", placed_at=T0 + timedelta(days=2), lines=(TEA, CUP)),
        draft(bob, source="other"),
    )

    async with house.app.records.read() as work:
        assert [one.source for one in await orders.by_ref(work, "A-1")] == ["other", "shop"]
        assert [one.external_ref for one in await orders.of_customer(work, ana, 10)] == ["A-2", "A-1"]
        assert [one.external_ref for one in await orders.of_customer(work, ana, 10, 1)] == ["A-1"]
        assert [one.customer_id for one in await orders.of_product(work, "CUP", 10)] == [bob, ana]
        assert len(await orders.of_product(work, "Jasmine Pearl 50 g", 10)) == 3
        assert [one.external_ref for one in await orders.by_tracking(work, "T-9")] == ["A-2"]
        assert [one.external_ref for one in await orders.newest(work, 1)] == ["B-1"]


async def test_figures_are_added_up_from_what_was_bought(house: House) -> None:
    ana, bob, cleo = await customer(house), await customer(house, "Bob"), await customer(house, "Cleo")
    await take(
        house,
        draft(ana, total_minor=1000, payments=(paid(1000), paid(250, "r", PaymentKind.REFUND))),
        draft(ana, "A-2", total_minor=1001, placed_at=T0 + timedelta(days=3)),
        draft(ana, "A-3", total_minor=500, currency="JPY", placed_at=T0 - timedelta(days=3)),
        draft(ana, "A-4", total_minor=9999, state="cancelled", placed_at=T0 + timedelta(days=9)),
        draft(ana, "A-5", total_minor=9999, state="returned", payments=(paid(5), paid(5, "r", PaymentKind.REFUND))),
        draft(bob, "B-1", total_minor=1),
    )

    async with house.app.records.read() as work:
        found = await orders.figures(work, [ana, bob, cleo])

    assert found[cleo] == orders.Figures()
    assert (found[ana].orders, found[ana].first_at, found[ana].last_at) == (
        3, T0 - timedelta(days=3), T0 + timedelta(days=3),
    )  # fmt: skip
    euro, yen = found[ana].spent
    assert (euro.currency, euro.orders, euro.value_minor, euro.average_minor) == ("EUR", 2, 1751, 1001)
    assert (yen.currency, yen.value_minor, yen.average_minor) == ("JPY", 500, 500)
    assert found[bob].spent[0].value_minor == 1
    assert await house.how_many(Customer) == 3
