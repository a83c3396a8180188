"""The courier: empties the outbox of one channel; the only code that sends."""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import select

from bot import rendering
from bot.channels import Channel, ChannelError, NotSent, Refused, Unconfirmed
from bot.message import Delivery, Sent
from bot.rendering import Rendered
from bot.turn import Shop
from crm_core import holds, leases, outbox
from crm_core.conversations import Words, record
from crm_core.models import Conversation, Interaction, Kind, Lane, Outbox, OutboxState
from crm_core.rules.delivery import AUTOMATIC
from crm_core.work import Records, Work

log = structlog.get_logger(__name__)

_AT_ONCE = 50  # rows looked at by one transaction
_UNDER_WAY = 30  # sends at a time: what Telegram takes in a second, and the most that a crash can leave in doubt
_SECOND_TRIES = 3  # of these after a crash: a second crash ends a reply's tries, so few are put at risk together
_AHEAD = 0.05  # seconds: a row whose slot comes this soon is claimed now
_SAFETY_POLL = 1.0
_RENEW = 5.0
_DRAIN = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one delivery ended; the error is None when the channel confirmed it."""

    row: Outbox  # as it was claimed; the records may know better by now
    rendered: Rendered
    sent: Sent | None
    error: ChannelError | None


class Courier:
    """Claims due rows under a lease, sends them side by side within the channel's pace, and settles them in batches."""

    def __init__(self, records: Records, shop: Shop, channel: Channel, holder: str) -> None:
        self._records = records
        self._shop = shop
        self._channel = channel
        self._holder = holder
        self._lease = f"send:{channel.name}"
        self._epoch: int | None = None
        self._renewed = 0.0
        self._wake = asyncio.Event()
        self._stopping = False
        self._in_flight: dict[str, asyncio.Task[None]] = {}  # chat -> the send under way
        self._second_tries: set[str] = set()  # those of these chats whose row was under way in a crash before
        self._outcomes: list[Outcome] = []

    def wake(self) -> None:
        """Something was queued or settled."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is in flight is settled, after 3 s at the latest."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Deliver until stopped."""
        while not self._stopping:
            woken = self._wake.is_set()
            self._wake.clear()
            try:
                pause = await self._pump(look_first=not woken)
            except Exception:
                # The border of the courier: a database that is full or away must not end deliveries for good.
                log.exception(
                    "The outbox cannot be read or written; the courier tries again.", channel=self._channel.name
                )
                pause = _SAFETY_POLL
            if pause > 0 and not self._stopping:
                try:
                    await asyncio.wait_for(self._wake.wait(), pause)
                except TimeoutError:
                    continue
        await self._drain()

    async def deliver_waiting(self) -> None:
        """Deliver all that is due now and settle it: for tests and scripts without a running courier."""
        while True:
            pause = await self._pump(look_first=False)
            if self._in_flight:
                await asyncio.wait(self._in_flight.values())
            elif not self._outcomes and pause >= _SAFETY_POLL:
                return
            elif not self._outcomes:
                await asyncio.sleep(pause)

    async def _pump(self, *, look_first: bool) -> float:
        """One transaction: settle what came back, claim what may leave. Returns how long to wait then, in seconds.

        `look_first` reads whether there is anything to do before it takes the write lock: a poll that was not woken.
        """
        now = time.monotonic()
        if self._epoch is None or now - self._renewed > _RENEW:
            await self._renew()
            self._renewed = now
        if self._epoch is None:
            return _SAFETY_POLL
        slot = self._channel.pace.wait_any(now)
        if not self._outcomes and slot > _AHEAD:
            return min(slot - _AHEAD, _SAFETY_POLL)
        if not self._outcomes and len(self._in_flight) >= _UNDER_WAY:
            return _SAFETY_POLL  # the next outcome wakes us
        if not self._outcomes and look_first:
            async with self._records.glance() as work:
                rows, _epoch = await outbox.due(work, self._channel.name, self._lease, self._in_flight, 1)
                if not rows:
                    return _SAFETY_POLL
        outcomes, self._outcomes = self._outcomes, []
        try:
            claimed, pause = await self._settle_and_claim(outcomes, now)
        except BaseException:
            self._outcomes = outcomes + self._outcomes
            raise
        for row, rendered, delay in claimed:
            self._launch(row, rendered, delay)
        return pause

    async def _renew(self) -> None:
        async with self._records.write() as work:
            epoch = await leases.take(work, self._lease, self._holder, afresh=self._epoch is None)
            if epoch is not None and epoch != self._epoch:
                found = await outbox.recover(work, self._channel.name, epoch)
                for row in found:
                    log.warning("A delivery was under way when the last sender ended.", outbox=row.id, state=row.state)
                    await self._tell_agent(work, row)
        self._epoch = epoch

    async def _settle_and_claim(
        self, outcomes: list[Outcome], now: float
    ) -> tuple[list[tuple[Outbox, Rendered, float]], float]:
        """What was claimed, with the seconds until each may leave; and how long to wait before looking again."""
        claimed: list[tuple[Outbox, Rendered, float]] = []
        pause = _SAFETY_POLL
        async with self._records.write() as work:
            await self._settle(work, outcomes, now)
            if self._stopping:
                return [], 0.001
            rows, epoch = await outbox.due(work, self._channel.name, self._lease, self._in_flight, _AT_ONCE)
            if rows and not self._still_ours(epoch):
                return [], 0.001
            loaded = await rendering.load(work, rows)
            second_tries = len(self._second_tries)
            for row in rows:
                if len(self._in_flight) + len(claimed) >= _UNDER_WAY:
                    break
                if row.reason == outbox.CRASH and second_tries >= _SECOND_TRIES:
                    continue
                delay = self._channel.pace.wait(row.chat, now)
                if delay > _AHEAD:
                    pause = min(pause, delay - _AHEAD)
                    continue
                rendered = await self._ready(work, row, loaded)
                if rendered is None:
                    pause = 0.001  # the next row of this chat may be ready
                    continue
                assert self._epoch is not None
                second_tries += row.reason == outbox.CRASH
                outbox.claim(row, self._epoch)
                self._channel.pace.spend(row.chat, now + delay)
                claimed.append((row, rendered, delay))
        return claimed, 0.001 if len(rows) == _AT_ONCE and claimed else pause

    def _still_ours(self, epoch: int | None) -> bool:
        """Whether the lease is still ours under our epoch: a process that was halted for a while may have lost it."""
        if epoch == self._epoch:
            return True
        self._epoch = None
        return False

    async def _ready(self, work: Work, row: Outbox, loaded: rendering.Loaded) -> Rendered | None:
        """What to send, or None when the row waits, is suppressed, expired or has nothing to say any more."""
        if row.expires_at is not None and work.now >= row.expires_at:
            outbox.settle(work, row, OutboxState.EXPIRED)
            return None
        if row.lane in holds.MARKETING_LANES:
            verdict = await holds.may_send(work, row, self._shop.quiet, self._shop.zone, self._shop.weekly_cap)
            if verdict.suppress:
                outbox.settle(work, row, OutboxState.SUPPRESSED, verdict.suppress)
                return None
            if verdict.wait is not None:
                outbox.hold(row, verdict.wait)
                return None
        try:
            rendered = await rendering.render(work, self._shop, row, loaded)
        except Exception as error:
            # One row that cannot be rendered must not hold up the others.
            log.exception("A message cannot be rendered.", outbox=row.id, error=type(error).__name__)
            outbox.settle(work, row, OutboxState.FAILED, "cannot_render")
            await outbox.announce(work, row)
            return None
        if rendered is None:
            outbox.settle(work, row, OutboxState.CANCELLED, "nothing_to_say")
            return None
        if rendered.buttons is not None and row.token is None:
            row.token = outbox.new_token()
            row.buttons = rendered.buttons
        return rendered

    def _launch(self, row: Outbox, rendered: Rendered, delay: float) -> None:
        delivery = _native(rendering.delivery(row, rendered), self._channel.name)
        self._in_flight[row.chat] = asyncio.create_task(self._send(row, rendered, delivery, delay))
        if row.reason == outbox.CRASH:
            self._second_tries.add(row.chat)

    async def _send(self, row: Outbox, rendered: Rendered, delivery: Delivery, delay: float) -> None:
        sent, error = None, None
        try:
            if delay > 0:
                await asyncio.sleep(delay)
            sent = await self._channel.send(delivery)
        except ChannelError as caught:
            error = caught
        except Exception as caught:
            # What a channel did not expect says nothing about whether the message left.
            log.exception("A channel failed in an unexpected way.", channel=self._channel.name)
            error = Unconfirmed(type(caught).__name__)
        finally:
            del self._in_flight[row.chat]
            self._second_tries.discard(row.chat)
            if sent is not None or error is not None:
                self._outcomes.append(Outcome(row, rendered, sent, error))
            self._wake.set()

    async def _settle(self, work: Work, outcomes: list[Outcome], now: float) -> None:
        """Write down how deliveries ended: plain ones with two statements, those that need more one by one."""
        plain = [one for one in outcomes if one.sent is not None and one.row.lane in AUTOMATIC]
        if plain and self._epoch is not None:
            await outbox.settle_sent(work, [one.row.id for one in plain], self._epoch)
        await self._settle_others(work, [one for one in outcomes if one not in plain], now)
        await outbox.link(
            work,
            [
                (one.row, one.sent.message_id)
                for one in outcomes
                if one.sent is not None and one.sent.message_id and not one.rendered.edits
            ],
        )

    async def _settle_others(self, work: Work, outcomes: list[Outcome], now: float) -> None:
        if not outcomes:
            return
        ids = [outcome.row.id for outcome in outcomes]
        rows = {row.id: row for row in await work.session.scalars(select(Outbox).where(Outbox.id.in_(ids)))}
        for outcome in outcomes:
            row = rows.get(outcome.row.id)
            if row is None or row.state != OutboxState.IN_FLIGHT or row.epoch != self._epoch:
                continue  # Another sender took over meanwhile: its word counts.
            if outcome.sent is not None:
                await self._settle_sent(work, row, outcome.rendered)
            else:
                await self._settle_error(work, row, outcome.error, now)
            await outbox.announce(work, row)
        await work.session.flush()  # the claim that follows must see what went back to the queue, to keep the order

    async def _settle_sent(self, work: Work, row: Outbox, rendered: Rendered) -> None:
        outbox.settle(work, row, OutboxState.SENT)
        if row.lane in holds.MARKETING_LANES and row.interaction_id is None and row.conversation_id is not None:
            conversation = await work.session.get_one(Conversation, row.conversation_id)
            kind = Kind.CAMPAIGN if row.lane == Lane.CAMPAIGN else Kind.FOLLOW_UP
            interaction = await record(work, conversation, Words(kind=kind, text=rendered.text))
            row.interaction_id = interaction.id

    async def _settle_error(self, work: Work, row: Outbox, error: ChannelError | None, now: float) -> None:
        if isinstance(error, NotSent):
            if error.retry_after > 0:
                self._channel.pace.pause(error.retry_after, now)
            until = work.now + timedelta(seconds=error.retry_after) if error.retry_after > 0 else None
            outbox.not_sent(work, row, error.reason[:40], until)
        elif isinstance(error, Refused) and error.new_chat:
            row.chat = error.new_chat
            outbox.not_sent(work, row, "moved", work.now)
        elif isinstance(error, Refused):
            outbox.settle(work, row, OutboxState.FAILED, error.reason[:40])
            log.warning("The channel refused a message.", outbox=row.id, reason=error.reason)
            if error.unreachable:
                await outbox.mark_unreachable(work, row.channel, row.chat)
            await self._tell_agent(work, row)
        else:
            outbox.doubt(work, row, error.reason[:40] if isinstance(error, Unconfirmed) else "unknown")
            await self._tell_agent(work, row)

    async def _tell_agent(self, work: Work, row: Outbox) -> None:
        """An agent's words that were not confirmed: ask the agent on every push channel whether to resend."""
        if row.lane == Lane.AGENT and row.state in (OutboxState.IN_DOUBT, OutboxState.FAILED):
            await tell_of_doubt(work, row)

    async def _drain(self) -> None:
        if self._in_flight:
            await asyncio.wait(self._in_flight.values(), timeout=_DRAIN)
        for task in list(self._in_flight.values()):
            task.cancel()
        if self._epoch is not None:
            async with self._records.write() as work:
                await self._settle(work, self._outcomes, time.monotonic())
                await leases.release(work, self._lease, self._holder)
            self._outcomes = []


async def tell_of_doubt(work: Work, row: Outbox) -> None:
    """Queue the question "not confirmed, resend?" for whoever wrote these words."""
    interaction = await work.session.get(Interaction, row.interaction_id) if row.interaction_id else None
    if interaction is None or interaction.staff_id is None:
        return
    await outbox.queue_for_staff(work, interaction.staff_id, subject=f"doubt:{row.id}")


def _native(delivery: Delivery, channel: str) -> Delivery:
    """Name a file as this channel knows it; one from elsewhere becomes a file to be loaded ("file:…")."""
    file = delivery.attachment
    if file is None or file.ref.startswith("file:"):
        return delivery
    own = f"{channel}|"
    ref = file.ref.removeprefix(own) if file.ref.startswith(own) else f"file:{file.ref}"
    return replace(delivery, attachment=replace(file, ref=ref))
