"""Two records become one person, and are taken apart again: nothing is lost, whatever they held."""

import asyncio
import itertools
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from crm_core import campaigns, consents, contacts, customers, merging, outbox, relationships, tickets, unmerging
from crm_core.conversations import Words, record
from crm_core.models import (
    Attribute,
    AttributeValue,
    AuditEntry,
    Base,
    Campaign,
    CampaignRecipient,
    Consent,
    Contact,
    ContactKind,
    Conversation,
    Customer,
    CustomerNote,
    CustomerTag,
    FollowUp,
    Identity,
    Interaction,
    Kind,
    Lane,
    Merge,
    NameToken,
    Order,
    Outbox,
    OutboxState,
    Ticket,
)
from crm_core.rules.lifecycle import Lifecycle
from crm_core.rules.merging import conflicts, gaps, united_consent
from crm_core.storage.ids import new_id
from crm_core.work import Work
from tests.builders import House, Person, open_house

LIFECYCLE = Lifecycle()
_PEOPLE = itertools.count(1)
_REACHES = (
    (ContactKind.NAME, "Marie Curie"),
    (ContactKind.NAME, "李娜"),
    (ContactKind.EMAIL, "ana@example.com"),
    (ContactKind.EMAIL, "bo@example.com"),
    (ContactKind.PHONE, "+4915112345678"),
    (ContactKind.PHONE, "+8613800138000"),
    (ContactKind.ADDRESS, "1 Sample Street"),
)
_ATTRIBUTES = (("size", "text", False), ("pets", "number", False), ("allergy", "text", True))
_TABLES: tuple[tuple[type[Base], str], ...] = (
    (Identity, "customer_id"),
    (Conversation, "customer_id"),
    (Ticket, "customer_id"),
    (Order, "customer_id"),
    (Contact, "customer_id"),
    (CustomerTag, "customer_id"),
    (AttributeValue, "customer_id"),
    (CustomerNote, "customer_id"),
    (Consent, "customer_id"),
    (NameToken, "customer_id"),
    (CampaignRecipient, "customer_id"),
    (FollowUp, "customer_id"),
    (Customer, "id"),
)
_PLACES = {
    "customer.name": "customer.name:{id}",
    "customer.birthday": "customer.birthday:{id}",
    "contact.value": "contact.value:{id}",
    "customer_note.body": "customer_note.body:{id}",
    "attribute_value.sealed": "attribute_value.sealed:{customer_id}.{attribute_id}",
}

PERSON = st.fixed_dictionaries({
    "name": st.sampled_from(["", "Ana", "王小明", "Marie Curie"]),
    "birthday": st.sampled_from([None, "1990-03-27", "2001-12-31"]),
    "company": st.sampled_from([None, "Tea Ltd", "Kite GmbH"]),
    "time_zone": st.sampled_from([None, "Asia/Shanghai"]),
    "indexed": st.booleans(),
    "reaches": st.lists(
        st.tuples(st.sampled_from(_REACHES), st.booleans(), st.booleans()), max_size=4, unique_by=lambda one: one[0]
    ),
    "tags": st.sets(st.sampled_from(["tea", "vip", "blocked"])),
    "attributes": st.sets(st.sampled_from([key for key, _, _ in _ATTRIBUTES])),
    "notes": st.lists(st.sampled_from(["likes oolong", "called twice"]), max_size=2),
    "consents": st.lists(st.booleans(), max_size=3),
    "addresses": st.integers(0, 2),
    "tickets": st.integers(0, 2),
    "orders": st.integers(0, 3),
    "campaigns": st.tuples(*[st.sampled_from(["", "opted_out", "drawn", "queued", "sent"])] * 2),
    "follow_ups": st.sets(st.sampled_from(["after_resolved", "after_first_contact"])),
})  # fmt: skip


async def build(work: Work, about: dict[str, Any], campaign_ids: tuple[int, ...]) -> Customer:
    """A customer with all this on record."""
    place = next(_PEOPLE)
    person = customers.create(work, language="en", name=about["name"], source="sample", number=place)
    if not about["indexed"]:
        person.named = 0
    person.company, person.time_zone = about["company"], about["time_zone"]
    if about["birthday"]:
        person.birthday = work.vault.seal(about["birthday"], f"customer.birthday:{person.id}", person.key, person.id)
        person.birth_day = about["birthday"][5:]
    mains: set[str] = set()
    for (kind, value), main, verified in about["reaches"]:
        contacts.add(work, person, kind, value, main=main and kind not in mains, verified=verified)
        mains |= {kind} if main else set()
    customers.tag(work, person.id, about["tags"])
    await work.session.flush()
    if about["indexed"]:
        await customers.index_names(work, person)
    for key in sorted(about["attributes"]):
        attribute = await work.session.scalar(select(Attribute).where(Attribute.key == key))
        assert attribute is not None
        value = AttributeValue(customer_id=person.id, attribute_id=attribute.id, at=work.now)
        if attribute.personal:
            where = f"attribute_value.sealed:{person.id}.{attribute.id}"
            value.sealed = work.vault.seal(f"of {place}", where, person.key, person.id)
        elif attribute.kind == "number":
            value.number = float(place)
        else:
            value.text = f"of {place}"
        work.session.add(value)
    for words in about["notes"]:
        note_id = new_id()
        body = work.vault.seal(words, f"customer_note.body:{note_id}", person.key, person.id)
        work.session.add(CustomerNote(id=note_id, customer_id=person.id, body=body, at=work.now))
    for granted in about["consents"]:
        consents.give(work, person.id, granted, "chat")
    for number in range(about["orders"]):
        work.session.add(order_of(work, person, f"{place}-{number}"))
    await _talk(work, person, about, place)
    for campaign_id, how in zip(campaign_ids, about["campaigns"], strict=True):
        if how:
            work.session.add(_recipient(work, person, campaign_id, how))
    for kind in sorted(about["follow_ups"]):
        row = _waiting(work, Lane.FOLLOW_UP)
        work.session.add(
            FollowUp(id=new_id(), kind=kind, customer_id=person.id, outbox_id=row.id, excluded=None, at=work.now)
        )
    await relationships.reckon(work, [person.id], LIFECYCLE)
    return person


async def _talk(work: Work, person: Customer, about: dict[str, Any], place: int) -> None:
    for number in range(about["addresses"]):
        address = f"person-{place}-{number}"
        _identity, conversation = customers.add_identity(work, "memory", address, address, "en", customer_id=person.id)
        await work.session.flush()
        first = await record(work, conversation, Words(kind=Kind.MESSAGE, text=f"words of {place}"))
        if number < about["tickets"]:
            await tickets.open_ticket(work, conversation, first, "weak")


def order_of(work: Work, person: Customer, ref: str) -> Order:
    """An order of somebody."""
    return Order(
        id=new_id(),
        source="sample",
        external_ref=ref,
        customer_id=person.id,
        state="paid",
        total_minor=1000,
        currency="EUR",
        placed_at=work.now,
    )


def _waiting(work: Work, lane: Lane) -> Outbox:
    return outbox.queue(work, channel="memory", chat="nobody", lane=lane, conversation_id=None, subject="x:1")


def _recipient(work: Work, person: Customer, campaign_id: int, how: str) -> CampaignRecipient:
    row = CampaignRecipient(id=new_id(), campaign_id=campaign_id, customer_id=person.id, language="en")
    if how == "opted_out":
        row.excluded = how
    if how in {"queued", "sent"}:
        delivery = _waiting(work, Lane.CAMPAIGN)
        row.outbox_id = delivery.id
        if how == "sent":
            outbox.settle(work, delivery, OutboxState.SENT)
    return row


async def dump(work: Work, *person_ids: int) -> dict[str, list[dict[str, Any]]]:
    """Everything on record of these people, opened; how often their conversations moved aside."""
    keys = {one: await work.key_of(one) for one in person_ids}
    found: dict[str, list[dict[str, Any]]] = {}
    for table, column in _TABLES:
        statement = select(table).where(getattr(table, column).in_(person_ids)).order_by(*inspect(table).primary_key)
        rows = (await work.session.scalars(statement.execution_options(populate_existing=True))).all()
        found[table.__tablename__] = [_plain(work, table, row, keys[getattr(row, column)]) for row in rows]
    deliveries = [row["outbox_id"] for name in ("campaign_recipient", "follow_up") for row in found[name]]
    states = await work.session.execute(select(Outbox.id, Outbox.state, Outbox.reason).where(Outbox.id.in_(deliveries)))
    found["outbox"] = [{"row": tuple(row)} for row in sorted(states.all())]
    return found


def _plain(work: Work, table: type[Base], row: Any, key: bytes | None) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in inspect(table).columns}
    owner = int(values.get("customer_id", values.get("id")) or 0)
    for name, value in values.items():
        place = _PLACES.get(f"{table.__tablename__}.{name}")
        if place and value is not None:
            values[name] = work.vault.open(value, place.format(**values), key, owner)
    return {name: value for name, value in values.items() if name not in {"version", "last_rev"}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, asyncio.Runner]]:
    """One house for all examples: each brings people of its own."""
    with asyncio.Runner() as runner:
        opened = open_house(Path(tmp_path_factory.mktemp("merging")))
        house = runner.run(_enter(opened.__aenter__()))
        runner.run(_enter(_prepare(house)))
        yield house, runner
        runner.run(_enter(opened.__aexit__(None, None, None)))


async def _enter(what: Awaitable[Any]) -> Any:
    return await what


async def _prepare(house: House) -> None:
    async with house.app.records.write() as work:
        for key, kind, personal in _ATTRIBUTES:
            work.session.add(
                Attribute(key=key, kind=kind, labels={}, choices=[], personal=personal, created_at=work.now)
            )
        for number in (1, 2):
            work.session.add(
                Campaign(
                    number=number, texts={}, audience="all", state="running", created_at=work.now, starts_at=work.now,
                    expires_at=work.now + timedelta(days=2),
                )
            )  # fmt: skip


async def _there_and_back(house: House, first: dict[str, Any], second: dict[str, Any]) -> None:
    async with house.app.records.write() as work:
        campaigns = tuple((await work.session.scalars(select(Campaign.id).order_by(Campaign.id))).all())
        kept, other = await build(work, first, campaigns), await build(work, second, campaigns)
    async with house.app.records.write() as work:
        before = await dump(work, kept.id, other.id)
        kept, other = [await work.session.get_one(Customer, one.id) for one in (kept, other)]
        merged = await merging.merge(work, kept, other, "person", None, LIFECYCLE)
    async with house.app.records.read() as work:
        await _holds_together(work, kept.id, other.id, before)
    async with house.app.records.write() as work:
        await unmerging.undo(work, await work.session.get_one(Merge, merged.id), None, LIFECYCLE)
    async with house.app.records.read() as work:
        assert await dump(work, kept.id, other.id) == before


async def _holds_together(work: Work, kept_id: int, other_id: int, before: dict[str, Any]) -> None:
    """What hangs on addresses is the kept one's, nothing is lost, and no delivery of one campaign waits twice."""
    now = await dump(work, kept_id, other_id)
    mine = await dump(work, kept_id)
    for name in ("identity", "conversation", "ticket", "shop_order"):
        assert [row["id"] for row in mine[name]] == [row["id"] for row in before[name]]
    assert {row["tag"] for row in mine["customer_tag"]} == {row["tag"] for row in before["customer_tag"]}
    reaches = [{(row["kind"], row["value"]) for row in one["contact"]} for one in (mine, before)]
    names = {row["name"] for row in before["customer"]}
    assert reaches[0] - {("name", name) for name in names} == reaches[1] - {("name", name) for name in names}
    assert names - {"", None} <= {row["name"] for row in mine["customer"]} | {value for _, value in reaches[0]}
    assert {row["attribute_id"] for row in mine["attribute_value"]} == {
        row["attribute_id"] for row in before["attribute_value"]
    }
    notes = [sorted(row["body"] for row in one["customer_note"]) for one in (mine, before)]
    assert notes[0] == notes[1]
    waiting = [row for row in now["campaign_recipient"] if not row["excluded"]]
    states = {row["row"][0]: row["row"][1] for row in now["outbox"]}
    live = [row["campaign_id"] for row in waiting if states.get(row["outbox_id"], "queued") in ("queued", "sent")]
    already = [row["campaign_id"] for row in waiting if states.get(row["outbox_id"]) == "sent"]
    assert len(set(live)) == len(live) or len(set(already)) < len(already)  # both may have got it before
    mains = [row["kind"] for row in mine["contact"] if row["main"]]
    assert len(set(mains)) == len(mains)
    said = [row["granted"] for row in mine["consent"]]
    words = [[row["granted"] for row in before["consent"] if row["customer_id"] == one] for one in (kept_id, other_id)]
    newest = [one[-1] if one else None for one in words]
    assert (said[-1] if said else None) == united_consent(newest[0], newest[1])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=PERSON, second=PERSON)
def test_merging_and_undoing_restores_both_records_exactly(
    shop: tuple[House, asyncio.Runner], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Whatever they held; and in between all of it is one person's."""
    house, runner = shop
    runner.run(_there_and_back(house, first, second))


# ---- rules ----


@pytest.mark.parametrize(
    ("kept", "other", "united"),
    [
        (None, None, None), (True, None, True), (None, True, True), (True, True, True), (False, None, False),
        (None, False, False), (True, False, False), (False, True, False), (False, False, False),
    ],
)  # fmt: skip
def test_a_no_on_either_side_wins(kept: bool | None, other: bool | None, united: bool | None) -> None:
    assert united_consent(kept, other) is united


def test_what_differs_is_named_and_what_is_missing_is_filled() -> None:
    mine, theirs = {"name": "Ana", "company": "", "zone": "x"}, {"name": "Anna", "company": "Tea", "zone": "x"}

    assert conflicts(mine, theirs) == [("name", "Ana", "Anna")]
    assert gaps({"name": b"1", "company": None, "zone": None}, {"name": b"2", "company": "Tea", "zone": None}) == [
        "company"
    ]


# ---- stories ----


async def two(house: House) -> tuple[Person, Person, Person]:
    """Ana and Bo, who wrote to us, and an agent."""
    ana, bo = house.customer("ana"), house.customer("bo")
    await ana.says("/subscribe")
    await bo.says("how long does delivery take?")
    return ana, bo, await house.colleague("Wei")


async def customer_of(house: House, sender: str) -> Customer:
    """Whose identity this is now."""
    (identity,) = await house.rows(Identity, Identity.external_id == sender)
    (found,) = await house.rows(Customer, Customer.id == identity.customer_id)
    assert isinstance(found, Customer)
    return found


async def joined(house: House) -> tuple[Person, Person, Person]:
    """The same, after the agent has made Bo part of Ana."""
    ana, bo, wei = await two(house)
    await wei.says("/merge 1 2")
    await wei.presses("Merge")
    return ana, bo, wei


async def test_an_agent_previews_and_merges_and_undoes(house: House) -> None:
    """Nothing moves before the button; the way back is under the answer."""
    _ana, _bo, wei = await two(house)

    (preview,) = await wei.says("/merge 1 2")

    assert preview.startswith("Customer 2 (")
    assert "It brings along one address, 0 tickets and 0 orders." in preview
    assert await house.how_many(Merge) == 0
    assert wei.labels == ["Merge", "The other way round"]

    (done,) = await wei.presses("Merge")
    assert done == "Customer 2 is part of customer 1 now. It can be undone until December 18, 2026."
    assert (await customer_of(house, "bo")).number == 1

    assert await wei.presses("Undo") == ["Customers 1 and 2 are two people again, as they were."]
    assert (await customer_of(house, "bo")).number == 2
    acts = [one.act for one in await house.rows(AuditEntry) if one.act.startswith("merge.")]
    assert acts == ["merge.preview", "merge.merge", "merge.undo"]


async def test_the_other_way_round(house: House) -> None:
    _ana, _bo, wei = await two(house)
    await wei.says("/merge 1 2")

    await wei.presses("The other way round")
    await wei.presses("Merge")

    assert (await customer_of(house, "ana")).number == 2


async def test_messages_to_either_old_identity_land_right(house: House) -> None:
    """Joined, and apart again: every ticket is answered where it was asked."""
    ana, bo, wei = await joined(house)
    await bo.says("/agent")
    ticket = await house.ticket()
    await wei.says(f"/claim {ticket.number}")
    await wei.says("Here I am")
    assert bo.words[-1] == "Here I am"
    assert ticket.customer_id == (await customer_of(house, "ana")).id

    await wei.says("/merge undo 1")
    await wei.says("And still here")

    assert bo.words[-1] == "And still here"
    assert "And still here" not in ana.words
    assert (await house.ticket()).customer_id == (await customer_of(house, "bo")).id
    assert ("agent", "Here I am") in await house.talk_of("bo")
    # What was said meanwhile is sealed under Bo's own key: it goes when Bo is erased, and stays when Ana is.
    (identity,) = await house.rows(Identity, Identity.external_id == "bo")
    (talk,) = await house.rows(Conversation, Conversation.identity_id == identity.id)
    words = await house.rows(Interaction, Interaction.conversation_id == talk.id)
    assert {one.customer_id for one in words} == {identity.customer_id}


async def test_what_came_after_the_merge_stays_with_the_side_it_came_by(house: House) -> None:
    """Bo's no and Bo's number go with Bo; Ana's record is what it was."""
    _ana, bo, wei = await joined(house)
    await bo.says("/stop")
    await bo.does(phone="+4915112345678")

    await wei.says("/merge undo 1")

    async with house.app.records.read() as work:
        ids = [(await customer_of(house, name)).id for name in ("ana", "bo")]
        assert await customers.consented(work, ids) == {ids[0]: True, ids[1]: False}
        assert await contacts.of(work, ids[0]) == []
        assert [one.value for one in await contacts.of(work, ids[1])] == ["+4915112345678"]


async def test_a_no_of_which_nobody_knows_whose_it_was_counts_for_both(house: House) -> None:
    """As one that a file brought."""
    ana, _bo, wei = await joined(house)
    async with house.app.records.write() as work:
        consents.give(work, (await customer_of(house, ana.sender)).id, False, "import")

    await wei.says("/merge undo 1")

    async with house.app.records.read() as work:
        ids = [(await customer_of(house, name)).id for name in ("ana", "bo")]
        assert set((await customers.consented(work, ids)).values()) == {False}


async def test_what_staff_changed_on_the_merged_record_is_kept(house: House) -> None:
    """A copied address that was put right since is the kept record's own."""
    ana, bo, wei = await two(house)
    async with house.app.records.write() as work:
        other = await work.session.get_one(Customer, (await customer_of(house, bo.sender)).id)
        contacts.add(work, other, ContactKind.ADDRESS, "1 Sample Street")
        contacts.add(work, other, ContactKind.EMAIL, "bo@example.com")
    await wei.says("/merge 1 2")
    assert "Added: •••, b•••@example.com" in wei.words[-1]
    await wei.presses("Merge")
    async with house.app.records.write() as work:
        kept = await customer_of(house, ana.sender)
        (copy,) = [row for row in await contacts.rows_of(work, [kept.id]) if row.kind == ContactKind.ADDRESS]
        copy.value = contacts.seal(work, copy.id, "2 Sample Street", kept.key, kept.id)

    await wei.says("/merge undo 1")

    async with house.app.records.read() as work:
        assert [one.value for one in await contacts.of(work, kept.id)] == ["2 Sample Street"]
        assert len(await contacts.of(work, other.id)) == 2


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("/merge 1 1", "That is one and the same customer."),
        ("/merge 1 99", "There is no customer 99."),
        ("/merge 1 x", "There is no customer x."),
        ("/merge 1 2 3", "/merge shows who may be the same person."),
        ("/merge undo 2", "Nothing was merged into this customer that could be undone."),
        ("/merge undo 99", "There is no customer 99."),
        ("/merge", "There is nobody who seems to be on record twice."),
    ],
)
async def test_what_cannot_be_merged_is_refused_in_words(house: House, words: str, answer: str) -> None:
    _ana, _bo, wei = await two(house)

    (heard,) = await wei.says(words)

    assert heard.startswith(answer)
    assert await house.how_many(Merge) == 0


async def test_the_merged_cannot_be_merged_again_nor_in_a_circle(house: House) -> None:
    _ana, _bo, wei = await joined(house)
    await house.customer("cleo").says("hello")

    assert await wei.says("/merge 2 1") == [
        "Customer 2 is part of customer 1 already, so it cannot be the other way round as well."
    ]
    (heard,) = await wei.says("/merge 4 2")
    assert heard == "Customer 2 is part of customer 1 already. Please take that one."
    assert await wei.presses("Merge") == [
        "Customer 2 is part of customer 1 already, so it cannot be the other way round as well."
    ]
    assert await house.how_many(Merge) == 1


async def test_an_erased_record_is_not_merged(house: House) -> None:
    _ana, bo, wei = await two(house)
    async with house.app.records.write() as work:
        gone = await work.session.get_one(Customer, (await customer_of(house, bo.sender)).id)
        gone.key = None

    assert await wei.says("/merge 1 2") == ["The data of customer 2 was erased. There is nothing left to merge."]


async def test_undo_has_its_term_and_happens_once(house: House) -> None:
    _ana, _bo, wei = await joined(house)
    house.hands.move(days=29, hours=23)
    assert await wei.says("/merge undo 1") == ["Customers 1 and 2 are two people again, as they were."]
    assert await wei.says("/merge undo 1") == ["Nothing was merged into this customer that could be undone."]

    await wei.says("/merge 1 2")
    await wei.presses("Merge")
    house.hands.move(days=30, minutes=1)

    assert await wei.says("/merge undo 1") == ["A merge can be undone for 30 days, and this one is older."]


async def test_a_merge_that_another_builds_on_waits_its_turn(house: House) -> None:
    """Whether the later one added to the record or made it part of another."""
    _ana, _bo, wei = await joined(house)
    first = wei.button("Undo")
    await house.customer("cleo").says("hello")
    await wei.says("/merge 4 1")
    await wei.presses("Merge")

    (heard,) = [one.text for one in await wei.does(press=first)]
    assert heard == "Another merge came after this one and builds on it. Please undo that one first."
    assert (await customer_of(house, "bo")).number == 4

    await wei.says("/merge undo 4")
    assert (await customer_of(house, "bo")).number == 1
    assert [one.text for one in await wei.does(press=first)] == [
        "Customers 1 and 2 are two people again, as they were."
    ]
    assert [one.text for one in await wei.does(press=first)] == ["This merge has been undone already."]


async def test_a_marketer_and_a_customer_cannot_merge(house: House) -> None:
    ana, _bo, _wei = await two(house)
    mia = await house.colleague("Mia", "marketer")

    for person in (ana, mia):
        assert await person.says("/merge 1 2") == ["Your role does not allow this. If it should, ask an admin."]


async def test_a_suggestion_is_shown_with_its_reason_and_declined_for_good(house: House) -> None:
    ana, bo, wei = await two(house)
    await ana.does(phone="+4915112345678")
    await bo.does(phone="+49 151 12345678")

    (heard,) = await wei.says("/merge")

    assert "They have the same phone number, and one of them has shown that it is theirs." in heard
    assert wei.labels == ["Merge", "The other way round", "Two different people"]
    assert await wei.presses("Two different people") == ["Good, they stay two people."]
    await house.ring("suggestions")
    assert await wei.says("/merge") == ["There is nobody who seems to be on record twice."]


async def test_an_import_that_brings_a_verified_number_is_noticed(house: House) -> None:
    """By the alarm, when nobody has written meanwhile; merging settles it."""
    ana, _bo, wei = await two(house)
    await ana.does(phone="+4915112345678")
    async with house.app.records.write() as work:
        imported = customers.create(work, language="en", name="Ana Lima", source="import", number=900)
        contacts.add(work, imported, ContactKind.PHONE, "+4915112345678")

    await house.ring("suggestions")
    (heard,) = await wei.says("/merge")
    assert "Ana Lima" in heard
    await wei.presses("Merge")

    assert await wei.says("/merge") == ["There is nobody who seems to be on record twice."]


async def test_a_campaign_reaches_a_merged_person_once(house: House) -> None:
    """Merged while it is being drawn, and parted while it runs: at most one each."""
    ana, bo, wei = await two(house)
    await bo.says("/subscribe")
    mia = await house.colleague("Mia", "marketer")
    async with house.app.records.write() as work:
        await campaigns.plan(work, texts={"en": "Tea is on sale"}, audience="all", starts_at=work.now, staff_id=None)
    await wei.says("/merge 2 1")
    await wei.presses("Merge")

    for _ in range(4):
        await house.ring("campaigns")

    heard = [one for person in (ana, bo) for one in person.words if "Tea is on sale" in one]
    assert len(heard) == 1
    assert mia.words


async def test_who_knows_an_order_and_its_address_may_be_its_customer(house: House) -> None:
    """Suggested to staff, and no more than that: who asks is told of that one order as anybody would be."""
    ana, _bo, wei = await two(house)
    async with house.app.records.write() as work:
        buyer = customers.create(work, language="en", name="Ana Lima", source="import", number=900)
        contacts.add(work, buyer, ContactKind.EMAIL, "ana@example.com")
        work.session.add(order_of(work, buyer, "H-2003"))

    await ana.says("where is my order H-2003? ana@example.com")
    (heard,) = await wei.says("/merge")

    assert "One of them asked for an order of the other." in heard
    assert await house.how_many(Merge) == 0


async def test_so_much_that_it_would_hold_others_up_is_refused(house: House) -> None:
    """In words, with a way that may do; nothing has moved."""
    _ana, bo, wei = await two(house)
    async with house.app.records.write() as work:
        other = await work.session.get_one(Customer, (await customer_of(house, bo.sender)).id)
        work.session.add_all(order_of(work, other, f"S-{number}") for number in range(500))

    assert await wei.says("/merge 1 2") == [
        "502 things would move at once, and more than 500 would hold everybody up. Please try it the other way round."
    ]
    assert (await wei.says("/merge 2 1"))[0].startswith("Customer 1 (")
