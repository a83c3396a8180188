"""Rows that are inserted in bulk are those that the mapped classes read, whatever their columns hold."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from crm_core.models import Contact, Customer, ImportRun
from crm_core.storage.bulk import Rows
from tests.builders import House

AT = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
CUSTOMER = ("id", "number", "key", "name", "named", "language", "stage", "source", "created_at")


def customers(*numbers: int) -> Rows:
    """Customers with these numbers; their ids are the same."""
    rows = Rows(Customer.__table__, *CUSTOMER)
    rows.values = [(one, one, b"k\x00\xff", None, 1, "zh", "lead", "import", AT) for one in numbers]
    return rows


async def test_times_bytes_truth_and_nothing_come_back_as_they_went(house: House) -> None:
    contacts = Rows(Contact.__table__, "customer_id", "id", "main", "kind", "value", "label", "created_at")
    contacts.values = [(7, 70, True, "email", b"", "家", AT), (7, 71, False, "email", b"\x01", "", AT)]
    async with house.app.records.write() as work:
        await customers(7).insert(work.session)
        await contacts.insert(work.session)

    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, 7)
        found = (await work.session.scalars(select(Contact).where(Contact.customer_id == 7).order_by(Contact.id))).all()
    assert (customer.key, customer.name, customer.created_at, customer.merged_into) == (b"k\x00\xff", None, AT, None)
    assert [(one.id, one.value, one.main, one.label, one.blind) for one in found] == [
        (70, b"", True, "家", None),
        (71, b"\x01", False, "", None),
    ]


async def test_json_is_written_as_the_mapped_class_writes_it(house: House) -> None:
    rows = Rows(
        ImportRun.__table__,
        *("id", "kind", "digest", "cursor", "total", "counts", "started_at", "changed_at"),
    )
    rows.values = [(1, "orders", "d", 2, 3, {"added": 2, "名": [1]}, AT, AT)]
    async with house.app.records.write() as work:
        await rows.insert(work.session)
    async with house.app.records.read() as work:
        assert (await work.session.get_one(ImportRun, 1)).counts == {"added": 2, "名": [1]}


async def test_one_row_that_cannot_be_leaves_none(house: House) -> None:
    before = await house.how_many(Customer)
    with pytest.raises(IntegrityError):
        async with house.app.records.write() as work:
            await customers(8, 9, 8).insert(work.session)
    assert await house.how_many(Customer) == before


async def test_a_row_that_lacks_a_value_is_a_mistake_that_is_told(house: House) -> None:
    rows = customers(8)
    rows.values.append((9, 9))
    with pytest.raises(ValueError, match="zip"):
        async with house.app.records.write() as work:
            await rows.insert(work.session)
