"""Customers ask for their orders: theirs are shown, others' never, whatever is tried."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.memory import Memory
from crm_core import contacts, customers, orders, orders_apart
from crm_core.models import (
    AuditEntry,
    ContactKind,
    Customer,
    Dialogue,
    Identity,
    Interaction,
    PaymentKind,
    Ticket,
)
from crm_core.orders_apart import Stray
from crm_core.rules.orders import OrderDraft
from tests.builders import House, Person, open_house
from tests.turns.test_orders_on_record import CUP, T0, TEA, draft, paid

SECRETS = ("shipped", "已发货", "Jasmine", "25.80", "T-SECRET", "Nov 1", "11月1日", "Cleo")
NOT_FOUND = (
    "I find no order {} with this address or phone number. Please check both and send the address or phone number once "
    "more."
)


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[House]:
    """A shop whose customers write from Telegram: the account is theirs."""
    async with open_house(tmp_path, Memory(name="telegram:7")) as house:
        yield house


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[House]:
    """A shop whose customers write from a channel that proves nothing, as the web chat: anybody may sit there."""
    async with open_house(tmp_path, SHOP__COUNTRY="DE") as house:
        yield house


async def of(house: House, sender: str) -> int:
    """The customer behind somebody who has written."""
    (identity,) = await house.rows(Identity, Identity.external_id == sender)
    assert identity.customer_id is not None
    return int(identity.customer_id)


async def bought(house: House, *drafts: OrderDraft) -> None:
    """These orders are on record."""
    async with house.app.records.write() as work:
        outcomes = await orders.upsert_many(work, drafts)
    assert {one.what for one in outcomes} == {"added"}


async def cleo(house: House) -> int:
    """Somebody else on record, with an order of her own."""
    async with house.app.records.write() as work:
        made = customers.create(work, language="en", name="Cleo Lane", source="import")
        contacts.add(work, made, ContactKind.EMAIL, "cleo@example.com", main=True)
        contacts.add(work, made, ContactKind.PHONE, "+49 151 12345678", main=True)
    await bought(
        house,
        draft(made.id, "C-2003", state="shipped", state_at=T0, tracking="T-SECRET", carrier="DHL"),
    )
    return made.id


async def knows(house: House, name: str = "ana", language: str = "en") -> Person:
    """A customer who said hello."""
    person = house.customer(name, language)
    await person.says("你好" if language == "zh" else "hello")
    return person


async def test_own_orders_are_listed_newest_first_a_page_at_a_time(telegram: House) -> None:
    ana = await knows(telegram)
    mine = await of(telegram, "ana")
    await bought(
        telegram,
        draft(
            mine,
            state="shipped",
            state_at=T0 + timedelta(days=9),
            placed_at=T0 + timedelta(days=8),
            tracking="T-1",
            carrier="DHL",
            lines=(TEA, CUP),
            payments=(paid(2580), paid(900, "r", PaymentKind.REFUND)),
        ),
        *[draft(mine, f"B-{one}", placed_at=T0 - timedelta(days=one)) for one in range(1, 7)],
    )

    (first,) = await ana.says("/orders")
    (rest,) = await ana.presses("Earlier orders")

    assert first.split("\n\n")[0] == "Your orders"
    assert first.split("\n\n")[1].splitlines() == [
        "Order A-1: shipped, Nov 10, 2026",
        "Ordered on Nov 9, 2026",
        "2 × Jasmine Pearl 50 g",
        "1 × Cup",
        "Total €25.80",
        "Refunded €9.00",
        "Tracking number T-1 (DHL)",
    ]
    assert [block.splitlines()[0] for block in first.split("\n\n")[2:]] == [
        f"Order B-{one}: paid" for one in range(1, 5)
    ]
    assert [block.splitlines()[0] for block in rest.split("\n\n")[1:]] == ["Order B-5: paid", "Order B-6: paid"]
    assert "Earlier orders" not in ana.labels


async def test_a_chinese_customer_reads_chinese_dates_and_money(telegram: House) -> None:
    li = await knows(telegram, "li", "zh")
    await bought(
        telegram, draft(await of(telegram, "li"), state="shipped", state_at=T0, currency="CNY", total_minor=19900)
    )

    (said,) = await li.says("我的订单A-1到哪了")

    assert said.splitlines() == [
        "订单 A-1：已发货（2026年11月1日）", "下单日期：2026年11月1日", "Jasmine Pearl 50 g × 2", "合计 ¥199.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "where is my order H-2003",
        "where is order #2003?",
        "H-2003",
        "where is my parcel T-771",
        "/orders 2003",
        "order h2003",
    ],
)
async def test_an_own_order_is_shown_however_its_number_is_written(telegram: House, words: str) -> None:
    ana = await knows(telegram)
    await bought(telegram, draft(await of(telegram, "ana"), "H-2003", tracking="T-771"))

    (said,) = await ana.says(words)

    assert said.startswith("Order H-2003: paid")
    said_by = await telegram.rows(Interaction, Interaction.kind == "message")
    assert said_by[-1].decision is None


async def test_the_articles_answer_comes_first_when_no_number_is_named(telegram: House) -> None:
    ana = await knows(telegram)
    await bought(telegram, draft(await of(telegram, "ana"), state="shipped", state_at=T0))

    heard = await ana.says("where is my order")

    assert heard == [
        "The tracking number is in your mail.\n\nDid this help?",
        "Order A-1: shipped, Nov 1, 2026\nOrdered on Nov 1, 2026",
    ]
    assert (await ana.presses("My orders"))[0].startswith("Your orders")


async def test_without_an_open_order_the_article_answers_alone(telegram: House) -> None:
    ana = await knows(telegram)
    await bought(telegram, draft(await of(telegram, "ana"), state="delivered"))

    assert await ana.says("where is my order") == ["The tracking number is in your mail.\n\nDid this help?"]


@pytest.mark.parametrize("words", ["where is my order C-2003", "我的订单C-2003到哪了", "/orders C-2003"])
async def test_an_order_that_is_not_theirs_is_not_shown_to_a_telegram_account(telegram: House, words: str) -> None:
    await cleo(telegram)
    ana = await knows(telegram)

    (real,) = await ana.says(words)
    (made_up,) = await ana.says(words.replace("2003", "9999"))

    assert real.replace("2003", "9999") == made_up
    assert not any(secret in real for secret in SECRETS)


async def test_a_web_visitor_proves_an_order_by_its_address_and_sees_state_day_and_tracking_only(web: House) -> None:
    await cleo(web)
    ana = await knows(web)

    assert await ana.says("where is my order C-2003?") == [
        "To look up order C-2003, I need the e-mail address or the phone number it was placed with.",
    ]
    assert await ana.says("it was Cleo@Example.com I think") == [
        "Order C-2003: shipped, Nov 1, 2026\nOrdered on Nov 1, 2026\nTracking number T-SECRET (DHL)"
    ]
    assert await web.how_many(Dialogue) == 0
    assert await ana.says("where is order c-2003, cleo@example.com") == [ana.words[-2]]
    await ana.says("where is order C-2003")
    assert await ana.says("0151 / 123 456 78") == [ana.words[-3]]


async def test_what_an_unproven_visitor_owns_is_not_shown_until_it_is_proven(web: House) -> None:
    """The browser's customer may have been given orders: who sits there now is another question."""
    ana = await knows(web)
    await bought(web, draft(await of(web, "ana"), tracking="T-SECRET"))

    for words in ("/orders", "where is my order A-1", "where is my order"):
        heard = await ana.says(words)
        assert not any(secret in "\n".join(heard) for secret in SECRETS)
    async with web.app.records.write() as work:
        (row,) = await web.rows(Identity, Identity.external_id == "ana")
        row = await work.session.get_one(Identity, row.id)
        row.proof, row.proven_at = "login", work.now

    assert "Jasmine Pearl" in (await ana.says("/orders"))[0]
    assert "T-SECRET" in (await ana.says("where is my order A-1"))[0]


async def test_the_same_words_answer_a_wrong_address_and_an_order_that_does_not_exist(web: House) -> None:
    await cleo(web)
    ana, bob = await knows(web, "ana"), await knows(web, "bob")
    for person, number in ((ana, "C-2003"), (bob, "C-2004")):
        await person.says(f"where is my order {number}")
        assert await person.says("ana@example.com") == [NOT_FOUND.format(number)]


async def test_after_three_tries_within_an_hour_a_person_takes_over(web: House) -> None:
    await cleo(web)
    ana, wei = await knows(web), await web.colleague("Wei")
    await ana.says("where is my order C-2003")
    await ana.says("one@example.com")
    await ana.says("/orders")
    await ana.says("C-2003")
    await ana.says("two@example.com")

    (last,) = await ana.says("three@example.com")

    assert last == "I could not look that order up. A colleague takes over and answers here (ticket #1)."
    assert (await web.rows(Ticket))[0].reason == "order_unproven"
    assert await ana.says("cleo@example.com") == []
    assert await ana.says("/orders C-2003") == [
        "A colleague already takes care of this: ticket #1. What you write here is added to it."
    ]
    await wei.says("/claim 1")
    assert "could not prove whose order it is" in "\n".join(wei.words)


async def test_ten_wrong_addresses_for_one_order_end_the_trying_for_everybody(web: House) -> None:
    """A fresh browser is a fresh visitor, but the order stays the same."""
    await cleo(web)
    for visitor in range(10):
        person = await knows(web, f"visitor{visitor}")
        await person.says(f"where is my order C-2003, guess{visitor}@example.com")
    ana, bob = await knows(web), await knows(web, "bob")

    (said,) = await ana.says("where is my order c2003, cleo@example.com")

    assert said.startswith("I could not look that order up. A colleague takes over")
    assert await bob.says("where is my order C-2004, bob@example.com") == [NOT_FOUND.format("C-2004")]


async def test_an_hour_later_there_are_three_tries_again(web: House) -> None:
    await cleo(web)
    ana = await knows(web)
    for _ in range(2):
        await ana.says("where is my order C-2003, ana@example.com")
    web.hands.move(minutes=61)

    assert await ana.says("where is my order C-2003, ana@example.com") == [NOT_FOUND.format("C-2003")]
    assert "T-SECRET" in (await ana.says("cleo@example.com"))[0]


async def test_a_hundred_tries_at_others_orders_show_nothing(web: House) -> None:
    """Fresh visitors, old ones, numbers and addresses in every form: 0 shown."""
    await cleo(web)
    ways = (
        "where is my order {0}", "/orders {0}", "where is my order {0}, {1}", "我的订单{0}到哪了", "#{0}", "{0}", "{1}",
        "/orders", "where is my parcel T-SECRET", "/order {0}",
    )  # fmt: skip
    addresses = (
        "ana@example.com",
        "cleo@example.co",
        "leo@example.com",
        "*@example.com",
        "+49 151 12345679",
        "' OR 1=1 --@x.y",
    )
    tried = 0
    for visitor in range(20):
        person = await knows(web, f"visitor{visitor}")
        for step in range(5):
            number, address = ("C-2003", "c2003", "2003", "T-SECRET")[tried % 4], addresses[tried % len(addresses)]
            words = ways[(tried + step * 3) % len(ways)].format(number, address)
            heard = await person.says(words) + await person.says(address)
            assert not any(secret in said.replace(number, "") for said in heard for secret in SECRETS), (words, heard)
            tried += 1

    assert tried == 100


async def test_somebody_in_the_middle_of_it_may_ask_something_else(web: House) -> None:
    ana = await knows(web)
    await ana.says("where is my order C-2003")

    assert (await ana.says("how long does delivery take"))[0].startswith("Delivery takes 3 to 5")
    assert await web.how_many(Dialogue) == 0
    await ana.says("/orders")
    assert (await ana.says("怎么退款"))[0].startswith("我们会在十四天内退款")


async def test_the_first_words_tell_the_language_that_is_spoken(web: House) -> None:
    ana = web.customer()

    assert await ana.says("我的订单C-2003到哪了") == ["查询订单 C-2003 需要下单时使用的邮箱或电话号码，请发给我。"]


async def test_what_was_asked_long_ago_is_not_answered_by_todays_words(web: House) -> None:
    await cleo(web)
    ana = await knows(web)
    await ana.says("where is my order C-2003")
    web.hands.move(hours=2)

    heard = await ana.says("cleo@example.com")

    assert "T-SECRET" not in "\n".join(heard)
    assert await web.how_many(Dialogue) == 0


async def test_an_order_kept_apart_is_proven_the_same_way(web: House) -> None:
    async with web.app.records.write() as work:
        stray = draft(0, "G-7001", state="packed", state_at=T0)
        await orders_apart.keep(work, [Stray(order=stray, email="guest@example.com", phone="0151 777")], country="DE")
    ana = await knows(web)

    assert await ana.says("where is my order G-7001, ana@example.com") == [NOT_FOUND.format("G-7001")]
    assert await ana.says("guest@example.com") == ["Order G-7001: packed, Nov 1, 2026\nOrdered on Nov 1, 2026"]


async def test_an_erased_customers_order_is_nobodys(web: House) -> None:
    gone = await cleo(web)
    async with web.app.records.write() as work:
        (await work.session.get_one(Customer, gone)).key = None
    ana = await knows(web)

    assert await ana.says("where is my order C-2003, cleo@example.com") == [NOT_FOUND.format("C-2003")]


async def test_numbers_that_are_no_orders_number_go_on_to_the_articles(telegram: House) -> None:
    ana = await knows(telegram)
    await bought(telegram, draft(await of(telegram, "ana"), "1000"))

    assert (await ana.says("how many days is shipping for 1000 g"))[0].startswith("Delivery takes 3 to 5")
    assert (await ana.says("how do I cancel my order 1000"))[0].startswith("You can cancel")


async def test_a_colleague_sees_the_whole_order_and_the_look_is_on_record(telegram: House) -> None:
    owner = await cleo(telegram)
    await bought(telegram, draft(owner, "C-9", payments=(paid(2580), paid(80, "r1", PaymentKind.REFUND))))
    wei = await telegram.colleague("Wei")

    (said,) = await wei.says("/order C-9")

    assert "Customer #- Cleo Lane" in said
    assert "Source: shop" in said
    assert "€25.80 paid (p1)" in said
    assert "€0.80 refunded (r1)" in said
    assert await wei.says("/order") == ["Which order? Please add its number: /order 1234"]
    assert await wei.says("/order 77") == ["There is no order with the number 77."]
    entries = [one for one in await telegram.rows(AuditEntry) if one.act == "order.show"]
    assert [one.subject for one in entries] == [f"customer:{owner}"]


async def test_only_the_desk_may_look_an_order_up(telegram: House) -> None:
    await cleo(telegram)
    max_, ana = await telegram.colleague("Max", "marketer"), await knows(telegram)

    for person in (max_, ana):
        (said,) = await person.says("/order C-2003")
        assert said.startswith("Your role does not allow this")
