"""The drill: a backup under load, the machine is lost, the shop is restored elsewhere, nobody is written to twice."""

import json
import random
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.backups import read_manifest
from crm_core import sealed
from crm_core.models import Base, Customer, Inbox, Interaction
from crm_core.storage import copying
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
from tests.faults.crowd import Crowd
from tests.faults.evidence import is_idle
from tests.faults.process import Frontdesk, until
from tests.telegram_server.client import Control

UPDATES = 240
CHANGED = {"meta", "lease", "audit_entry", "audit_link", "erasure"}  # by restoring itself


def _sends(server: Control) -> int:
    return sum(entry["method"].startswith("send") for entry in server.log())


def _bring_back(desk: Frontdesk, other: Frontdesk, folder: Path, *, erased: bool) -> dict[str, int]:
    """Restore a backup into another folder, with the key that was kept, and with the tombstones if `erased`."""
    keys = other.settings.key_file
    keys.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(desk.settings.key_file, keys)
    if erased:
        shutil.copy(desk.settings.tombstone_file, other.settings.tombstone_file)
    return dict(json.loads(other.command("restore", str(folder), "--verify", "--json")))


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_a_shop_lost_under_load_is_restored_elsewhere_and_sends_nothing_twice(
    server: Control, make_desk: MakeDesk, chance: random.Random, tmp_path: Path
) -> None:
    desk, same, other = make_desk(server), make_desk(server), make_desk(server)
    crowd = Crowd(server, chance, UPDATES)
    server.fault("delay", times=100_000, methods=["sendMessage"], seconds=0.05, after=True)
    desk.start()
    crowd.speak(UPDATES // 2)
    until(lambda: _sends(server) > 20, "people are being answered")
    said = {update for ids in crowd.said.values() for update in ids}
    until(lambda: not server.state()["pending"], "everything said so far is taken in")
    folder = Path(json.loads(desk.command("backup", str(tmp_path / "backups"), "--json"))["folder"])
    crowd.speak(crowd.left)
    until(lambda: is_idle(desk, server), "everything is answered", 120)
    desk.command("erase", "1", "--yes")
    desk.kill()
    sent = _sends(server)

    restored = _bring_back(desk, same, folder, erased=False)

    manifest = read_manifest(folder)

    async def look(work: Work) -> None:
        for table in copying.plain(Base.metadata):
            if table.name not in CHANGED:
                assert await copying.contents(work.session, table) == manifest.tables[table.name], table.name
        opened = await sealed.open_all(work.session, work.vault)
        assert (opened.broken, opened.count) == ([], restored["opened"])
        known = set(await work.session.scalars(select(Inbox.external_id)))
        assert said <= known

    same.look(look)
    _bring_back(desk, other, folder, erased=True)

    async def look_for_erased(work: Work) -> None:
        gone = (await work.session.scalars(select(Customer).where(Customer.number == 1))).one()
        assert gone.key is None
        rows = await work.session.scalars(select(Interaction.body).where(Interaction.customer_id == gone.id))
        assert set(rows) == {b""}

    other.look(look_for_erased)
    server.clear_faults()
    other.start()
    until(lambda: server.state()["polls"] > 0, "it polls")
    ids = server.feed({"kind": "text", "user": 7, "text": "how do I get a refund", "language": "en"})
    until(lambda: other.unfinished > 0 and str(ids[0]) in other.look(_done), "somebody new is answered on record")
    assert _sends(server) == sent, "something was sent before anybody said so"
    other.command("sending", "drop", "--yes")
    server.feed({"kind": "text", "user": 7, "text": "how do I cancel my order", "language": "en"})
    until(lambda: _sends(server) > sent, "new answers leave")
    until(lambda: is_idle(other, server), "everything is settled")
    assert other.ask_to_leave()[0] == 0
    chats = [entry["chat_id"] for entry in server.log() if entry["method"].startswith("send")][sent:]
    assert {str(chat) for chat in chats} == {"7"}
    assert "Traceback" not in desk.logs + other.logs


async def _done(work: Work) -> set[str]:
    statement = select(Inbox.external_id).where(Inbox.state == "done")
    return set(await work.session.scalars(statement))
