"""The sending budget: how long a message has to wait, by table; the clock is a number that the test passes in."""

import pytest

from bot.channels.pace import Pace

BOT, NOBODY, GROUP = "5", "6", "-7"


def paced(per_second: float = 0, per_chat: float = 0, per_group: int = 0) -> Pace:
    return Pace(per_second, per_chat, per_group)


@pytest.mark.parametrize(
    ("pace", "spent", "chat", "now", "wait"),
    [
        pytest.param(paced(30, 1, 20), [], BOT, 0.0, 0.0, id="nothing sent yet, nothing to wait for"),
        pytest.param(paced(), [(BOT, 0.0)] * 99, BOT, 0.0, 0.0, id="0 means without limit"),
        pytest.param(paced(per_second=4), [(BOT, 0.0)], NOBODY, 0.0, 0.25, id="the budget is shared by all chats"),
        pytest.param(paced(per_second=4), [(BOT, 0.0)], NOBODY, 0.25, 0.0, id="and free again after its gap"),
        pytest.param(paced(per_second=4), [(BOT, 0.0)] * 4, NOBODY, 0.0, 1.0, id="spending in advance adds up"),
        pytest.param(paced(per_second=4), [(BOT, 0.0), (BOT, 9.0)], BOT, 9.0, 0.25, id="idle time saves up no burst"),
        pytest.param(paced(per_chat=1), [(BOT, 0.0)], BOT, 0.25, 0.75, id="one chat waits its own second"),
        pytest.param(paced(per_chat=1), [(BOT, 0.0)], NOBODY, 0.25, 0.0, id="while another does not"),
        pytest.param(paced(per_chat=0.5), [(BOT, 0.0)], BOT, 0.5, 1.5, id="less than one a second is possible"),
        pytest.param(paced(4, 1), [(BOT, 0.0), (NOBODY, 0.0)], NOBODY, 0.0, 1.0, id="the longer wait counts"),
        pytest.param(paced(per_group=2), [(GROUP, 0.0)], GROUP, 1.0, 0.0, id="a group has a burst of its own"),
        pytest.param(paced(per_group=2), [(GROUP, 0.0), (GROUP, 5.0)], GROUP, 6.0, 54.0, id="then waits a minute"),
        pytest.param(paced(per_group=2), [(GROUP, 0.0), (GROUP, 5.0)], GROUP, 60.0, 0.0, id="from the first on"),
        pytest.param(paced(per_group=2), [(GROUP, t) for t in (0.0, 5.0, 61.0)], GROUP, 62.0, 3.0, id="which slides"),
        pytest.param(paced(per_group=2), [(GROUP, 0.0)] * 2, "-8", 0.0, 0.0, id="another group is another budget"),
        pytest.param(paced(per_group=2), [(BOT, 0.0)] * 9, BOT, 0.0, 0.0, id="a person is no group"),
    ],
)
def test_how_long_a_message_waits(
    pace: Pace, spent: list[tuple[str, float]], chat: str, now: float, wait: float
) -> None:
    """What was spent before decides how long the next message to that chat waits."""
    for to, at in spent:
        pace.spend(to, at)
    assert pace.wait(chat, now) == pytest.approx(wait)


def test_asking_spends_nothing() -> None:
    """However often somebody asks, the budget is the same."""
    pace = paced(4, 1, 2)
    assert [pace.wait(GROUP, 0.0) for _ in range(9)] == [0.0] * 9


def test_a_pause_holds_every_chat() -> None:
    """A 429 pauses the bot, also for chats that have not been written to, and also for whoever asks for any chat."""
    pace = paced(30, 1, 20)
    pace.pause(7.0, now=100.0)
    assert pace.wait(BOT, 101.0) == pace.wait(GROUP, 101.0) == pace.wait_any(101.0) == pytest.approx(6.0)
    assert pace.wait_any(107.0) == 0.0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    """The later end wins, in whichever order the two were asked for."""
    pace = paced()
    pace.pause(30.0, now=0.0)
    pace.pause(1.0, now=5.0)
    assert pace.wait_any(6.0) == pytest.approx(24.0)


def test_any_chat_does_not_wait_for_one() -> None:
    """While one chat waits for its second, the channel as a whole may send."""
    pace = paced(10, 1)
    pace.spend(BOT, 0.0)
    assert pace.wait_any(0.1) == 0.0
    assert pace.wait(BOT, 0.1) == pytest.approx(0.9)


def test_many_chats_do_not_pile_up() -> None:
    """A broadcast to more chats than are remembered forgets only those that wait for nothing."""
    pace = paced(per_chat=1)
    for number in range(10_001):
        pace.spend(str(number), number * 0.001)
    assert pace.wait("10000", 10.0) == pytest.approx(1.0)
    assert pace.wait("0", 10.0) == 0.0
