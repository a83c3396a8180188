"""The process is killed again and again while people write: nothing is lost, doubled or out of order."""

import random

import pytest

from crm_core.work import Work
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
from tests.faults.process import LIBRARIES, Frontdesk, kills, pause, until
from tests.telegram_server.client import Control

KILLS = 16
UPDATES = 1024


@pytest.mark.fault
@pytest.mark.timeout(400)
@pytest.mark.parametrize("library", LIBRARIES)
def test_nobody_notices_that_the_process_was_killed_sixteen_times(
    library: str, server: Control, make_desk: MakeDesk, chance: random.Random
) -> None:
    """A thousand updates, sixteen kills under load: 0 lost, 0 recorded twice, replies once or twice, in order."""
    desk = make_desk(server)
    crowd = Crowd(server, chance, UPDATES)
    deaths = kills(KILLS)
    portion = crowd.left // (deaths + 1)
    unanswered = []
    server.fault("delay", times=100_000, methods=["sendMessage"], seconds=0.1, after=True)  # or a fast machine is done
    for death in range(deaths):
        crowd.speak(portion // 3)
        desk.start(library, command=death == 0)
        _let_speak_until(desk, crowd, chance, portion - portion // 3)
        desk.kill()
        unanswered.append(server.state()["pending"] + desk.unfinished)
    assert all(unanswered), f"the load had ended before a kill: {unanswered}"
    server.clear_faults()
    crowd.speak(crowd.left)
    desk.start(library)
    until(lambda: is_idle(desk, server), "everything is answered", 120)
    desk.kill()
    found = _examine(desk, crowd, server)
    print(f"{library}: {deaths} kills, waiting at each {unanswered}; {dict(found.figures)}")  # noqa: T201
    assert not found.wrong, "\n".join(found.wrong[:20])
    # Killed twice between claiming a reply and sending it: no third try; the row says so (see check_replies).
    assert found.figures["replies with 0 copies"] <= UPDATES // 100
    assert "Traceback" not in desk.logs


@pytest.mark.fault
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_was_taken_but_not_yet_confirmed_is_known_when_it_comes_again(
    library: str, server: Control, make_desk: MakeDesk, chance: random.Random
) -> None:
    """Killed after the answers left and before Telegram heard that the updates were taken: it sends them once more."""
    desk = make_desk(server)
    crowd = Crowd(server, chance, 40)
    desk.start(library)
    until(lambda: server.state()["polls"] > 0, "it polls")
    server.fault("delay", times=5, methods=["getUpdates"], seconds=300.0)  # the poll that would confirm them
    crowd.speak(40)
    until(lambda: desk.look(inbox_states) == {"done": 40} and not desk.unfinished, "all are answered")
    desk.kill()
    assert server.state()["pending"] == 40
    server.clear_faults()
    desk.start(library)
    until(lambda: is_idle(desk, server), "they came again")
    assert desk.ask_to_leave()[0] == 0
    found = _examine(desk, crowd, server, most=1)
    assert not found.wrong, "\n".join(found.wrong[:20])


def _let_speak_until(desk: Frontdesk, crowd: Crowd, chance: random.Random, count: int) -> None:
    """People go on writing for a random while; the last words come just before it ends."""
    lull = chance.uniform(0.2, 0.8) / max(1, count // 5)
    while count > 0:
        pause(lull)
        crowd.speak(min(5, count))
        count -= 5


def _examine(desk: Frontdesk, crowd: Crowd, server: Control, most: int = 2) -> Findings:
    found = Findings()

    async def compare(work: Work) -> None:
        check_inbound(found, crowd.said, await inbound_of(work, desk.channel))
        log = [entry for entry in server.log() if entry["method"].startswith("send")]
        check_replies(found, await replies_of(work, desk.channel), log, most)
        inbox = await inbox_states(work)
        found.check(inbox == {"done": sum(map(len, crowd.said.values()))}, f"the inbox holds {inbox}")
        left = set(await outbox_states(work)) - {"sent", "in_doubt"}
        found.check(not left, f"the outbox holds rows that are {left}")

    desk.look(compare)
    return found
