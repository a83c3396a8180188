"""The disk is full: nothing is confirmed that is not stored, and when there is room again everything goes on."""

import contextlib
import json
import random
import resource
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from bot.channels.memory import encode
from crm_core.models import Inbox, InboxState, OutboxState
from crm_core.work import Work
from tests.builders import House, open_house
from tests.faults.conftest import MakeDesk
from tests.faults.crowd import Crowd
from tests.faults.evidence import (
    Findings,
    check_inbound,
    check_replies,
    inbound_of,
    inbox_states,
    is_idle,
    outbox_states,
    replies_of,
)
from tests.faults.process import Frontdesk, pause, until
from tests.ports import free_port
from tests.telegram_server.client import Control

pytestmark = pytest.mark.fault
FULL = 4096  # bytes: no file may grow or be written beyond this


def _let_files_grow_to(desk: Frontdesk, size: int) -> None:
    """Set the largest file that the running process may write; beyond it a write fails as on a full disk."""
    _soft, hard = resource.prlimit(desk.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(desk.pid, resource.RLIMIT_FSIZE, (size, hard))


def _all_kept(desk: Frontdesk, server: Control, crowd: Crowd, most: int) -> None:
    found = Findings()

    async def compare(work: Work) -> None:
        check_inbound(found, crowd.said, await inbound_of(work, desk.channel))
        log = [entry for entry in server.log() if entry["method"].startswith("send")]
        check_replies(found, await replies_of(work, desk.channel), log, most)
        assert set(await inbox_states(work)) == {InboxState.DONE}
        assert set(await outbox_states(work)) == {OutboxState.SENT}

    desk.look(compare)
    assert not found.wrong, "\n".join(found.wrong[:20])


@pytest.mark.sqlite_only("the disk of a server is the server's")
def test_on_a_full_disk_no_update_is_confirmed(server: Control, make_desk: MakeDesk, chance: random.Random) -> None:
    """Telegram keeps what cannot be stored; when there is room again it is taken, once, and answered once."""
    desk = make_desk(server)
    crowd = Crowd(server, chance, 64)
    crowd.speak(24)
    desk.start()
    until(lambda: is_idle(desk, server), "the first are answered")
    stored = desk.look(inbox_states)
    _let_files_grow_to(desk, FULL)
    crowd.speak(40)
    until(lambda: "updates cannot be stored" in desk.log, "the trouble is logged")
    until(lambda: desk.log.count("updates cannot be stored") > 1, "it is tried again")
    assert server.state()["pending"] == 40, "an update was confirmed that is not stored"
    assert desk.look(inbox_states) == stored
    _let_files_grow_to(desk, resource.RLIM_INFINITY)
    until(lambda: is_idle(desk, server), "the rest is answered")
    _all_kept(desk, server, crowd, most=1)
    assert desk.ask_to_leave()[0] == 0


def test_a_disk_that_fills_amid_the_turns_harms_no_message(
    server: Control, make_desk: MakeDesk, chance: random.Random
) -> None:
    """Turns that cannot be written wait for room: that is no fault of a message, and none is set aside for it."""
    desk = make_desk(server, sending={"per_second": 200})
    crowd = Crowd(server, chance, 160)
    desk.start()
    for _ in range(4):
        crowd.speak(40)
        until(lambda: bool(desk.unfinished), "the turns have begun")
        _let_files_grow_to(desk, FULL)
        pause(chance.uniform(0.3, 1.5))  # for so long there is no room
        _let_files_grow_to(desk, resource.RLIM_INFINITY)
    until(lambda: is_idle(desk, server), "everything is answered")
    _all_kept(desk, server, crowd, most=2)
    assert "set aside" not in desk.log


@pytest.mark.sqlite_only("the disk of a server is the server's")
def test_on_a_full_disk_the_web_chat_acknowledges_nothing(make_desk: MakeDesk) -> None:
    """A page that hears no acknowledgement keeps the words; sent again when there is room, they are taken."""
    port = free_port()
    desk = make_desk(web={"enabled": True, "port": port})
    desk.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/chat") as page:
        cookie = str(page.headers["Set-Cookie"]).partition(";")[0]
    _let_files_grow_to(desk, FULL)
    assert "ack" not in _say(port, cookie)
    _let_files_grow_to(desk, resource.RLIM_INFINITY)
    assert "ack" in _say(port, cookie)
    assert desk.ask_to_leave()[0] == 0


def _say(port: int, cookie: str) -> list[str]:
    """Say something under one client id; the types of the frames that came until it was acknowledged or cut off."""
    origin = Origin(f"http://127.0.0.1:{port}")
    heard: list[str] = []
    with connect(f"ws://127.0.0.1:{port}/chat/socket", additional_headers={"Cookie": cookie}, origin=origin) as socket:
        socket.send(json.dumps({"type": "hello", "cursor": 0}))
        socket.send(json.dumps({"type": "say", "client_id": "a-1", "text": "how do I get a refund"}))
        with contextlib.suppress(ConnectionClosed):
            while "ack" not in heard:
                heard.append(json.loads(socket.recv(30))["type"])
    return heard


@pytest.mark.sqlite_only("the disk of a server is the server's")
def test_started_on_a_full_disk_it_says_so_and_starts_when_there_is_room(server: Control, make_desk: MakeDesk) -> None:
    """One sentence and exit code 1; what people wrote meanwhile waits at Telegram."""
    desk = make_desk(server)
    desk.start()
    assert desk.ask_to_leave()[0] == 0
    server.feed({"kind": "text", "user": 100, "text": "how do I get a refund"})
    desk.start(wait=False, command=True)
    _let_files_grow_to(desk, FULL)
    assert desk.wait_for_end() == 1
    assert desk.log.startswith("The database refused: disk I/O error.")
    assert len(desk.log.splitlines()) == 1
    desk.start()
    until(lambda: is_idle(desk, server), "it is answered")
    assert desk.look(outbox_states) == {OutboxState.SENT: 1}


@pytest.mark.sqlite_only("the disk of a server is the server's")
async def test_a_disk_with_room_for_little_things_only_sets_no_message_aside(tmp_path: Path) -> None:
    """Where a failure could still be counted but no turn be written, the turn waits: it has done nothing wrong."""
    async with open_house(tmp_path) as house:
        people = [house.customer(f"visitor-{n}") for n in range(40)]
        words = [encode(one.incoming(text="how do I get a refund")) for one in people]
        await house.app.intake.take(house.memory.name, words)
        await _let_database_grow(house, 1)  # not beyond what it is
        for _ in range(4):
            with pytest.raises(OperationalError, match="full"):
                await house.answer()
            house.hands.move(seconds=5)
        await _let_database_grow(house, 1 << 30)
        await house.settle()
        rows = await house.rows(Inbox)
        assert {(row.state, row.attempts) for row in rows} == {(InboxState.DONE, 0)}
        assert [len(one.heard) for one in people] == [1] * 40


async def _let_database_grow(house: House, pages: int) -> None:
    async with house.app.records.write() as work:
        await work.session.execute(text(f"PRAGMA max_page_count={pages}"))
