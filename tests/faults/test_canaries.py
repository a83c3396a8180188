"""Fifty canaries go through everything that a shop does: none stands in clear in anything that is left behind."""

import csv
import json
import random
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from crm_core.work import Work
from tests.faults.canaries import Canaries, columns_with, files_with
from tests.faults.conftest import MakeDesk
from tests.faults.evidence import is_idle
from tests.faults.process import Frontdesk, until
from tests.ports import free_port
from tests.telegram_server.client import Control

ANA, BEN, AGENT = 501, 502, 900


class Story:
    """Who says what to whom, with canaries in every place where something personal goes."""

    def __init__(self, desk: Frontdesk, server: Control, canaries: Canaries, inputs: Path) -> None:
        self._desk = desk
        self._server = server
        self._canaries = canaries
        self._inputs = inputs
        inputs.mkdir()

    def _say(self, user: int, text: str, kind: str = "text", **more: Any) -> None:
        self._server.feed({"kind": kind, "user": user, "text": text, **more})
        until(lambda: is_idle(self._desk, self._server), f"{text[:20]!r} is answered")

    def customers_write(self) -> None:
        """Questions, captions, documents, odd things, and an update that nobody can decode."""
        give = self._canaries
        name = give.name()
        self._say(ANA, f"/help {give.text()}", name=name)
        self._say(ANA, give.text(), name=name)
        self._say(ANA, give.text("caption"), "photo")
        document = {"file_id": "document-x", "file_unique_id": "x", "file_size": 3, "file_name": give.file_name()}
        self._say(ANA, give.text("caption"), fields={"document": {**document, "mime_type": "application/pdf"}})
        shared = {"phone_number": give.phone(), "first_name": give.name(), "user_id": ANA}
        self._say(ANA, "", "contact", fields={"contact": shared})
        self._say(ANA, "", "location", fields={"venue": {"title": give.text(), "address": give.text()}})
        self._say(ANA, f"where is my order {give.text()}")
        self._say(BEN, give.text(), name=give.name(chinese=True), language="zh")
        self._say(BEN, "/agent")
        self._say(BEN, f"我的电话是{give.phone()}")
        self._say(BEN, f"write to {give.email()}")
        self._server.feed({"kind": "raw", "update": {"message": {"text": give.text(), "chat": 17, "from": "nobody"}}})
        until(lambda: is_idle(self._desk, self._server), "what cannot be decoded is set aside")

    def an_agent_works(self) -> None:
        """Searches, edits, notes, answers, mistakes."""
        give = self._canaries
        token = json.loads(self._desk.command("invite", "--role", "admin", "--name", "Wei", "--json"))["token"]
        self._desk.command("attribute", "define", "diet", "text", "--personal", "--label", "en=Diet")
        self._say(AGENT, f"/start {token}")
        for words in (
            "/queue", "/claim 1", give.text(), f"/note {give.text('note')}", f"/reply 1 {give.text()}",
            f"/{give.text()}",
            f"/customer {give.name()}", f"/customer {give.phone()}", f"/customer {give.email()}", "/customer 1",
            f"/customer 1 name {give.name()}", f"/customer 1 alias {give.name(chinese=True)}",
            f"/customer 1 phone {give.phone()}", f"/customer 1 email {give.email()}",
            f"/customer 1 address {give.text('address')}", f"/customer 1 note {give.text('note')}",
            f"/customer 1 diet {give.text('attribute')}", "/customer 1", f"/customer 1 phone {give.text()}",
            f"/customer 1 birthday {give.text()}", f"/merge 1 {give.name()}", "/merge 1 2", f"/ask {give.text()}",
            f"/handon {give.name()}", "/resolve",
        ):  # fmt: skip
            self._say(AGENT, words)

    def the_operator_works(self) -> None:
        """Imports, good and bad, searches, exports, reports, a backup."""
        give = self._canaries
        people = self._inputs / "people.csv"
        rows = [(give.name(), give.email(), give.phone(), give.text("address")) for _ in range(3)]
        self._write(people, ("name", "email", "phone", "address"), [*rows, (give.name(), "no address", "call me", "")])
        self._desk.command("import", "customers", str(people), "--skip-bad")
        orders = self._inputs / "orders.csv"
        fields = ("order", "customer_email", "customer_phone", "total", "currency", "placed_at", "state")
        bought = ("12.50", "EUR", "2026-03-01", "paid")
        known, unknown = ("A-1", rows[0][1], "", *bought), ("A-2", give.email(), give.phone(), *bought)
        self._write(orders, fields, [known, unknown])
        self._desk.command("import", "orders", str(orders), "--unknown-customers", "apart")
        for words in (rows[1][0], rows[1][1], rows[2][2]):
            self._desk.command("customer", "find", words)
        # Where they are meant to be read they can be: whoever seeks them in vain elsewhere seeks rightly.
        assert give.found_in(self._desk.command("customer", "show", "1", "--reveal").encode())
        self._desk.command("export", "customers", str(self._inputs / "out.csv"))
        assert set(files_with(give, [self._inputs])) >= {str(people), str(orders), str(self._inputs / "out.csv")}
        self._desk.command("export", "orders", str(self._inputs / "out.jsonl"))
        self._desk.command("report", "needs")
        self._desk.command("backup", str(self._desk.folder / "backups"))

    def _write(self, path: Path, fields: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(fields)
            writer.writerows(rows)


@pytest.mark.fault
@pytest.mark.timeout(400)
def test_no_canary_is_found_in_clear_in_anything_that_is_left_behind(
    server: Control, make_desk: MakeDesk, chance: random.Random, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Database, write-ahead log, log lines (debug), temporary files, metrics, error pages and backups."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    port = free_port()
    desk = make_desk(server, log={"level": "debug"}, web={"enabled": True, "port": port})
    canaries = Canaries(chance)
    story = Story(desk, server, canaries, tmp_path / "inputs")
    watched = [desk.folder, temporary]

    desk.start(command=True)
    until(lambda: server.state()["polls"] > 0, "it polls")
    story.customers_write()
    assert files_with(canaries, watched) == {}
    story.an_agent_works()
    assert files_with(canaries, watched) == {}
    story.the_operator_works()
    for path in ("metrics", "healthz", f"chat?words={canaries.text().replace(' ', '%20')}", "nowhere"):
        assert canaries.found_in(_page(port, path)) == []
    desk.kill()

    assert canaries.count >= 50
    assert files_with(canaries, watched) == {}
    desk.start()
    assert desk.ask_to_leave()[0] == 0
    assert files_with(canaries, watched) == {}

    async def look(work: Work) -> None:
        assert await columns_with(canaries, work.session) == {}

    desk.look(look)
    print({kind: len(values) for kind, values in canaries.given.items()})  # noqa: T201


def _page(port: int, path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.read()
