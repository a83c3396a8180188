"""Erasing: who asks to be forgotten is, everywhere, whatever interrupts it, and stays so."""

import io
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, select, text

from bot.channels import Unconfirmed
from crm_core import attributes, erasing, histories, imports, merging, personal_export, sealed
from crm_core.conversations import body_of
from crm_core.drafts import CustomerDraft, Terms
from crm_core.histories import Past, PastMessage
from crm_core.imports import Taken
from crm_core.merging import MergeRefused
from crm_core.models import (
    Base,
    Contact,
    Customer,
    Erasure,
    Identity,
    Interaction,
    InteractionAbout,
    Order,
    Outbox,
    OutboxState,
    StoredFile,
    Ticket,
)
from crm_core.personal import NOBODYS, PARTS, Fate, person
from crm_core.storage.types import Sealed
from crm_core.tombstones import TombstonesBroken
from tests.builders import House, Trouble, open_house
from tests.turns.whole_person import CANARY, PHONE, add_sealed_rows, make_whole, staff_says


async def somebody(house: House) -> int:
    """Customer CANARY with a row in every table; returns the id."""
    await house.colleague("Wei")
    async with house.app.records.write() as work:
        await attributes.define(work, "allergy", "text", labels={"en": "Allergy"}, choices=(), personal=True)
        talk = await staff_says(work, f"{CANARY} card")
        customer_id = (await make_whole(work, house.app.files, talk)).id
    async with house.app.records.write() as work:
        await add_sealed_rows(work, customer_id)
    return customer_id


async def erase(house: House, customer_id: int) -> None:
    """Have somebody erased, and let the alarm ring until it is done."""
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        assert await erasing.ask(work, house.app.shop.tombstones, customer, "command", None)
    house.hands.move(seconds=21)
    await house.ring("erasing")


def places_of(folder: Path, *words: bytes) -> list[str]:
    """The files of the shop that hold any of these bytes."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jsonl"]
    return [path.name for path in files if any(word in path.read_bytes() for word in words)]


async def test_a_customer_who_confirms_is_erased_within_a_minute(house: House) -> None:
    """The goodbye arrives, the key is gone, and nothing that was said can be read."""
    ana = house.customer()
    await ana.does(text="my name is CANARY", name="CANARY")
    await ana.says("/deletemydata")
    heard = await ana.presses("Yes, forget me for good")
    assert heard[0].startswith("It is under way")

    await house.ring("erasing")

    (row,) = await house.rows(Erasure)
    assert row.finished_at is not None
    assert row.finished_at - row.asked_at < timedelta(seconds=60)
    (customer,) = await house.rows(Customer)
    assert customer.key is None
    assert {one.body for one in await house.rows(Interaction)} == {b""}
    (identity,) = await house.rows(Identity)
    assert (identity.external_id, identity.chat) == (f"erased:{identity.id}", "")


async def test_who_does_not_confirm_keeps_everything(house: House) -> None:
    ana = house.customer()
    await ana.says("/deletemydata")

    assert await ana.presses("No, keep everything") == ["Nothing was deleted."]

    assert await house.how_many(Erasure) == 0
    assert not house.app.settings.tombstone_file.exists()


async def test_somebody_elses_button_erases_nobody(house: House) -> None:
    """A button belongs to the talk that it was shown in."""
    ana, bob = house.customer(), house.customer("bob")
    await ana.says("/deletemydata")
    await bob.says("hello")

    await bob.does(press=ana.button("Yes, forget me for good"))

    assert await house.how_many(Erasure) == 0


async def test_the_next_message_begins_a_new_customer(house: House) -> None:
    ana = house.customer()
    await ana.says("hello")
    await erase(house, (await house.rows(Customer))[0].id)

    await ana.says("hello again")

    old, new = await house.rows(Customer)
    assert old.erased_at is not None
    assert new.key is not None
    assert await house.talk_of("ana") != []


def test_every_table_is_decided_about() -> None:
    """A table that can hold anything of a person says what becomes of it, and one that cannot is known by name."""
    decided = {part.name for part in PARTS}
    tables = set(Base.metadata.tables)
    assert decided | NOBODYS == tables
    assert decided & NOBODYS == set()
    holds = {name for name, table in Base.metadata.tables.items() if _of_a_person(table)}
    assert holds - decided == {"data_key", "secret"}  # sealed, and nobody's


def _of_a_person(table: Table) -> bool:
    targets = {key.column.table.name for key in table.foreign_keys}
    return (
        bool(targets & {"customer", "identity", "conversation", "interaction", "outbox", "ticket", "shop_order"})
        or "customer_id" in table.columns
        or any(isinstance(column.type, Sealed) for column in table.columns)
    )


async def test_every_table_is_cleared_and_no_word_is_left_in_any_file(house: House, tmp_path: Path) -> None:
    """Somebody has a row in every table; afterwards no file of the shop holds a word, number or address of theirs."""
    customer_id = await somebody(house)
    async with house.app.records.read() as work:
        whole = await person(work, customer_id)
        before = set()
        for part in PARTS:
            if (await work.session.execute(select(part.table).where(part.theirs(whole)))).first() is not None:
                before.add(part.name)
    assert before >= {part.name for part in PARTS} - {"inbox", "erasure"}
    blinds = [one.blind for one in await house.rows(Contact) if one.blind]
    (file,) = await house.rows(StoredFile)

    await erase(house, customer_id)

    async with house.app.records.read() as work:
        for part in PARTS:
            rows = (await work.session.execute(select(part.table).where(part.theirs(whole)))).all()
            assert part.fate is not Fate.DELETED or rows == [], part.name
        for column in sealed.columns():
            left = [one async for one in sealed.values(work.session, column) if one.owner in whole.ids]
            assert left == [], column.name
    assert not (house.app.files.folder / str(file.id)).exists()
    if house.app.records.database.is_sqlite:
        words = [CANARY.encode(), PHONE.encode(), b"9701", b"1990-03-27", *(one.encode() for one in blinds)]
        assert places_of(tmp_path, *words) == []


async def test_figures_add_up_afterwards(house: House) -> None:
    """Orders, tickets and deliveries stay as numbers of nobody."""
    await erase(house, await somebody(house))

    assert [(one.total_minor, one.external_ref, one.tracking) for one in await house.rows(Order)] == [
        (500, "A-1", None)
    ]
    assert [one.state for one in await house.rows(Ticket)] == ["closed"]
    assert sorted(one.state for one in await house.rows(Outbox, Outbox.conversation_id.is_not(None)))[-2:] == [
        "sent", "suppressed",
    ]  # fmt: skip


async def test_being_erased_twice_changes_nothing_more(house: House) -> None:
    customer_id = await somebody(house)
    await erase(house, customer_id)
    (row,) = await house.rows(Erasure)

    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        assert not await erasing.ask(work, house.app.shop.tombstones, customer, "command", None)
    await house.ring("erasing")

    assert [(one.id, one.finished_at, one.counts) for one in await house.rows(Erasure)] == [
        (row.id, row.finished_at, row.counts)
    ]
    assert len(house.app.settings.tombstone_file.read_text().splitlines()) == 1


async def test_others_lose_nothing(house: House) -> None:
    """The words of whoever else is there can still be read."""
    bob = house.customer("bob")
    await bob.says("I like oolong")
    before = await house.talk_of("bob")

    await erase(house, await somebody(house))

    assert await house.talk_of("bob") == before


async def test_an_erasure_waits_for_what_is_under_way_to_the_person(house: House) -> None:
    """Its end is written down with their address: first the end, then the address goes."""
    customer_id = await somebody(house)
    async with house.app.records.write() as work:
        row = await work.session.scalar(select(Outbox).where(Outbox.state == OutboxState.QUEUED))
        assert row is not None
        row.state, row_id = OutboxState.IN_FLIGHT, row.id

    await erase(house, customer_id)
    (erasure,) = await house.rows(Erasure)
    assert erasure.finished_at is None
    assert (await house.rows(Customer, Customer.id == customer_id))[0].key is None  # that does not wait

    house.hands.move(seconds=61)
    await house.ring("erasing")
    (erasure,) = await house.rows(Erasure)
    assert erasure.finished_at is not None
    assert (await house.rows(Outbox, Outbox.id == row_id))[0].state == "in_doubt"


async def test_what_is_in_doubt_to_an_erased_person_is_not_sent_again(house: House) -> None:
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("a person please")
    await ana.says("/agent")
    await wei.says("/claim 1")
    Trouble(house.memory, Unconfirmed("timeout"), strikes=lambda one: one.chat == "ana")
    await wei.says("we are on it")
    await erase(house, (await house.rows(Customer))[0].id)

    await wei.presses("Send again")

    assert "we are on it" not in ana.words


async def test_a_merge_is_refused_from_the_moment_somebody_asked(house: House) -> None:
    """Otherwise half of a person would be erased."""
    customer_id = await somebody(house)
    await house.customer("bob").says("hello")
    (bob_id,) = [one.customer_id for one in await house.rows(Identity, Identity.external_id == "bob")]
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, customer_id)
        await erasing.ask(work, house.app.shop.tombstones, customer, "customer", None)
        bob = await work.session.scalar(select(Customer).where(Customer.id == bob_id))
        assert bob is not None
        with pytest.raises(MergeRefused) as refused:
            await merging.check(work, bob, customer)
    assert refused.value.key == "merge_erased"


async def test_an_import_does_not_bring_an_erased_person_back(house: House) -> None:
    """The shop's own reference of them is known as a keyed hash: their row is refused in words, others are taken."""
    async with house.app.records.write() as work:
        first = [CustomerDraft(reference="77", name="Ana")]
        terms = Terms(source="import", language="en")
        await imports.take_customers(work, first, terms, Taken())
    (customer,) = await house.rows(Customer)
    await erase(house, customer.id)

    async with house.app.records.read() as work:
        again = [CustomerDraft(reference="77", name="Ana"), CustomerDraft(reference="78", name="Bob")]
        refused, taken = await imports.plan_customers(work, again, terms)

    assert refused.clash is not None
    assert (refused.clash.key, taken.clash) == ("erased_person", None)


async def test_an_old_history_does_not_bring_an_erased_person_back(house: House) -> None:
    """Neither alone, nor to the new record of somebody who wrote again."""
    past = Past(channel="memory", language="en")
    old = datetime(2024, 1, 1, tzinfo=UTC)
    first = PastMessage(
        chat="ana", message="1", theirs=True, text=f"{CANARY} long ago", at=old, nth=0, name="Ana", opens=True
    )
    async with house.app.records.write() as work:
        assert await histories.take(work, [first], past, write=True) == [imports.ADDED]
    (customer,) = await house.rows(Customer)
    await erase(house, customer.id)
    await house.customer().says("hello")

    async with house.app.records.write() as work:
        again = [first, first._replace(message="2")]
        assert await histories.take(work, again, past, write=True) == [histories.PASSED, histories.PASSED]

    assert await house.how_many(Customer) == 2
    assert "long ago" not in str(await house.talk_of("ana"))


async def test_nobody_unblocks_themselves_by_being_erased(house: House) -> None:
    ana = house.customer()
    await ana.says("hello")
    async with house.app.records.write() as work:
        identity = await work.session.scalar(select(Identity))
        assert identity is not None
        identity.blocked_at, customer_id = work.now, identity.customer_id
    assert customer_id is not None
    await erase(house, customer_id)

    await ana.says("hello again")

    old, new = await house.rows(Identity)
    assert "ana" not in old.external_id
    assert new.blocked_at is not None


# ---- staff's own talk ----


async def test_what_staff_were_told_of_somebody_is_emptied_with_them(house: House) -> None:
    """Cards, searches and lists: whatever named the person, and the search that found them."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text="hello", name=f"{CANARY} Lopez")
    await ana.says("/agent")
    number = (await house.rows(Customer))[0].number
    for words in (f"/customer {CANARY}", f"/customer {number}", "/queue", "/claim 1"):
        await wei.says(words)
    await wei.presses("Timeline")
    own = await house.rows(Interaction, Interaction.customer_id.is_(None))
    async with house.app.records.read() as work:
        named = {one.id for one in own if CANARY in await body_of(work, one)}
    assert named
    assert named <= {one.interaction_id for one in await house.rows(InteractionAbout)}

    await erase(house, (await house.rows(Customer))[0].id)

    async with house.app.records.read() as work:
        left = await house.rows(Interaction, Interaction.customer_id.is_(None))
        assert [one for one in left if CANARY in await body_of(work, one)] == []
    assert len(left) == len(own)


# ---- tombstones ----


async def test_an_older_database_does_not_bring_anybody_back(tmp_path: Path) -> None:
    """The file of the database is put back as it was; at the next start the person is cut off, then erased again."""
    async with open_house(tmp_path) as house:
        if not house.app.records.database.is_sqlite:
            pytest.skip("a file is put back")
        customer_id = await somebody(house)
        file = Path(str(house.app.settings.database_url.database))
        await house.app.records.database.empty_log()
        shutil.copy(file, tmp_path / "older.db")
        await erase(house, customer_id)
    for leftover in file.parent.glob(f"{file.name}*"):
        if leftover.suffix != ".key":
            leftover.unlink()
    shutil.move(tmp_path / "older.db", file)

    async with open_house(tmp_path) as house:
        (customer,) = await house.rows(Customer, Customer.id == customer_id)
        assert customer.key is None
        assert await house.how_many(Outbox, Outbox.state == "queued", Outbox.conversation_id.is_not(None)) == 0
        await house.ring("erasing")
        (row,) = await house.rows(Erasure, Erasure.customer_id == customer_id)
        assert (row.source, row.finished_at is not None) == ("tombstone", True)
        assert places_of(tmp_path, CANARY.encode(), PHONE.encode()) == []


@pytest.mark.parametrize(
    "tamper",
    [
        lambda lines: [lines[0].replace("2026", "2025"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], "2026-11-18T12:00:00+00:00 5 0123456789abcdef0123456789abcdef"],
        lambda lines: ["", *lines],
    ],
    ids=["a time changed", "a line taken out", "lines swapped", "a line made up", "an empty line"],
)
async def test_a_changed_file_of_tombstones_is_refused(
    tmp_path: Path, tamper: Callable[[list[str]], list[str]]
) -> None:
    """Frontdesk does not start on it, and says in which line the trouble begins."""
    async with open_house(tmp_path) as house:
        for name in ("ana", "bob", "cid"):
            await house.customer(name).says("hello")
        for customer in await house.rows(Customer):
            await erase(house, customer.id)
        file = house.app.settings.tombstone_file
    file.write_text("".join(f"{line}\n" for line in tamper(file.read_text().splitlines())))

    with pytest.raises(TombstonesBroken) as refused:
        async with open_house(tmp_path):
            pass

    assert refused.value.key == "tombstones_changed"


async def test_tombstones_that_were_lost_are_written_again_from_the_database(tmp_path: Path) -> None:
    """A file cut off at its end, or one that was left behind on another machine."""
    async with open_house(tmp_path) as house:
        for name in ("ana", "bob"):
            await house.customer(name).says("hello")
        for customer in await house.rows(Customer):
            await erase(house, customer.id)
        file = house.app.settings.tombstone_file
        ids = {customer.id for customer in await house.rows(Customer)}
    whole = file.read_text()
    file.write_text(whole[: len(whole) * 3 // 4])

    async with open_house(tmp_path) as house:
        stones = house.app.shop.tombstones.read(house.app.records.vault)

    assert {one for stone in stones for one in stone.customer_ids} == ids
    assert file.stat().st_mode & 0o077 == 0


# ---- what they are given ----


async def test_an_export_holds_every_word_of_a_person(house: House) -> None:
    """Each exported table is in it, in clear, and none of our keys and hashes."""
    customer_id = await somebody(house)
    async with house.app.records.read() as work:
        export = await personal_export.collect(work, await work.session.get_one(Customer, customer_id))
        files = await personal_export.read_files(work, house.app.files, export.files)

    records = export.content["records"]
    assert {name for name, rows in records.items() if rows} == {part.name for part in PARTS if part.exported}
    for word in ("name", "other", "@example.org", "street 1", "words", "note", "allergy", "-track", "Ltd", "-tag"):
        assert f"{CANARY}{word}" in export.json or f"{CANARY} {word}" in export.json, word
    assert PHONE in export.json
    assert list(files.values()) == [CANARY.encode() * 9]
    assert "card" not in export.json  # staff's own talk
    for rows in records.values():
        assert all(personal_export.LEFT_OUT.isdisjoint(row) for row in rows)


async def test_a_customer_gets_their_archive_in_the_chat(house: House) -> None:
    ana = house.customer()
    await ana.says("I like oolong")
    await ana.says("/privacy")

    await ana.presses("Give me all of it")

    file = ana.heard[-1].attachment
    assert file is not None
    (row,) = await house.rows(StoredFile)
    async with house.app.records.read() as work:
        data = await house.app.files.read(work, row.id)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "I like oolong" in archive.read("person.json").decode()
    house.hands.move(days=8)
    await house.ring("cleaning")
    assert await house.how_many(StoredFile) == 0


async def test_an_admin_exports_and_erases_somebody_after_a_second_look(house: House) -> None:
    """Alone with a PIN; the archive in the colleague's chat goes with the person."""
    ada, ana = await house.colleague("Ada", "admin"), house.customer()
    await ana.does(text=f"{CANARY} hello", name=f"{CANARY} Lopez")
    await ada.says("/pin")
    await ada.says("sesame-42")
    number = (await house.rows(Customer))[0].number
    await ada.says(f"/customer {number}")
    await ada.presses("Export…")
    await ada.says("sesame-42")
    await ada.presses("Do it now")
    file = ada.heard[-1].attachment
    assert file is not None
    assert await house.how_many(StoredFile) == 1

    await ada.says(f"/customer {number}")
    await ada.presses("Erase…")
    await ada.presses(f"Yes, erase {number}")
    await ada.says("sesame-42")
    assert (await ada.presses("Do it now"))[-1].startswith(f"Customer {number} is being erased")
    await house.ring("erasing")

    assert await house.how_many(StoredFile) == 0
    assert list(house.app.files.folder.iterdir()) == []
    async with house.app.records.read() as work:
        left = [await body_of(work, one) for one in await house.rows(Interaction, Interaction.customer_id.is_(None))]
    assert [words for words in left if CANARY in words] == []


async def test_sqlite_overwrites_what_it_deletes(house: House) -> None:
    """What the promise rests on, whatever SQLite was built with."""
    if house.app.records.database.is_sqlite:
        async with house.app.records.write() as work:
            assert await work.session.scalar(text("PRAGMA secure_delete")) == 1
