"""`order …`: orders are looked up, listed and told what happened to them, and every look is on record."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_core import contacts, customers, orders, orders_apart
from crm_core.models import AuditEntry, ContactKind, Customer, OrderEvent, Payment
from crm_core.orders_apart import Stray
from crm_core.rules.orders import OrderDraft, OrderLineDraft
from crm_core.work import Records
from tests.cli.conftest import ShopFolder

T0 = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
TEA = OrderLineDraft(product="Jasmine Pearl 50 g", sku="JAS-50", quantity=2, unit_price_minor=1290)


async def stock(records: Records) -> None:
    """Ana has two orders, one of them also under another system's number; somebody unknown has one."""
    async with records.write() as work:
        ana = customers.create(work, language="en", name="Ana", source="import", number=12)
        contacts.add(work, ana, ContactKind.EMAIL, "ana@example.com", main=True)
        usual: dict[str, Any] = {"customer_id": ana.id, "state": "paid", "total_minor": 2580, "currency": "EUR"}
        drafts = [
            OrderDraft(source="shop", external_ref="A-1", placed_at=T0, lines=(TEA,), tracking="T1", **usual),
            OrderDraft(source="shop", external_ref="A-2", placed_at=T0.replace(day=2), **usual),
            OrderDraft(source="market", external_ref="A-2", placed_at=T0.replace(day=3), **usual),
        ]
        await orders.upsert_many(work, drafts)
        stray = OrderDraft(source="shop", external_ref="G-1", placed_at=T0, **{**usual, "customer_id": 0})
        await orders_apart.keep(work, [Stray(order=stray, email="guest@example.com")])


@pytest.fixture
def stocked(shop: ShopFolder) -> ShopFolder:
    """A shop with orders."""
    shop.with_records(stock)
    return shop


def audited(shop: ShopFolder) -> Sequence[str]:
    """The acts on record."""

    async def look(records: Records) -> list[str]:
        async with records.read() as work:
            rows = await work.session.scalars(AuditEntry.__table__.select().with_only_columns(AuditEntry.act))
            return list(rows)

    return shop.with_records(look)


def test_an_order_is_shown_with_all_that_is_known_of_it(stocked: ShopFolder) -> None:
    stocked.does("order", "payment", "A-1", "25.80", "--reference", "p1", "--at", "2026-11-01 10:00")
    stocked.does("order", "set-state", "A-1", "已发货", "--at", "2026-11-02 08:30")

    shown = stocked.does("order", "show", "A-1")

    assert shown.lines == [
        "Order A-1 (shop): shipped, 25.80 EUR",
        "  customer #12",
        "  placed 2026-11-01 09:00 (UTC)",
        "  shipped 2026-11-02 08:30 (UTC)",
        "  2 x Jasmine Pearl 50 g (JAS-50), 12.90 EUR each",
        "  tracking T1",
        "  payment 25.80 EUR (p1), 2026-11-01 10:00 (UTC)",
    ]
    facts = stocked.does("order", "show", "A-1", "--json").json
    assert (facts["customer"], facts["paid_minor"], facts["states"][0]["state"]) == (12, 2580, "shipped")
    assert audited(stocked) == ["order.payment", "order.set_state", "order.show", "order.show"]


def test_orders_are_listed_by_customer_and_product_newest_first(stocked: ShopFolder) -> None:
    found = stocked.does("order", "list", "--customer", "12", "--json").json
    assert [(one["order"], one["source"]) for one in found] == [("A-2", "market"), ("A-2", "shop"), ("A-1", "shop")]
    assert [one["order"] for one in stocked.does("order", "list", "--product", "JAS-50", "--json").json] == ["A-1"]
    assert stocked.does("order", "list", "--limit", "1").lines[1].split() == [
        "A-2", "market", "12", "paid", "2026-11-03", "09:00", "25.80", "EUR",
    ]  # fmt: skip
    assert stocked.does("order", "list", "--product", "teapot").out == "There are no such orders.\n"
    assert stocked.does("order", "list", "--customer", "99").err == "There is no customer #99.\n"
    assert stocked.does("order", "list", "--customer", "12", "--apart").code == 2


def test_orders_kept_apart_are_listed_and_the_look_is_on_record(stocked: ShopFolder) -> None:
    assert stocked.does("order", "list", "--apart").lines[1].split() == ["G-1", "shop", "guest@example.com", "-"]
    assert stocked.does("order", "list", "--apart", "--json").json[0]["email"] == "guest@example.com"
    assert audited(stocked) == ["order.list_apart"] * 2


def test_an_order_that_several_systems_have_wants_its_source(stocked: ShopFolder) -> None:
    ran = stocked.does("order", "set-state", "A-2", "shipped")

    assert ran.err == "Several systems have an order A-2 (market, shop): name one with --source.\n"
    assert stocked.does("order", "set-state", "A-2", "shipped", "--source", "market").code == 0
    assert stocked.does("order", "show", "A-2", "--source", "else").err == 'There is no order "A-2" of else.\n'


def test_saying_the_same_again_adds_nothing(stocked: ShopFolder) -> None:
    for said in ("Order A-1 is shipped.\n", "Order A-1 is shipped, as was known.\n"):
        assert stocked.does("order", "set-state", "A-1", "fulfilled").out == said
    for said in ("Order A-1: payment of 5.00 EUR.\n", "Order A-1: payment of 5.00 EUR, as was known.\n"):
        assert stocked.does("order", "payment", "A-1", "5", "--reference", "p").out == said

    async def count(records: Records) -> tuple[int, int]:
        async with records.read() as work:
            events = (await work.session.scalars(OrderEvent.__table__.select())).all()
            payments = (await work.session.scalars(Payment.__table__.select())).all()
            return len(events), len(payments)

    assert stocked.with_records(count) == (1, 1)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["refund", "A-1", "1", "--reference", "r"],
            "of what was paid, 0.00 EUR is left.",
        ),
        (["payment", "A-1", "1.005", "--reference", "r"], "1.005 EUR is no amount that can be booked"),
        (["payment", "A-1", "0", "--reference", "r"], "0.00 EUR is no amount that can be booked"),
        (["payment", "A-1", "-3", "--reference", "r"], "No such option"),
        (["payment", "A-1", "ten", "--reference", "r"], '"ten" is no amount: write it as 12.50.'),
        (["payment", "A-1", "1", "--reference", " "], "it should have 1 to 190 characters"),
        (["set-state", "A-1", "lost"], '"lost" is no state of an order'),
        (["set-state", "A-1", "paid", "--at", "soon"], '"soon" is no time'),
        (["set-state", "A-1", "paid", "--at", "2099-01-01"], "2099-01-01 has yet to come."),
        (["show", "Z-9"], 'There is no order "Z-9".'),
    ],
)
def test_what_cannot_be_is_said_in_words(stocked: ShopFolder, args: list[str], said: str) -> None:
    ran = stocked.does("order", *args)

    assert ran.code != 0
    assert said in ran.err


def test_an_older_state_is_refused_and_the_stage_follows_what_was_bought(stocked: ShopFolder) -> None:
    stocked.does("order", "set-state", "A-1", "delivered", "--at", "2026-11-05 08:00")

    ran = stocked.does("order", "set-state", "A-1", "shipped", "--at", "2026-11-04 08:00")

    assert ran.err == "Order A-1 has come to another state since: it is delivered. Name a later time.\n"

    async def stage(records: Records) -> str:
        async with records.read() as work:
            (ana,) = (await work.session.scalars(Customer.__table__.select().with_only_columns(Customer.stage))).all()
            return str(ana)

    assert stocked.with_records(stage) == "active"
