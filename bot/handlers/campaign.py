"""The marketer's side: a campaign in a dialogue (texts, audience, dry run, test, when), its progress and its end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import segment_words
from bot.handlers import approvals
from bot.handlers.agent import ticket_here
from bot.message import Button, Reply
from bot.rendering import campaign_buttons, campaign_card
from bot.turn import Handler, Turn
from crm_core import campaigns, saved_segments
from crm_core.campaigns import CampaignRefused, Figures
from crm_core.models import Campaign, CampaignState, Dialogue
from crm_core.segments import SegmentError
from crm_core.storage.ids import read_id

_KIND = "campaign"
_LONGEST = 4000  # characters: what every channel takes in one message
_PREVIEW = 1000  # characters of each text in the review; the test message shows it whole
_FARTHEST = timedelta(days=366)
_Step = Callable[[Turn, str], Awaitable[list[Reply]]]


@dataclass(frozen=True, slots=True)
class Tried:
    """An audience, who of it would get the message and why others would not, and what it means in words."""

    audience: str
    figures: Figures
    meaning: str = ""


async def new(turn: Turn) -> list[Reply]:
    """Begin: the text in the shop's first language."""
    if turn.dialogue is None:
        turn.dialogue = Dialogue(conversation_id=turn.conversation.id)
        turn.work.session.add(turn.dialogue)
    turn.dialogue.kind = _KIND
    _go(turn, "text", {"texts": {}, "left": list(turn.shop.texts.languages)})
    return [_ask_text(turn)]


def _go(turn: Turn, step: str, answers: dict[str, Any]) -> None:
    assert turn.dialogue is not None
    turn.dialogue.step = step
    turn.dialogue.answers = answers
    turn.dialogue.updated_at = turn.work.now


def _ask_text(turn: Turn) -> Reply:
    assert turn.dialogue is not None
    language = turn.dialogue.answers["left"][0]
    name = turn.shop.texts.say(language, "language-name")
    return Reply(
        text=turn.say("campaign-ask-text", language=name),
        buttons=(
            (turn.button("button-skip-language", "campaign.new", choice="skip"),),
            (turn.button("button-drop-campaign", "campaign.new", choice="drop"),),
        ),
    )


async def talk(turn: Turn) -> list[Reply] | None:
    """The next answer of a campaign dialogue."""
    dialogue = turn.dialogue
    if turn.staff is None or dialogue is None or dialogue.kind != _KIND:
        return None
    if turn.incoming.group or await ticket_here(turn) is not None:
        return None  # talk among colleagues, or an answer to a customer
    return await _STEPS[dialogue.step](turn, turn.text)


async def press(turn: Turn) -> list[Reply]:
    """A button of the dialogue; one of an earlier, ended dialogue says so."""
    assert turn.pressed is not None
    dialogue = turn.dialogue
    if "choice" not in turn.pressed.args:
        return await new(turn)
    if dialogue is None or dialogue.kind != _KIND:
        return [turn.reply("dialogue-over")]
    choice = str(turn.pressed.args["choice"])
    if choice == "drop":
        await turn.work.session.delete(dialogue)
        return [turn.reply("campaign-dropped")]
    return await _STEPS[dialogue.step](turn, choice)


async def _text(turn: Turn, words: str) -> list[Reply]:
    assert turn.dialogue is not None
    answers = turn.dialogue.answers
    left = list(answers["left"])
    texts = dict(answers["texts"])
    if turn.pressed is None:
        if not words:
            return [turn.reply("campaign-text-empty")]
        if len(words) > _LONGEST:
            return [turn.reply("campaign-text-long", length=len(words), most=_LONGEST)]
        texts[left[0]] = words
    elif turn.pressed.args["choice"] != "skip":
        return [turn.reply("dialogue-over")]
    left = left[1:]
    if left:
        _go(turn, "text", {"texts": texts, "left": left})
        return [_ask_text(turn)]
    if not texts:
        _go(turn, "text", {"texts": {}, "left": list(turn.shop.texts.languages)})
        return [turn.reply("campaign-no-text"), _ask_text(turn)]
    _go(turn, "audience", {"texts": texts})
    return [_ask_audience(turn)]


def _ask_audience(turn: Turn) -> Reply:
    languages = [
        (
            Button(
                label=turn.say("button-audience-language", language=turn.shop.texts.say(one, "language-name")),
                act="campaign.new",
                args={"choice": f"language:{one}"},
            ),
        )
        for one in turn.shop.texts.languages
    ]
    return Reply(
        text=turn.say("campaign-ask-audience"),
        buttons=(
            (turn.button("button-audience-all", "campaign.new", choice="all"),),
            *languages,
            (turn.button("button-drop-campaign", "campaign.new", choice="drop"),),
        ),
    )


async def _audience(turn: Turn, words: str) -> list[Reply]:
    assert turn.dialogue is not None
    try:
        audience = await campaigns.check_audience(turn.work, words, turn.shop.texts.languages)
    except CampaignRefused as refused:
        return [turn.reply(refused.key, **{name: str(value) for name, value in refused.values.items()})]
    except SegmentError as error:
        return [Reply(text=f"{segment_words.problem(turn.say, error)}\n{turn.say('campaign-audience-how')}")]
    _go(turn, "review", {**turn.dialogue.answers, "audience": audience})
    return [await _review_reply(turn)]


async def look(turn: Turn) -> Callable[[], Tried] | None:
    """Work out who would get it, ahead of the turn that is to show it."""
    dialogue = turn.dialogue
    if dialogue is None or dialogue.kind != _KIND or dialogue.step not in {"audience", "review"}:
        return None
    audience = str(dialogue.answers.get("audience", ""))
    if dialogue.step == "audience":
        words = str(turn.pressed.args.get("choice", "")) if turn.pressed else turn.text
        try:
            audience = await campaigns.check_audience(turn.work, words, turn.shop.texts.languages)
        except (CampaignRefused, SegmentError):
            return None  # the turn says why
    elif turn.pressed is not None and turn.pressed.args.get("choice") != "test":
        return None
    tried = await _try(turn, audience)
    return lambda: tried


async def _try(turn: Turn, audience: str) -> Tried:
    assert turn.dialogue is not None
    figures = await campaigns.dry_run(turn.work, turn.dialogue.answers["texts"], audience, turn.shop.zone)
    if campaigns.is_short(audience):
        return Tried(audience, figures)
    return Tried(audience, figures, segment_words.meaning(turn.say, await saved_segments.read(turn.work, audience)))


async def _review_reply(turn: Turn) -> Reply:
    assert turn.dialogue is not None
    answers = turn.dialogue.answers
    tried = turn.found if isinstance(turn.found, Tried) else None
    if tried is None or tried.audience != answers["audience"]:
        tried = await _try(turn, answers["audience"])
    figures = tried.figures
    _go(turn, "review", {**answers, "count": figures.included})
    lines = [turn.say("campaign-dry-run", count=figures.included, audience=answers["audience"])]
    if tried.meaning:
        lines.append(turn.say("segment-meaning", words=tried.meaning))
    lines += [
        turn.say("campaign-left-out", reason=turn.say(f"left-out-{reason.replace('_', '-')}"), count=count)
        for reason, count in sorted(figures.excluded.items())
    ]
    for language, text in answers["texts"].items():
        shown = text if len(text) <= _PREVIEW else f"{text[:_PREVIEW]}…"
        lines += ["", turn.shop.texts.say(language, "language-name") + ":", shown]
    return Reply(
        text="\n".join(lines),
        titled=True,
        buttons=(
            (turn.button("button-test-send", "campaign.new", choice="test"),),
            (turn.button("button-send-now", "campaign.new", choice="now"),),
            (turn.button("button-send-later", "campaign.new", choice="later"),),
            (turn.button("button-drop-campaign", "campaign.new", choice="drop"),),
        ),
    )


async def _review(turn: Turn, choice: str) -> list[Reply]:
    assert turn.dialogue is not None
    if turn.pressed is None:
        return [await _review_reply(turn)]
    if choice == "test":
        texts = turn.dialogue.answers["texts"].values()
        return [*(Reply(text=text) for text in texts), await _review_reply(turn)]
    if choice == "now":
        return await _plan(turn, turn.work.now)
    if choice == "later":
        _go(turn, "when", turn.dialogue.answers)
        return [turn.reply("campaign-ask-when", zone=turn.shop.zone)]
    return [turn.reply("dialogue-over")]


async def _when(turn: Turn, words: str) -> list[Reply]:
    if turn.pressed is not None:
        return await _review(turn, words)  # a button of the review above, after all
    starts_at = read_time(words, turn.shop.zone)
    if starts_at is None:
        return [turn.reply("campaign-bad-time", text=words[:40], zone=turn.shop.zone)]
    if starts_at < turn.work.now:
        return [turn.reply("campaign-past", text=words[:40])]
    if starts_at > turn.work.now + _FARTHEST:
        return [turn.reply("campaign-far", text=words[:40])]
    return await _plan(turn, starts_at)


def read_time(words: str, zone: str) -> datetime | None:
    """A local time such as "2026-12-01 09:30" in the shop's zone, or an ISO time with its own; None for neither."""
    try:
        found = datetime.fromisoformat(words.strip().replace("：", ":").replace("/", "-"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


async def _plan(turn: Turn, starts_at: datetime) -> list[Reply]:
    assert turn.dialogue is not None
    assert turn.staff is not None
    answers = turn.dialogue.answers
    campaign = await campaigns.plan(
        turn.work,
        texts=dict(answers["texts"]),
        audience=answers["audience"],
        starts_at=starts_at,
        staff_id=turn.staff.id,
        held=int(answers["count"]) >= turn.shop.broadcast_needs_second_from,
    )
    await turn.work.session.delete(turn.dialogue)
    turn.dialogue = None
    if campaign.state == CampaignState.APPROVING:
        args = {"campaign": campaign.number}
        first = await approvals.step_up(turn, "campaign.send", args)
        return [turn.reply("campaign-is-held", number=str(campaign.number)), *(first or [])]
    local = starts_at.astimezone(ZoneInfo(turn.shop.zone)).strftime("%Y-%m-%d %H:%M")
    return [
        Reply(
            text=turn.say("campaign-planned", number=str(campaign.number), at=local, zone=turn.shop.zone),
            buttons=campaign_buttons(turn.shop, campaign, turn.language),
        )
    ]


_STEPS: dict[str, _Step] = {"text": _text, "audience": _audience, "review": _review, "when": _when}


async def _campaign_of(turn: Turn) -> Campaign | None:
    kind, _, written = turn.incoming.thread.partition(":")
    campaign_id = read_id(written)
    if turn.pressed is None and kind == "campaign" and campaign_id is not None:
        return await campaigns.get(turn.work, campaign_id)
    number = read_id(str(turn.pressed.args["campaign"]) if turn.pressed else turn.argument.removeprefix("#"))
    return await campaigns.by_number(turn.work, number) if number is not None else None


async def listing(turn: Turn) -> list[Reply]:
    """The newest campaigns, each with where it stands."""
    found = await campaigns.newest(turn.work)
    rows: tuple[tuple[Button, ...], ...] = ((turn.button("button-new-campaign", "campaign.new"),),)
    if not found:
        return [Reply(text=turn.say("campaigns-none"), buttons=rows)]
    lines = [
        turn.say("campaign-title", number=str(one.number), state=turn.say(f"campaign-{one.state}")) for one in found
    ]
    return [Reply(text="\n".join((turn.say("campaigns-title"), *lines)), titled=True, buttons=rows)]


async def report(turn: Turn) -> list[Reply]:
    """How one campaign stands."""
    campaign = await _campaign_of(turn)
    if campaign is None:
        return [turn.reply("campaign-which")]
    text = await campaign_card(turn.work, turn.shop, campaign, turn.language)
    return [Reply(text=text, titled=True, buttons=campaign_buttons(turn.shop, campaign, turn.language))]


async def _change(turn: Turn, act: str) -> list[Reply]:
    assert turn.staff is not None
    campaign = await _campaign_of(turn)
    if campaign is None:
        return [turn.reply("campaign-which")]
    try:
        if act == "release":
            campaigns.release(turn.work, campaign, turn.staff.id)
        elif act == "pause":
            campaigns.pause(turn.work, campaign, turn.staff.id)
        elif act == "resume":
            await campaigns.resume(turn.work, campaign, turn.staff.id)
        else:
            await campaigns.cancel(turn.work, campaign, turn.staff.id)
    except CampaignRefused as refused:
        state = turn.say(f"campaign-{refused.values['state']}")
        return [turn.reply("campaign-cannot", number=str(campaign.number), state=state)]
    text = await campaign_card(turn.work, turn.shop, campaign, turn.language)
    return [Reply(text=text, titled=True, buttons=campaign_buttons(turn.shop, campaign, turn.language))]


async def send(turn: Turn) -> list[Reply]:
    """Once it was agreed to: a campaign that was held leaves at its time."""
    return await _change(turn, "release")


async def pause(turn: Turn) -> list[Reply]:
    """Let nothing more leave."""
    return await _change(turn, "pause")


async def resume(turn: Turn) -> list[Reply]:
    """Go on."""
    return await _change(turn, "resume")


async def cancel(turn: Turn) -> list[Reply]:
    """End it for good."""
    return await _change(turn, "cancel")


HANDLER = Handler(
    name="campaign",
    commands={
        "/campaigns": ("campaign.list", listing),
        "/campaign_new": ("campaign.new", new),
        "/pause": ("campaign.pause", pause),
        "/resume": ("campaign.resume", resume),
        "/cancel": ("campaign.cancel", cancel),
    },
    acts={
        "campaign.new": press,
        "campaign.send": send,
        "campaign.pause": pause,
        "campaign.resume": resume,
        "campaign.cancel": cancel,
    },
    ahead={"campaign.new": look, "campaign.talk": look},
    talk=talk,
)
