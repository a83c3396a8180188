"""The customer's side of a ticket: add to it, ask how it stands, reopen it by writing, rate it."""

from bot.message import Button, Reply
from bot.tell import alert_desk, copy_to_assignee, tell_colleague
from bot.turn import Handler, Turn
from crm_core import tickets
from crm_core.models import Staff, Ticket

_SMALL_TALK = ("smalltalk_greeting", "smalltalk_thanks", "smalltalk_goodbye", "smalltalk_abuse", "smalltalk_ok")


async def talk(turn: Turn) -> list[Reply] | None:
    """Words of a customer whose ticket is open, or was resolved within a day."""
    if turn.staff is not None or not (turn.text or turn.incoming.attachment):
        return None
    if turn.ticket is not None:
        return await _add(turn, turn.ticket)
    if turn.match is not None and turn.match.reason in _SMALL_TALK:
        return None
    return await _reopen(turn, turn.earlier) if turn.earlier is not None else None


async def _add(turn: Turn, ticket: Ticket) -> list[Reply]:
    """Words for the agent: no answer from the bot, the agent has the turn."""
    written = await turn.file(ticket=ticket)
    await tickets.customer_wrote(turn.work, ticket, written)
    await copy_to_assignee(turn.work, ticket, written)
    return []


async def _reopen(turn: Turn, ticket: Ticket) -> list[Reply]:
    written = await turn.file(ticket=ticket)
    await tickets.reopen(turn.work, turn.conversation, ticket, written)
    turn.ticket = ticket
    await copy_to_assignee(turn.work, ticket, written)
    if ticket.assignee_id is None:
        await alert_desk(turn.work, turn.shop, ticket)
    return [turn.reply("ticket-reopened", number=str(ticket.number))]


async def status(turn: Turn) -> list[Reply]:
    """How the current ticket stands."""
    ticket = turn.ticket
    if ticket is None:
        return [turn.reply("status-none", (turn.button("button-person", "ask.person"),))]
    if ticket.assignee_id is None:
        minutes = tickets.minutes_waiting(ticket, turn.work.now)
        return [turn.reply("status-queue", number=str(ticket.number), minutes=minutes)]
    holder = await turn.work.session.get_one(Staff, ticket.assignee_id)
    key = "status-waiting" if ticket.waiting_since is None else "status-agent"
    return [turn.reply(key, number=str(ticket.number), name=holder.name)]


def rating_buttons(ticket: Ticket) -> tuple[Button, ...]:
    """One to five stars for a resolved ticket."""
    return tuple(
        Button(label="★" * stars, act="ticket.rate", args={"ticket": ticket.number, "stars": stars})
        for stars in range(1, 6)
    )


async def rate(turn: Turn) -> list[Reply]:
    """The customer rates their resolved ticket."""
    assert turn.pressed is not None
    ticket = await tickets.by_number(turn.work, int(turn.pressed.args["ticket"]))
    if ticket is None or turn.customer is None or ticket.customer_id != turn.customer.id:
        return [turn.reply("button-unknown")]
    stars = int(turn.pressed.args["stars"])
    tickets.rate(turn.work, ticket, stars)
    if ticket.assignee_id is not None:
        await tell_colleague(
            turn.work, turn.shop, ticket.assignee_id, "rated-colleague", number=str(ticket.number), stars=str(stars)
        )
    return [turn.reply("rated")]


HANDLER = Handler(name="ticket", commands={"/status": ("ticket.status", status)}, acts={"ticket.rate": rate}, talk=talk)
