"""A question: answered when the matcher is sure, asked back when it is half sure, else handed to a person."""

from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select

from bot.explaining import title_of
from bot.message import Button, Reply
from bot.tell import alert_desk, copy_to_assignee
from bot.turn import Handler, Turn
from crm_core import conversations, learning, tickets
from crm_core.conversations import Words, record
from crm_core.models import Interaction, Judgement, Kind, Outbox
from knowledge_base import Article, Candidate, Decision, Match
from knowledge_base.asides import AGREED, WANTED

_STILL_THE_QUESTION = timedelta(hours=1)  # what was asked within this time is what a person is wanted for
_DRAWN_A_WEEK = 500  # turns at most that are drawn to be judged, in the whole shop
_MOST_RELATED = 3
_MOST_LINKS = 5
_LONGEST = 4000  # characters of an answer with its files: with the question below it, it fits every channel
_LONGEST_URL = 2000  # characters
_FIRST_TURNS = 4  # after so many turns nobody's words are their first
_SMALL_TALK = {
    "smalltalk_greeting": "talk-greeting",
    "smalltalk_thanks": "talk-thanks",
    "smalltalk_goodbye": "talk-goodbye",
    "smalltalk_abuse": "talk-abuse",
    "smalltalk_ok": "talk-ok",
    "smalltalk_no": "helped-sorry",
    "no_words": "talk-no-words",
    "empty": "talk-no-words",
}


async def talk(turn: Turn) -> list[Reply] | None:
    """Plain words of a customer that nobody else wanted."""
    if turn.staff is not None:
        return None
    match = turn.match
    await speak_their_language(turn)
    if turn.incoming.attachment is not None:
        return await escalate(turn, "attachment")
    if match is None:
        return await escalate(turn, "busy") if turn.text else [_offer_person(turn, "talk-no-words")]
    if match.reason == WANTED:
        return await person(turn)
    if match.reason == AGREED and (meant := await _asked_about(turn)) is not None:
        return [answer_with(turn, meant)]
    if match.reason in _SMALL_TALK:
        return [_offer_person(turn, _SMALL_TALK[match.reason])]
    await _draw(turn, match)
    if match.decision == Decision.ANSWER:
        return [answer_with(turn, match.candidates[0].article)]
    if match.decision == Decision.SUGGEST:
        return [_suggest(turn, match)]
    if match.reason == "one_word":
        return [_offer_person(turn, "talk-one-word")]
    if match.reason == "other_language" and match.candidates:
        return await _only_in_another_language(turn, match.candidates[0])
    return await escalate(turn, match.reason)


async def _draw(turn: Turn, match: Match) -> None:
    """Now and then let staff judge a turn, whatever was decided: only a random sample tells how often the bot errs.

    The more were drawn within the week, the smaller the chance: a busy shop's sample stays small and spread over it.
    """
    shop = turn.shop
    if shop.chance() >= shop.judge_share:
        return
    lately = select(func.count(Judgement.id)).where(Judgement.drawn_at > turn.work.now - timedelta(days=7))
    with turn.work.session.no_autoflush:  # the turns of a batch are written together, at the end
        drawn = await turn.work.session.scalar(lately) or 0
    if shop.chance() >= 1 - drawn / _DRAWN_A_WEEK:
        return
    learning.draw(
        turn.work,
        await turn.file(),
        language=match.language,
        decision=match.decision,
        confidence=turn.confidence,
        candidates=[one.article.id for one in match.candidates],
    )


async def speak_their_language(turn: Turn) -> None:
    """Somebody's first words tell their language better than what their app said of itself."""
    match = turn.match
    if match is not None and match.language != turn.language and await _first_words(turn):
        turn.identity.language = turn.shop.texts.spoken(match.language)
        if turn.customer is not None:
            turn.customer.language = turn.identity.language


async def _first_words(turn: Turn) -> bool:
    """Whether somebody has said nothing yet but /start: then these words tell their language better than a hint."""
    if turn.conversation.version > _FIRST_TURNS:
        return False
    earlier = await conversations.said_by(turn.work, turn.conversation.id, 2, here=True)
    if len(earlier) == 1 and earlier[0].kind == Kind.MESSAGE:
        return (await conversations.body_of(turn.work, earlier[0])).startswith("/start")
    return not earlier


def answer_with(turn: Turn, article: Article) -> Reply:
    """An article's answer with its files and links, "did this help?", what is related, and the way to a person."""
    files = _files(turn, article)
    links = [Button(label=one.label[:60], url=one.url) for one in article.buttons if opens(one.url)]
    related = [turn.shop.articles.find(one, article.language) for one in article.related]
    return Reply(
        text="\n\n".join((article.answer, *(["\n".join(files)] if files else []))),
        article=article.id,
        prompt=turn.say("did-this-help"),
        buttons=(
            (
                turn.button("button-helped", "ask.helped", helped=True),
                turn.button("button-not-helped", "ask.helped", helped=False),
            ),
            *((link,) for link in links[:_MOST_LINKS]),
            *((_choice(one),) for one in [one for one in related if one is not None][:_MOST_RELATED]),
            (turn.button("button-person", "ask.person"),),
        ),
    )


def _files(turn: Turn, article: Article) -> list[str]:
    """The files of an answer, as many as fit into one message beside it."""
    files: list[str] = []
    left = _LONGEST - len(article.answer)
    for one in article.attachments:
        line = turn.say("answer-file", name=one.label, url=one.url)
        left -= len(line) + 2
        if opens(one.url) and left >= 0:
            files.append(line)
    return files


def opens(url: str) -> bool:
    """Whether a link may stand below an answer: http(s) with a full host name. Telegram refuses the message else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and "." in host.strip(".")
        and len(url) <= _LONGEST_URL
        and url.isprintable()
        and " " not in url
    )


async def _only_in_another_language(turn: Turn, candidate: Candidate) -> list[Reply]:
    """Somebody has to say it in the customer's language; the ticket's thread names the article to say it from."""
    found = candidate.article
    replies = await escalate(turn, "other_language", told="ticket-opened-other-language")
    assert turn.ticket is not None
    about = Words(
        kind=Kind.EVENT,
        text=f"{title_of(found)} ({found.id})",
        reason="other_language",
        ticket_id=turn.ticket.id,
    )
    await record(turn.work, turn.conversation, about)
    return replies


def _suggest(turn: Turn, match: Match) -> Reply:
    rows = [(_choice(candidate.article),) for candidate in match.suggestions]
    asked, none = ("is-it-this", "button-not-this") if len(rows) == 1 else ("which-of-these", "button-none-of-these")
    return Reply(text=turn.say(asked), buttons=(*rows, (turn.button(none, "ask.person"),)))


async def _asked_about(turn: Turn) -> Article | None:
    """The only article that the bot asked back with just now: a written yes means it as a press would."""
    newest = select(Outbox).where(Outbox.conversation_id == turn.conversation.id).order_by(Outbox.id.desc()).limit(1)
    row = await turn.work.session.scalar(newest)
    if row is None or row.buttons is None or row.pressed is not None:
        return None
    choices = [one for line in row.buttons["rows"] for one in line]
    if [one["act"] for one in choices] != ["ask.article", "ask.person"]:
        return None
    args = choices[0]["args"]
    return turn.shop.articles.find(str(args["article"]), str(args.get("language", turn.language)))


def _choice(article: Article) -> Button:
    return Button(
        label=title_of(article), act="ask.article", args={"article": article.id, "language": article.language}
    )


def _offer_person(turn: Turn, key: str) -> Reply:
    return turn.reply(key, (turn.button("button-person", "ask.person"),), shop=turn.shop.name)


async def article(turn: Turn) -> list[Reply]:
    """One of the suggestions was chosen."""
    assert turn.pressed is not None
    args = turn.pressed.args
    found = turn.shop.articles.find(str(args["article"]), str(args.get("language", turn.language)))
    if found is None:
        return [_offer_person(turn, "article-gone")]
    return [answer_with(turn, found)]


async def helped(turn: Turn) -> list[Reply]:
    """The customer's word on an answer; the last one counts."""
    assert turn.pressed is not None
    yes = bool(turn.pressed.args["helped"])
    answer = await turn.work.session.get(Interaction, turn.pressed.row.interaction_id)
    if answer is not None:
        answer.helped = yes
    if yes:
        return [turn.reply("helped-thanks")]
    return [_offer_person(turn, "helped-sorry")]


async def person(turn: Turn) -> list[Reply]:
    """A person is wanted: a ticket, at once."""
    if turn.ticket is not None:
        return [turn.reply("ticket-exists", number=str(turn.ticket.number))]
    return await escalate(turn, "asked_for_person")


async def escalate(turn: Turn, reason: str, told: str = "ticket-opened") -> list[Reply]:
    """Open a ticket from this turn, alert the desk, and tell the customer what happens next."""
    first = await turn.file()
    earlier = turn.earlier
    if earlier is not None and reason == "asked_for_person":
        await tickets.reopen(turn.work, turn.conversation, earlier, first)
        turn.ticket = earlier
        await copy_to_assignee(turn.work, earlier, first)
        if earlier.assignee_id is None:
            await alert_desk(turn.work, turn.shop, earlier)
        return [turn.reply("ticket-reopened", number=str(earlier.number))]
    turn.ticket = await tickets.open_ticket(turn.work, turn.conversation, first, reason)
    await alert_desk(turn.work, turn.shop, turn.ticket)
    if reason == "asked_for_person":
        known = await conversations.has_asked(turn.work, turn.conversation.id, _STILL_THE_QUESTION)
        told = "ticket-opened-known" if known else "ticket-opened-asked"
    return [turn.reply(told, number=str(turn.ticket.number))]


HANDLER = Handler(
    name="ask",
    commands={"/agent": ("ask.person", person)},
    acts={"ask.article": article, "ask.helped": helped, "ask.person": person},
    talk=talk,
)
