"""`customer merge` and `customer unmerge`: shown before it is done, done once, written down, and taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm_core import contacts, customers
from crm_core.models import AuditEntry, ContactKind, Customer, Merge, Stage
from crm_core.work import Records
from tests.cli.conftest import ShopFolder


@pytest.fixture
def two(shop: ShopFolder) -> ShopFolder:
    """A shop that has two records: #12 with a company, #15 with another and an e-mail address."""

    async def add(records: Records) -> None:
        async with records.write() as work:
            kept = customers.create(work, language="en", name="Ana", source="import", number=12)
            other = customers.create(work, language="en", name="", source="import", number=15)
            kept.company, other.company, other.stage = "Tea Ltd", "Kite GmbH", Stage.ACTIVE
            contacts.add(work, other, ContactKind.EMAIL, "ana@example.com", main=True)
            customers.tag(work, other.id, ["vip"])

    shop.with_records(add)
    return shop


def acts(shop: ShopFolder) -> list[str]:
    """What is in the audit log."""

    async def read(records: Records) -> list[str]:
        async with records.read() as work:
            return list((await work.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id))).all())

    return shop.with_records(read)


def into(shop: ShopFolder, number: int) -> int | None:
    """The number of the record that a customer is part of."""

    async def read(records: Records) -> int | None:
        async with records.read() as work:
            one = await work.session.scalar(select(Customer).where(Customer.number == number))
            assert one is not None
            kept = await work.session.get(Customer, one.merged_into) if one.merged_into else None
            return kept.number if kept else None

    return shop.with_records(read)


def test_a_preview_says_what_would_happen_and_does_nothing(two: ShopFolder) -> None:
    ran = two.does("customer", "merge", "12", "15", "--preview")

    assert ran.lines[0].startswith("Customer 15 (Visitor ")
    assert ran.lines[1] == "It brings along 0 addresses, 0 tickets and 0 orders."
    assert ran.lines[2:] == ["Company: “Tea Ltd” stays, not “Kite GmbH”.", "Added: a•••@example.com", "New tags: vip"]
    assert (into(two, 15), acts(two)) == (None, ["merge.preview"])


def test_without_an_answer_nothing_is_merged_and_nothing_parted(two: ShopFolder) -> None:
    asked = two.does("customer", "merge", "12", "15")
    assert (asked.code, into(two, 15)) == (1, None)
    assert asked.err == "Nothing was done: without a terminal to ask on, --yes is needed.\n"

    two.does("customer", "merge", "12", "15", "--yes")
    assert two.does("customer", "unmerge", "12").code == 1
    assert into(two, 15) == 12


def test_two_records_become_one_and_two_again_and_the_audit_log_has_it(two: ShopFolder) -> None:
    merged = two.does("customer", "merge", "12", "15", "--yes", "--json").json
    assert (merged["kept"], merged["other"], merged["tags"]) == (12, 15, ["vip"])
    assert into(two, 15) == 12
    assert "ana@example.com" in two.does("customer", "show", "12", "--reveal").out

    parted = two.does("customer", "unmerge", str(merged["merge"]), "--yes")

    assert parted.lines == ["#12 and #15 are two people again, as they were."]
    assert into(two, 15) is None
    assert [one for one in acts(two) if one.startswith("merge.")] == ["merge.preview", "merge.merge", "merge.undo"]


def test_the_newest_merge_is_found_by_who_was_kept(two: ShopFolder) -> None:
    said = two.does("customer", "merge", "12", "15", "--yes").lines[-1]
    assert said.startswith("#15 is part of #12 now. `frontdesk customer unmerge ")

    assert two.does("customer", "unmerge", "12", "--yes").code == 0

    again = two.does("customer", "unmerge", "12", "--yes")
    assert (again.code, again.err) == (1, "Nothing was merged into this customer that could be undone.\n")


def test_stages_are_those_of_the_shops_settings_at_once(two: ShopFolder) -> None:
    two.does("customer", "merge", "15", "12", "--yes")

    assert two.does("customer", "show", "15", "--json").json["stage"] == "lead"


def test_a_merge_of_long_ago_stays(two: ShopFolder) -> None:
    merge = two.does("customer", "merge", "12", "15", "--yes", "--json").json["merge"]

    async def age(records: Records) -> None:
        async with records.write() as work:
            (await work.session.get_one(Merge, merge)).at -= timedelta(days=31)

    two.with_records(age)

    ran = two.does("customer", "unmerge", "12", "--yes")
    assert (ran.code, ran.err) == (1, "A merge can be undone for 30 days, and this one is older.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("merge", "12", "99"), "There is no customer #99."),
        (("merge", "12", "12"), "That is one and the same customer."),
        (("unmerge", "99"), "There is no customer #99."),
        (("unmerge", "15"), "Nothing was merged into this customer that could be undone."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(two: ShopFolder, words: tuple[str, ...], says: str) -> None:
    ran = two.does("customer", *words, "--yes")

    assert ran.code == 1
    assert ran.err.startswith(says)
    assert "merge.merge" not in acts(two)


@pytest.mark.parametrize("words", [("merge", "12", str(2**63)), ("unmerge", "0"), ("show", str(2**70))])
def test_a_number_that_nobody_can_have_is_a_wrong_use(two: ShopFolder, words: tuple[str, ...]) -> None:
    ran = two.does("customer", *words)

    assert ran.code == 2
    assert "there is no such number" in ran.err


def test_who_is_part_of_somebody_already_is_refused(two: ShopFolder) -> None:
    two.does("customer", "merge", "12", "15", "--yes")

    ran = two.does("customer", "merge", "15", "12", "--yes")

    assert ran.err == "Customer 15 is part of customer 12 already, so it cannot be the other way round as well.\n"
