"""The counter: takes the next incoming of everybody who waits, answers them in one transaction, records both sides."""

import asyncio
import collections
import inspect
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot import dispatch
from bot.intake import clean
from bot.message import Incoming
from bot.tell import tell, tell_admins
from bot.throttle import Throttle
from bot.turn import Pressed, Shop, Turn
from bot.who import Address, Known, know
from crm_core import conversations, customers, inbox, outbox
from crm_core.conversations import Words
from crm_core.models import ORDER_DIALOGUE, Customer, Inbox, Interaction, Kind, Outbox, Ticket
from crm_core.storage.database import is_out_of_order
from crm_core.storage.watching import watching
from crm_core.work import Records, Work
from knowledge_base import Match
from knowledge_base.asides import told_apart

log = structlog.get_logger(__name__)

BATCH = 50
_RESTARTS = 2
_SAFETY_POLL = 1.0  # seconds; the wake-up after a commit makes this rare


@dataclass(slots=True)
class Pending:
    """One inbox row on its way through the counter."""

    row_id: int
    incoming: Incoming
    match: Match | None = None
    found: "asyncio.Task[tuple[Any, set[int]]] | None" = None  # what had to be found out first, at its end
    restarts: int = 0

    @property
    def address(self) -> Address:
        """Who sent it."""
        return self.incoming.channel, self.incoming.sender


Decode = Callable[[str], Incoming]
Acknowledge = Callable[[Incoming], None]


class Counter:
    """Answers what waits in the inbox. One counter runs at a time; its transactions are the only ones that answer."""

    def __init__(
        self,
        records: Records,
        shop: Shop,
        decoders: Mapping[str, Decode],
        throttle: Throttle,
        acknowledge: Acknowledge,
    ) -> None:
        self._records = records
        self._shop = shop
        self._decoders = decoders
        self._throttle = throttle
        self._acknowledge = acknowledge
        self.turns: collections.Counter[str] = collections.Counter()  # by decision, since this process started
        self._wake = asyncio.Event()
        self._stopping = False
        self._ahead: dict[int, asyncio.Task[Any]] = {}  # by inbox row: what a turn has to know before its transaction

    def wake(self) -> None:
        """Something came in."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the batch at hand and leave `run`; what still waits is answered after the next start."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Answer until stopped."""
        while not self._stopping:
            self._wake.clear()
            try:
                answered = await self.answer_waiting()
            except Exception:
                # The border of the turn: a database that is full or away must not end the counter.
                log.exception("The counter could not read or write the records; it tries again.")
                answered = 0
                await asyncio.sleep(_SAFETY_POLL)
            if not answered and not self._stopping:
                try:
                    await asyncio.wait_for(self._wake.wait(), _SAFETY_POLL)
                except TimeoutError:
                    continue
        for task in self._ahead.values():
            task.cancel()  # its row waits in the inbox: it begins anew after the next start

    async def ahead(self) -> bool:
        """Wait until nothing is being found out ahead of a turn; False when there was nothing."""
        running = [task for task in self._ahead.values() if not task.done()]
        if running:
            await asyncio.wait(running)
        return bool(running)

    async def answer_waiting(self) -> int:
        """Answer the next incoming of up to 50 senders; returns how many inbox rows were taken."""
        async with self._records.glance() as work:
            waiting = await inbox.waiting(work, BATCH)
        pendings = []
        to_match = []
        waiting = [one for one in waiting if one.row.id not in self._ahead or self._ahead[one.row.id].done()]
        for one in waiting:
            pending = self._decode(one.row)
            if pending is None:
                await self._set_aside(one.row.id, "cannot be decoded", None)
                continue
            if one.bots_turn:
                to_match.append((pending, one.language or pending.incoming.language))
            pendings.append(pending)
        await self._match(to_match)
        await self._answer_all(pendings)
        return len(waiting)

    def _decode(self, row: Inbox) -> Pending | None:
        try:
            decode = self._decoders[row.channel]
            incoming = clean(decode(inbox.open_raw(self._records.vault, row)))
        except Exception as error:  # noqa: BLE001  # whatever a library raises on one odd update, the others go on
            log.warning("An update cannot be decoded.", inbox=row.id, channel=row.channel, error=type(error).__name__)
            return None
        found = self._ahead.pop(row.id, None)
        return Pending(row.id, replace(incoming, external_id=row.external_id), found=found)

    async def _match(self, pendings: Sequence[tuple[Pending, str]]) -> None:
        """Match the free text among these, with no transaction open; the embedder, if there is one, is asked first."""
        spoken = self._shop.texts.spoken
        free = [(one, one.incoming.text, spoken(own)) for one, own in pendings if dispatch.is_free_text(one.incoming)]
        if self._shop.understand is not None and free:
            await self._shop.understand([(text, language) for _, text, language in free])
        for pending, text, language in free:
            pending.match = told_apart(self._shop.articles.match(text, language), text)

    async def _answer_all(self, pendings: Sequence[Pending]) -> None:
        if not pendings:
            return
        try:
            again = await self._answer_together(pendings)
        except Exception as error:  # the border of the turn
            if is_out_of_order(error):
                raise  # a full disk or a database that is away is no fault of these turns: they wait
            if len(pendings) == 1:
                await self._failed(pendings[0], error)
                return
            log.warning("A batch failed; its turns are run one by one.", turns=len(pendings), error=_where(error))
            for pending in pendings:
                await self._answer_all([pending])
            return
        matched = [pending for pending in again if pending.row_id not in self._ahead]
        await self._match([(pending, pending.incoming.language) for pending in matched])
        await self._answer_all(matched)

    async def _answer_together(self, pendings: Sequence[Pending]) -> list[Pending]:
        """Answer these in one transaction; returns those whose turn moved to the bot after they were looked at."""
        again: list[Pending] = []
        answered: list[Pending] = []
        async with self._records.write() as work:
            known = await know(work, [pending.incoming for pending in pendings])
            presses = await outbox.by_tokens(work, _tokens(pendings))
            for pending in pendings:
                person = known.get(pending.address)
                if _says_nothing(pending.incoming, person):
                    answered.append(pending)
                    continue
                turn = await self._turn(work, pending, person, presses)
                if self._must_start_over(pending, turn):
                    pending.restarts += 1
                    again.append(pending)
                    continue
                if pending.found is None and dispatch.ahead_of(turn) is not None:
                    self._begin_ahead(pending)
                    again.append(pending)
                    continue
                if pending.found is not None:
                    turn.found, turn.named = pending.found.result()
                await self._answer(turn)
                answered.append(pending)
            await inbox.finish(work, [pending.row_id for pending in answered])
        for pending in answered:
            self.turns[_decided(pending)] += 1
            if pending.incoming.press:
                self._acknowledge(pending.incoming)
        return again

    def _begin_ahead(self, pending: Pending) -> None:
        """Begin to find out what this turn has to know; its row waits in the inbox meanwhile, and the others go on."""
        if pending.row_id not in self._ahead:
            task = asyncio.create_task(self._find_out(pending))
            task.add_done_callback(lambda _done: self._wake.set())
            self._ahead[pending.row_id] = task

    async def _find_out(self, pending: Pending) -> tuple[Any, set[int]]:
        """What this turn has to know first, None for nothing, and whose words were read for it."""
        with watching() as named:
            return await self._found(pending), named

    async def _found(self, pending: Pending) -> Any:
        async with self._records.read() as work:
            known = (await know(work, [pending.incoming], hold=False)).get(pending.address)
            if known is None:
                return None
            turn = await self._turn(work, pending, known, await outbox.by_tokens(work, _tokens([pending])))
            look = dispatch.ahead_of(turn)
            find = await look(turn) if look is not None else None
        found = find() if find is not None else None
        return await found if inspect.isawaitable(found) else found

    async def _turn(self, work: Work, pending: Pending, known: Known | None, presses: Mapping[str, Outbox]) -> Turn:
        incoming = pending.incoming
        new = known is None
        if known is None:
            known = await self._welcome(work, incoming)
        command, argument = dispatch.split_command(incoming)
        return Turn(
            incoming=incoming,
            work=work,
            shop=self._shop,
            identity=known.identity,
            conversation=known.conversation,
            customer=await _customer_by_now(work, known),
            staff=known.staff if known.staff and known.staff.revoked_at is None else None,
            ticket=_current(known),
            earlier=known.earlier,
            dialogue=known.dialogue,
            match=pending.match,
            pressed=(pressed := _pressed(incoming, presses, known.conversation.id)),
            borrowed=pressed is None and incoming.press.partition(".")[0] in presses,
            new=new,
            command=command,
            argument=argument,
        )

    async def _welcome(self, work: Work, incoming: Incoming) -> Known:
        """Somebody we never met, as a customer from now on."""
        identity, customer, conversation = await customers.welcome(
            work,
            channel=incoming.channel,
            external_id=incoming.sender,
            chat=incoming.chat,
            language=self._shop.texts.spoken(incoming.language),
            name=incoming.name[:100],
        )
        return Known(identity, conversation, customer, None, None, None, None)

    def _must_start_over(self, pending: Pending, turn: Turn) -> bool:
        """The bot has the turn now but did not when the message was looked at, so nothing was matched."""
        return (
            pending.match is None
            and pending.restarts < _RESTARTS
            and dispatch.is_free_text(pending.incoming)
            and not (turn.identity.staff_id or turn.ticket)
            and (turn.dialogue is None or turn.dialogue.kind == ORDER_DIALOGUE)
        )

    async def _answer(self, turn: Turn) -> None:
        if turn.identity.channel in turn.work.pulled:
            turn.work.pages.add(turn.identity.chat)
        turn.conversation.version += 1
        if turn.incoming.reachable is not None:
            turn.identity.unreachable_at = None if turn.incoming.reachable else turn.work.now
            return
        turn.conversation.last_in_at = turn.work.now
        turn.identity.unreachable_at = None
        told = len(turn.work.told)
        with watching() as named:
            replies = await dispatch.answer(turn, self._throttle.let_in(f"{turn.identity.id}", time.monotonic()))
        await turn.file()
        chat = turn.incoming.chat if turn.incoming.group else ""
        for reply in replies:
            words = Words(kind=Kind.REPLY, text="", article_id=reply.article or None, thread=_own_thread(turn))
            await tell(turn.work, turn.identity, turn.conversation, reply, words, chat=chat)
        conversations.name_people(turn.work, turn.work.told[told:], named | turn.named)

    async def _failed(self, pending: Pending, error: Exception) -> None:
        if isinstance(error, IntegrityError) and await self._is_recorded(pending):
            async with self._records.write() as work:
                await inbox.finish(work, [pending.row_id])
            return
        log.error("A turn failed.", inbox=pending.row_id, error=_where(error), exc_info=error)
        await self._set_aside(pending.row_id, _where(error), pending)

    async def _is_recorded(self, pending: Pending) -> bool:
        """Whether this very message was answered before, long enough ago for its inbox row to be gone."""
        key = f"{pending.incoming.channel}:{pending.incoming.external_id}"[:190]
        async with self._records.read() as work:
            found = await work.session.scalar(select(Interaction.id).where(Interaction.source_key == key))
        return found is not None

    async def _set_aside(self, row_id: int, error: str, pending: Pending | None) -> None:
        """Count a failure; at the third (or when it cannot be read at all) say sorry, tell the operator and go on."""
        async with self._records.write() as work:
            if not await inbox.fail(work, row_id, error, for_good=pending is None):
                return
            log.error("An update was set aside.", inbox=row_id)
            row = await work.session.get_one(Inbox, row_id)
            incoming = Incoming(channel=row.channel, external_id="", sender=row.sender, chat="")
            known = (await know(work, [incoming])).get((row.channel, row.sender))
            if known is None and pending is not None and not pending.incoming.group:
                known = await self._welcome(work, pending.incoming)
            if known is not None:
                said = self._shop.texts.say(known.identity.language, "turn-failed")
                await tell(work, known.identity, known.conversation, dispatch.plain(said))
            await tell_admins(work, self._shop, "operator-set-aside", row=str(row_id))


def _decided(pending: Pending) -> str:
    """What a turn counts as: the matcher's decision, small talk, or no question at all."""
    if pending.match is None:
        return "no_question"
    return "small_talk" if pending.match.reason.startswith("smalltalk_") else str(pending.match.decision)


def _where(error: BaseException) -> str:
    """What kind of error, and where; its message may hold a person's words and is not kept."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _tokens(pendings: Sequence[Pending]) -> list[str]:
    return [pending.incoming.press.partition(".")[0] for pending in pendings if pending.incoming.press]


def _pressed(incoming: Incoming, presses: Mapping[str, Outbox], conversation_id: int) -> Pressed | None:
    """What a press means; None when the token is unknown, belongs to somebody else, or has no such button."""
    token, _, index = incoming.press.partition(".")
    row = presses.get(token)
    if row is None or row.buttons is None or not index.isascii() or not index.isdigit():
        return None
    if row.channel != incoming.channel or row.chat != incoming.chat:
        return None
    if row.conversation_id not in (None, conversation_id):
        return None
    buttons = [button for line in row.buttons["rows"] for button in line]
    if len(index) > 3 or int(index) >= len(buttons):
        return None
    chosen = buttons[int(index)]
    return Pressed(row, int(index), chosen["label"], chosen["act"], chosen["args"])


def _says_nothing(incoming: Incoming, known: Known | None) -> bool:
    """Whether there is nobody to answer: a stranger in the colleagues' group or who left, a group that moved."""
    if known is None:
        return incoming.group or incoming.reachable is not None or bool(incoming.new_chat)
    return bool(incoming.new_chat) or (incoming.group and known.staff is None)


def _current(known: Known) -> Ticket | None:
    """The current ticket, unless a colleague's turn in this very batch has resolved it."""
    ticket = known.ticket
    return ticket if ticket is not None and ticket.current_of == known.conversation.id else None


async def _customer_by_now(work: Work, known: Known) -> Customer | None:
    """Who this identity belongs to, also when a turn of this very batch has found out that it is somebody else's."""
    owner = known.identity.customer_id
    if known.customer is None or owner is None or owner == known.customer.id:
        return known.customer
    return await work.session.get_one(Customer, owner)


def _own_thread(turn: Turn) -> str:
    return turn.incoming.thread[:40] if turn.staff else ""
