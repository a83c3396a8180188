"""The counter: takes the next incoming of everybody who waits, answers them in one transaction, writes both sides down."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot import dispatch
from bot.intake import clean
from bot.message import Incoming
from bot.tell import tell, tell_admins
from bot.throttle import Throttle
from bot.turn import Pressed, Shop, Turn
from bot.who import Address, Known, glimpse, know
from crm_core import customers, inbox, outbox
from crm_core.conversations import Words
from crm_core.models import Interaction, Kind, Outbox
from crm_core.work import Records, Work
from knowledge_base import Match

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
        acknowledge: Acknowledge = lambda incoming: None,
    ) -> None:
        self._records = records
        self._shop = shop
        self._decoders = decoders
        self._throttle = throttle
        self._acknowledge = acknowledge
        self._wake = asyncio.Event()
        self._stopping = False

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

    async def answer_waiting(self) -> int:
        """Answer the next incoming of up to 50 senders; returns how many inbox rows were taken."""
        async with self._records.read() as work:
            rows = await inbox.waiting(work, BATCH)
            if not rows:
                return 0
            pendings = [pending for row in rows if (pending := self._decode(work, row)) is not None]
            unreadable = {row.id for row in rows} - {pending.row_id for pending in pendings}
            await self._match(work, pendings)
        for row_id in unreadable:
            await self._set_aside(row_id, "cannot be decoded", None)
        await self._answer_all(pendings)
        return len(rows)

    def _decode(self, work: Work, row: inbox.Inbox) -> Pending | None:
        try:
            decode = self._decoders[row.channel]
            incoming = clean(decode(inbox.open_raw(work, row)))
        except Exception as error:
            # Whatever a library raises on one odd update, the others go on.
            log.warning("An update cannot be decoded.", inbox=row.id, channel=row.channel, error=type(error).__name__)
            return None
        return Pending(row.id, replace(incoming, external_id=row.external_id))

    async def _match(self, work: Work, pendings: Sequence[Pending]) -> None:
        seen = await glimpse(work, [pending.incoming for pending in pendings])
        for pending in pendings:
            found = seen.get(pending.address)
            if dispatch.is_free_text(pending.incoming) and (found is None or found.bots_turn):
                language = self._shop.texts.spoken(found.language if found else pending.incoming.language)
                pending.match = self._shop.articles.match(pending.incoming.text, language)

    async def _answer_all(self, pendings: Sequence[Pending]) -> None:
        if not pendings:
            return
        try:
            again = await self._answer_together(pendings)
        except Exception as error:
            if len(pendings) == 1:
                await self._failed(pendings[0], error)
                return
            log.warning("A batch of turns failed; they are run one by one.", turns=len(pendings), error=repr(error)[:200])
            for pending in pendings:
                await self._answer_all([pending])
            return
        if again:
            async with self._records.read() as work:
                await self._match(work, again)
            await self._answer_all(again)

    async def _answer_together(self, pendings: Sequence[Pending]) -> list[Pending]:
        """Answer these in one transaction; returns those whose turn moved to the bot after they were looked at."""
        again: list[Pending] = []
        answered: list[Pending] = []
        async with self._records.write() as work:
            known = await know(work, [pending.incoming for pending in pendings])
            presses = await outbox.by_tokens(work, _tokens(pendings))
            for pending in pendings:
                turn = self._turn(work, pending, known.get(pending.address), presses)
                if self._must_start_over(pending, turn):
                    pending.restarts += 1
                    again.append(pending)
                    continue
                await self._answer(turn)
                answered.append(pending)
            await inbox.finish(work, [pending.row_id for pending in answered])
        for pending in answered:
            if pending.incoming.press:
                self._acknowledge(pending.incoming)
        return again

    def _turn(self, work: Work, pending: Pending, known: Known | None, presses: Mapping[str, Outbox]) -> Turn:
        incoming = pending.incoming
        new = known is None
        if known is None:
            language = self._shop.texts.spoken(incoming.language)
            identity, customer, conversation = customers.welcome(
                work,
                channel=incoming.channel,
                external_id=incoming.sender,
                chat=incoming.sender if incoming.group else incoming.chat,
                language=language,
                name=incoming.name[:100],
            )
            known = Known(
                identity=identity, conversation=conversation, customer=customer, staff=None, ticket=None, dialogue=None
            )
        command, argument = dispatch.split_command(incoming)
        return Turn(
            incoming=incoming,
            work=work,
            shop=self._shop,
            identity=known.identity,
            conversation=known.conversation,
            customer=known.customer,
            staff=known.staff if known.staff and known.staff.revoked_at is None else None,
            ticket=known.ticket,
            dialogue=known.dialogue,
            match=pending.match,
            pressed=_pressed(incoming, presses, known.conversation.id),
            new=new,
            command=command,
            argument=argument,
        )

    def _must_start_over(self, pending: Pending, turn: Turn) -> bool:
        """The bot has the turn now but did not when the message was looked at, so nothing was matched."""
        return (
            pending.match is None
            and pending.restarts < _RESTARTS
            and dispatch.is_free_text(pending.incoming)
            and not (turn.identity.staff_id or turn.ticket or turn.dialogue)
        )

    async def _answer(self, turn: Turn) -> None:
        if turn.identity.channel in turn.work.pulled:
            turn.work.pages.add(turn.identity.chat)
        turn.conversation.version += 1
        turn.conversation.last_in_at = turn.work.now
        if turn.incoming.reachable is not None:
            turn.identity.unreachable_at = None if turn.incoming.reachable else turn.work.now
            return
        if turn.incoming.group and turn.staff is None:
            return  # Strangers in the colleagues' group are none of the bot's business.
        turn.identity.unreachable_at = None
        replies = await dispatch.answer(turn, self._throttle.let_in(f"{turn.identity.id}", time.monotonic()))
        await turn.file()
        chat = turn.incoming.chat if turn.incoming.group else ""
        for reply in replies:
            words = Words(kind=Kind.REPLY, text="", article_id=reply.article or None, thread=_own_thread(turn))
            await tell(turn.work, turn.identity, turn.conversation, reply, words, chat=chat)

    async def _failed(self, pending: Pending, error: Exception) -> None:
        if isinstance(error, IntegrityError) and await self._is_recorded(pending):
            async with self._records.write() as work:
                await inbox.finish(work, [pending.row_id])
            return
        log.error("A turn failed.", inbox=pending.row_id, error=repr(error)[:300], exc_info=error)
        await self._set_aside(pending.row_id, repr(error), pending)

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
            row = await work.session.get_one(inbox.Inbox, row_id)
            people = await know(work, [Incoming(channel=row.channel, external_id="", sender=row.sender, chat="")])
            for known in people.values():
                said = self._shop.texts.say(known.identity.language, "turn-failed")
                await tell(work, known.identity, known.conversation, dispatch.plain(said))
            await tell_admins(work, self._shop, "operator-set-aside", row=str(row_id))


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


def _own_thread(turn: Turn) -> str:
    return turn.incoming.thread[:40] if turn.staff else ""
