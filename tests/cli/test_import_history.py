"""`import history`: chats from a Telegram Desktop export with their own times, once, and nobody hears of it."""

import asyncio
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.importing.refused import ImportRefused
from bot.importing.runs import LEAST_ROWS, Wishes
from bot.imports import import_history
from crm_core import conversations
from crm_core.histories import Past
from crm_core.models import AuditEntry, Base, Conversation, Customer, Identity, Interaction, Outbox, Ticket
from crm_core.work import Records
from tests.cli.conftest import ShopFolder

ANA, BO, SHOP = 4001, 4002, 77
START = 1_700_000_000  # 2023-11-14
PAST = Past(channel="telegram:export", language="en")


def message(number: int, sender: int, text: Any = "", **more: Any) -> dict[str, Any]:
    """A message as the export has it."""
    at = {"date": "2023-11-14T22:13:20", "date_unixtime": str(START + number)}
    return {"id": number, "type": "message", **at, "from_id": f"user{sender}", "text": text, **more}


def chat(
    person: int, *messages: Any, name: str | None = "Sample Person", kind: str = "personal_chat"
) -> dict[str, Any]:
    """A chat as the export has it."""
    return {"name": name, "type": kind, "id": person, "messages": list(messages)}


TALK = chat(
    ANA,
    {"id": 1, "type": "service", "date_unixtime": str(START), "actor_id": "user77", "action": "phone_call", "text": ""},
    message(2, ANA, "Is the tea organic?"),
    message(3, SHOP, ["Yes, see ", {"type": "link", "text": "example.com"}, "."]),
    message(4, ANA, "", photo="(File not included.)", width=9, height=9),
    message(5, ANA, "my list", file="files/list.pdf", file_name="list.pdf"),
    message(6, SHOP, "", media_type="voice_message", file="voice.ogg"),
    name="Ana Sample",
)


def put(shop: ShopFolder, export: Any, name: str = "result.json") -> str:
    """Write an export into the shop's folder."""
    file = shop.folder / name
    file.write_text(export if isinstance(export, str) else json.dumps(export), encoding="utf-8")
    return str(file)


def counts(shop: ShopFolder, file: str, *more: str) -> dict[str, Any]:
    """Import, and what came of it."""
    found = shop.does("import", "history", file, "--json", *more).json
    return {key: found[key] for key in ("added", "same", "bad", "passed") if found[key]}


def how_many(shop: ShopFolder, table: type[Base]) -> int:
    """How many rows of a table."""

    async def count(records: Records) -> int:
        async with records.read() as work:
            return (await work.session.scalar(select(func.count()).select_from(table))) or 0

    return shop.with_records(count)


async def said(records: Records) -> list[tuple[str, str, str, str, int, datetime]]:
    """Everything that was said: where, by whom, what, known by what, in which order, when."""
    async with records.read() as work:
        statement = (
            select(Interaction, Identity.external_id)
            .join(Conversation, Conversation.id == Interaction.conversation_id)
            .join(Identity, Identity.id == Conversation.identity_id)
            .order_by(Identity.external_id, Interaction.id)
        )
        rows = (await work.session.execute(statement)).all()
        return [
            (who, one.kind, await conversations.body_of(work, one), one.source_key or "", one.rev, one.at)
            for one, who in rows
        ]


def test_a_chat_is_on_record_with_its_own_times(shop: ShopFolder) -> None:
    """The person's words are the customer's, everybody else's the shop's; media are words in brackets."""
    ran = shop.does("import", "history", put(shop, TALK))

    assert ran.lines == [
        f"{shop.folder}/result.json: 5 messages added, 0 changed, 0 known just so.",
        "1 messages in which nobody said anything were passed over.",
        "3 files were not copied; words such as [photo] stand for them.",
    ]
    found = shop.with_records(said)
    assert [one[:3] for one in found] == [
        ("4001", "message", "Is the tea organic?"),
        ("4001", "agent", "Yes, see example.com."),
        ("4001", "message", "[photo]"),
        ("4001", "message", "[document: list.pdf] my list"),
        ("4001", "agent", "[voice]"),
    ]
    assert [one[4] for one in found] == [1, 2, 3, 4, 5]
    assert found[0][5] == datetime.fromtimestamp(START + 2, UTC)

    async def look(records: Records) -> tuple[str, Any, str, Any, bool]:
        async with records.read() as work:
            customer = (await work.session.scalars(select(Customer))).one()
            identity = (await work.session.scalars(select(Identity))).one()
            talk = (await work.session.scalars(select(Conversation))).one()
            name = await conversations.name_of(work, customer)
            return name, customer.number, customer.source, talk.last_in_at, identity.unreachable_at is not None

    last = datetime.fromtimestamp(START + 5, UTC)
    assert shop.with_records(look) == ("Ana Sample", 1, "import", last, True)
    assert [how_many(shop, table) for table in (Outbox, Ticket)] == [0, 0]
    assert all(b"organic" not in file.read_bytes() for file in shop.database.parent.iterdir())


def test_the_same_file_again_changes_nothing_and_a_later_export_adds_what_is_new(shop: ShopFolder) -> None:
    """A message is known by chat, number and time."""
    file = put(shop, TALK)
    assert counts(shop, file) == {"added": 5}
    once = shop.with_records(said)
    assert counts(shop, file) == {"same": 5}
    assert shop.with_records(said) == once

    later = {**TALK, "messages": [*TALK["messages"], message(9, ANA, "And the cups?")]}
    assert counts(shop, put(shop, later, "later.json")) == {"added": 1, "same": 5}
    assert [one[2] for one in shop.with_records(said)][-1] == "And the cups?"
    assert how_many(shop, Customer) == 1


def test_another_account_of_the_shop_may_number_its_messages_alike(shop: ShopFolder) -> None:
    """Two colleagues who wrote to one customer have two exports."""
    counts(shop, put(shop, chat(ANA, message(2, ANA, "to Wei"))))
    other = {**message(2, ANA, "to Mia"), "date_unixtime": str(START + 500)}

    assert counts(shop, put(shop, chat(ANA, other), "mia.json")) == {"added": 1}
    assert [one[2] for one in shop.with_records(said)] == ["to Wei", "to Mia"]


def test_of_all_chats_those_with_one_person_are_taken(shop: ShopFolder) -> None:
    """Groups, channels and saved messages are counted and passed over."""
    export = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": SHOP},
        "contacts": {"about": "", "list": [{"first_name": "Sample"}]},
        "chats": {
            "about": "",
            "list": [
                chat(ANA, message(2, ANA, "hello"), message(3, SHOP, "hi")),
                chat(900, message(1, ANA, "to all"), kind="private_supergroup"),
                chat(901, message(1, SHOP, "to me"), kind="saved_messages", name=None),
                chat(BO, message(7, BO, "hello too"), name=None),
            ],
        },
        "left_chats": {"about": "", "list": [chat(902, message(1, ANA, "x"), kind="private_group")]},
    }
    ran = shop.does("import", "history", put(shop, export))
    assert ran.lines[0].endswith("3 messages added, 0 changed, 0 known just so.")
    assert ran.lines[1] == (
        "Chats that are not with one person were passed over: 1 private_supergroup, 1 saved_messages."
    )
    assert [one[:3] for one in shop.with_records(said)] == [
        ("4001", "message", "hello"), ("4001", "agent", "hi"), ("4002", "message", "hello too"),
    ]  # fmt: skip


def test_with_a_token_the_history_is_the_bots(shop: ShopFolder) -> None:
    """So that later talk goes on in the same conversation."""
    token = "[telegram]\ntoken = '123456:letters'\n"
    shop.configure((shop.folder / "config.toml").read_text(encoding="utf-8") + token)
    counts(shop, put(shop, TALK))

    async def look(records: Records) -> Any:
        async with records.read() as work:
            return (await work.session.execute(select(Identity.channel, Identity.external_id, Identity.chat))).one()

    assert shop.with_records(look) == ("telegram:123456", "4001", "4001")


def test_a_dry_run_counts_and_leaves_nothing(shop: ShopFolder) -> None:
    """No database either."""
    assert counts(shop, put(shop, TALK), "--dry-run") == {"added": 5}
    assert not shop.database.exists()


BAD = (
    ({"id": "x"}, '"id" should be a number'),
    ({"date_unixtime": None}, '"date_unixtime" should be seconds since 1970'),
    ({"date_unixtime": "99999999999999999999"}, '"date_unixtime" should be'),
    ({"date_unixtime": "86400"}, "its time is 1970-01-02, when there was no Telegram"),
    ({"date_unixtime": "9999999999"}, "its time is 2286-11-20 17:46 UTC, which is still to come"),
    ({"from_id": "channel5"}, '"from_id" should look like user123456'),
    ({"from_id": None}, '"from_id" should look like user123456'),
    ({"text": 5}, '"text" should be words'),
    ({"text": [{"type": "bold"}]}, '"text" should be words'),
)


@pytest.mark.parametrize(("wrong", "words"), BAD)
def test_what_is_wrong_with_a_message_is_named_and_nothing_is_imported(
    shop: ShopFolder, wrong: dict[str, Any], words: str
) -> None:
    """By chat and message; `--skip-bad` takes the rest."""
    file = put(shop, chat(ANA, message(2, ANA, "good"), message(3, ANA, "bad") | wrong))
    ran = shop.does("import", "history", file)

    assert ran.code == 1
    assert words in ran.err
    assert "result.json: chat 4001, message" in ran.err
    assert "Nothing was imported." in ran.err
    if shop.database.exists():
        assert how_many(shop, Customer) == 0
    assert counts(shop, file, "--skip-bad") == {"added": 1, "bad": 1}


NO_EXPORTS = (
    ("", "no JSON"),
    ("[]", "no JSON"),
    ('{"name": "x"', "no JSON"),
    ('{"name": "x"}', "no chat is in it"),
    ('{"messages": [], "id": 1, "type": "personal_chat"}', "id and its type before its messages"),
    ('{"id": true, "type": "personal_chat", "messages": []}', "id and its type before its messages"),
    ('{"id": 1, "type": "personal_chat", "messages": {}}', "no JSON"),
    ('{"id": 1, "type": "personal_chat", "messages": [{"id": 1}', "no JSON"),
    ("[" * 100_000, "no JSON"),
    (json.dumps(TALK) + "x", "no JSON"),
)


@pytest.mark.parametrize(("text", "words"), NO_EXPORTS)
def test_a_file_that_is_no_export_is_refused_in_words(shop: ShopFolder, text: str, words: str) -> None:
    """And leaves no database behind."""
    ran = shop.does("import", "history", put(shop, text))
    assert ran.code == 1
    assert words in ran.err
    assert not shop.database.exists()


def test_a_file_in_another_encoding_is_refused_in_words(shop: ShopFolder) -> None:
    """Telegram writes UTF-8."""
    file = shop.folder / "result.json"
    file.write_bytes(json.dumps(TALK).encode("utf-16"))
    assert "it is not in UTF-8" in shop.does("import", "history", str(file)).err


def test_half_characters_and_nul_become_what_every_database_can_keep(shop: ShopFolder) -> None:
    """They stand in names and words."""
    talk = chat(ANA, message(2, ANA, "a\ud800b\0c"), message(3, ANA, "\0"), name="N\0\udfffo")
    assert counts(shop, put(shop, talk)) == {"added": 1}
    assert [one[2] for one in shop.with_records(said)] == ["a\ufffdbc"]


class Killed(Exception):
    """The import ends here."""


def test_a_broken_off_import_goes_on_and_leaves_what_one_run_leaves(shop: ShopFolder, tmp_path: Path) -> None:
    """Wherever it ends between two transactions."""
    chats = [chat(5000 + who, *(message(n, 5000 + who, f"{who}.{n}") for n in range(1, 12))) for who in range(60)]
    file = Path(put(shop, {"chats": {"list": chats}}))
    (tmp_path / "once").mkdir()
    once = ShopFolder(tmp_path / "once")

    async def broken_off(records: Records) -> int:
        def progress(what: str, done: int, total: int) -> None:
            if what == "Importing" and done < total:
                raise Killed

        times = 0
        while True:
            try:
                taken = (await import_history(records, file, PAST, Wishes(progress=progress))).taken
            except Killed:
                times += 1
            else:
                assert taken.added == 660
                return times

    async def in_one(records: Records) -> None:
        await import_history(records, file, PAST, Wishes())

    assert shop.with_records(broken_off) > 2
    once.with_records(in_one)
    assert shop.with_records(said) == once.with_records(said)
    assert how_many(shop, Customer) == 60


def test_a_transaction_begins_small_and_grows_step_by_step(shop: ShopFolder) -> None:
    """Chats of one message each bring a customer with each message, which are about 24 rows."""
    chats = [chat(6000 + who, message(1, 6000 + who, "hello")) for who in range(100)]
    file = Path(put(shop, {"chats": {"list": chats}}))
    sizes: list[int] = []

    async def go(records: Records) -> None:
        def progress(what: str, done: int, _total: int) -> None:
            if what == "Importing":
                sizes.append(done)

        await import_history(records, file, PAST, Wishes(progress=progress))

    shop.with_records(go)
    steps = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
    assert steps[0] <= LEAST_ROWS / 24
    assert all(after <= 2 * before for before, after in pairwise(steps))


def test_the_import_is_in_the_audit_log(shop: ShopFolder) -> None:
    """With its counts and no words."""
    counts(shop, put(shop, TALK))

    async def look(records: Records) -> list[tuple[str, int]]:
        async with records.read() as work:
            return [(one.act, one.detail["added"]) for one in await work.session.scalars(select(AuditEntry))]

    assert ("import.history", 5) in shop.with_records(look)


def test_a_long_file_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    """It is read in pieces, and the last of them is looked at before anything is written."""
    file = tmp_path / "result.json"
    with file.open("w", encoding="utf-8") as text:
        text.write('{"id": 4001, "type": "personal_chat", "messages": [')
        for number in range(1, 5001):
            text.write(json.dumps(message(number, ANA, "word " * 20)) + ",")
    with pytest.raises(ImportRefused, match="no JSON"):
        asyncio.run(import_history(None, file, PAST, Wishes(dry_run=True)))
