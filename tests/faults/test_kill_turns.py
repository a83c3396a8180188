"""The process is killed again and again while people write: nothing is lost, doubled or out of order."""

import random

import pytest

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
from tests.faults.process import LIBRARIES, Frontdesk, kills, pause, until
from tests.telegram_server.client import Control

KILLS = 16
UPDATES = 1024
_ENGLISH = (
    "how long does delivery take ({})", "how do I get a refund no. {}", "/help", "how do I cancel my order, {}",
    "how do I track my order #{}", "qwzx blorft gnarl {}", "/status", "are you still there? {}",
)  # fmt: skip
_CHINESE = (
    "配送要多久 {}", "怎么退款 {}", "/help", "/status", "请问哪里可以打太极拳 {}", "/status", "还有一个问题 {}", "在吗 {}",
)  # fmt: skip


class Crowd:
    """Many people with eight things to say each, in an order drawn by chance; what one says stays in order."""

    def __init__(self, control: Control, chance: random.Random) -> None:
        self.said: dict[str, list[str]] = {}
        self.left = UPDATES
        self._control = control
        people = [str(1000 + n) for n in range(UPDATES // 8)]
        self._order = [person for person in people for _ in range(8)]
        chance.shuffle(self._order)

    def speak(self, count: int) -> None:
        """Let the next `count` messages be sent to the bot."""
        items = []
        for person in self._order[:count]:
            lines = _CHINESE if int(person) % 2 else _ENGLISH
            text = lines[len(self.said.setdefault(person, []))].format(self.left * 7 + 1)
            items.append({"kind": "text", "user": int(person), "text": text, "language": "zh" if int(person) % 2 else "en"})
            self.said[person].append("?")
            self.left -= 1
        del self._order[:count]
        for item, update_id in zip(items, self._control.feed(*items), strict=True):
            said = self.said[str(item["user"])]
            said[said.index("?")] = str(update_id)


@pytest.mark.fault
@pytest.mark.timeout(400)
@pytest.mark.parametrize("library", LIBRARIES)
def test_nobody_notices_that_the_process_was_killed_sixteen_times(
    library: str, server: Control, make_desk: MakeDesk, chance: random.Random
) -> None:
    """A thousand updates, sixteen kills under load: 0 lost, 0 recorded twice, one or two copies of each reply, in order."""
    desk = make_desk(server)
    crowd = Crowd(server, chance)
    deaths = kills(KILLS)
    portion = crowd.left // (deaths + 1)
    unanswered = []
    for death in range(deaths):
        crowd.speak(portion // 3)
        desk.start(library, command=death == 0)
        _let_speak_until(desk, crowd, chance, portion - portion // 3)
        desk.kill()
        unanswered.append(server.state()["pending"] + desk.unfinished)
    assert all(unanswered), f"the load had ended before a kill: {unanswered}"
    crowd.speak(crowd.left)
    desk.start(library)
    until(lambda: is_idle(desk, server), "everything is answered", 120)
    desk.kill()
    found = _examine(desk, crowd, server)
    print(f"{library}: {deaths} kills, waiting at each {unanswered}; {dict(found.figures)}")  # noqa: T201
    assert not found.wrong, "\n".join(found.wrong[:20])
    assert "Traceback" not in desk.logs


def _let_speak_until(desk: Frontdesk, crowd: Crowd, chance: random.Random, count: int) -> None:
    """People go on writing for a random while; the last words come just before it ends."""
    lull = chance.uniform(0.1, 0.6) / max(1, count // 5)
    while count > 0:
        pause(lull)
        crowd.speak(min(5, count))
        count -= 5


def _examine(desk: Frontdesk, crowd: Crowd, server: Control) -> Findings:
    found = Findings()

    async def compare(work: Work) -> None:
        check_inbound(found, crowd.said, await inbound_of(work, desk.channel))
        log = [entry for entry in server.log() if entry["method"].startswith("send")]
        check_replies(found, await replies_of(work, desk.channel), log)
        inbox = await inbox_states(work)
        found.check(inbox == {"done": UPDATES}, f"the inbox holds {inbox}")
        left = set(await outbox_states(work)) - {"sent", "in_doubt"}
        found.check(not left, f"the outbox holds rows that are {left}")

    desk.look(compare)
    return found
