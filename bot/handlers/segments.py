"""Segments in the chat: the saved ones, trying a question with its count and five of its people, saving, deleting."""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot import segment_words
from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import audit, saved_segments
from crm_core.models import Segment
from crm_core.rules import access
from crm_core.saved_segments import SegmentRefused
from crm_core.segments import SegmentError

_LISTED: Final = 20
_SAMPLE: Final = 5
_NAMED = re.compile(r'([^:："“「<>=!()]{1,80})[:：](.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tried:
    """One question that was asked: what it means, how many it finds, some of them, or what is wrong with it."""

    name: str  # under which it is saved, or is to be; "" for none
    text: str
    problem: str = ""
    count: int = 0
    meaning: str = ""
    people: tuple[str, ...] = ()
    numbers: tuple[int | None, ...] = ()  # of these people


Found = Sequence[Tried] | str


async def look(turn: Turn) -> Callable[[], Found] | None:
    """Count and sample ahead of the turn: that may take longer than anybody may hold the records."""
    found = await _find(turn)
    return lambda: found


async def _find(turn: Turn) -> Found:
    argument = str(turn.pressed.args["segment"]) if turn.pressed else turn.argument
    saved = await saved_segments.listed(turn.work)
    if not argument:
        return [await _counted(turn, one) for one in saved[:_LISTED]]
    by_name = {one.name: one for one in saved}
    if argument in by_name:
        return [await _tried(turn, argument, by_name[argument].text)]
    named = _NAMED.fullmatch(argument)
    if named is not None:
        try:
            name = saved_segments.check_name(named[1])
        except SegmentRefused as refused:
            return turn.say(refused.key, **refused.values)
        return [await _tried(turn, name, named[2].strip())]
    if turn.pressed is not None or re.fullmatch(r"[\w-]+", argument):  # a name, and no question yet
        return _unknown(turn, argument, list(by_name))
    return [await _tried(turn, "", argument)]


def _unknown(turn: Turn, name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return turn.say("segment-none-near", segment=name[:40], near=near[0])
    return turn.say("segment-none", segment=name[:40])


async def _counted(turn: Turn, one: Segment) -> Tried:
    try:
        return Tried(one.name, one.text, count=await saved_segments.count(turn.work, one.text, turn.shop.zone))
    except SegmentError as error:
        return Tried(one.name, one.text, segment_words.problem(turn.say, error))


async def _tried(turn: Turn, name: str, text: str) -> Tried:
    try:
        tree = await saved_segments.read(turn.work, text, saved_as=name)
        count = await saved_segments.count(turn.work, text, turn.shop.zone)
        people = await saved_segments.sample(turn.work, text, _SAMPLE, turn.shop.zone)
    except SegmentError as error:
        return Tried(name, text, segment_words.problem(turn.say, error))
    named = access.may(turn.role, "segment.names")
    lines = [await segment_words.person(turn.work, turn.say, one, named=named) for one in people]
    return Tried(
        name,
        text,
        count=count,
        meaning=segment_words.meaning(turn.say, tree),
        people=tuple(lines),
        numbers=tuple(one.number for one in people),
    )


async def show(turn: Turn) -> list[Reply]:
    """All of them, or the one that was named, or a question to try, or (after a name and a colon) to save."""
    found: Found = turn.found if turn.found is not None else await _find(turn)
    if isinstance(found, str):
        return [Reply(text=found)]
    if turn.argument or turn.pressed:
        return [await _one(turn, found[0])]
    how = turn.say("segments-how")
    if not found:
        return [Reply(text=f"{turn.say('segments-none')}\n{how}")]
    lines = [_line(turn, one) for one in found]
    rows = tuple((Button(label=one.name, act="segment.list", args={"segment": one.name}),) for one in found)
    return [Reply(text="\n".join((turn.say("segments-title"), *lines, "", how)), titled=True, buttons=rows)]


def _line(turn: Turn, one: Tried) -> str:
    if one.problem:
        return f"{one.name}: {one.problem}"
    return turn.say("segment-line", segment=one.name, counted=turn.say("segment-counted", count=one.count))


async def _one(turn: Turn, tried: Tried) -> Reply:
    assert turn.staff is not None
    if tried.problem:
        return Reply(text=f"{tried.text}\n{tried.problem}")
    counted = turn.say("segment-counted", count=tried.count)
    lines = [tried.text, turn.say("segment-meaning", words=tried.meaning), counted]
    if tried.people:
        lines += ["", turn.say("segment-sampled"), *tried.people]
        named = access.may(turn.role, "segment.names")
        subject = f"segment:{tried.name}" if tried.name else "segment"
        audit.enter(turn.work, turn.staff.id, "segment.sample", subject, customers=list(tried.numbers), named=named)
    return Reply(text="\n".join(lines), titled=True, buttons=await _buttons(turn, tried))


async def _buttons(turn: Turn, tried: Tried) -> tuple[tuple[Button, ...], ...]:
    if not tried.name or not access.may(turn.role, "segment.save"):
        return ()
    saved = await saved_segments.by_name(turn.work, tried.name)
    if saved is not None and saved.text == tried.text:
        label = turn.say("button-delete-segment")
        return ((Button(label=label, act="segment.delete", args={"segment": tried.name}),),)
    key = "button-save-segment" if saved is None else "button-replace-segment"
    label = turn.say(key, segment=tried.name)
    return ((Button(label=label, act="segment.save", args={"segment": tried.name, "text": tried.text}),),)


async def save(turn: Turn) -> list[Reply]:
    """Keep the question that was just tried, as it was tried."""
    assert turn.staff is not None
    assert turn.pressed is not None
    args = turn.pressed.args
    try:
        saved = await saved_segments.save(turn.work, str(args["segment"]), str(args["text"]), turn.staff.id)
    except SegmentError as error:
        return [Reply(text=segment_words.problem(turn.say, error))]
    except SegmentRefused as refused:
        return [turn.reply(refused.key, **refused.values)]
    return [turn.reply("segment-saved", segment=saved.name)]


async def delete(turn: Turn) -> list[Reply]:
    """Forget one, unless something needs it."""
    assert turn.staff is not None
    assert turn.pressed is not None
    name = str(turn.pressed.args["segment"])
    try:
        await saved_segments.delete(turn.work, name, turn.staff.id)
    except SegmentRefused as refused:
        return [turn.reply(refused.key, **refused.values)]
    return [turn.reply("segment-deleted", segment=name)]


HANDLER = Handler(
    name="segments",
    commands={"/segments": ("segment.list", show)},
    acts={"segment.list": show, "segment.save": save, "segment.delete": delete},
    ahead={"segment.list": look},
)
