"""The record in the agent's chat: found, looked at, changed; every look written down, nobody reached by a mere look."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core import attributes, contacts, customers, record
from crm_core.models import AuditEntry, ContactKind, Customer, CustomerChange, CustomerNote, CustomerTag, Dialogue
from tests.builders import House, Person

_ODD = "Do you sell elephants?"
_COMMANDS = (AuditEntry.act.like("customer.%"),)


async def desk(house: House) -> tuple[Person, Customer]:
    """Wei is on the desk, and Lin Xia is on record; so is Jonas."""
    async with house.app.records.write() as work:
        lin = customers.create(work, language="zh", name="林夏", source="import", number=12)
        jonas = customers.create(work, language="en", name="Jonas Weber", source="import", number=13)
        for one, phone in ((lin, "+8613800138000"), (jonas, "+4915112345678")):
            contacts.add(work, one, ContactKind.PHONE, phone, main=True)
        contacts.add(work, lin, ContactKind.EMAIL, "lin@example.com", main=True)
        await attributes.define(work, "size", "number", labels={"en": "Shoe size", "zh": "鞋码"})
        await attributes.define(work, "diet", "text", labels={"en": "Diet"}, personal=True)
    return await house.colleague("Wei"), lin


async def card_of(house: House, number: int = 12) -> record.Card:
    async with house.app.records.read() as work:
        customer = await record.by_number(work, number)
        assert customer is not None
        return await record.card(work, customer)


async def audited(house: House) -> list[tuple[str, str]]:
    return [(one.act, one.subject) for one in await house.rows(AuditEntry, *_COMMANDS)]


async def test_a_card_names_the_customer_and_reaches_nobody(house: House) -> None:
    wei, _lin = await desk(house)

    (heard,) = await wei.says("/customer 12")

    assert heard.splitlines()[0] == "林夏 · #12"
    assert "Phone: +86•••000" in heard
    assert "E-mail: l•••@example.com" in heard
    assert "13800138000" not in heard.replace(" ", "")
    assert wei.labels == ["Show in full", "Timeline", "Notes", "Edit", "Tags"]
    assert await audited(house) == [("customer.show", "customer:12")]


async def test_what_is_masked_is_shown_on_demand_and_that_is_written_down(house: House) -> None:
    wei, _lin = await desk(house)
    await wei.says("/customer 12 diet no peanuts")
    assert "•••" in (await wei.says("/customer 12"))[0]
    assert "peanuts" not in wei.words[-1]

    (heard,) = await wei.presses("Show in full")

    assert "Phone: +8613800138000" in heard
    assert "E-mail: lin@example.com" in heard
    assert "Diet: no peanuts" in heard
    assert ("customer.reveal", "customer:12") in await audited(house)


async def test_a_search_leads_to_the_card(house: House) -> None:
    wei, _lin = await desk(house)

    for words in ("林夏", "lin xia", "lx", "#12", "+86 138 0013 8000", "008613800138000", "LIN@example.com"):
        assert (await wei.says(f"/customer {words}"))[0].startswith("林夏 · #12"), words


async def test_of_several_hits_one_is_chosen(house: House) -> None:
    wei, _lin = await desk(house)
    async with house.app.records.write() as work:
        customers.create(work, language="en", name="Lin Dan", source="import", number=14)

    (heard,) = await wei.says("/customer lin")
    assert heard.splitlines()[0] == "2 customers"
    assert wei.labels == ["#14", "#12"]

    assert (await wei.presses("#12"))[0].startswith("林夏 · #12")
    assert ("customer.find", "customers") in await audited(house)


async def test_a_search_that_finds_none_says_so(house: House) -> None:
    wei, _lin = await desk(house)

    for words in ("nobody at all", "99", "#99", "tag:none", "99 phone 12345", "0301234567890"):
        (heard,) = await wei.says(f"/customer {words}")
        assert heard.startswith("I find nobody for"), words


async def test_the_customer_of_the_ticket_in_hand_needs_no_number(house: House) -> None:
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana")
    assert (await wei.says("/customer"))[0].startswith("Whom do you mean?")
    await wei.says("/claim 1")

    assert (await wei.says("/customer"))[0].startswith("Ana · #")
    await wei.says("/customer tag elephants")

    (tag,) = await house.rows(CustomerTag)
    assert tag.tag == "elephants"
    assert "Ticket #1" in (await wei.says("/customer"), wei.labels)[1]


_NO_PHONE = "“hello” is no phone number. It should have at least five digits, best with its country: +49 151 123456."
_LINES = {
    "phone 0086 139 0013 9000": ("#12: Phone is added.", "phone"),
    "phone -138 0013 8000": ("“138 0013 8000” is not on this record.", ""),
    "phone -+86 138 0013 8000": ("#12: Phone is removed.", "phone"),
    "email -lin@example.com": ("#12: E-mail is removed.", "email"),
    "邮箱 new@example.com": ("#12: E-mail is added.", "email"),
    "address 1 Tea Street, Lisbon": ("#12: Address is added.", "address"),
    "alias Summer": ("#12: Also called is added.", "further_name"),
    "name Lin Xia": ("#12: Name is changed.", "name"),
    "birthday 27.3.1990": ("#12: Birthday is changed.", "birthday"),
    "company Tea House": ("#12: Company is changed.", "company"),
    "language English": ("#12: Language is changed.", "language"),
    "zone shanghai": ("#12: Time zone is changed.", "time_zone"),
    "owner me": ("#12: Looked after by is changed.", "owner"),
    "tag tea, vip": ("#12: Tags is added.", "tag tag"),
    "size 42": ("#12: Shoe size is changed.", "attribute:size"),
    "鞋码 43": ("#12: Shoe size is changed.", "attribute:size"),
    "note call her back": ("#12: the note is kept.", ""),
    "size large": ("size should be a number, and is “large”.", ""),
    "birthday tomorrow": ("“tomorrow” is no day. Please write it as 1990-03-27.", ""),
    "phone hello": (_NO_PHONE, ""),
    "company": ("There is nothing in it.", ""),
    "tag": ("There is nothing in it.", ""),
    "main somebody@example.com": ("“somebody@example.com” is not on this record.", ""),
}  # fmt: skip


async def test_a_record_is_changed_in_one_line(house: House) -> None:
    wei, _lin = await desk(house)

    for line, (heard, fields) in _LINES.items():
        before = await house.how_many(CustomerChange)
        assert await wei.says(f"/customer 12 {line}") == [heard], line
        assert [one.field for one in await house.rows(CustomerChange)][before:] == fields.split(), line


async def test_of_a_line_the_staffs_talk_keeps_only_what_it_was_about(house: House) -> None:
    """It would stay readable there after the customer was erased."""
    wei, _lin = await desk(house)
    await wei.says("/customer 12 phone +49 151 7777777")
    await wei.says("/customer 12")
    await wei.presses("Edit")
    await wei.presses("E-mail")
    await wei.says("secret@example.com")

    said = [words for kind, words in await house.talk_of("wei") if kind == "command"]
    assert "/customer #12 phone" in said
    assert "/customer #12 email" in said
    assert not [words for words in said if "7777" in words or "secret" in words]


async def test_a_field_is_changed_by_a_dialogue(house: House) -> None:
    wei, _lin = await desk(house)
    await wei.says("/customer 12")
    await wei.presses("Edit")
    assert {"Name", "Phone", "Shoe size", "Diet", "Looked after by"} <= set(wei.labels)

    assert (await wei.presses("Shoe size"))[0].startswith("Shoe size of #12: please write what it should be.")
    assert await wei.says("large") == ["size should be a number, and is “large”."]
    assert await wei.says("42") == ["#12: Shoe size is changed."]

    assert [one.value for one in (await card_of(house)).attributes] == [42.0]
    assert await house.how_many(Dialogue) == 0
    assert (await wei.presses("Card"))[0].startswith("林夏 · #12")


async def test_contacts_are_taken_away_and_made_the_main_one_by_buttons(house: House) -> None:
    wei, _lin = await desk(house)
    await wei.says("/customer 12 phone +49 151 7777777")
    await wei.says("/customer 12")
    await wei.presses("Edit")
    (heard,) = await wei.presses("Phone")
    assert heard.splitlines()[1:] == ["1. +86•••000 (main)", "2. +49•••777"]

    await wei.presses("Make 2 the main one")
    assert [one.value for one in (await card_of(house)).of_kind(ContactKind.PHONE)] == [
        "+491517777777", "+8613800138000",
    ]  # fmt: skip
    await wei.presses("Remove 1")
    assert [one.value for one in (await card_of(house)).of_kind(ContactKind.PHONE)] == ["+491517777777"]
    assert await wei.presses("Remove 1") == ["This is not on the record any more."]
    assert await house.how_many(Dialogue) == 0


async def test_a_dialogue_can_be_left_and_a_field_emptied(house: House) -> None:
    wei, _lin = await desk(house)
    await wei.says("/customer 12 company Tea House")
    await wei.says("/customer 12")
    await wei.presses("Edit")
    await wei.presses("Company")
    assert await wei.presses("Leave it as it is") == ["Nothing was changed."]
    assert await house.how_many(Dialogue) == 0
    assert (await card_of(house)).customer.company == "Tea House"

    await wei.presses("Company")
    assert await wei.presses("Leave empty") == ["#12: Company is empty now."]
    assert (await card_of(house)).customer.company is None


async def test_words_long_after_the_question_are_no_answer_to_it(house: House) -> None:
    wei, _lin = await desk(house)
    ana = house.customer()
    await ana.does(text=_ODD, name="Ana")
    await wei.says("/claim 1")
    await wei.says("/customer 12")
    await wei.presses("Edit")
    await wei.presses("Name")
    house.hands.move(minutes=16)

    assert await wei.says("Yes, we sell them.") == ["Sent to Ana (#1)."]

    assert (await card_of(house)).name == "林夏"


async def test_tags_are_put_on_and_taken_off(house: House) -> None:
    wei, _lin = await desk(house)
    await wei.says("/customer 12 tag tea, vip")
    await wei.says("/customer 12")
    assert (await wei.presses("Tags"))[0] == "2 tags\ntea, vip"
    stale = wei.button("Remove vip")

    await wei.presses("Remove tea")
    assert [one.tag for one in await house.rows(CustomerTag)] == ["vip"]
    assert [one.text for one in await wei.does(press=stale)] == ["This is not on the record any more."]
    await wei.presses("Add a tag")
    await wei.says("green tea")

    assert (await card_of(house)).tags == ["green tea", "vip"]


async def test_notes_are_read_and_added(house: House) -> None:
    wei, _lin = await desk(house)
    await wei.says("/customer 12")
    assert (await wei.presses("Notes"))[0] == "No notes yet"
    await wei.presses("Add a note")
    await wei.says("- likes green tea\n- has a cat")

    assert "2026-11-18 Wei: - likes green tea\n- has a cat" in (await wei.presses("Notes"))[0]
    (note,) = await house.rows(CustomerNote)
    assert b"cat" not in note.body


async def test_the_timeline_goes_back_page_by_page(house: House) -> None:
    wei, _lin = await desk(house)
    for number in range(20):
        await wei.says(f"/customer 12 company Tea House {number}")
    await wei.says("/customer 12 phone +49 151 7777777")
    await wei.says("/customer 12")

    (heard,) = await wei.presses("Timeline")
    assert heard.splitlines()[0] == "Timeline of 林夏 · #12"
    assert "Phone: “+49•••777” (Wei)" in heard.splitlines()[1]
    assert "Company: “Tea House 18” became “Tea House 19” (Wei)" in heard
    (heard,) = await wei.presses("Older")
    assert heard.splitlines()[-1].endswith("first on record")
    assert wei.labels == []
    assert [act for act, _ in await audited(house)].count("customer.timeline") == 2


async def test_the_card_speaks_chinese(house: House) -> None:
    await desk(house)
    mei = await house.colleague("Mei", language="zh")
    await mei.says("/customer 12 鞋码 38")

    (heard,) = await mei.says("/customer 林夏")

    assert "电话：+86•••000" in heard
    assert "语言：中文" in heard
    assert "鞋码：38" in heard
    assert mei.labels == ["完整显示", "时间线", "备注", "修改", "标签"]
    assert "还没有备注" in (await mei.presses("备注"))[0]


async def test_in_a_tickets_thread_a_change_is_one_line(house: House) -> None:
    """Plain words there are notes for colleagues, whatever was pressed before."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana")
    thread = f"ticket:{(await house.ticket()).id}"
    await wei.says("/customer", thread=thread)

    heard = [one.text for one in await wei.does(press=wei.button("Edit"), thread=thread)]
    assert heard[0].startswith("Here a change is written in one line")
    await wei.says("/customer company Zoo", thread=thread)
    await wei.says("Zoo again", thread=thread)

    (customer,) = await house.rows(Customer, Customer.company == "Zoo")
    assert customer.company == "Zoo"
    assert ("note", "Zoo again") in await house.talk_of("ana")


@pytest.mark.parametrize("role", ["marketer"])
async def test_who_may_not_sees_and_changes_nothing(house: House, role: str) -> None:
    wei, _lin = await desk(house)
    max_ = await house.colleague("Max", role)
    ana = house.customer()
    await wei.says("/customer 12")
    token = wei.button("Show in full")

    for person in (max_, ana):
        assert "林夏" not in "".join(await person.says("/customer 12"))
        assert "林夏" not in "".join(await person.says("/customer 12 tag tea"))
        assert "138" not in "".join(one.text for one in await person.does(press=token))
    assert await house.how_many(CustomerTag) == 0
    assert len(await audited(house)) == 1


async def test_the_record_of_who_was_erased_takes_nothing(house: House) -> None:
    wei, lin = await desk(house)
    await wei.says("/customer 12")
    buttons = {label: wei.button(label) for label in ("Show in full", "Edit", "Notes", "Tags", "Timeline")}
    async with house.app.records.write() as work:
        (await work.session.get_one(Customer, lin.id)).key = None

    for token in buttons.values():
        for heard in await wei.does(press=token):
            assert "林夏" not in heard.text
    assert (await wei.says("/customer 12 tag tea"))[0].startswith("The data of customer #12 was erased.")
    assert (await wei.says("/customer 12"))[0].startswith("I find nobody")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=80))
async def test_whatever_is_written_gets_an_answer(house: House, words: str) -> None:
    async with house.app.records.write() as work:
        customers.create(work, language="zh", name="林夏", source="import")
    wei = await house.colleague("Wei")

    assert await wei.says(f"/customer {words}")
