"""Sealed: no word, name or number of a person stands in the database's files, and no sealed value fits elsewhere."""

from pathlib import Path

import pytest

from bot.channels import NotSent
from bot.opening import open_records
from crm_core import contacts, conversations
from crm_core.models import Base, ContactKind, Customer, Interaction
from crm_core.storage.types import Sealed
from crm_core.storage.vault import Vault, VaultError
from tests.builders import House, Trouble, settings_in

_CANARY = "CANARY"


def files_with(folder: Path, *words: bytes) -> list[str]:
    """The files of the shop, but for its articles, that hold any of these bytes; the write-ahead log is among them."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jsonl"]
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in files)
    return [path.name for path in files if any(word in path.read_bytes() for word in words)]


@pytest.mark.sqlite_only("it reads the files of the database")
async def test_no_words_of_a_person_stand_in_the_database_files(house: House, tmp_path: Path) -> None:
    """Messages, names, files, notes, agents' words, held, odd and failed ones, contacts: sought in the raw bytes."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=f"{_CANARY} message", name=f"{_CANARY} name")
    await ana.sends_photo(f"{_CANARY} caption")
    await wei.says("/claim 1")
    await wei.says(f"{_CANARY} answer")
    await wei.says(f"/note {_CANARY} note")
    await wei.says(f"/handon {_CANARY}")
    house.hands.move(minutes=31)
    await wei.says(f"{_CANARY} held")
    await wei.says(f"/{_CANARY} command")
    await ana.does(unsupported="sticker", text=f"{_CANARY} sticker")
    Trouble(house.memory, NotSent("refused"), strikes=lambda one: one.chat == "ana")
    await wei.says(f"/reply 1 {_CANARY} waiting")
    async with house.app.records.write() as work:
        customer = await work.session.get_one(Customer, (await house.rows(Customer))[0].id)
        contacts.add(work, customer, ContactKind.EMAIL, f"{_CANARY}@example.org")
        contacts.add(work, customer, ContactKind.PHONE, "+49 170 1234567")
    house.put(ana.incoming(text=f"{_CANARY} not answered yet"))
    await house.take_in()

    assert files_with(tmp_path, b"SQLite format 3", b"meta") != []
    assert files_with(tmp_path, b"CANARY", b"1701234567", b"170 1234567", b"spout.jpg") == []
    assert ("note", f"{_CANARY} note") in await house.talk_of("ana")


async def test_finished_updates_are_emptied(house: House) -> None:
    """The raw words live on only in the interaction."""
    from crm_core.models import Inbox

    await house.customer().says("hello")

    assert [row.raw for row in await house.rows(Inbox)] == [None]


async def test_a_sealed_value_does_not_open_in_another_row(house: House) -> None:
    """Not even in a row of the same customer: the place is part of the seal."""
    ana = house.customer()
    await ana.says("hello")
    await ana.says("bye")
    first, _, second, _ = await house.rows(Interaction)
    async with house.app.records.write() as work:
        (await work.session.get_one(Interaction, second.id)).body = first.body

    async with house.app.records.read() as work:
        assert await conversations.body_of(work, first) == "hello"
        with pytest.raises(VaultError):
            await conversations.body_of(work, await work.session.get_one(Interaction, second.id))


async def test_a_customers_words_do_not_open_with_another_customers_key(house: House) -> None:
    """Every customer has a key of their own, bound to them."""
    for name in ("ana", "bob"):
        await house.customer(name).says("hello")
    ana, bob = await house.rows(Customer)
    (words, *_rest) = await house.rows(Interaction, Interaction.customer_id == ana.id)
    vault = house.app.records.vault
    place = f"interaction.body:{words.id}"

    assert vault.open(words.body, place, ana.key, ana.id) == "hello"
    for key, owner in ((bob.key, bob.id), (ana.key, bob.id), (bob.key, ana.id), (None, 0)):
        with pytest.raises(VaultError):
            Vault.open(Vault.from_file(house.app.settings.key_file), words.body, place, key, owner)


async def test_a_wrong_key_file_is_refused_before_anything_is_written(house: House, tmp_path: Path) -> None:
    """Words sealed with two keys could never be opened again."""
    settings = house.app.settings
    settings.key_file.unlink()
    Vault.create_file(settings.key_file)

    with pytest.raises(VaultError) as refused:
        await open_records(settings_in(tmp_path))

    assert refused.value.key == "vault_key_wrong"


async def test_a_missing_key_file_is_an_error_and_never_a_new_key(house: House, tmp_path: Path) -> None:
    """A database that something was sealed in needs the key that sealed it."""
    house.app.settings.key_file.unlink()

    with pytest.raises(VaultError) as refused:
        await open_records(settings_in(tmp_path))

    assert refused.value.key == "vault_key_missing"
    assert not house.app.settings.key_file.exists()


def test_columns_that_hold_personal_words_are_sealed() -> None:
    """A look at the tables: what is not sealed is known by name, and none of it is a person's words."""
    personal = {"name", "email", "phone", "body", "raw", "text", "texts", "file_name", "note", "title"}
    clear = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in personal and not isinstance(column.type, Sealed)
    }

    assert clear == {
        "article.title",
        "attribute_value.text",  # of attributes that are not personal
        "campaign.texts",
        "data_key.name",
        "invite.name",
        "lease.name",
        "meta.name",
        "secret.name",
        "segment.name",
        "segment.text",
        "sequence.name",
        "staff.name",
    }
