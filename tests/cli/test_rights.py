"""`erase` and `customer export-all`: what somebody may ask for about their own data, by the operator's hand."""

import json
import zipfile

import pytest
from sqlalchemy import select

from crm_core import contacts, customers
from crm_core.models import AuditEntry, ContactKind, Customer
from crm_core.work import Records
from tests.cli.conftest import ShopFolder


@pytest.fixture
def known(shop: ShopFolder) -> ShopFolder:
    """A shop with one customer."""

    async def add(records: Records) -> None:
        async with records.write() as work:
            customer = customers.create(work, language="zh", name="林夏", source="import", number=12)
            contacts.add(work, customer, ContactKind.EMAIL, "xia@example.com")

    shop.with_records(add)
    return shop


def test_somebody_is_erased_for_good(known: ShopFolder) -> None:
    """Once, in words; then there is nothing to erase, to show or to export any more."""
    assert known.does("erase", "12", "--yes").lines[0].startswith("Customer #12 is erased: ")

    again = known.does("erase", "12", "--yes")
    assert (again.code, again.err.strip()) == (1, "Customer #12 was erased before; nothing was done.")
    assert known.does("customer", "show", "12").code == 1
    assert known.does("customer", "export-all", "12", "-o", str(known.folder / "x.zip")).code == 1
    assert not (known.folder / "x.zip").exists()
    assert known.does("customer", "find", "xia@example.com").lines == ['Nobody is found for "xia@example.com".']


def test_erasing_is_asked_about_first(known: ShopFolder) -> None:
    """Whoever does not say yes has done nothing."""
    assert known.does("erase", "12", words="n\n").code == 1

    assert known.does("customer", "show", "12").code == 0


def test_nobody_is_erased_by_a_number_that_nobody_has(known: ShopFolder) -> None:
    refused = known.does("erase", "99", "--yes")

    assert (refused.code, refused.err.strip()) == (1, "There is no customer #99.")
    assert not known.settings.tombstone_file.exists()


def test_everything_of_somebody_is_written_for_the_operators_eyes(known: ShopFolder) -> None:
    archive = known.folder / "xia.zip"
    assert known.does("customer", "export-all", "12", "-o", str(archive)).code == 0

    assert archive.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(archive) as there:
        person = json.loads(there.read("person.json"))
    assert (person["form"], person["version"], person["customer"]) == ("frontdesk-person", 1, 12)
    assert person["records"]["customer"][0]["name"] == "林夏"
    assert person["records"]["contact"][0]["value"] == "xia@example.com"
    refused = known.does("customer", "export-all", "12", "-o", str(archive))
    assert (refused.code, "exists already" in refused.err) == (1, True)

    async def acts(records: Records) -> list[str]:
        async with records.read() as work:
            assert await work.session.scalar(select(Customer.key)) is not None
            return list(await work.session.scalars(select(AuditEntry.act)))

    assert known.with_records(acts) == ["customer.export"]


def test_retention_shows_what_would_go_and_lets_it_go(known: ShopFolder) -> None:
    shown = known.does("retention", "--dry-run", "--json").json
    assert shown["dry_run"] is True
    terms = {one["what"]: one["days"] for one in shown["classes"]}
    assert (terms["messages"], terms["audit"], terms["raw_updates"]) == (731, 2192, 3)
    assert {one["rows"] for one in shown["classes"]} == {0}

    lines = known.does("retention").lines
    assert lines[0].split() == ["what", "kept", "for", "days", "gone"]


def test_the_doctor_looks_at_erasures_and_terms(known: ShopFolder) -> None:
    """A changed file of tombstones is found without starting on it."""
    known.does("erase", "12", "--yes")
    known.does("retention")
    checks = {one["check"]: one for one in known.does("doctor", "--json").json["checks"]}
    assert checks["erasing"]["state"] == checks["retention"]["state"] == "good"

    file = known.settings.tombstone_file
    file.write_text(file.read_text().replace("2026", "2025"))
    checks = {one["check"]: one for one in known.does("doctor", "--json").json["checks"]}
    assert "was changed in line 1" in checks["erasing"]["says"]
    refused = known.does("customer", "show", "12")
    assert (refused.code, "was changed in line 1" in refused.err) == (1, True)
