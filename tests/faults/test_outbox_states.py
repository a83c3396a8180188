"""The outbox as a state machine: whatever is queued and however sending ends, the promises of each lane hold."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bot.channels import NotSent, Refused, Unconfirmed
from bot.message import Delivery
from crm_core import outbox
from crm_core.conversations import Words, record
from crm_core.models import Conversation, Identity, Kind, Lane, Outbox, OutboxState
from tests.builders import House, open_house

_CHATS = ("ana", "bob", "cleo")
_LANES = (Lane.AGENT, Lane.REPLY, Lane.CAMPAIGN)  # copies for staff obey the rules of replies
_FATES = ("sent", "not sent", "refused", "unconfirmed", "unconfirmed but arrived", "crash", "crash but arrived")
_OPEN = (OutboxState.QUEUED, OutboxState.IN_FLIGHT)
_Result = TypeVar("_Result")


class Sending(RuleBasedStateMachine):
    """Queues words in random chats and lanes, lets sending end in random ways, and holds the record against ears."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.opened: AbstractAsyncContextManager[House] | None = None
        self.house: House = None  # type: ignore[assignment]  # opened by the first step
        self.queued: dict[str, tuple[int, str, Lane]] = {}  # words -> row, chat, lane; in order
        self.arrived: Counter[str] = Counter()
        self.fates: list[str] = []
        self.resent: set[str] = set()

    def do(self, work: Awaitable[_Result]) -> _Result:
        """Run something to its end."""

        async def whole() -> _Result:
            return await work

        return self.loop.run_until_complete(whole())

    @initialize()
    def open(self) -> None:
        """A shop with three customers who agreed to marketing."""
        self.opened = open_house(Path(self.folder.name))
        self.house = self.do(self.opened.__aenter__())
        for name in _CHATS:
            self.house.put(self.house.customer(name).incoming(text="/subscribe"))
        self.do(self.house.settle())
        self.house.memory.trouble = self.meet

    def meet(self, delivery: Delivery) -> None:
        """What happens to one delivery."""
        fate = self.fates.pop(0) if self.fates else "sent"
        if fate in {"sent", "unconfirmed but arrived", "crash but arrived"}:
            self.note_arrival(delivery)
        if fate == "not sent":
            raise NotSent("refused")
        if fate == "refused":
            raise Refused("bad request")
        if fate.startswith("unconfirmed"):
            raise Unconfirmed("time-out")
        if fate.startswith("crash"):
            for task in asyncio.all_tasks():
                task.cancel()
            raise asyncio.CancelledError

    def note_arrival(self, delivery: Delivery) -> None:
        """Somebody heard it: nothing of the same chat and lane that was queued earlier may still wait."""
        self.arrived[delivery.text] += 1
        row_id, chat, lane = self.queued[delivery.text]
        earlier = [one for one, own_chat, own_lane in self.queued.values() if (own_chat, own_lane) == (chat, lane)]
        before = [one for one in earlier if one < row_id]
        states = self.states()
        assert not [one for one in before if states[one] == OutboxState.QUEUED], "order within chat and lane"

    def states(self) -> dict[int, str]:
        """Where each row stands, read past the running loop."""
        return {row[0]: row[1] for row in self.house.beside("SELECT id, state FROM outbox")}

    @rule(chat=st.sampled_from(_CHATS), lane=st.sampled_from(_LANES), count=st.integers(1, 3))
    def queue(self, chat: str, lane: Lane, count: int) -> None:
        """Something is to be said."""
        for _ in range(count):
            self.do(self._queue(chat, lane, f"words {len(self.queued)}"))

    async def _queue(self, chat: str, lane: Lane, words: str) -> None:
        async with self.house.app.records.write() as work:
            statement = (
                select(Identity, Conversation)
                .join(Conversation, Conversation.identity_id == Identity.id)
                .where(Identity.external_id == chat)
            )
            identity, conversation = (await work.session.execute(statement)).one()
            said = await record(work, conversation, Words(kind=Kind.REPLY, text=words))
            row = outbox.queue(
                work,
                channel="memory",
                chat=identity.chat,
                lane=lane,
                conversation_id=conversation.id,
                interaction_id=said.id,
            )
            self.queued[words] = (row.id, chat, lane)

    @rule(fates=st.lists(st.sampled_from(_FATES), max_size=6), seconds=st.sampled_from([0, 2, 70]))
    def deliver(self, fates: list[str], seconds: int) -> None:
        """The courier works; a crash leaves what was under way in flight, and another sender takes over."""
        self.fates = fates
        self.house.hands.move(seconds=seconds)
        try:
            self.do(self.house.app.couriers["memory"].deliver_waiting())
        except asyncio.CancelledError:
            self.take_over()
        self.fates = []

    @rule()
    def take_over(self) -> None:
        """The sender's process is gone, and another one holds the lease."""
        self.house.crash_sender()
        self.do(self.house.app.couriers["memory"]._renew())

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        """A person decides to send something in doubt again."""
        words = data.draw(st.sampled_from(sorted(self.queued)))
        if self.do(self._resend(self.queued[words][0])):
            self.resent.add(words)

    async def _resend(self, row_id: int) -> bool:
        async with self.house.app.records.write() as work:
            return await outbox.resend(work, await work.session.get_one(Outbox, row_id))

    @invariant()
    def nobody_hears_too_much(self) -> None:
        """At most two copies of what the bot says, at most one of what agents and campaigns say, unless resent."""
        for words, (_row, _chat, lane) in self.queued.items():
            most = 2 if lane == Lane.REPLY else 1
            if words not in self.resent:
                assert self.arrived[words] <= most, f"{words} in {lane!r} arrived {self.arrived[words]} times"

    @invariant()
    def one_row_in_flight_per_chat(self) -> None:
        """Whatever happened."""
        if self.house is None:
            return
        states = self.states()
        flying = Counter(chat for row, chat, _lane in self.queued.values() if states[row] == OutboxState.IN_FLIGHT)
        assert not [chat for chat, count in flying.items() if count > 1]

    def teardown(self) -> None:
        """In the end a healthy sender delivers the rest: what is sent was heard, what was not heard has its reason."""
        try:
            if self.house is not None:
                self.end_well()
        finally:
            if self.opened is not None:
                self.do(self.opened.__aexit__(None, None, None))
            self.loop.close()
            self.folder.cleanup()

    def end_well(self) -> None:
        """No trouble any more, time passes, and every row is settled."""
        self.take_over()
        for _ in range(12):
            self.house.hands.move(seconds=70)
            self.do(self.house.app.couriers["memory"].deliver_waiting())
        states = self.states()
        for words, (row, _chat, lane) in self.queued.items():
            assert states[row] not in _OPEN, f"{words} still waits"
            if states[row] == OutboxState.SENT:
                assert self.arrived[words] >= 1, f"{words} is said to be sent, and nobody heard it"
            elif not self.arrived[words]:
                assert states[row] in {OutboxState.FAILED, OutboxState.IN_DOUBT, OutboxState.SUPPRESSED}
            if states[row] == OutboxState.IN_DOUBT and lane == Lane.REPLY and words not in self.resent:
                assert self.attempts(row) == 2

    def attempts(self, row: int) -> int:
        """How often a request for a row may have left."""

        async def read() -> int:
            async with self.house.app.records.read() as work:
                return (await work.session.get_one(Outbox, row)).attempts

        return self.do(read())


@pytest.mark.sqlite_only("hypothesis asks that the same steps always end alike, and on a server they once did not")
@pytest.mark.timeout(400)
def test_the_promises_hold_whatever_happens() -> None:
    run_state_machine_as_test(
        Sending,
        settings=settings(
            max_examples=30, stateful_step_count=20, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
