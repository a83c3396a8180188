"""`import customers` and `import orders` from tables: mapped, checked cell by cell, known again by proof keys."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core import attributes, contacts, orders_apart, record
from crm_core.models import AuditEntry, Contact, Customer, Identity, Order, OrderLine
from crm_core.work import Records
from tests.cli.conftest import ShopFolder
from tests.cli.test_import import counts, how_many

HEAD = ["姓名", "E-mail", "手机", "生日", "Tags", "订阅"]
ANA = ["Ana Lima", "ana@example.com", "+15005550199", "1990-03-27", "tea, loyal", "yes"]
ORDER_HEAD = ["订单号", "邮箱", "状态", "下单时间", "总额", "币种", "商品", "数量", "单价"]
ORDER = ["A-1", "ana@example.com", "已发货", "2026-03-01 09:30", "12.50", "EUR", "Green tea", "2", "6.25"]


def table(shop: ShopFolder, *rows: list[str], name: str = "file.csv") -> str:
    """A CSV file in the folder."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file = shop.folder / name
    file.write_text(text.getvalue(), encoding="utf-8")
    return str(file)


def card(shop: ShopFolder, email: str) -> Any:
    """What is on record of the customer with this address."""

    async def look(records: Records) -> record.Card:
        async with records.read() as work:
            (found,) = await contacts.by_email(work, email)
            return await record.card(work, found)

    return shop.with_records(look)


def test_a_table_is_mapped_shown_and_imported(shop: ShopFolder) -> None:
    """Headings in both languages; every field arrives on the record."""
    ran = shop.does("import", "customers", table(shop, [*HEAD, "Colour"], [*ANA, "red"]))

    assert ran.lines[:6] == [
        "  姓名 -> name",
        "  E-mail -> email",
        "  手机 -> phone",
        "  生日 -> birthday",
        "  Tags -> tags",
        "  订阅 -> consent",
    ]
    assert ran.lines[6].endswith("1 customers added, 0 changed, 0 known just so.")
    assert ran.lines[7].endswith(":1: these columns are left out, nobody knows them: Colour.")
    found = card(shop, "ana@example.com")
    assert (found.name, str(found.birthday), found.tags) == ("Ana Lima", "1990-03-27", ["loyal", "tea"])
    assert [one.value for one in found.contacts] == ["ana@example.com", "+15005550199"]
    assert found.consents["marketing"][0] is True
    assert found.customer.number == 1


def test_unknown_columns_can_be_refused_and_columns_named(shop: ShopFolder) -> None:
    file = table(shop, ["Wer", "E-mail", "Colour"], ["Ana Lima", "ana@example.com", "red"])

    assert "nobody knows these columns: Wer, Colour" in shop.does("import", "customers", file, "--strict-columns").err
    ran = shop.does("import", "customers", file, "--map", "Wer=name", "--map", "Colour=", "--strict-columns", "--json")
    assert ran.json["columns"] == {"Wer": "name", "E-mail": "email"}
    assert card(shop, "ana@example.com").name == "Ana Lima"


def test_every_wrong_cell_is_named_by_row_and_column_and_nothing_is_imported(shop: ShopFolder) -> None:
    """All cells of a row at once; with --skip-bad the rest comes in."""
    file = table(
        shop,
        HEAD,
        ANA,
        ["Bo", "bo", "call me", "31.02.1990", "x" * 50, "maybe"],
        ["=cmd|' /C calc'!A0", "cy@example.com", "", "03/04/1990", "", ""],
        ["Di\ufffd", "di@example.com", "", "", "", ""],
        ["Ed", "ed@example.com", "", "", "", "", "one too many"],
        ["", "", "", "", "tea", ""],
        ["Ana again", "ANA@example.com", "", "", "", ""],
        ["-", "fi@example.com", "", "", "", ""],
    )

    ran = shop.does("import", "customers", file)

    assert ran.code == 1
    formula = "is a formula: write what it comes to, or an apostrophe before a text"
    either = "say --dates day-first or --dates month-first"
    broken = "where an encoding was broken: save the file again from where it came from"
    assert ran.err.splitlines() == [
        f'{file}:3:B: "E-mail" "bo" should look like ana@example.com.',
        f'{file}:3:C: "手机" "call me" should look like +15005550101.',
        f'{file}:3:D: "生日" "31.02.1990" should be a day such as 2026-03-01, and there is no such day.',
        f'{file}:3:E: "Tags" should be words of at most 40 characters.',
        f'{file}:3:F: "订阅" "maybe" should be yes or no.',
        f'{file}:4:A: "姓名" "=cmd|\' /C calc\'!A0" {formula}.',
        f'{file}:4:D: "生日" "03/04/1990" may be 1990-04-03 as well as 1990-03-04: {either}.',
        f'{file}:5:A: "姓名" holds "\ufffd", {broken}.',
        f"{file}:6: the row has 7 cells, the first row names 6 columns.",
        f'{file}:7:B: "E-mail" is missing.',
        f"{file}:8: the e-mail address ANA@example.com stands in row 2 already.",
        "Nothing was imported.",
    ]
    assert not shop.database.exists()
    found = shop.does("import", "customers", file, "--skip-bad", "--json").json
    assert (found["added"], found["bad"]) == (2, 6)
    assert card(shop, "fi@example.com").name == "-"


def test_what_stands_in_a_cell_is_never_a_formula_afterwards(shop: ShopFolder) -> None:
    """An apostrophe before it says that it is a text."""
    shop.does(
        "import", "customers", table(shop, ["name", "email"], ["'=1+1", "a@example.com"], ["@bo", "b@example.com"])
    )

    assert (card(shop, "a@example.com").name, card(shop, "b@example.com").name) == ("=1+1", "@bo")


def test_the_operators_own_fields_are_columns_too(shop: ShopFolder) -> None:
    """By key and by label, checked by their kind; personal ones are sealed."""

    async def define(records: Records) -> None:
        async with records.write() as work:
            await attributes.define(work, "size", "number", labels={"en": "Shoe size", "zh": "鞋码"})
            await attributes.define(work, "secret", "text", labels={"en": "Secret"}, personal=True)

    shop.with_records(define)
    file = table(
        shop, ["email", "鞋码", "Secret"], ["a@example.com", "42,5", "likes cats"], ["b@example.com", "big", ""]
    )

    assert ':3:B: "鞋码" "big" should be a number.' in shop.does("import", "customers", file).err
    assert shop.does("import", "customers", file, "--skip-bad", "--json").json["added"] == 1
    held = {one.attribute.key: one.value for one in card(shop, "a@example.com").attributes}
    assert held == {"size": 42.5, "secret": "likes cats"}
    assert shop.does("import", "customers", file, "--skip-bad", "--json").json["same"] == 1
    assert all(b"likes cats" not in one.read_bytes() for one in shop.database.parent.iterdir())


# ---- who is who ----


def test_customers_are_known_by_the_shops_number_by_e_mail_and_where_there_is_nothing_else_by_phone(
    shop: ShopFolder,
) -> None:
    head = ["客户编号", "name", "email", "phone"]
    shop.does(
        "import", "customers",
        table(shop, head, ["C1", "Ana", "ana@example.com", "+15005550101"], ["", "Bo", "", "+15005550102"]),
    )  # fmt: skip

    taken = counts(
        shop,
        "customers",
        table(
            shop,
            head,
            ["C1", "Ana Lima", "new@example.com", ""],
            ["", "Bob", "", "+1 (500) 555-0102"],
            ["", "Cy", "cy@example.com", "+15005550101"],
        ),
    )

    assert taken == (1, 2, 0)
    assert [one.value for one in card(shop, "new@example.com").contacts] == [
        "ana@example.com", "new@example.com", "+15005550101",
    ]  # fmt: skip
    assert card(shop, "cy@example.com").name == "Cy"
    assert (how_many(shop, Customer), how_many(shop, Identity)) == (3, 1)


def test_a_row_that_names_two_people_is_refused(shop: ShopFolder) -> None:
    head = ["客户编号", "email", "phone"]
    rows = ["C1", "ana@example.com", ""], ["C2", "bo@example.com", "+15005550102"], ["C3", "", "+15005550102"]
    shop.does("import", "customers", table(shop, head, *rows))
    file = table(shop, head, ["C1", "bo@example.com", ""], ["", "", "+15005550102"])

    ran = shop.does("import", "customers", file)

    assert ran.err.splitlines() == [
        f"{file}:2: it names #1 and #2, who are two customers on record.",
        f"{file}:3: several customers have the phone number +15005550102, and the row names nothing else.",
        "Nothing was imported.",
    ]


def test_a_phone_number_is_shared_by_a_household_and_stands_for_one_row_alone(shop: ShopFolder) -> None:
    """Two addresses are two people; a number with nothing else is the person above."""
    head = ["email", "phone"]
    shared = table(shop, head, ["a@example.com", "+15005550101"], ["b@example.com", "+15005550101"])
    alone = table(shop, head, ["a@example.com", "+15005550101"], ["", "+1 500 5550101"], name="alone.csv")

    assert counts(shop, "customers", shared) == (2, 0, 0)
    assert (
        f"{alone}:3: the phone number +15005550101 stands in row 2 already."
        in shop.does("import", "customers", alone).err
    )


def test_changes_are_journalled_and_the_import_is_in_the_audit_log(shop: ShopFolder) -> None:
    shop.does("import", "customers", table(shop, HEAD, ANA))
    shop.does("import", "customers", table(shop, HEAD, ["Ana Silva", *ANA[1:]]))

    async def look(records: Records) -> list[tuple[str, str]]:
        async with records.read() as work:
            rows = await work.session.scalars(select(AuditEntry).where(AuditEntry.act == "import.customers"))
            return [(row.act, str(row.detail["changed"])) for row in rows]

    assert shop.with_records(look) == [("import.customers", "0"), ("import.customers", "1")]
    assert card(shop, "ana@example.com").name == "Ana Silva"


# ---- orders ----


def test_rows_one_after_the_other_are_the_products_of_one_order(shop: ShopFolder) -> None:
    """With the reference again or with none; the order's own cells may be left empty or repeated."""
    shop.does("import", "customers", table(shop, HEAD, ANA))
    file = table(
        shop,
        ORDER_HEAD,
        ORDER,
        ["A-1", "", "", "", "", "", "Cup", "1", "3.00"],
        ["", "", "", "", "", "", "Spoon", "", "1"],
        ["A-2", *ORDER[1:]],
        ["A-2", *ORDER[1:6], "Pot", "1", "20"],
    )

    ran = shop.does("import", "orders", file)

    added = f"{file}: 2 orders added, 0 changed, 0 known just so."
    assert ran.lines[-2:] == [added, "Times without a zone are taken for UTC."]
    assert (how_many(shop, Order), how_many(shop, OrderLine)) == (2, 5)
    assert counts(shop, "orders", file) == (0, 0, 2)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("总额", "1.234", 'E: "总额" "1.234" may be 1234 as well as 1.234: say --decimal "." or --decimal ","'),
        ("总额", "12.505", 'E: "总额" "12.505" may be'),
        ("总额", "12.5050", 'E: "总额" "12.5050" has more than the 2 decimals that EUR has'),
        ("总额", "-5", 'E: "总额" "-5" should not be below zero'),
        ("总额", "12 USD", 'E: "总额" is in USD, and its currency is EUR'),
        ("总额", "", 'E: "总额" is missing'),
        ("总额", "=SUM(A1:A2)", 'E: "总额" "=SUM(A1:A2)" is a formula'),
        ("币种", "XQQ", 'F: "币种" "XQQ" should be a currency of three letters'),
        ("币种", "¥", 'F: "币种" "¥" should be a currency, and may be CNY or JPY'),
        ("状态", "lost in space", 'C: "状态" "lost in space" is no state of an order that is known'),
        ("下单时间", "yesterday", 'D: "下单时间" "yesterday" should be a'),
        ("数量", "0", 'H: "数量" should be a whole number from 1'),
        ("数量", "1.5", 'H: "数量" should be a whole number from 1'),
        ("单价", "free", 'I: "单价" "free" should be an amount of money'),
        ("邮箱", "ana", 'B: "邮箱" "ana" should look like'),
        ("订单号", "", 'A: "订单号" is missing'),
    ],
)
def test_each_cell_of_an_order_is_checked(shop: ShopFolder, column: str, value: str, said: str) -> None:
    row = [value if heading == column else cell for heading, cell in zip(ORDER_HEAD, ORDER, strict=True)]

    ran = shop.does("import", "orders", table(shop, ORDER_HEAD, row))

    assert ran.code == 1
    assert f"file.csv:2:{said}" in ran.err


def test_rows_of_one_order_may_not_contradict_each_other(shop: ShopFolder) -> None:
    file = table(shop, ORDER_HEAD, ORDER, ["A-1", *ORDER[1:4], "99.00", *ORDER[5:]], ["A-2", *ORDER[1:]], ORDER)

    assert shop.does("import", "orders", file, "--unknown-customers", "apart").err.splitlines() == [
        f"{file}:3: order A-1 says something else here than in row 2.",
        "Nothing was imported.",
    ]


def test_orders_of_unknown_customers_are_kept_apart_and_come_in_with_their_customers(
    shop: ShopFolder,
) -> None:
    file = table(shop, ORDER_HEAD, ORDER)

    refused = shop.does("import", "orders", file)
    apart = shop.does("import", "orders", file, "--unknown-customers", "apart")
    again = shop.does("import", "orders", file, "--unknown-customers", "apart", "--json").json
    came = shop.does("import", "customers", table(shop, HEAD, ANA, name="customers.csv"))

    assert "order A-1 is of ana@example.com, who is no customer on record." in refused.err
    assert apart.lines[-1] == "1 kept apart: their customers are not on record."
    assert (again["apart"], again["same"]) == (0, 1)
    assert came.lines[-1] == "1 orders that were kept apart have their customers now."

    async def left(records: Records) -> int:
        async with records.read() as work:
            return await orders_apart.how_many(work)

    assert (how_many(shop, Order), shop.with_records(left)) == (1, 0)
    assert counts(shop, "orders", file) == (0, 0, 1)


def test_a_dry_run_counts_and_writes_nothing(shop: ShopFolder) -> None:
    shop.does("import", "customers", table(shop, HEAD, ANA))
    file = table(
        shop, HEAD, ["Ana Silva", *ANA[1:]], ["Bo", "bo@example.com", "", "", "", ""], ["Cy", "cy", "", "", "", ""]
    )

    ran = shop.does("import", "customers", file, "--dry-run", "--skip-bad", "--json").json

    assert (ran["added"], ran["changed"], ran["bad"]) == (1, 1, 1)
    assert (how_many(shop, Customer), how_many(shop, Contact)) == (1, 2)


def test_every_encoding_and_form_brings_the_same_people(shop: ShopFolder, tmp_path: Path) -> None:
    """GB18030 with semicolons after UTF-8 with commas: known just so, and the encoding is told."""
    first = table(shop, HEAD, ["王小明", "xm@example.com", "", "", "", ""])
    second = tmp_path / "second.csv"
    second.write_bytes("姓名;E-mail\r\n王小明;xm@example.com\r\n".encode("gb18030"))

    assert counts(shop, "customers", first) == (1, 0, 0)
    ran = shop.does("import", "customers", str(second), "--json").json
    assert (ran["same"], ran["notes"]) == (1, [f"{second} was read as GB18030."])


PAST_HEAD = ["order", "email", "status", "date", "total", "currency", "状态记录", "transactions"]


def test_a_cell_may_say_what_an_order_came_to_and_what_was_paid(shop: ShopFolder) -> None:
    shop.does("import", "customers", shop.write("customers.jsonl", {"email": "ana@example.com"}))
    states = "已付款, 2026-03-01 10:00\n\nshipped；2026-03-02T08:00:00+08:00"
    payments = '付款, 12.50 EUR, 2026-03-01, "P,1"\nrefund | 2.50 | 2026-03-03 | back'
    file = table(
        shop, PAST_HEAD, ["A-1", "ana@example.com", "shipped", "2026-03-01 09:00", "12.50", "EUR", states, payments]
    )

    assert counts(shop, "orders", file) == (1, 0, 0)
    assert counts(shop, "orders", file) == (0, 0, 1)

    shown = shop.does("order", "show", "A-1", "--json").json
    assert [(one["state"], one["at"]) for one in shown["states"]] == [
        ("paid", "2026-03-01T10:00:00+00:00"), ("shipped", "2026-03-02T00:00:00+00:00"),
    ]  # fmt: skip
    assert [(one["kind"], one["amount_minor"], one["reference"]) for one in shown["payments"]] == [
        ("payment", 1250, "P,1"), ("refund", 250, "back"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("states", "payments", "said"),
    [
        ("shipped", "", 'G: "状态记录" "shipped" should be a state and its time, such as: shipped, 2026-03-02 08:00'),
        ("lost, 2026-03-02", "", 'G: "状态记录" "lost, 2026-03-02" is no state of an order'),
        ("paid, 2026-03-02\npaid, soon", "", 'G: "状态记录" "paid, soon" should be a day such as'),
        ("paid, 03/04/2026", "", 'G: "状态记录" "paid, 03/04/2026" may be 2026-04-03 as well as 2026-03-04'),
        ("=NOW()", "", 'G: "状态记录" "=NOW()" is a formula'),
        ("", "payment, 12.50, 2026-03-01", 'H: "transactions" "payment, 12.50, 2026-03-01" should be a payment or'),
        ("", "gift, 12.50, 2026-03-01, P", 'H: "transactions" "gift, 12.50, 2026-03-01, P" should be a payment or'),
        ("", "payment, 0, 2026-03-01, P", "should be an amount above zero in EUR"),
        ("", "payment, 5 USD, 2026-03-01, P", "should be an amount above zero in EUR"),
        ("", "payment, 5.001, 2026-03-01, P", 'H: "transactions" "payment, 5.001, 2026-03-01, P" may be 5001'),
        ("", f"payment, 5, 2026-03-01, {'P' * 191}", 'H: "transactions" "payment, 5, 2026-03-01, PPP'),
        ("", "refund, 5, 2026-03-01, P", "cannot be given back"),
    ],
)
def test_each_line_of_such_a_cell_is_checked(shop: ShopFolder, states: str, payments: str, said: str) -> None:
    shop.does("import", "customers", shop.write("customers.jsonl", {"email": "ana@example.com"}))
    row = ["A-1", "ana@example.com", "shipped", "2026-03-01 09:00", "12.50", "EUR", states, payments]

    ran = shop.does("import", "orders", table(shop, PAST_HEAD, row))

    assert ran.code == 1
    assert said in ran.err
