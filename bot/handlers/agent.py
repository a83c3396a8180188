"""The agent's side: queue, claim, reply, note, resolve, hand on; plain words go to the ticket in hand only."""

from sqlalchemy import select

from bot.handlers.ticket import rating_buttons
from bot.message import Button, Reply
from bot.rendering import called, ticket_card
from bot.tell import alert_desk, person_of, queue_words, show_card, tell, tell_colleague
from bot.turn import Handler, Turn
from crm_core import audit, conversations, learning, outbox, staff, tickets, touching
from crm_core.models import (
    DESK_ROLES,
    Conversation,
    Dialogue,
    Interaction,
    Kind,
    Lane,
    Outbox,
    OutboxState,
    Staff,
    Ticket,
)
from crm_core.rules import access
from crm_core.storage.ids import read_id
from crm_core.tickets import TicketRefused

_HELD = "held"
_DROPPED = "dropped"
_LONGEST = 4000  # characters: what every channel takes in one message …
_LONGEST_CAPTION = 1000  # … and beside a file


async def queue(turn: Turn) -> list[Reply]:
    """Who waits, longest first, each with a claim button; then one's own tickets."""
    assert turn.staff is not None
    waiting = await tickets.queue(turn.work, 10, touching.tickets_within(turn.principal, "ticket.queue"))
    own = await tickets.mine(turn.work, turn.staff.id, 10)
    if waiting or own:
        await audit.look(turn.work, turn.staff.id, "ticket.list", "tickets")
    lines = [turn.say("queue-title", count=len(waiting))]
    lines += [await _line(turn, ticket) for ticket in waiting]
    if own:
        lines += ["", turn.say("queue-mine", count=len(own))]
        lines += [await _line(turn, ticket) for ticket in own]
    rows = tuple(
        (
            Button(
                label=turn.say("button-claim-number", number=str(ticket.number)),
                act="ticket.claim",
                args={"ticket": ticket.number},
            ),
        )
        for ticket in waiting
    )
    return [Reply(text="\n".join(lines), buttons=rows, titled=True)]


async def _line(turn: Turn, ticket: Ticket) -> str:
    name = await called(turn.work, turn.shop, turn.language, ticket.customer_id)
    minutes = tickets.minutes_waiting(ticket, turn.work.now)
    key = "queue-line" if ticket.waiting_since is not None else "queue-line-theirs"
    return turn.say(key, number=str(ticket.number), name=name, minutes=minutes)


async def ticket_of(turn: Turn, *, spoken: bool = False) -> tuple[Ticket | None, str]:
    """Which ticket is meant, and the words that remain: by button, thread, answered copy, number, or the one in hand.

    Words that are `spoken` may begin with a number of their own ("/reply 3 days"): with one in hand, only #3 names one.
    A ticket that this colleague may not see is none.
    """
    ticket, words = await _meant(turn, spoken=spoken)
    return await seen(turn, ticket), words


async def seen(turn: Turn, ticket: Ticket | None) -> Ticket | None:
    """The ticket if this colleague may see it, else None."""
    if ticket is None or not await touching.may_touch_ticket(turn.work, turn.principal, "ticket.history", ticket):
        return None
    return ticket


async def _meant(turn: Turn, *, spoken: bool) -> tuple[Ticket | None, str]:
    if turn.pressed is not None:
        return await tickets.by_number(turn.work, int(turn.pressed.args["ticket"])), ""
    found = await ticket_here(turn)
    if found is not None or turn.incoming.thread.startswith("ticket:"):
        return found, turn.argument
    first, _, rest = turn.argument.partition(" ")
    number = read_id(first.removeprefix("#"))
    if number is not None and (first.startswith("#") or not spoken or await _in_hand(turn) is None):
        return await tickets.by_number(turn.work, number), rest.strip()
    return await _in_hand(turn), turn.argument


async def ticket_here(turn: Turn) -> Ticket | None:
    """The ticket of the thread, or of the delivered copy that this message answers."""
    kind, _, written = turn.incoming.thread.partition(":")
    ticket_id = read_id(written)
    if kind == "ticket" and ticket_id is not None:
        return await turn.work.session.get(Ticket, ticket_id)
    if not turn.incoming.reply_to:
        return None
    row = await outbox.by_message(turn.work, turn.incoming.channel, turn.incoming.chat, turn.incoming.reply_to)
    kind, _, own = (row.thread if row else "").partition(":")
    return await turn.work.session.get(Ticket, int(own)) if kind == "ticket" else None


async def _in_hand(turn: Turn) -> Ticket | None:
    """The ticket to which words go that name none; on the desk page each ticket has a thread of its own instead."""
    assert turn.staff is not None
    if turn.staff.hand_ticket_id is None or turn.incoming.group or turn.incoming.channel in turn.work.pulled:
        return None
    return await turn.work.session.get(Ticket, turn.staff.hand_ticket_id)


def no_ticket(turn: Turn) -> list[Reply]:
    return [turn.reply("ticket-which")]


def _refused(turn: Turn, refused: TicketRefused) -> list[Reply]:
    values = {name: str(value) for name, value in refused.values.items()}
    return [turn.reply(refused.key.replace("_", "-"), **values)]


async def claim(turn: Turn) -> list[Reply]:
    """Take a ticket; a supervisor may take over one that somebody has."""
    assert turn.staff is not None
    ticket, _rest = await ticket_of(turn)
    if ticket is None:
        return no_ticket(turn)
    _identity, conversation = await person_of(turn.work, ticket.conversation_id)
    before = ticket.assignee_id
    try:
        await tickets.claim(
            turn.work, conversation, ticket, turn.staff, take_over=access.may(turn.role, "ticket.take_over")
        )
    except TicketRefused as refused:
        return _refused(turn, refused)
    if before is not None and before != turn.staff.id:
        number, name = str(ticket.number), turn.staff.name
        await tell_colleague(turn.work, turn.shop, before, "taken-over", number=number, name=name)
        audit.enter(turn.work, turn.staff.id, "ticket.take_over", f"ticket:{number}")
    if before is None:
        await _introduce(turn, ticket, conversation)
    tickets.take_in_hand(turn.work, turn.staff, ticket)
    await show_card(turn.work, turn.staff.id, ticket)
    await audit.look(turn.work, turn.staff.id, "ticket.read", f"ticket:{ticket.number}")
    if sees_threads(turn):
        return []
    if turn.incoming.group:
        return [turn.reply("handed-on", number=str(ticket.number), name=turn.staff.name)]
    return [turn.reply("claimed", number=str(ticket.number))]


async def _introduce(turn: Turn, ticket: Ticket, conversation: Conversation) -> None:
    """Tell the customer who takes care of them now."""
    assert turn.staff is not None
    identity, _conversation = await person_of(turn.work, ticket.conversation_id)
    text = turn.shop.texts.say(identity.language, "customer-claimed", name=turn.staff.name)
    await tell(turn.work, identity, conversation, Reply(text=text))


def sees_threads(turn: Turn) -> bool:
    """On the desk page the thread itself shows what was done; elsewhere a short word confirms it."""
    return turn.incoming.channel in turn.work.pulled and turn.incoming.thread.startswith("ticket:")


async def reply(turn: Turn) -> list[Reply]:
    """`/reply words`: say something to the customer."""
    ticket, words = await ticket_of(turn, spoken=True)
    return await _say_to_customer(turn, ticket, words)


async def _say_to_customer(turn: Turn, ticket: Ticket | None, words: str) -> list[Reply]:
    assert turn.staff is not None
    if ticket is None:
        return no_ticket(turn)
    if not words and turn.incoming.attachment is None:
        return [turn.reply("reply-empty")]
    most = _LONGEST_CAPTION if turn.incoming.attachment else _LONGEST
    if len(words) > most:
        return [turn.reply("reply-too-long", length=len(words), most=most)]
    identity, conversation = await person_of(turn.work, ticket.conversation_id)
    try:
        if ticket.assignee_id is None and ticket.active:
            await tickets.claim(turn.work, conversation, ticket, turn.staff)
            tickets.take_in_hand(turn.work, turn.staff, ticket)
        tickets.check_own(ticket, turn.staff)
    except TicketRefused as refused:
        return _refused(turn, refused)
    said = await turn.file(Kind.AGENT, conversation=conversation, ticket=ticket, text=words)
    queue_words(turn.work, identity, said, Lane.AGENT)
    conversation.version += 1
    tickets.answered(turn.work, ticket, turn.staff)
    if turn.staff.hand_ticket_id == ticket.id:
        turn.staff.hand_at = turn.work.now
    if sees_threads(turn):
        return []
    name = await called(turn.work, turn.shop, turn.language, ticket.customer_id)
    return [turn.reply("said", number=str(ticket.number), name=name)]


async def note(turn: Turn) -> list[Reply]:
    """`/note words`: write something down that the customer never sees."""
    ticket, words = await ticket_of(turn, spoken=True)
    if ticket is None:
        return no_ticket(turn)
    if not words and turn.incoming.attachment is None:
        return [turn.reply("note-empty")]
    _identity, conversation = await person_of(turn.work, ticket.conversation_id)
    await turn.file(Kind.NOTE, conversation=conversation, ticket=ticket, text=words)
    turn.work.desk_changed = True
    return [] if sees_threads(turn) else [turn.reply("noted", number=str(ticket.number))]


async def resolve(turn: Turn) -> list[Reply]:
    """Done: the customer is told and asked how it was."""
    assert turn.staff is not None
    ticket, _rest = await ticket_of(turn)
    if ticket is None:
        return no_ticket(turn)
    identity, conversation = await person_of(turn.work, ticket.conversation_id)
    try:
        tickets.check_own(ticket, turn.staff)
    except TicketRefused as refused:
        return _refused(turn, refused)
    await tickets.resolve(turn.work, conversation, ticket, turn.staff)
    said = Reply(
        text=turn.shop.texts.say(identity.language, "customer-resolved", number=str(ticket.number)),
        prompt=turn.shop.texts.say(identity.language, "how-was-it"),
        buttons=(rating_buttons(ticket),),
    )
    await tell(turn.work, identity, conversation, said)
    done = [] if sees_threads(turn) else [turn.reply("resolved", number=str(ticket.number))]
    return [*done, *await _offer_to_judge(turn)]


async def _offer_to_judge(turn: Turn) -> list[Reply]:
    """A gentle question at the end of a ticket, when there is something that this colleague may judge."""
    assert turn.staff is not None
    if turn.incoming.group or not turn.shop.judge_per_week:
        return []
    if await learning.next_to_judge(turn.work, turn.staff.id, turn.shop.judge_per_week) is None:
        return []
    return [turn.reply("judge-offer", (turn.button("button-judge", "knowledge.judge"),))]


async def hand_on(turn: Turn) -> list[Reply]:
    """Give the ticket to a colleague by name or button, to a team, or back to the queue."""
    assert turn.staff is not None
    ticket, name = await ticket_of(turn)
    if ticket is None:
        return no_ticket(turn)
    try:
        tickets.check_own(ticket, turn.staff)
    except TicketRefused as refused:
        return _refused(turn, refused)
    if turn.pressed is not None and "team" in turn.pressed.args:
        return await _back_to_queue(turn, ticket, str(turn.pressed.args["team"]))
    if turn.pressed is not None and "to" in turn.pressed.args:
        to = await turn.work.session.get(Staff, int(turn.pressed.args["to"]))
        return await (_back_to_queue(turn, ticket) if to is None else _handed(turn, ticket, to))
    if not name:
        return [await _hand_on_to_whom(turn, ticket)]
    if name.casefold() in ("queue", "队列"):
        return await _back_to_queue(turn, ticket)
    if (to := await staff.by_name(turn.work, name)) is not None:
        return await _handed(turn, ticket, to)
    team = name.casefold()
    if team in await staff.teams(turn.work):
        return await _back_to_queue(turn, ticket, team)
    return [turn.reply("colleague-unknown", name=name[:60])]


async def _hand_on_to_whom(turn: Turn, ticket: Ticket) -> Reply:
    assert turn.staff is not None
    colleagues = await turn.work.session.scalars(
        select(Staff)
        .where(Staff.role.in_(DESK_ROLES), Staff.revoked_at.is_(None), Staff.id != turn.staff.id)
        .order_by(Staff.name)
        .limit(8)
    )
    rows = [
        (Button(label=one.name, act="ticket.hand_on", args={"ticket": ticket.number, "to": str(one.id)}),)
        for one in colleagues
    ]
    rows += [
        (
            Button(
                label=turn.say("button-to-team", team=one),
                act="ticket.hand_on",
                args={"ticket": ticket.number, "team": one},
            ),
        )
        for one in (await staff.teams(turn.work))[:8]
    ]
    rows.append((turn.button("button-back-to-queue", "ticket.hand_on", ticket=ticket.number, to="0"),))
    return Reply(text=turn.say("hand-on-to-whom", number=str(ticket.number)), buttons=tuple(rows))


async def _back_to_queue(turn: Turn, ticket: Ticket, team: str | None = None) -> list[Reply]:
    """Whoever is free takes it: of a team, or of those whose queue it was in before."""
    assert turn.staff is not None
    _identity, conversation = await person_of(turn.work, ticket.conversation_id)
    await tickets.hand_on(turn.work, conversation, ticket, turn.staff, None, team)
    await alert_desk(turn.work, turn.shop, ticket)
    key = "handed-to-team" if team else "handed-back"
    return [turn.reply(key, number=str(ticket.number), team=team or "")]


async def _handed(turn: Turn, ticket: Ticket, to: Staff) -> list[Reply]:
    assert turn.staff is not None
    if to.revoked_at is not None or to.role not in DESK_ROLES or to.id == turn.staff.id:
        return [turn.reply("colleague-unknown", name=to.name)]
    _identity, conversation = await person_of(turn.work, ticket.conversation_id)
    await tickets.hand_on(turn.work, conversation, ticket, turn.staff, to)
    await tell_colleague(turn.work, turn.shop, to.id, "handed-to-you", number=str(ticket.number), name=turn.staff.name)
    if to.hand_ticket_id is None:
        tickets.take_in_hand(turn.work, to, ticket)
    await show_card(turn.work, to.id, ticket)
    return [turn.reply("handed-on", number=str(ticket.number), name=to.name)]


async def talk(turn: Turn) -> list[Reply] | None:
    """Plain words of staff: internal in a ticket's thread, to the customer in answer to a copy or from the hand."""
    if turn.staff is None:
        return None
    if not access.may(turn.role, "ticket.reply"):
        return [turn.reply("staff-nothing")]
    words = turn.text
    if turn.incoming.thread.startswith("ticket:"):
        turn.argument = words
        return await note(turn)
    if turn.incoming.reply_to and (answered := await ticket_here(turn)) is not None:
        return await _say_to_customer(turn, answered, words)
    if turn.incoming.group:
        return []
    ticket = await _in_hand(turn)
    if ticket is None:
        return [turn.reply("read-by-nobody" if turn.incoming.channel in turn.work.pulled else "nothing-in-hand")]
    if not tickets.hand_is_fresh(turn.staff, ticket, turn.work.now):
        return await _hold(turn, ticket)
    return await _say_to_customer(turn, ticket, words)


async def _hold(turn: Turn, ticket: Ticket) -> list[Reply]:
    """It was long ago, or the ticket moved elsewhere: ask before the words go to anybody."""
    held = await turn.file(Kind.COMMAND)
    if turn.dialogue is None:
        turn.dialogue = Dialogue(conversation_id=turn.conversation.id)
        turn.work.session.add(turn.dialogue)
    turn.dialogue.kind, turn.dialogue.step = _HELD, "confirm"
    turn.dialogue.answers = {"ticket": ticket.number, "interaction": str(held.id)}
    turn.dialogue.updated_at = turn.work.now
    name = await called(turn.work, turn.shop, turn.language, ticket.customer_id)
    yes = turn.button("button-send-held", "ticket.reply", ticket=ticket.number, held=str(held.id))
    no = turn.button("button-drop-held", "ticket.reply", ticket=ticket.number, held=str(held.id), drop=True)
    return [Reply(text=turn.say("send-to", number=str(ticket.number), name=name), buttons=((yes, no),))]


async def send_held(turn: Turn) -> list[Reply]:
    """The held words may go after all: they move, sealed anew, into the customer's conversation. Or they go nowhere."""
    assert turn.staff is not None
    assert turn.pressed is not None
    ticket, _rest = await ticket_of(turn)
    held = await turn.work.session.get(Interaction, int(turn.pressed.args["held"]))
    if turn.dialogue is not None and turn.dialogue.kind == _HELD:
        await turn.work.session.delete(turn.dialogue)
    if ticket is None or held is None or held.kind != Kind.COMMAND or held.conversation_id != turn.conversation.id:
        return [turn.reply("button-unknown")]
    if held.reason == _DROPPED or turn.pressed.args.get("drop"):
        held.reason = _DROPPED
        return [turn.reply("held-dropped")]
    identity, conversation = await person_of(turn.work, ticket.conversation_id)
    try:
        tickets.check_own(ticket, turn.staff)
    except TicketRefused as refused:
        return _refused(turn, refused)
    words = await conversations.body_of(turn.work, held)
    await conversations.move(turn.work, held, conversation, Kind.AGENT, words, ticket.id)
    queue_words(turn.work, identity, held, Lane.AGENT)
    conversation.version += 1
    tickets.answered(turn.work, ticket, turn.staff)
    tickets.take_in_hand(turn.work, turn.staff, ticket)
    name = await called(turn.work, turn.shop, turn.language, ticket.customer_id)
    return [turn.reply("said", number=str(ticket.number), name=name)]


async def resend(turn: Turn) -> list[Reply]:
    """Send an agent's unconfirmed words once more: an explicit act of whoever has the ticket."""
    assert turn.staff is not None
    written = read_id(str(turn.pressed.args["interaction"]) if turn.pressed else turn.argument)
    known = await turn.work.session.get(Interaction, written) if written is not None else None
    row = (
        await turn.work.session.scalar(
            select(Outbox).where(Outbox.interaction_id == known.id, Outbox.lane == Lane.AGENT)
        )
        if known is not None
        else None
    )
    ticket = await turn.work.session.get(Ticket, known.ticket_id) if known and known.ticket_id else None
    ticket = await seen(turn, ticket)
    if row is None or ticket is None or not row.chat or row.state not in (OutboxState.IN_DOUBT, OutboxState.FAILED):
        return [turn.reply("resend-nothing")]
    if not await touching.may_touch_ticket(turn.work, turn.principal, "ticket.resend", ticket):
        return [turn.reply("ticket-not-yours", number=str(ticket.number))]
    await outbox.resend(turn.work, row)
    audit.enter(turn.work, turn.staff.id, "ticket.resend", f"interaction:{row.interaction_id}")
    return [] if sees_threads(turn) else [turn.reply("resent", number=str(ticket.number))]


async def card(turn: Turn) -> list[Reply]:
    """The card of a ticket again, from the card of its customer."""
    ticket, _rest = await ticket_of(turn)
    if ticket is None or turn.staff is None:
        return no_ticket(turn)
    await audit.look(turn.work, turn.staff.id, "ticket.read", f"ticket:{ticket.number}")
    text = await ticket_card(turn.work, turn.shop, ticket, turn.language, turn.staff.id)
    return [Reply(text=text, titled=True)]


HANDLER = Handler(
    name="agent",
    commands={
        "/queue": ("ticket.queue", queue),
        "/claim": ("ticket.claim", claim),
        "/reply": ("ticket.reply", reply),
        "/note": ("ticket.note", note),
        "/resolve": ("ticket.resolve", resolve),
        "/handon": ("ticket.hand_on", hand_on),
        "/resend": ("ticket.resend", resend),
    },
    acts={
        "ticket.claim": claim,
        "ticket.resolve": resolve,
        "ticket.hand_on": hand_on,
        "ticket.queue": queue,
        "ticket.history": card,
        "ticket.reply": send_held,
        "ticket.resend": resend,
    },
    talk=talk,
)
