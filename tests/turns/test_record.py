"""The record: what a card holds, every change written down sealed, and what cannot be changed."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from crm_core import attributes, consents, contacts, customers, record
from crm_core.models import (
    Attribute,
    AttributeValue,
    AuditEntry,
    Contact,
    ContactKind,
    Customer,
    CustomerChange,
    Identity,
    NameToken,
)
from crm_core.record import By
from crm_core.rules.record import RecordRefused
from crm_core.work import Work
from tests.builders import House

ME = By(staff_id=7, source="chat")


async def known(house: House, name: str = "林夏 Lin Xia") -> int:
    """A customer on record; the id."""
    async with house.app.records.write() as work:
        return customers.create(work, language="zh", name=name, source="import", number=12).id


async def journal_of(work: Work) -> list[tuple[str, str | None, str | None]]:
    """What is written down of changes, in clear."""
    found = []
    for row in (await work.session.scalars(CustomerChange.__table__.select())).all():
        one = await work.session.get_one(CustomerChange, row)
        key = await work.key_of(one.customer_id)
        values = [
            work.vault.open(value, f"customer_change.{column}:{one.id}", key, one.customer_id) if value else None
            for column, value in (("before", one.before), ("after", one.after))
        ]
        found.append((one.field, values[0], values[1]))
    return found


async def test_a_card_holds_all_that_is_known(house: House) -> None:
    customer_id = await known(house)
    await house.colleague("Wei")
    async with house.app.records.write() as work:
        await attributes.define(work, "size", "number", labels={"en": "Size", "zh": "尺码"})
        await attributes.define(work, "allergy", "text", labels={"en": "Allergy"}, personal=True)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        await record.change(work, customer, "birthday", "1990年3月27日", ME)
        await record.change(work, customer, "company", "茶叶公司", ME)
        await record.change(work, customer, "time_zone", "shanghai", ME)
        await record.change(work, customer, "owner", "wei", ME)
        await record.change(work, customer, "attribute:size", "42", ME)
        await record.change(work, customer, "attribute:allergy", "peanuts", ME)
        await record.add_contact(work, customer, ContactKind.PHONE, "138 0013 8000", ME, country="CN")
        await record.add_contact(work, customer, ContactKind.PHONE, "+49 151 12345678", ME)
        await record.add_contact(work, customer, ContactKind.EMAIL, "lin@example.com", ME)
        await record.add_tag(work, customer, "tea", ME)
        await record.add_note(work, customer, "likes\ngreen tea", ME)
        consents.give(work, customer_id, True, "import")

    async with house.app.records.read() as work:
        card = await record.card(work, await work.session.get_one(Customer, customer_id))

    assert (card.name, card.birthday, card.owner, card.tags) == ("林夏 Lin Xia", date(1990, 3, 27), "Wei", ["tea"])
    assert (card.customer.company, card.customer.time_zone) == ("茶叶公司", "Asia/Shanghai")
    assert [(one.value, one.main) for one in card.of_kind(ContactKind.PHONE)] == [
        ("+8613800138000", True), ("+4915112345678", False),
    ]  # fmt: skip
    assert [(one.attribute.key, one.value) for one in card.attributes] == [("size", 42.0), ("allergy", "peanuts")]
    assert [(one.body, one.staff_id) for one in card.notes] == [("likes\ngreen tea", 7)]
    assert card.consents["marketing"][0] is True
    assert (card.bought.orders, card.tickets, card.last_contact) == (0, [], None)


async def test_every_change_is_written_down_sealed(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        await record.change(work, customer, "name", "Lin Xia", ME)
        await record.change(work, customer, "name", "Lin Xia", ME)
        await record.change(work, customer, "company", "SECRETCO", ME)
        await record.change(work, customer, "company", "", ME)
        email = await record.add_contact(work, customer, ContactKind.EMAIL, "old@example.com", ME)
        await record.change_contact(work, customer, email.id, "new@example.com", ME)
        await record.remove_contact(work, customer, email.id, ME)
        await record.add_tag(work, customer, "tea", ME)
        await record.remove_tag(work, customer, "TEA", ME)

    async with house.app.records.read() as work:
        assert await journal_of(work) == [
            ("name", "林夏 Lin Xia", "Lin Xia"),
            ("company", None, "SECRETCO"),
            ("company", "SECRETCO", None),
            ("email", None, "old@example.com"),
            ("email", "old@example.com", "new@example.com"),
            ("email", "new@example.com", None),
            ("tag", None, "tea"),
            ("tag", "tea", None),
        ]
    rows = await house.rows(CustomerChange)
    assert {(one.staff_id, one.source) for one in rows} == {(7, "chat")}
    assert not [one for one in rows if b"example" in (one.after or b"") + (one.before or b"")]


async def test_who_is_renamed_is_found_by_the_new_name_and_not_by_the_old(house: House) -> None:
    customer_id = await known(house, "Lin Xia")
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        await record.change(work, customer, "name", "王一诺", ME)

    vault = house.app.records.vault
    tokens = {row.token for row in await house.rows(NameToken)}
    assert {vault.token(word) for word in ("王一诺", "wang", "wyn")} <= tokens
    assert vault.token("lin") not in tokens
    async with house.app.records.write() as work:
        await record.add_contact(
            work, await work.session.get_one(Customer, customer_id), ContactKind.NAME, "Summer", ME
        )
    assert {vault.token("summer"), *tokens} == {row.token for row in await house.rows(NameToken)}


async def test_a_changed_contact_is_found_by_its_new_value_and_is_no_longer_verified(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        contact = contacts.add(work, customer, ContactKind.PHONE, "+4915112345678", main=True, verified=True)
        await work.session.flush()
        await record.change_contact(work, customer, contact.id, "+49 151 87654321", ME)

    async with house.app.records.read() as work:
        assert [one.id for one in await contacts.by_phone(work, "015187654321", "DE")] == [customer_id]
        assert await contacts.by_phone(work, "+4915112345678") == []
        assert (await work.session.get_one(Contact, contact.id)).verified_at is None


async def test_when_the_main_contact_goes_the_oldest_follows(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        ids = [
            (await record.add_contact(work, customer, ContactKind.EMAIL, f"{name}@example.com", ME)).id
            for name in ("one", "two", "three")
        ]
        await record.make_main(work, customer, ids[2], ME)
        assert [one.value for one in await contacts.of(work, customer_id) if one.main] == ["three@example.com"]
        await record.remove_contact(work, customer, ids[2], ME)
        assert [one.value for one in await contacts.of(work, customer_id) if one.main] == ["one@example.com"]


async def test_a_language_changes_on_every_channel(house: House) -> None:
    ana = house.customer()
    await ana.says("hello")
    (customer,) = await house.rows(Customer)

    async with house.app.records.write() as work:
        await record.change(work, await work.session.get_one(Customer, customer.id), "language", "中文", ME)

    assert [one.language for one in await house.rows(Identity, Identity.customer_id == customer.id)] == ["zh"]


@pytest.mark.parametrize(
    ("field", "text", "key"),
    [
        ("birthday", "someday", "record_no_day"),
        ("time_zone", "Moon", "record_no_zone"),
        ("language", "", "record_no_language"),
        ("owner", "Nobody", "colleague_unknown"),
        ("company", "x" * 121, "record_long"),
        ("name", "x" * 121, "record_long"),
        ("shoe", "42", "record_no_field"),
        ("attribute:shoe", "42", "attribute_unknown"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_changes(house: House, field: str, text: str, key: str) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        with pytest.raises(RecordRefused) as caught:
            await record.change(work, await work.session.get_one(Customer, customer_id), field, text, ME)

    assert caught.value.key == key
    assert await house.how_many(CustomerChange) == 0


async def test_nobody_writes_on_the_record_of_who_was_erased_or_merged_away(house: House) -> None:
    customer_id = await known(house)
    changes: list[Any] = [
        lambda work, one: record.change(work, one, "company", "x", ME),
        lambda work, one: record.add_contact(work, one, ContactKind.EMAIL, "a@example.com", ME),
        lambda work, one: record.remove_contact(work, one, 1, ME),
        lambda work, one: record.change_contact(work, one, 1, "x", ME),
        lambda work, one: record.make_main(work, one, 1, ME),
        lambda work, one: record.add_tag(work, one, "tea", ME),
        lambda work, one: record.remove_tag(work, one, "tea", ME),
        lambda work, one: record.add_note(work, one, "hm", ME),
    ]
    async with house.app.records.write() as work:
        other = customers.create(work, language="en", name="Ana", source="import", number=13)
    for values, key in (
        ({"merged_into": other.id}, "record_merged"),
        ({"key": None, "merged_into": None}, "record_erased"),
    ):
        async with house.app.records.write() as work:
            await work.session.execute(update(Customer).where(Customer.id == customer_id).values(**values))
        for change in changes:
            async with house.app.records.write() as work:
                with pytest.raises(RecordRefused) as caught:
                    await change(work, await work.session.get_one(Customer, customer_id))
            assert caught.value.key == key


async def test_a_contact_of_somebody_else_cannot_be_touched(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        other = customers.create(work, language="en", name="Ana", source="import", number=13)
        contact = await record.add_contact(work, other, ContactKind.EMAIL, "ana@example.com", ME)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        for change in (
            record.remove_contact(work, customer, contact.id, ME),
            record.change_contact(work, customer, contact.id, "b@example.com", ME),
            record.make_main(work, customer, contact.id, ME),
        ):
            with pytest.raises(RecordRefused):
                await change

    assert await house.how_many(Contact) == 1


async def test_a_contact_is_there_once_however_it_is_written(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        await record.add_contact(work, customer, ContactKind.PHONE, "0151 12345678", ME, country="DE")
        for again in ("+49 151 12345678", "0049-151-12345678"):
            with pytest.raises(RecordRefused) as caught:
                await record.add_contact(work, customer, ContactKind.PHONE, again, ME, country="DE")
            assert caught.value.key == "contact_known"


async def test_the_number_of_who_was_merged_away_leads_to_who_they_are_now(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        other = customers.create(work, language="en", name="Ana", source="import", number=13)
        other.merged_into = customer_id

    async with house.app.records.read() as work:
        found = await record.by_number(work, 13)
        assert found is not None
        assert found.id == customer_id
        assert await record.by_number(work, 99) is None


# ---- attributes ----


async def test_a_personal_attribute_is_sealed_and_another_is_not(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        for key, personal in (("diet", True), ("grade", False)):
            await attributes.define(work, key, "choice", labels={}, choices=["vegan", "meat"], personal=personal)
            await work.session.flush()
            await record.change(work, customer, f"attribute:{key}", "Vegan", ME)

    sealed, clear = await house.rows(AttributeValue)
    assert (sealed.text, sealed.number, clear.text, clear.sealed) == (None, None, "vegan", None)
    assert b"vegan" not in sealed.sealed


async def test_a_definition_changes_only_as_far_as_values_allow(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        await attributes.define(work, "size", "text", labels={"en": "Size"})
    async with house.app.records.write() as work:
        await attributes.define(work, "size", "number", labels={"en": "Shoe size"})
        await work.session.flush()
        await record.change(work, await work.session.get_one(Customer, customer_id), "attribute:size", "42", ME)
    for kind, personal in (("text", False), ("number", True)):
        async with house.app.records.write() as work:
            with pytest.raises(RecordRefused) as caught:
                await attributes.define(work, "size", kind, labels={}, personal=personal)
            assert caught.value.key == "attribute_in_use"

    (row,) = await house.rows(Attribute)
    assert (row.kind, row.labels) == ("number", {"en": "Shoe size"})
    assert await house.how_many(AuditEntry, AuditEntry.act == "attribute.define") == 2


async def test_an_archived_attribute_takes_and_shows_nothing_and_keeps_what_it_holds(house: House) -> None:
    customer_id = await known(house)
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        await attributes.define(work, "size", "number", labels={})
        await work.session.flush()
        await record.change(work, customer, "attribute:size", "42", ME)
        await attributes.archive(work, "size")
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        assert (await record.card(work, customer)).attributes == []
        for refused in (
            record.change(work, customer, "attribute:size", "43", ME),
            attributes.archive(work, "size"),
        ):
            with pytest.raises(RecordRefused):
                await refused
        await attributes.define(work, "size", "number", labels={})
    async with house.app.records.read() as work:
        customer = await work.session.get_one(Customer, customer_id)
        assert [one.value for one in (await record.card(work, customer)).attributes] == [42.0]
