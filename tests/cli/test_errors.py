"""What goes wrong is said in one plain sentence on standard error; the exit code is 1, for wrong usage 2."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.commands.border import SENTENCES
from crm_core.work import Records
from tests.cli.conftest import ShopFolder, command

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"sqlalchemy", "pydantic", "numpy", "rich", "alembic", "aiogram", "telegram", "fastapi", "structlog"}


def ended(shop: ShopFolder, *args: str) -> str:
    """What a command says that fails as it should."""
    ran = shop.does(*args)
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" not in ran.err
    return ran.err.strip()


def test_every_key_of_the_database_and_the_vault_has_a_sentence() -> None:
    """An error that the core can raise is never shown as a key."""
    sources = [*(ROOT / "crm_core").rglob("*.py"), *(ROOT / "bot").rglob("*.py")]
    raised = re.compile(r"(?:DatabaseError|VaultError|BackupRefused|TombstonesBroken)\(\s*\"(\w+)\"")

    keys = {key for file in sources for key in raised.findall(file.read_text(encoding="utf-8"))}

    assert keys == SENTENCES.keys()


def test_the_help_loads_nothing_heavy() -> None:
    """Listing the commands needs neither a database driver nor a matcher."""
    look = f"import sys, bot.cli; print(*sorted({HEAVY!r} & set(sys.modules)))"

    ran = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == ""


def test_python_m_bot_is_the_same_command() -> None:
    """Who has no console script still has the commands."""
    ran = subprocess.run([sys.executable, "-m", "bot", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.startswith("Usage: frontdesk ")


@pytest.mark.parametrize(
    "args", ["run", "migrate", "ask hello", "invite --role agent", "report tickets", "campaign list"]
)
def test_a_wrong_setting_is_named(shop: ShopFolder, args: str) -> None:
    """Every command that reads the settings says which one is wrong, where, and what was expected."""
    shop.configure("[web]\nport = 99999\n")

    assert "config.toml: [web] port = 99999: expected a whole number" in ended(shop, *args.split())


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    """A file that was asked for has to be there."""
    ran = command("migrate", "--config", str(tmp_path / "other.toml"))

    assert ran.code == 1
    assert ran.err.strip() == f"{tmp_path / 'other.toml'}: cannot be read (No such file or directory)."


@pytest.mark.sqlite_only("a database on a server is taken to be there")
@pytest.mark.parametrize("args", [("report", "tickets"), ("campaign", "list"), ("campaign", "show", "1")], ids=" ".join)
def test_a_command_that_only_looks_makes_no_database(shop: ShopFolder, args: tuple[str, ...]) -> None:
    """Looking at nothing leaves nothing behind."""
    assert "There is no database yet" in ended(shop, *args)
    assert not shop.database.parent.exists()


@pytest.mark.sqlite_only("a database on a server is taken to be there")
def test_a_file_that_is_no_database_is_refused(shop: ShopFolder) -> None:
    """Somebody else's file is left alone."""
    shop.database.parent.mkdir()
    shop.database.write_text("this is a diary" * 100, encoding="utf-8")

    assert ended(shop, "migrate") == "The database refused: file is not a database."
    assert shop.database.read_text(encoding="utf-8").startswith("this is a diary")


def test_a_database_of_a_newer_frontdesk_is_refused(shop: ShopFolder) -> None:
    """An unknown revision is named, and what to do about it."""
    shop.does("migrate")

    async def age(records: Records) -> None:
        async with records.write() as work:
            connection = await work.session.connection()
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    shop.with_records(age)

    assert "The database is at revision 9999, which this Frontdesk does not know" in ended(shop, "migrate")


def test_a_missing_key_is_never_replaced_by_a_new_one(shop: ShopFolder) -> None:
    """A new key could not read what the old one sealed."""
    shop.does("migrate")
    shop.settings.key_file.unlink()

    assert "is missing, and the records are sealed with its key" in ended(shop, "migrate")
    assert not shop.settings.key_file.exists()


def test_a_key_that_others_may_read_is_refused(shop: ShopFolder) -> None:
    """The mend stands in the sentence."""
    shop.does("migrate")
    shop.settings.key_file.chmod(0o644)

    assert "may be read by others (mode 0o644): run chmod 600 on it." in ended(shop, "migrate")


@pytest.mark.parametrize(
    ("content", "said"),
    [("not hexadecimal\n", "should hold one line of 64 hexadecimal digits"), ("ab" * 32 + "\n", "holds another key")],
    ids=["malformed", "wrong"],
)
def test_a_key_that_does_not_fit_is_refused(shop: ShopFolder, content: str, said: str) -> None:
    """Neither a broken key file nor another shop's opens the records."""
    shop.does("migrate")
    shop.settings.key_file.write_text(content, encoding="ascii")

    assert said in ended(shop, "migrate")


def test_a_port_that_is_taken_is_named(shop: ShopFolder) -> None:
    """`run` says which address and what to change, and leaves."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        shop.configure(f'[web]\nport = {port}\n[knowledge]\narticles = "articles.jsonl"\n')

        said = ended(shop, "run")

    assert (
        said.splitlines()[-1]
        == f"Cannot listen on 127.0.0.1:{port}: another program listens there. Set [web] port to another one."
    )


def test_a_token_that_cannot_be_one_is_refused(shop: ShopFolder) -> None:
    """The sentence does not repeat the token."""
    shop.configure('[web]\nenabled = false\n[telegram]\nenabled = true\ntoken = "swordfish"\n')

    said = ended(shop, "run")

    assert said.startswith("The Telegram token should look like 123456:letters")
    assert "swordfish" not in said


def test_articles_that_cannot_be_read_are_named_by_file_and_line(shop: ShopFolder) -> None:
    """`ask` without a database reads the configured files."""
    shop.write("articles.jsonl", {"id": "a", "language": "en", "answer": "b"})

    assert ended(shop, "ask", "hello") == f'{shop.folder / "articles.jsonl"}:1: the article has no "phrasings".'


@pytest.mark.parametrize(
    "args", ["dance", "ask", "campaign show one", "invite", "invite --role customer", "report tickets --days 0"]
)
def test_wrong_usage_ends_with_2(args: str) -> None:
    """The exit code tells a script that the command was never tried."""
    ran = command(*args.split())

    assert ran.code == 2
    assert "Usage: " in ran.err
