"""SIGTERM in the middle of the load: the process finishes what is at hand, leaves in time, and the next one goes on."""

import random

import pytest

from crm_core.models import OutboxState
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
from tests.faults.crowd import Crowd
from tests.faults.evidence import Findings, check_inbound, check_replies, inbound_of, is_idle, outbox_states, replies_of
from tests.faults.process import LIBRARIES, pause, until
from tests.telegram_server.client import Control

LEAVES_WITHIN = 5.0  # seconds
TIMES = 3
UPDATES = 240


@pytest.mark.fault
@pytest.mark.parametrize("library", LIBRARIES)
def test_asked_to_leave_amid_the_load_it_leaves_nothing_half_done(
    library: str, server: Control, make_desk: MakeDesk, chance: random.Random
) -> None:
    """Exit code 0 within five seconds, nothing in flight, nothing in doubt; in the end one copy of everything."""
    desk = make_desk(server)
    crowd = Crowd(server, chance, UPDATES)
    server.fault("delay", times=100_000, methods=["sendMessage"], seconds=0.25, after=True)  # or a fast machine is done
    for _ in range(TIMES):
        crowd.speak(UPDATES // TIMES)
        desk.start(library)
        pause(chance.uniform(0.0, 0.4))
        assert desk.unfinished or server.state()["pending"], "the load had ended before the signal"
        code, seconds = desk.ask_to_leave()
        assert (code, "Traceback" in desk.log) == (0, False), desk.log
        assert seconds < LEAVES_WITHIN
        assert set(desk.look(outbox_states)) <= {OutboxState.SENT, OutboxState.QUEUED}
    server.clear_faults()
    desk.start()
    until(lambda: is_idle(desk, server), "everything is answered")
    assert desk.ask_to_leave()[0] == 0
    found = Findings()

    async def compare(work: Work) -> None:
        check_inbound(found, crowd.said, await inbound_of(work, desk.channel))
        log = [entry for entry in server.log() if entry["method"].startswith("send")]
        check_replies(found, await replies_of(work, desk.channel), log, most=1)

    desk.look(compare)
    print(dict(found.figures))  # noqa: T201
    assert not found.wrong, "\n".join(found.wrong[:20])


@pytest.mark.fault
def test_it_leaves_in_time_although_telegram_answers_nothing(server: Control, make_desk: MakeDesk) -> None:
    """What hangs is given up after a while and counts as in doubt; it does not hold the process."""
    desk = make_desk(server)
    server.fault("delay", times=100, seconds=60.0)
    server.feed(*({"kind": "text", "user": user, "text": "how do I get a refund"} for user in range(1, 9)))
    desk.start(command=True)
    until(lambda: not server.state()["pending"] and desk.look(outbox_states).get("in_flight") == 8, "all are under way")
    code, seconds = desk.ask_to_leave()
    assert code == 0
    assert seconds < LEAVES_WITHIN
    server.clear_faults()
    desk.start()
    until(lambda: is_idle(desk, server), "everything is answered")
    assert desk.look(outbox_states) == {OutboxState.SENT: 8}
