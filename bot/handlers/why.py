"""Why the bot did what it did with a question, and what it would say to words of one's own."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.explaining import explain, would_say
from bot.handlers.agent import no_ticket, ticket_of
from bot.message import Reply
from bot.tell import person_of
from bot.turn import Handler, Turn
from crm_core import audit, conversations
from crm_core.models import Interaction, Ticket
from crm_core.storage.ids import read_id
from knowledge_base import Match
from knowledge_base.asides import told_apart


@dataclass(frozen=True, slots=True)
class Looked:
    """A customer's question, looked at with the articles as they are now."""

    interaction_id: int
    words: str
    language: str
    match: Match


async def question(turn: Turn) -> tuple[Ticket | None, Interaction | None, str]:
    """The ticket that is meant, the question to it, and the words that remain.

    The question is the one that is named by its id, as the desk page does, else what the ticket is about.
    """
    ticket, words = await ticket_of(turn)
    if ticket is None:
        return None, None, words
    first, _, rest = words.partition(" ")
    written = read_id(first)
    if written is not None:
        one = await turn.work.session.get(Interaction, written)
        if one is not None and one.conversation_id == ticket.conversation_id and one.decision is not None:
            return ticket, one, rest.strip()
    return ticket, await conversations.question_of(turn.work, ticket), words


async def look(turn: Turn) -> Callable[[], Looked] | None:
    """Match the ticket's question again, with no transaction open."""
    ticket, asked, _words = await question(turn)
    if ticket is None or asked is None:
        return None
    words = await conversations.body_of(turn.work, asked)
    identity, _conversation = await person_of(turn.work, ticket.conversation_id)
    language, asked_id = turn.shop.texts.spoken(identity.language), asked.id
    return lambda: Looked(asked_id, words, language, turn.shop.articles.match(words, language))


async def why(turn: Turn) -> list[Reply]:
    """`/why` or the button: what the bot made of a ticket's question, and why."""
    ticket, asked, _words = await question(turn)
    if ticket is None:
        return no_ticket(turn)
    looked = turn.found
    if asked is None or not isinstance(looked, Looked) or looked.interaction_id != asked.id:
        return [turn.reply("why-nothing", number=str(ticket.number))]
    assert turn.staff is not None
    await audit.look(turn.work, turn.staff.id, "ticket.why", f"ticket:{ticket.number}")
    lines = [
        turn.say("why-title", number=str(ticket.number)),
        *explain(turn.shop.texts, turn.language, looked.match, looked.words, asked),
        turn.say("why-now"),
    ]
    return [Reply(text="\n".join(lines), titled=True)]


async def look_ask(turn: Turn) -> Callable[[], Match] | None:
    """Match words of a colleague's own."""
    words, language = turn.argument, turn.language
    return (lambda: told_apart(turn.shop.articles.match(words, language), words)) if words else None


async def ask(turn: Turn) -> list[Reply]:
    """`/ask words`: what a customer who wrote this would get, and why."""
    if not isinstance(turn.found, Match):
        return [turn.reply("ask-empty")]
    match = turn.found
    said = would_say(turn.shop.texts, turn.language, match)
    lines = explain(turn.shop.texts, turn.language, match, turn.argument)
    return [Reply(text="\n".join((turn.say("ask-title"), said, "", *lines)), titled=True)]


HANDLER = Handler(
    name="why",
    commands={"/why": ("ticket.why", why), "/ask": ("knowledge.ask", ask)},
    acts={"ticket.why": why},
    ahead={"ticket.why": look, "knowledge.ask": look_ask},
)
