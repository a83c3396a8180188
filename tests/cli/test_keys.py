"""`keys` and `secret`: what an operator does with the master key and with what must never be shown."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.kept_secrets import with_secrets
from bot.recovery import SheetRefused, read_sheet, sheet_of
from crm_core import customers
from crm_core.models import AuditEntry, Customer
from crm_core.storage.keyring import Master
from crm_core.work import Records
from tests import servers
from tests.builders import Hands
from tests.cli.conftest import ShopFolder

TOKEN = "123456:swordfish"


def rows_of(printed: list[str]) -> list[str]:
    """The numbered lines of a sheet."""
    return [line for line in printed if line.startswith("    ") and line.split()[0].isdigit()]


def key_of(shop: ShopFolder) -> str:
    return shop.settings.key_file.read_text(encoding="ascii")


def acts(shop: ShopFolder) -> list[str]:
    async def look(records: Records) -> list[str]:
        async with records.read() as work:
            return list(await work.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))

    return shop.with_records(look)


# ---- rotate ----


def test_the_master_key_is_changed_only_when_it_is_said(shop: ShopFolder) -> None:
    shop.does("migrate")
    before = key_of(shop)
    ran = shop.does("keys", "rotate")

    assert ran.code == 1
    assert "Say --yes" in ran.err
    assert key_of(shop) == before


def test_after_rotate_everybody_is_readable_under_another_key(shop: ShopFolder) -> None:
    async def come(records: Records) -> None:
        async with records.write() as work:
            customers.create(work, language="en", name="Ana", source="test")

    async def name(records: Records) -> str:
        async with records.read() as work:
            (one,) = await work.session.scalars(select(Customer))
            return work.vault.open(one.name or b"", f"customer.name:{one.id}", one.key, one.id)

    shop.with_records(come)
    before = key_of(shop)
    ran = shop.does("keys", "rotate", "--yes")

    assert ran.code == 0
    assert len(key_of(shop).split()) == 1
    assert key_of(shop) != before
    assert before.strip() not in ran.out + ran.err
    assert key_of(shop).strip() not in ran.out + ran.err
    assert shop.with_records(name) == "Ana"
    shop.settings.key_file.write_text(before, encoding="ascii")
    assert "another key" in shop.does("keys", "rotate", "--yes").err


def test_an_interrupted_change_is_gone_on_with(shop: ShopFolder) -> None:
    shop.does("migrate")
    new = "ab" * 32
    shop.settings.key_file.write_text(f"{new}\n{key_of(shop)}", encoding="ascii")

    assert "Going on" in shop.does("keys", "rotate", "--yes").out
    assert key_of(shop).split() == [new]


def test_a_backup_from_before_a_change_comes_back_with_both_keys_and_is_brought_under_todays(
    shop: ShopFolder, tmp_path: Path
) -> None:
    async def come(records: Records) -> None:
        async with records.write() as work:
            customers.create(work, language="en", name="Ana", source="test")

    async def name(records: Records) -> str:
        async with records.read() as work:
            (one,) = await work.session.scalars(select(Customer))
            return work.vault.open(one.name or b"", f"customer.name:{one.id}", one.key, one.id)

    shop.with_records(come)
    old = key_of(shop)
    assert shop.does("backup", str(tmp_path / "backups")).code == 0
    (backup,) = (tmp_path / "backups").iterdir()
    shop.does("keys", "rotate", "--yes")
    today = key_of(shop)
    (tmp_path / "elsewhere").mkdir()
    other = ShopFolder(tmp_path / "elsewhere")
    other.settings.key_file.parent.mkdir()
    other.settings.key_file.write_text(today, encoding="ascii")
    other.settings.key_file.chmod(0o600)
    refused = other.does("restore", str(backup), "--verify")
    other.settings.key_file.write_text(today + old, encoding="ascii")

    assert "another key" in refused.err
    assert other.does("restore", str(backup), "--verify").code == 0
    assert "Going on" in other.does("keys", "rotate", "--yes").out
    assert key_of(other) == today
    assert other.with_records(name) == "Ana"


# ---- the recovery sheet ----


def test_the_sheet_never_goes_into_a_file_unasked_and_is_printed_once(shop: ShopFolder) -> None:
    shop.does("migrate")
    unasked = shop.does("keys", "sheet")
    first, second = shop.does("keys", "sheet", "--to-pipe"), shop.does("keys", "sheet", "--to-pipe")
    again = shop.does("keys", "sheet", "--to-pipe", "--again")

    assert (unasked.code, first.code, second.code, again.code) == (1, 0, 1, 0)
    assert "no terminal" in unasked.err
    assert "--again" in second.err
    assert len(rows_of(first.lines)) == 8
    assert rows_of(again.lines) == rows_of(first.lines)
    assert acts(shop) == ["keys.sheet", "keys.sheet"]


def test_a_new_key_has_a_sheet_of_its_own(shop: ShopFolder) -> None:
    shop.does("migrate")
    before = shop.does("keys", "sheet", "--to-pipe")
    shop.does("keys", "rotate", "--yes")
    after = shop.does("keys", "sheet", "--to-pipe")

    assert after.code == 0
    assert rows_of(after.lines) != rows_of(before.lines)


def test_there_is_no_sheet_while_the_key_is_being_changed(shop: ShopFolder) -> None:
    shop.does("migrate")
    shop.settings.key_file.write_text(f"{'ab' * 32}\n{key_of(shop)}", encoding="ascii")

    assert "being changed" in shop.does("keys", "sheet", "--to-pipe").err


@pytest.mark.parametrize("terminal", [True, False])
def test_the_first_start_prints_the_sheet_to_a_person_and_to_nobody_else(shop: ShopFolder, terminal: bool) -> None:
    """`migrate` in a terminal of its own, and with its output in a file."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-m", "bot", "migrate", "--config", str(shop.folder / "config.toml")]
    root = Path(__file__).resolve().parents[2]
    environ = {**os.environ, **servers.environ(shop.folder)}
    done = subprocess.Popen(
        command, cwd=root, env=environ, stdin=theirs, stdout=theirs if terminal else subprocess.PIPE
    )
    said = done.communicate(timeout=60)[0] if not terminal else b""
    assert done.wait(60) == 0
    if terminal:
        said = os.read(ours, 10_000)
    os.close(ours)
    os.close(theirs)

    lines = said.decode().splitlines()
    assert len(rows_of(lines)) == (8 if terminal else 0)
    assert (read_sheet(rows_of(lines)).secret.hex() == key_of(shop).strip()) if terminal else True
    assert (shop.does("keys", "sheet", "--to-pipe").code == 0) is not terminal


def test_a_lost_key_file_comes_back_from_paper(shop: ShopFolder) -> None:
    shop.does("migrate")
    printed = shop.does("keys", "sheet", "--to-pipe").lines
    before = key_of(shop)
    typed = "\n".join(line.upper() for line in rows_of(printed))
    assert "exists already" in shop.does("keys", "recover", words=typed).err
    shop.settings.key_file.unlink()

    assert shop.does("keys", "recover", words=typed).code == 0
    assert key_of(shop) == before
    assert shop.settings.key_file.stat().st_mode & 0o777 == 0o600
    assert shop.does("migrate").code == 0


def test_the_sheet_of_another_shop_is_refused_and_no_file_is_made(shop: ShopFolder) -> None:
    shop.does("migrate")
    shop.settings.key_file.unlink()
    other = sheet_of(Master(b"x" * 32), "Other", Hands()(), "key")
    ran = shop.does("keys", "recover", words="\n".join(rows_of(other)))

    assert ran.code == 1
    assert "another key" in ran.err
    assert not shop.settings.key_file.exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda lines: [*lines[:2], lines[2].replace(lines[2].split()[1], "zzzz"), *lines[3:]], "Line 3: z is not"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "Line 1: it does not fit"),
        (lambda lines: lines[:7], "7 were typed"),
        (lambda lines: [*lines[:7], lines[7][:-1]], "Line 8: it has 9 digits"),
        (lambda _lines: [], "0 were typed"),
        (lambda lines: [lines[0] + " 名", *lines[1:]], "Line 1: 名 is not"),
    ],
)
def test_what_was_mistyped_is_named_by_its_line(shop: ShopFolder, spoil: Any, says: str) -> None:
    shop.does("migrate")
    lines = rows_of(shop.does("keys", "sheet", "--to-pipe").lines)
    shop.settings.key_file.unlink()
    ran = shop.does("keys", "recover", words="\n".join(spoil(lines)))

    assert ran.code == 1
    assert says in ran.err
    assert not shop.settings.key_file.exists()


def test_every_single_wrong_digit_is_noticed_nearly_always() -> None:
    """Two digits check a line: of 256 wrong lines one fits by chance."""
    lines = rows_of(sheet_of(Master(bytes(range(32))), "Shop", Hands()(), "key"))
    missed = 0
    for place, digit in enumerate(lines[0][8:17]):
        for wrong in set("0123456789abcdef") - {digit} if digit != " " else ():
            try:
                read_sheet([lines[0][: 8 + place] + wrong + lines[0][9 + place :], *lines[1:]])
            except SheetRefused:
                continue
            missed += 1

    assert missed <= 3


# ---- secrets ----


def test_a_secret_is_kept_sealed_and_never_shown_again(shop: ShopFolder) -> None:
    ran = shop.does("secret", "set", "telegram.token", words=f"{TOKEN}\n")
    listed, as_json = shop.does("secret", "list"), shop.does("secret", "list", "--json")

    assert ran.code == 0
    assert "telegram.token" in listed.out
    assert [one["name"] for one in as_json.json] == ["telegram.token"]
    assert all("swordfish" not in one.out + one.err for one in (ran, listed, as_json))
    for file in shop.database.parent.iterdir():
        assert file.is_dir() or b"swordfish" not in file.read_bytes()

    async def token(records: Records) -> str:
        return (await with_secrets(shop.settings, records)).read_token().get_secret_value()

    assert shop.with_records(token) == TOKEN
    assert acts(shop) == ["secret.set"]


def test_what_the_configuration_names_wins_over_what_is_kept(shop: ShopFolder) -> None:
    shop.configure('[telegram]\ntoken = "1:abc"\n')
    ran = shop.does("secret", "set", "telegram.token", words=TOKEN)

    async def token(records: Records) -> str:
        from bot.config import load_settings

        settings = load_settings(shop.folder / "config.toml", {})
        return (await with_secrets(settings, records)).read_token().get_secret_value()

    assert "that one wins" in ran.out
    assert shop.with_records(token) == "1:abc"


def test_a_secret_is_replaced_and_forgotten(shop: ShopFolder) -> None:
    for value in ("1:a", "2:b"):
        assert shop.does("secret", "set", "telegram.token", words=value).code == 0
    assert shop.does("secret", "remove", "telegram.token").code == 0

    assert shop.does("secret", "list").out == "No secret is kept here.\n"
    assert "nothing was done" in shop.does("secret", "remove", "telegram.token").err
    assert acts(shop) == ["secret.set", "secret.set", "secret.remove"]


@pytest.mark.parametrize(
    ("name", "value", "code", "says"),
    [
        ("telegram.tokn", TOKEN, 2, "telegram.token"),
        ("telegram.token", "", 1, "one value"),
        ("telegram.token", "two words", 1, "one value"),
        ("telegram.token", "swordfish", 1, "123456:letters"),
        ("telegram.token", "x" * 5_000, 1, "one value"),
        ("web.login_secret", "too short", 1, "one value"),
        ("web.login_secret", "swordfish", 1, "32 bytes"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_repeated(
    shop: ShopFolder, name: str, value: str, code: int, says: str
) -> None:
    ran = shop.does("secret", "set", name, words=value)

    assert ran.code == code
    assert says in ran.err
    assert not value or len(value) > 4_000 or value == TOKEN or value not in ran.out + ran.err


def test_telegram_without_a_token_anywhere_is_refused_in_words(shop: ShopFolder) -> None:
    shop.configure("[telegram]\nenabled = true\n[web]\nenabled = false\n")
    shop.does("migrate")
    ran = shop.does("run")

    assert ran.code == 1
    assert "frontdesk secret set telegram.token" in ran.err
