"""Orders of people who are not on record yet: kept sealed, and theirs once they are."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

from crm_core import contacts, customers, orders, orders_apart
from crm_core.identities import SHOP
from crm_core.models import ContactKind, Customer, Order, OrderApart, OrderLine, Payment, PaymentKind
from crm_core.orders_apart import Stray
from crm_core.proofs import Person, owners_of
from tests.builders import House
from tests.turns.test_orders_on_record import CUP, T0, TEA, draft, paid

FULL = draft(
    0,
    state="shipped",
    state_at=T0 + timedelta(hours=5),
    tracking="T-1",
    carrier="DHL",
    lines=(TEA, CUP),
    events=(("packed", T0 + timedelta(hours=4)),),
    payments=(paid(2580), paid(80, "r1", PaymentKind.REFUND)),
)


async def keep(house: House, *strays: Stray, write: bool = True) -> list[str]:
    """What became of each."""
    async with house.app.records.write() if write else house.app.records.read() as work:
        return [one.what for one in await orders_apart.keep(work, strays, country="DE", write=write)]


async def appears(house: House, **reached: str) -> int:
    """A customer with these contacts comes on record."""
    async with house.app.records.write() as work:
        made = customers.create(work, language="en", name="Ana", source="import")
        for kind, value in reached.items():
            contacts.add(work, made, ContactKind(kind), value, country="DE", main=True)
        return made.id


async def owners(house: House) -> dict[str, Any]:
    """Whose each order is."""
    return {one.external_ref: one.customer_id for one in await house.rows(Order)}


async def test_an_order_is_kept_apart_once_and_whole(house: House) -> None:
    stray = Stray(order=FULL, email=" Ana@Example.com ")

    assert await keep(house, stray, write=False) == ["added"]
    assert await keep(house, stray) == ["added"]
    assert await keep(house, stray, stray) == ["same", "same"]
    assert await keep(house, replace(stray, order=replace(FULL, state="delivered")), stray) == ["changed", "changed"]

    async with house.app.records.read() as work:
        assert [one for _, one in await orders_apart.listing(work, 10)] == [replace(stray, email="Ana@Example.com")]
        assert await orders_apart.how_many(work) == 1
    assert await house.how_many(Order) == 0


async def test_what_is_kept_apart_stands_nowhere_in_clear(house: House) -> None:
    await keep(house, Stray(order=FULL, email="ana@example.com", phone="0151 12345678"))

    rows = repr(house.beside("SELECT * FROM order_apart"))

    for secret in ("ana@example.com", "12345678", "Jasmine", "T-1"):
        assert secret not in rows


async def test_it_is_taken_in_with_all_it_holds_when_its_customer_appears(house: House) -> None:
    await keep(house, Stray(order=FULL, email="Ana@example.com"), Stray(order=draft(0, "A-2"), phone="0151 12345678"))
    await house.ring("orders_apart")
    assert await owners(house) == {}
    ana = await appears(house, email="ANA@EXAMPLE.COM")
    bob = await appears(house, phone="+49 151 12345678")

    await house.ring("orders_apart")
    await house.ring("orders_apart")

    assert await owners(house) == {"A-1": ana, "A-2": bob}
    assert await house.how_many(OrderApart) == 0
    (order, _other) = await house.rows(Order)
    assert (order.state, order.tracking, order.carrier) == ("shipped", "T-1", "DHL")
    assert await house.how_many(OrderLine, OrderLine.order_id == order.id) == 2
    assert await house.how_many(Payment) == 2


async def test_the_address_decides_before_the_phone_and_the_oldest_of_several_is_taken(house: House) -> None:
    first = await appears(house, email="ana@example.com")
    await appears(house, email="ana@example.com")
    phoned = await appears(house, phone="+49 151 12345678")
    await keep(
        house,
        Stray(order=draft(0), email="ana@example.com", phone="0151 12345678"),
        Stray(order=draft(0, "A-2"), email="nobody@example.com", phone="0151 12345678"),
        Stray(order=draft(0, "A-3"), email="nobody@example.com", phone="0151 99999999"),
    )

    await house.ring("orders_apart")

    assert await owners(house) == {"A-1": first, "A-2": phoned}
    assert [one.external_ref for one in await house.rows(OrderApart)] == ["A-3"]


async def test_a_household_telephone_gives_nobody_an_order_of_somebody_else(house: House) -> None:
    await appears(house, email="ana@example.com", phone="+49 151 12345678")
    await appears(house, phone="+49 30 901820")
    await appears(house, phone="030 901820")
    await keep(
        house,
        Stray(order=draft(0), email="bob@example.com", phone="0151 12345678"),
        Stray(order=draft(0, "A-2"), phone="030 901820"),
    )

    await house.ring("orders_apart")

    assert await owners(house) == {}
    assert await house.how_many(OrderApart) == 2


async def test_an_order_kept_apart_is_theirs_whose_it_would_be_if_it_were_imported_now(house: House) -> None:
    kept = [
        Stray(order=draft(0, f"{reference}/{email}/{phone}"), reference=reference, email=email, phone=phone)
        for reference, email, phone in product(
            ("", "C1", "C9"),
            ("", "ana@example.com", "cid@example.com", "nobody@example.com"),
            ("", "+4915112345678", "+4930901820", "+4930901821"),
        )
        if {email, phone} & {"ana@example.com", "cid@example.com", "+4915112345678", "+4930901820"}
    ]
    assert await keep(house, *kept) == ["added"] * len(kept)
    await appears(house, email="ana@example.com", phone="+49 151 12345678")
    await appears(house, phone="+49 30 901820")
    cid = await appears(house, email="cid@example.com", phone="+49 30 901820")
    async with house.app.records.write() as work:
        customers.add_identity(work, SHOP, "C1", "", "en", customer_id=cid)
        await work.session.flush()
        imported = await owners_of(work, kept)

    await house.ring("orders_apart")

    theirs = zip(kept, imported, strict=True)
    expected = {one.order.external_ref: owner.id for one, owner in theirs if isinstance(owner, Person)}
    assert len(set(expected.values())) == 3
    assert len(expected) < len(kept)
    assert await owners(house) == expected


async def test_an_erased_customer_is_given_nothing(house: House) -> None:
    ana = await appears(house, email="ana@example.com")
    async with house.app.records.write() as work:
        (await work.session.get_one(Customer, ana)).key = None
    await keep(house, Stray(order=FULL, email="ana@example.com"))

    await house.ring("orders_apart")

    assert await owners(house) == {}
    assert await house.how_many(OrderApart) == 1


async def test_what_is_refused_stays_apart_and_holds_up_nobody(house: House) -> None:
    ana = await appears(house, email="ana@example.com")
    async with house.app.records.write() as work:
        await orders.upsert_many(work, [draft(ana, payments=(paid(1),))])
    strays = [Stray(order=replace(FULL, external_ref=f"B-{one}"), email="ana@example.com") for one in range(70)]
    await keep(house, Stray(order=FULL, email="ana@example.com"), *strays)

    await house.ring("orders_apart")

    assert [one.external_ref for one in await house.rows(OrderApart)] == ["A-1"]
    assert await house.how_many(Order) == 71


async def test_an_order_that_names_nobody_or_gives_back_too_much_is_refused(house: House) -> None:
    greedy = draft(0, payments=(paid(1), paid(2, "r", PaymentKind.REFUND)))

    assert await keep(house, Stray(order=FULL, email=" "), Stray(order=greedy, email="ana@example.com")) == [
        "refused", "refused",
    ]  # fmt: skip
    assert await house.how_many(OrderApart) == 0
