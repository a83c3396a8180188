"""`customer …` and `attribute …`: looks are written down, what cannot be is refused in a sentence."""

import pytest
from sqlalchemy import select

from crm_core import customers
from crm_core.models import AuditEntry
from crm_core.work import Records
from tests.cli.conftest import ShopFolder


@pytest.fixture
def known(shop: ShopFolder) -> ShopFolder:
    """A shop with one customer."""

    async def add(records: Records) -> None:
        async with records.write() as work:
            customers.create(work, language="zh", name="林夏", source="import", number=12)

    shop.with_records(add)
    return shop


def test_a_customer_is_found_changed_and_shown(known: ShopFolder) -> None:
    assert known.does("customer", "change", "12", "phone", "+86 138 0013 8000").lines == ["#12: phone is added."]
    assert known.does("customer", "change", "12", "tag", "tea, vip").code == 0
    assert known.does("customer", "change", "12", "untag", "vip").code == 0

    found = known.does("customer", "find", "lin", "xia", "--json").json
    assert [one["number"] for one in found["customers"]] == [12]
    assert "林夏" in known.does("customer", "find", "+8613800138000").out
    assert known.does("customer", "find", "nobody").lines == ['Nobody is found for "nobody".']

    shown = known.does("customer", "show", "12", "--json").json
    assert (shown["name"], shown["tags"], shown["contacts"][0]["value"]) == ("林夏", ["tea"], "+86•••000")
    revealed = known.does("customer", "show", "12", "--reveal")
    assert "Phone: +8613800138000" in revealed.lines


def test_every_look_is_an_audit_entry(known: ShopFolder) -> None:
    known.does("customer", "find", "lin")
    known.does("customer", "show", "12")
    known.does("customer", "show", "12", "--reveal")

    async def acts(records: Records) -> list[str]:
        async with records.read() as work:
            return list((await work.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id))).all())

    assert known.with_records(acts) == ["customer.find", "customer.show", "customer.reveal"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("customer", "show", "99"), "There is no customer #99."),
        (("customer", "change", "99", "tag", "tea"), "There is no customer #99."),
        (("customer", "change", "12", "shoe", "42"), '"shoe" is no field of the record'),
        (("customer", "change", "12", "birthday", "soon"), "“soon” is no day."),
        (("customer", "change", "12", "company", "x" * 121), "That is 121 characters; at most 120 fit here."),
        (("attribute", "define", "Size", "number"), "“Size” cannot name an attribute"),
        (("attribute", "define", "size", "shoe"), "“shoe” is no kind of attribute. There are: text, number, date"),
        (("attribute", "define", "size", "choice", "--choice", "one"), "A choice needs 2 to 50 different words"),
        (("attribute", "archive", "size"), "There is no attribute called “size”."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(known: ShopFolder, words: tuple[str, ...], says: str) -> None:
    ran = known.does(*words)

    assert ran.code == 1
    assert ran.err.startswith(says)


def test_an_attribute_is_defined_listed_and_archived(known: ShopFolder) -> None:
    assert known.does("attribute", "list").lines == ["There are no attributes. `frontdesk attribute define` adds one."]
    known.does("attribute", "define", "size", "number", "--label", "en=Shoe size", "--label", "zh=鞋码")
    known.does("attribute", "define", "grade", "choice", "--choice", "green", "--choice", "black", "--personal")

    size, grade = known.does("attribute", "list", "--json").json["attributes"]
    assert (size["kind"], size["labels"]) == ("number", {"en": "Shoe size", "zh": "鞋码"})
    assert (grade["choices"], grade["personal"]) == (["green", "black"], True)

    assert known.does("customer", "change", "12", "鞋码", "42").code == 0
    known.does("attribute", "archive", "size")
    assert [one["key"] for one in known.does("attribute", "list", "--json").json["attributes"]] == ["grade"]
    assert "archived" in known.does("attribute", "list", "--archived").out
    assert known.does("customer", "change", "12", "size", "43").code == 1


def test_a_label_names_its_language(shop: ShopFolder) -> None:
    assert shop.does("attribute", "define", "size", "number", "--label", "Shoe size").code == 2
