"""`doctor`: each check finds its own trouble and says how to mend it; the exit code is 1 when something is wrong."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from bot.metrics import Figures, text_of
from crm_core import inbox, keys
from crm_core.models import Secret
from crm_core.work import Records
from tests.cli.conftest import ShopFolder

TOKEN = "123456:swordfish"
WEB = '[knowledge]\narticles = "articles.jsonl"\n[web]\nport = {port}\n'


def states(shop: ShopFolder) -> dict[str, str]:
    """What each check came to; the worst where a check speaks twice."""
    order = ["good", "note", "wrong"]
    found: dict[str, str] = {}
    for one in shop.does("doctor", "--json").json["checks"]:
        found[one["check"]] = max(found.get(one["check"], "good"), one["state"], key=order.index)
    return found


def finding(shop: ShopFolder, check: str) -> tuple[str, str, str]:
    """State, words and mend of one check."""
    one = next(one for one in shop.does("doctor", "--json").json["checks"] if one["check"] == check)
    return one["state"], one["says"], one["mend"]


@contextmanager
def server(status: int, body: object) -> Iterator[int]:
    """A web server on this machine that answers everything alike; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


@pytest.mark.sqlite_only("a file that is there, or not")
def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(shop: ShopFolder) -> None:
    """What the first start will make is a note."""
    ran = shop.does("doctor")

    assert ran.code == 0
    assert ran.lines[-1] == "Everything is in order."
    assert (states(shop)["key"], states(shop)["database"]) == ("note", "note")
    assert not shop.database.parent.exists()


@pytest.mark.sqlite_only("a file that is there, or not")
def test_a_shop_that_was_started_is_in_order(shop: ShopFolder) -> None:
    """Key, database, journal and articles are looked at."""
    shop.does("migrate")

    found = states(shop)

    assert "wrong" not in found.values()
    assert (found["key"], found["database"], found["inbox"], found["outbox"]) == ("good",) * 4
    assert "its journal is WAL" in finding(shop, "database")[1]


def test_wrong_settings_are_all_named(shop: ShopFolder) -> None:
    """Without settings there is nothing more to look at."""
    shop.configure("[web]\nport = 99999\n[shop]\nlanguages = []\n")

    ran = shop.does("doctor", "--json")

    assert ran.code == 1
    assert ran.json["wrong"] == 2
    assert {one["check"] for one in ran.json["checks"]} == {"config"}


def test_each_trouble_with_the_key_is_found(shop: ShopFolder) -> None:
    """Readable by others, another shop's, broken, gone."""
    shop.does("migrate")
    key = shop.settings.key_file

    key.chmod(0o640)
    loose = finding(shop, "key")
    key.chmod(0o600)
    key.write_text("00" * 32 + "\n", encoding="ascii")
    other = finding(shop, "key")
    key.write_text("rubbish\n", encoding="ascii")
    broken = finding(shop, "key")
    key.unlink()
    gone = finding(shop, "key")

    assert loose == ("wrong", f"{key} may be read by others.", f"chmod 600 {key}")
    assert "another key" in other[1]
    assert "64 hexadecimal digits" in broken[1]
    assert gone[:2] == ("wrong", f"{key} is missing, and the records are sealed with it.")
    assert "frontdesk keys recover" in gone[2]


@pytest.mark.sqlite_only("a file that is there, or not")
def test_a_file_that_is_no_database_is_found(shop: ShopFolder) -> None:
    """The rest is looked at all the same."""
    shop.database.parent.mkdir()
    shop.database.write_text("this is a diary" * 100, encoding="utf-8")

    assert states(shop)["database"] == "wrong"
    assert states(shop)["articles"] == "good"


def test_a_message_that_was_set_aside_is_listed(shop: ShopFolder) -> None:
    """By its row and error, never by its words."""

    async def set_aside(records: Records) -> None:
        async with records.write() as work:
            await inbox.receive(work, [("memory", "u1", "ana", "my secret words")])
        async with records.write() as work:
            (waiting,) = await inbox.waiting(work, 10)
            await inbox.fail(work, waiting.row.id, "KeyError in ask", for_good=True)

    shop.with_records(set_aside)

    state, says, mend = finding(shop, "inbox")
    assert state == "wrong"
    assert says.startswith("One message could not be handled: row ")
    assert "(memory): KeyError in ask" in says
    assert "secret" not in says + mend


def test_articles_that_cannot_be_read_are_found(shop: ShopFolder) -> None:
    """File and line are named."""
    shop.write("articles.jsonl", {"id": "a", "language": "en", "answer": "b"})

    assert finding(shop, "articles")[:2] == (
        "wrong",
        f'{shop.folder / "articles.jsonl"}:1: the article has no "phrasings".',
    )


def test_missing_translations_are_noted(shop: ShopFolder) -> None:
    """Which article lacks which language."""
    assert finding(shop, "translations")[:2] == ("note", "Without a version in zh: cancel, track.")


def test_a_port_of_another_program_is_found_and_our_own_is_known(shop: ShopFolder) -> None:
    """A running Frontdesk is no trouble."""
    with server(200, {"alive": True}) as port:
        shop.configure(WEB.format(port=port))
        ours = finding(shop, "web")
    with server(200, {"something": "else"}) as port:
        shop.configure(WEB.format(port=port))
        others = finding(shop, "web")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shop.configure(WEB.format(port=port))
    nobodys = finding(shop, "web")

    assert ours[:2] == ("good", f"Frontdesk is running on 127.0.0.1:{shop_port(ours)}.")
    assert others[0] == "wrong"
    assert "Another program listens" in others[1]
    assert nobodys[:2] == ("good", f"Port {port} of 127.0.0.1 is free.")


def test_a_program_that_speaks_no_http_is_another_program(shop: ShopFolder) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def greet() -> None:
            line, _address = other.accept()
            with line:
                line.sendall(b"SSH-2.0-x\r\n\r\n")
                line.recv(1000)

        greeting = [Thread(target=greet) for _ in range(2)]  # for two questions: who it is, and how its training goes
        for one in greeting:
            one.start()
        shop.configure(WEB.format(port=other.getsockname()[1]))
        found = shop.does("doctor", "--json")
        for one in greeting:
            one.join()

    checks = {one["check"]: one for one in found.json["checks"]}
    assert "Another program listens" in checks["web"]["says"]
    assert "training" not in checks


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_a_training_that_failed_is_told_with_its_time(shop: ShopFolder, zone: str) -> None:
    """The Frontdesk that runs here is asked, in the words in which it tells a monitor."""
    since = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    pages = {"failed": text_of(Figures(training_failed_since=since)), "well": text_of(Figures())}
    found = {}
    for name, page in pages.items():
        with server(200, page) as port:
            shop.configure(f'[shop]\ntime_zone = "{zone}"\n' + WEB.format(port=port))
            found[name] = finding(shop, "training")

    assert found["well"][:2] == ("good", "The Frontdesk that runs here has learnt its articles, or is about to.")
    said = {"UTC": "Since 2026-11-20 22:30 (UTC) ", "Asia/Shanghai": "Since 2026-11-21 06:30 (Asia/Shanghai) "}
    assert found["failed"][0] == "wrong"
    assert found["failed"][1].startswith(said[zone])


def test_nothing_is_told_of_a_training_when_nobody_runs_or_tells(shop: ShopFolder) -> None:
    """Not started, without pages, or behind a program that has no figures."""
    with server(200, {"alive": True}) as port:
        shop.configure(WEB.format(port=port))
        assert "training" not in states(shop)
    assert "training" not in states(shop)
    shop.configure('[knowledge]\narticles = "articles.jsonl"\n[web]\nenabled = false\n')
    assert "training" not in states(shop)


def shop_port(found: tuple[str, str, str]) -> str:
    """The port that a finding speaks of."""
    return found[1].rstrip(".").rpartition(":")[2]


@pytest.mark.parametrize(
    ("status", "body", "state", "said"),
    [
        (200, {"ok": True, "result": {"username": "tea_bot"}}, "good", "knows the bot as @tea_bot."),
        (401, {"ok": False}, "wrong", "does not know the token."),
        (502, {}, "wrong", "answered 502."),
        (200, [], "wrong", "is no Bot API."),
    ],
)
def test_the_telegram_bot_is_asked_for_its_name(
    shop: ShopFolder, status: int, body: object, state: str, said: str
) -> None:
    """Whatever the answer is, the token is never shown."""
    with server(status, body) as port:
        telegram(shop, TOKEN, f"http://127.0.0.1:{port}")
        ran = shop.does("doctor", "--json")

    one = next(one for one in ran.json["checks"] if one["check"] == "telegram")
    assert one["state"] == state
    assert said in one["says"]
    assert "swordfish" not in ran.out


def test_a_telegram_that_cannot_be_reached_is_found(shop: ShopFolder) -> None:
    """A closed port answers at once."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        telegram(shop, TOKEN, f"http://127.0.0.1:{closed.getsockname()[1]}")
        state, says, _ = finding(shop, "telegram")

    assert state == "wrong"
    assert "cannot be reached" in says
    assert "swordfish" not in says


def test_a_token_that_cannot_be_one_is_found(shop: ShopFolder) -> None:
    """Nobody is asked about it."""
    telegram(shop, "swordfish", "http://127.0.0.1:1")

    assert finding(shop, "telegram")[1] == "The token does not look like 123456:letters."


def telegram(shop: ShopFolder, token: str, api: str) -> None:
    """Switch Telegram on."""
    shop.configure(
        '[knowledge]\narticles = "articles.jsonl"\n[web]\nenabled = false\n'
        f'[telegram]\nenabled = true\ntoken = "{token}"\napi_base = "{api}"\n'
    )


def test_a_change_of_the_master_key_that_stopped_half_way_is_told(shop: ShopFolder) -> None:
    """And so are a second line that does not belong there, and a line that was taken away too early."""
    shop.does("migrate")
    key = shop.settings.key_file
    one = key.read_text(encoding="ascii")
    key.write_text(one + "ab" * 32, encoding="ascii")
    odd = finding(shop, "key")
    key.write_text(f"{'ab' * 32}\n{one}", encoding="ascii")
    begun = finding(shop, "key")

    async def begin(records: Records) -> None:
        await keys.change(records, key)

    shop.with_records(begin)
    key.write_text("ab" * 32, encoding="ascii")
    early = finding(shop, "key")

    assert (odd[0], begun[0], early[0]) == ("wrong", "note", "wrong")
    assert "second line" in odd[1]
    assert "frontdesk keys rotate --yes" in begun[2]
    assert "lacks the one before" in early[1]


def test_a_key_that_is_on_no_paper_is_noted(shop: ShopFolder) -> None:
    shop.does("migrate")
    before = finding(shop, "recovery sheet")
    shop.does("keys", "sheet", "--to-pipe")

    assert before[0] == "note"
    assert finding(shop, "recovery sheet")[0] == "good"


def test_a_token_in_clear_in_the_configuration_is_noted_and_one_that_is_kept_is_used(shop: ShopFolder) -> None:
    with server(200, {"ok": True, "result": {"username": "teashop_bot"}}) as port:
        access = f'[telegram]\nenabled = true\napi_base = "http://127.0.0.1:{port}"\n'
        shop.configure(f'{access}token = "{TOKEN}"\n')
        clear = finding(shop, "secrets")
        shop.configure(access)
        none = finding(shop, "telegram")
        shop.does("secret", "set", "telegram.token", words=TOKEN)
        kept, known, used = (finding(shop, check) for check in ("secrets", "kept secrets", "telegram"))

    assert clear[0] == "note"
    assert "frontdesk secret set" in clear[2]
    assert none[0] == "wrong"
    assert (kept[0], known[1]) == ("good", "telegram.token")
    assert "@teashop_bot" in used[1]
    assert TOKEN not in "".join((*clear, *none, *kept, *known, *used))


def test_a_kept_secret_that_was_changed_outside_is_found(shop: ShopFolder) -> None:
    shop.does("secret", "set", "telegram.token", words=TOKEN)

    async def spoil(records: Records) -> None:
        async with records.write() as work:
            (await work.session.get_one(Secret, "telegram.token")).value = work.vault.seal("x", "secret.value:a", None)

    shop.with_records(spoil)

    assert finding(shop, "kept secrets")[0] == "wrong"
