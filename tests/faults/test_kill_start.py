"""Starts: killed in the middle of the very first one, or with something wrong; and how quickly the next one serves."""

import random
import shutil
import socket
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MakeDesk
from tests.faults.evidence import is_idle
from tests.faults.process import LIBRARIES, Frontdesk, kills, pause, until
from tests.ports import free_port
from tests.telegram_server.client import Control

pytestmark = pytest.mark.fault
QUESTION = {"kind": "text", "user": 100, "text": "how do I get a refund"}


def test_killed_during_its_first_start_it_starts_the_next_time(make_desk: MakeDesk, chance: random.Random) -> None:
    """Wherever the first start is cut off, between key file, tables and articles, the next one comes to its end."""
    cut_off = 0
    for _ in range(kills(8)):
        desk = make_desk()
        desk.start(wait=False)
        began = chance.uniform(0.0, 0.3)
        pause(began)
        cut_off += not desk.is_ready
        desk.kill()
        desk.start()
        assert "Traceback" not in desk.logs
        desk.kill()
    assert cut_off, "no start was cut off"


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_leases_of_a_killed_process_hold_nobody_up(library: str, server: Control, make_desk: MakeDesk) -> None:
    """A lease lasts fifteen seconds, but a successor on the same machine sees that its holder is dead."""
    desk = make_desk(server)
    desk.start(library)
    server.feed(QUESTION)
    until(lambda: is_idle(desk, server), "the first is answered")
    desk.kill()
    server.feed({**QUESTION, "user": 101})
    desk.start(library)
    ready = time.monotonic()
    server.wait(2, "sendMessage", 30)
    assert time.monotonic() - ready < 7, "the successor waited for the lease of a dead process"
    assert "stands by" not in desk.log


def test_two_processes_at_once_answer_everything_once(server: Control, make_desk: MakeDesk) -> None:
    """The second stands by, and takes over when the first is killed."""
    first = make_desk(server)
    first.start()
    second = make_desk(
        server,
        database={"url": f"sqlite+aiosqlite:///{first.folder}/var/frontdesk.db"},
        vault={"key_file": str(first.folder / "var/frontdesk.key")},
    )
    second.records = first.folder
    second.start()
    until(lambda: "stands by" in second.log, "the second stands by")
    server.feed(*({**QUESTION, "user": user} for user in range(100, 130)))
    until(lambda: is_idle(first, server), "everything is answered")
    first.kill()
    server.feed(*({**QUESTION, "user": user} for user in range(130, 160)))
    until(lambda: is_idle(second, server), "the second answers")
    answered = [entry["chat_id"] for entry in server.log() if entry["method"] == "sendMessage"]
    assert sorted(answered) == list(range(100, 160))


def _another_key(desk: Frontdesk) -> None:
    (desk.folder / "var" / "frontdesk.key").write_text("ab" * 32 + "\n", encoding="ascii")


def _no_key(desk: Frontdesk) -> None:
    (desk.folder / "var" / "frontdesk.key").unlink()


def _half_a_key(desk: Frontdesk) -> None:
    (desk.folder / "var" / "frontdesk.key").write_text("ab" * 9, encoding="ascii")


def _no_database(desk: Frontdesk) -> None:
    for file in (desk.folder / "var").glob("frontdesk.db*"):
        file.unlink()
    (desk.folder / "var" / "frontdesk.db").write_text("These are my notes on tea.\n" * 500, encoding="ascii")


def _a_folder_for_a_database(desk: Frontdesk) -> None:
    shutil.rmtree(desk.folder / "var")
    (desk.folder / "var" / "frontdesk.db").mkdir(parents=True)


def _broken_settings(desk: Frontdesk) -> None:
    desk.config.write_text('[shop\nname = "Tea"\n', encoding="utf-8")


def _unknown_setting(desk: Frontdesk) -> None:
    desk.configure(shop={"nmae": "Tea"})


def _no_settings(desk: Frontdesk) -> None:
    desk.config.unlink()


def _bad_token(desk: Frontdesk) -> None:
    desk.configure(telegram={"enabled": True, "token": "not-a-token"})


def _no_articles(desk: Frontdesk) -> None:
    (desk.folder / "articles.jsonl").unlink()


def _broken_articles(desk: Frontdesk) -> None:
    (desk.folder / "articles.jsonl").write_text('{"id": "refund"\n', encoding="utf-8")


_FILE = pytest.mark.sqlite_only("about the file and what stands in for it")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_another_key, "another key"),
        (_no_key, "is missing"),
        (_half_a_key, "64 hexadecimal digits"),
        pytest.param(_no_database, "not a database", marks=_FILE),
        pytest.param(_a_folder_for_a_database, "cannot be", marks=_FILE),
        (_broken_settings, "not valid TOML"),
        (_unknown_setting, "unknown key [shop] nmae"),
        (_no_settings, "cannot be read"),
        (_bad_token, "token"),
        (_no_articles, "articles.jsonl"),
        (_broken_articles, "articles.jsonl"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_a_start_that_cannot_succeed_says_why_in_one_sentence(spoil: object, says: str, make_desk: MakeDesk) -> None:
    """Exit code 1, one line that names the thing, no traceback; mended, the same installation starts."""
    desk = make_desk()
    desk.start()
    assert desk.ask_to_leave()[0] == 0
    kept = desk.folder.with_name("kept")
    shutil.copytree(desk.folder, kept)
    assert callable(spoil)
    spoil(desk)
    desk.start(wait=False)
    assert desk.wait_for_end() == 1
    _is_one_sentence(desk, says)
    _restore(kept, desk.folder)
    desk.start()
    assert desk.ask_to_leave()[0] == 0


def _restore(kept: Path, folder: Path) -> None:
    logs = {file.name: file.read_bytes() for file in folder.glob("start-*")}
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    for name, content in logs.items():
        (folder / name).write_bytes(content)


def _is_one_sentence(desk: Frontdesk, says: str) -> None:
    assert says in desk.log
    assert "Traceback" not in desk.log
    assert len(desk.log.splitlines()) == 1, desk.log
    assert desk.log.rstrip().endswith(".")


def test_a_port_in_use_is_named(make_desk: MakeDesk) -> None:
    """Exit code 1 before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        desk = make_desk(web={"enabled": True, "port": port})
        desk.command("migrate")  # the first start of all has more to say: it drew a key
        desk.start(wait=False, command=True)
        assert desk.wait_for_end() == 1
        _is_one_sentence(desk, f"127.0.0.1:{port}")


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_token_that_telegram_refuses_is_named_and_the_web_chat_goes_on(
    library: str, server: Control, make_desk: MakeDesk
) -> None:
    """It keeps serving what can be served, says it once, and still leaves in time."""
    web = free_port()
    desk = make_desk(Control(server.url, "7000001:another-token"), web={"enabled": True, "port": web})
    desk.start(library)
    until(lambda: "refuses the token" in desk.log, "the refusal is logged")
    with socket.create_connection(("127.0.0.1", web), timeout=5):
        pass
    code, seconds = desk.ask_to_leave()
    assert code == 0
    assert seconds < 5
    assert "Traceback" not in desk.log
    assert desk.log.count("refuses the token") == 1
    assert "another-token" not in desk.log
