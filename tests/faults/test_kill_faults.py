"""What a network does to calls: refusals, cut connections, unreadable updates, a rival poller; nothing is lost."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from websockets.sync.client import connect
from websockets.typing import Origin

from crm_core import staff
from crm_core.models import Identity, Inbox, InboxState, Interaction, Lane, OutboxState, Role
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
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
from tests.faults.process import LIBRARIES, Frontdesk, until
from tests.ports import free_port
from tests.telegram_server import client
from tests.telegram_server.client import Control

ADMIN = 90
TROUBLES: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 502, "after": True},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "garbled"},
)
pytestmark = [pytest.mark.fault, pytest.mark.parametrize("library", LIBRARIES)]


def _ask(*users: int) -> list[dict[str, Any]]:
    return [{"kind": "text", "user": user, "text": "how do I get a refund"} for user in users]


def _settled(desk: Frontdesk, server: Control) -> Counter[str]:
    """Once all is done: the record held against the log; how often each chat heard its answer."""
    until(lambda: is_idle(desk, server), "everything is answered")
    found = Findings()

    async def compare(work: Work) -> None:
        log = [entry for entry in server.log() if entry["method"].startswith("send")]
        check_replies(found, await replies_of(work, desk.channel), log)
        fed = {sender: keys for sender, keys in (await inbound_of(work, desk.channel)).items() if len(keys) == 1}
        check_inbound(found, fed, await inbound_of(work, desk.channel))

    desk.look(compare)
    assert not found.wrong, "\n".join(found.wrong)
    return Counter(str(entry["chat_id"]) for entry in server.log() if entry["method"] == "sendMessage")


def test_a_429_pauses_the_bot_and_loses_nothing(library: str, server: Control, make_desk: MakeDesk) -> None:
    """After one 429 nobody is written to until its time is over; then everybody has one answer, and only one."""
    desk = make_desk(server)
    server.fault("status", status=429, description="Too Many Requests: retry after 2", retry_after=2)
    server.feed(*_ask(*range(100, 180)))
    desk.start(library)
    heard = _settled(desk, server)
    assert heard == {str(user): 1 for user in range(100, 180)}
    sent = [entry["time"] for entry in server.log() if entry["method"] == "sendMessage"]
    # Calls that were under way already may still take effect early in those two seconds.
    assert max(later - earlier for earlier, later in pairwise(sent)) >= 1.0, "the bot did not pause"


def test_calls_that_end_badly_are_repeated_once(library: str, server: Control, make_desk: MakeDesk) -> None:
    """502, cut connections and nonsense, before the call took effect or after: each answer arrives once or twice."""
    desk = make_desk(server)
    users = range(100, 100 + 6 * len(TROUBLES))
    for user in users:
        server.fault(chat=user, **TROUBLES[user % len(TROUBLES)])
    server.feed(*_ask(*users))
    desk.start(library)
    heard = _settled(desk, server)
    took_effect = [trouble["kind"] in ("drop_after", "garbled") or "after" in trouble for trouble in TROUBLES]
    assert heard == {str(user): 1 + took_effect[user % len(TROUBLES)] for user in users}
    assert not server.state()["faults"]


def test_polls_that_end_badly_lose_and_double_nothing(library: str, server: Control, make_desk: MakeDesk) -> None:
    """The same troubles of getUpdates: what was not confirmed comes again and is known already."""
    desk = make_desk(server)
    desk.start(library)
    for number, trouble in enumerate(TROUBLES):
        server.fault(methods=["getUpdates"], **trouble)
        server.feed(*_ask(*range(100 + number * 10, 110 + number * 10)))
        until(lambda: not server.state()["pending"] and not server.state()["faults"], "the updates were taken")
    heard = _settled(desk, server)
    assert heard == {str(user): 1 for user in range(100, 100 + 10 * len(TROUBLES))}


def test_an_unreadable_update_is_set_aside_and_the_operator_is_told(
    library: str, server: Control, make_desk: MakeDesk
) -> None:
    """Those before and after it are answered, also those of the same sender."""
    desk = make_desk(server)
    token = desk.change(_invite(Role.ADMIN))
    server.feed({"kind": "text", "user": ADMIN, "text": f"/start {token}"})
    desk.start(library)
    server.wait(1, "sendMessage", 30)
    before = [*_ask(100, 101), {"kind": "undecodable", "user": 101}]
    server.feed(*before, {"kind": "text", "user": 101, "text": "how long does delivery take"}, *_ask(102))
    until(lambda: is_idle(desk, server), "everything is answered")
    heard = Counter(entry["chat_id"] for entry in server.log() if entry["method"] == "sendMessage")
    assert (heard[100], heard[102]) == (1, 1)
    said = [str(entry["text"]) for entry in server.log() if entry.get("chat_id") == 101]
    assert "refund" in said[0]
    assert any("3 to 5" in text for text in said)
    assert heard[ADMIN] == 2, "the operator was not told"
    assert desk.look(inbox_states) == {InboxState.DONE: 5, InboxState.SET_ASIDE: 1}
    assert desk.look(_kept_aside), "what nobody could read is kept for the operator"


async def _kept_aside(work: Work) -> bool:
    row = (await work.session.scalars(select(Inbox).where(Inbox.state == InboxState.SET_ASIDE))).one()
    return row.raw is not None


def _invite(role: Role) -> Any:
    async def invite(work: Work) -> str:
        return staff.invite(work, role, "Wei")

    return invite


def test_while_telegram_is_away_the_web_chat_answers(library: str, tmp_path: Path, make_desk: MakeDesk) -> None:
    """Started with nobody listening at Telegram's address, it serves the web chat and goes on trying."""
    port, web = free_port(), free_port()
    away = Control(f"http://127.0.0.1:{port}", "7000001:strict-test-token")
    desk = make_desk(away, web={"enabled": True, "port": web})
    desk.start(library)
    assert "working days" in _ask_in_web_chat(web, "how long does delivery take")
    until(lambda: "Receiving from Telegram is disturbed." in desk.log, "the trouble is logged")
    with client.start("--port", str(port), "--log", str(tmp_path / "late.log")) as server:
        server.feed(*_ask(100, 101))
        assert len(server.wait(2, "sendMessage", 60)) == 2
        assert "working days" in _ask_in_web_chat(web, "how many days is shipping")
        assert desk.ask_to_leave()[0] == 0


def _ask_in_web_chat(port: int, question: str) -> str:
    """What a new visitor hears."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/chat") as page:
        cookie = page.headers["Set-Cookie"].partition(";")[0]
    address, origin = f"ws://127.0.0.1:{port}/chat/socket", Origin(f"http://127.0.0.1:{port}")
    with connect(address, additional_headers={"Cookie": cookie}, origin=origin) as socket:
        socket.send(json.dumps({"type": "hello", "cursor": 0}))
        socket.send(json.dumps({"type": "say", "client_id": "a-1", "text": question}))
        while True:
            frame = json.loads(socket.recv(timeout=30))
            for message in frame.get("messages", ()):
                if message["author"] == "bot":
                    return str(message["text"])


def test_a_second_poller_is_outlasted(library: str, server: Control, make_desk: MakeDesk) -> None:
    """While another program polls with the same token the operator can read it; afterwards nothing is missing."""
    desk = make_desk(server)
    desk.start(library)
    until(lambda: server.state()["polls"] > 0, "it polls")
    rival = threading.Thread(target=_poll_as_rival, args=(server,))
    rival.start()
    until(lambda: "another program polls with this token" in desk.log, "the conflict is logged")
    server.feed(*_ask(100, 101, 102))
    rival.join()
    assert _settled(desk, server) == {"100": 1, "101": 1, "102": 1}


def _poll_as_rival(server: Control) -> None:
    """One long poll that confirms nothing, as a second program does; it ends as soon as there is an update."""
    address = f"{server.url}/bot{server.token}/getUpdates?timeout=20"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        error.close()  # the other one won


def test_whoever_blocked_the_bot_is_marked_and_heard_again_later(
    library: str, server: Control, make_desk: MakeDesk
) -> None:
    """A 403 fails the delivery and marks the identity; writing again lifts the mark."""
    desk = make_desk(server)
    server.fault("status", chat=100, status=403, description="Forbidden: bot was blocked by the user")
    server.feed(*_ask(100, 101))
    desk.start(library)
    until(lambda: is_idle(desk, server), "everything is answered")
    assert desk.look(_unreachable) == {"100"}
    assert desk.look(outbox_states) == {OutboxState.FAILED: 1, OutboxState.SENT: 1}
    server.feed({"kind": "text", "user": 100, "text": "how do I track my order"})
    until(lambda: is_idle(desk, server), "the next message is answered")
    assert desk.look(_unreachable) == set()
    assert desk.look(outbox_states) == {OutboxState.FAILED: 1, OutboxState.SENT: 2}


async def _unreachable(work: Work) -> set[str]:
    return set(await work.session.scalars(select(Identity.external_id).where(Identity.unreachable_at.is_not(None))))


@pytest.mark.parametrize("ending", ["drop_before", "drop_after", "SIGKILL"])
def test_an_agents_words_arrive_at_most_once_by_themselves(
    library: str, ending: str, server: Control, make_desk: MakeDesk
) -> None:
    """When it is not known whether they arrived the agent is asked; only the agent's press sends them again."""
    desk = make_desk(server)
    token = desk.change(_invite(Role.AGENT))
    server.feed({"kind": "text", "user": ADMIN, "text": f"/start {token}"})
    desk.start(library)
    server.wait(1, "sendMessage", 30)
    server.feed({"kind": "text", "user": 100, "text": "/agent"})
    until(lambda: is_idle(desk, server), "the ticket is there")
    server.feed({"kind": "text", "user": ADMIN, "text": "/claim 1"})
    until(lambda: is_idle(desk, server), "the ticket is claimed")
    if ending == "SIGKILL":
        server.fault("delay", chat=100, seconds=60.0, after=True)
    else:
        server.fault(ending, chat=100)
    server.feed({"kind": "text", "user": ADMIN, "text": "We have found your parcel."})
    if ending == "SIGKILL":
        until(lambda: bool(_copies(server)), "the words have left")
        desk.kill()
        desk.start()
    until(lambda: bool(_resend_buttons(server)), "the agent is asked")
    until(lambda: is_idle(desk, server), "all is settled")
    arrived = ending != "drop_before"
    assert len(_copies(server)) == arrived
    assert desk.look(lambda work: outbox_states(work, Lane.AGENT)) == {OutboxState.IN_DOUBT: 1}
    server.feed({"kind": "press", "user": ADMIN, **_resend_buttons(server)[0]})
    until(lambda: len(_copies(server)) == 1 + arrived and is_idle(desk, server), "they are sent again")
    assert desk.look(_times_on_record) == 1
    assert desk.look(lambda work: outbox_states(work, Lane.AGENT)) == {OutboxState.SENT: 1}


def _copies(server: Control) -> list[dict[str, Any]]:
    return [one for one in server.log() if one.get("chat_id") == 100 and "found your parcel" in str(one.get("text"))]


def _resend_buttons(server: Control) -> list[dict[str, Any]]:
    return [
        {"data": button["callback_data"], "message_id": entry["message_id"]}
        for entry in server.log()
        if entry.get("chat_id") == ADMIN
        for row in (entry.get("reply_markup") or {}).get("inline_keyboard", ())
        for button in row
        if "again" in button["text"].lower() or "resend" in button["text"].lower()
    ]


async def _times_on_record(work: Work) -> int:
    return len((await work.session.scalars(select(Interaction.id).where(Interaction.kind == "agent"))).all())
