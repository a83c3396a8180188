"""`backup` and `restore`: what comes back is what was there, it sends nothing by itself, no broken one gets in."""

import hashlib
import json
import shutil
import sqlite3
import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.backups import FILES, MANIFEST, RECORDS
from crm_core.models import Interaction, Outbox, OutboxState
from crm_core.work import Records
from tests.builders import House
from tests.cli.conftest import ShopFolder

WORDS = "my parcel is bright green"


async def _talk(house: House) -> None:
    ana = house.customer()
    await ana.says("how long does delivery take")
    await ana.says(WORDS)


def _with_talk(shop: ShopFolder) -> None:
    shop.with_house(_talk)


def _back_up(shop: ShopFolder) -> Path:
    ran = shop.does("backup", str(shop.folder / "backups"), "--json")
    assert ran.code == 0, ran.err
    return Path(ran.json["folder"])


def _another(shop: ShopFolder, *, with_key: bool = True) -> ShopFolder:
    """An empty place, with the key file that was kept elsewhere."""
    other = ShopFolder(shop.folder / "elsewhere")
    (other.folder / "var").mkdir(parents=True)
    assert other.settings.folder == other.folder
    if with_key:
        shutil.copy(shop.settings.key_file, other.settings.key_file)
    return other


async def _words(house: House) -> list[tuple[str, str]]:
    return await house.talk_of("ana")


def _first_lines(words: list[str]) -> list[str]:
    """What was said, without the question whether it helped."""
    return [one.split("\n")[0] for one in words]


async def _how_many(records: Records) -> int:
    async with records.read() as work:
        return await work.session.scalar(select(func.count()).select_from(Interaction)) or 0


def test_what_is_restored_is_what_was_there_and_all_of_it_opens(shop: ShopFolder) -> None:
    _with_talk(shop)
    before = shop.with_house(_words)
    folder = _back_up(shop)
    other = _another(shop)

    restored = other.does("restore", str(folder), "--verify", "--json")

    assert restored.code == 0, restored.err
    assert restored.json["opened"] >= len(before)
    assert restored.json["rows"]["interaction"] == len(before)
    assert other.with_house(_words) == before
    assert ("message", WORDS) in before


def test_a_backup_of_a_shop_that_goes_on_stands_at_one_moment(shop: ShopFolder) -> None:
    async def go(house: House) -> Path:
        await _talk(house)
        from bot.backups import make

        folder = await make(house.app.settings, shop.folder / "backups")
        await house.customer("ben").says("how do I get a refund")
        return folder

    folder = shop.with_house(go)
    other = _another(shop)
    assert other.does("restore", str(folder)).code == 0

    assert shop.with_records(_how_many) > other.with_records(_how_many) > 0


def test_a_backup_can_be_read_by_nobody_else_and_holds_no_key(shop: ShopFolder) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    key = shop.settings.key_file.read_text(encoding="ascii").split()[0]

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        content = file.read_bytes()
        assert key.encode() not in content
        assert bytes.fromhex(key) not in content
        assert WORDS.encode() not in content


def test_the_key_file_is_copied_elsewhere_only_when_asked(shop: ShopFolder) -> None:
    _with_talk(shop)
    to = shop.folder / "safe" / "shop.key"

    ran = shop.does("backup", str(shop.folder / "backups"), "--keys", str(to))

    assert "Keep it apart" in ran.out
    assert to.read_bytes() == shop.settings.key_file.read_bytes()
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


def test_after_a_restore_nothing_leaves_until_somebody_says_so(shop: ShopFolder) -> None:
    async def ask_and_leave(house: House) -> None:
        house.put(house.customer().incoming(text="how long does delivery take"))
        await house.answer()  # the answer is in the outbox and not sent

    shop.with_house(ask_and_leave)
    other = _another(shop)
    assert other.does("restore", str(_back_up(shop))).code == 0

    async def heard(house: House) -> list[str]:
        await house.settle()
        return _first_lines(house.customer().words)

    assert other.with_house(heard) == []
    shown = other.does("sending", "--json").json
    assert shown["paused"] == "restored"
    assert [(one["lane"], one["state"], one["count"]) for one in shown["waiting"]] == [("reply", "queued", 1)]
    assert other.does("sending", "resume", words="n\n").code == 1
    assert other.with_house(heard) == []
    assert other.does("sending", "resume", "--yes").code == 0
    assert other.with_house(heard) == ["Delivery takes 3 to 5 working days."]


def test_what_waited_at_the_time_of_the_backup_can_be_dropped(shop: ShopFolder) -> None:
    async def ask_and_leave(house: House) -> None:
        house.put(house.customer().incoming(text="how long does delivery take"))
        await house.answer()

    shop.with_house(ask_and_leave)
    other = _another(shop)
    other.does("restore", str(_back_up(shop)))

    assert other.does("sending", "drop", "--yes").code == 0

    async def ask_again(house: House) -> list[str]:
        await house.settle()
        assert house.customer().words == []
        house.numbers = count(100)
        return _first_lines(await house.customer().says("how do I get a refund"))

    assert other.with_house(ask_again) == ["We refund within 14 days."]

    async def states(records: Records) -> list[str]:
        async with records.read() as work:
            return list((await work.session.scalars(select(Outbox.state).order_by(Outbox.id))).all())

    assert other.with_records(states) == [OutboxState.CANCELLED, OutboxState.SENT]
    refused = other.does("sending", "drop", "--yes")
    assert refused.code == 1
    assert "not paused" in refused.err


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("part", "harm", "says"),
    [
        (RECORDS, _cut, "cut off"),
        (RECORDS, _flip, "changed"),
        (RECORDS, Path.unlink, "missing"),
        (FILES, _cut, "cut off"),
        (FILES, Path.unlink, "missing"),
        (MANIFEST, _cut, "cannot be read"),
        (MANIFEST, Path.unlink, "no backup"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_touched(
    shop: ShopFolder, part: str, harm: Callable[[Path], None], says: str
) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    other = _another(shop)
    harm(folder / part)

    refused = other.does("restore", str(folder))

    assert refused.code == 1
    assert says in refused.err
    assert [file.name for file in other.settings.key_file.parent.iterdir()] == [other.settings.key_file.name]


def test_a_backup_that_was_interrupted_is_none(shop: ShopFolder) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    half = folder.rename(folder.with_name(f"{folder.name}.partial"))

    refused = _another(shop).does("restore", str(half))

    assert (refused.code, "interrupted" in refused.err) == (1, True)


def test_a_backup_of_another_key_is_refused(shop: ShopFolder) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    other = _another(shop, with_key=False)

    missing = other.does("restore", str(folder))
    other.settings.key_file.write_text("ab" * 32 + "\n", encoding="ascii")
    other.settings.key_file.chmod(0o600)
    wrong = other.does("restore", str(folder))

    assert (missing.code, wrong.code) == (1, 1)
    assert "missing" in missing.err
    assert "The backup was sealed with another key" in wrong.err
    assert not (other.folder / "var" / "files").exists()


def test_a_backup_is_restored_into_an_empty_place_only(shop: ShopFolder) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    before = shop.with_records(_how_many)

    refused = shop.does("restore", str(folder))

    assert (refused.code, "already" in refused.err) == (1, True)
    assert shop.with_records(_how_many) == before


def _change_records(folder: Path, *statements: str) -> None:
    """Change a backup as somebody would who can write a new manifest, too."""
    with sqlite3.connect(folder / RECORDS) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    content = (folder / RECORDS).read_bytes()
    manifest["parts"][RECORDS] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    manifest["revision"] = "0000"  # so that the tables are not held against it
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_a_sealed_value_that_was_moved_in_the_backup_is_found(shop: ShopFolder) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    _change_records(
        folder,
        "UPDATE interaction SET body = (SELECT body FROM interaction ORDER BY id DESC LIMIT 1) "
        "WHERE id = (SELECT min(id) FROM interaction)",
    )

    refused = _another(shop).does("restore", str(folder), "--verify")

    assert refused.code == 1
    assert "do not open" in refused.err
    assert "interaction.body:" in refused.err


def test_a_backup_of_a_newer_frontdesk_is_refused(shop: ShopFolder) -> None:
    _with_talk(shop)
    folder = _back_up(shop)
    _change_records(folder, "UPDATE alembic_version SET version_num = '9999'")
    other = _another(shop)

    refused = other.does("restore", str(folder))

    assert (refused.code, "9999" in refused.err) == (1, True)
    assert not (other.folder / "var" / "files").exists()


def test_a_file_that_is_gone_is_named_and_the_others_are_brought_back(shop: ShopFolder) -> None:
    async def keep_two(house: House) -> list[int]:
        from crm_core.models import Identity

        await house.customer().says("hello")
        (identity,) = await house.rows(Identity)
        ids = []
        for data in (b"spout", b"handle"):
            async with house.app.records.write() as work:
                row = await house.app.files.keep(
                    work, identity, file_name="a.jpg", kind="photo", mime="image/jpeg", data=data
                )
                ids.append(row.id)
        house.app.files.remove(ids[:1])
        return ids

    gone, there = shop.with_house(keep_two)
    ran = shop.does("backup", str(shop.folder / "backups"), "--json")
    other = _another(shop)
    assert other.does("restore", ran.json["folder"], "--verify").code == 0

    async def read(house: House) -> bytes:
        async with house.app.records.read() as work:
            return await house.app.files.read(work, there)

    assert ran.json["missing"] == [gone]
    assert other.with_house(read) == b"handle"


def test_a_shop_that_was_never_started_has_nothing_to_back_up(shop: ShopFolder) -> None:
    assert shop.does("backup", str(shop.folder / "backups")).code == 1
    assert not (shop.folder / "backups").exists()
