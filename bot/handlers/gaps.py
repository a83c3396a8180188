"""Gaps: what customers ask and no article answers, the most asked first, and what to do about each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.explaining import title_of
from bot.handlers.learning import propose_new, refused
from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import audit, conversations, gaps
from crm_core.gaps import OpenGap
from crm_core.models import Interaction
from crm_core.rules import access
from crm_core.rules.knowledge import KnowledgeRefused
from crm_core.storage.ids import read_id
from knowledge_base import Match
from knowledge_base.gaps import label

_LISTED = 5
_LOOKED_THROUGH = 200  # gaps among which one is found by its number
_SHOWN = 300  # characters of a question or an answer
_CHOICES = 2  # articles that are offered to take the wording


@dataclass(frozen=True, slots=True)
class Typical:
    """A gap's most typical question and what the matcher makes of it now."""

    interaction_id: int
    words: str
    match: Match


async def look(turn: Turn) -> Callable[[], dict[int, Typical]] | None:
    """Find each gap's most typical question, with no transaction open."""
    found = await _meant(turn)
    words = {one.gap.number: await conversations.words_of(turn.work, one.questions) for one in found}
    languages = {one.gap.number: one.gap.language for one in found}
    articles = turn.shop.articles

    def typical() -> dict[int, Typical]:
        chosen = {}
        for number, by_id in words.items():
            if by_id:
                said = label([by_id[one] for one in sorted(by_id)])
                asked = next(one for one, text in by_id.items() if text == said)
                chosen[number] = Typical(asked, said, articles.match(said, languages[number]))
        return chosen

    return typical


async def _meant(turn: Turn) -> Sequence[OpenGap]:
    """The gap with the number that was given, else the most asked ones."""
    written = read_id(turn.argument.split(maxsplit=1)[0].removeprefix("#")) if turn.argument else None
    if written is None:
        return await gaps.open_gaps(turn.work, _LISTED)
    return [one for one in await gaps.open_gaps(turn.work, _LOOKED_THROUGH) if one.gap.number == written]


async def show(turn: Turn) -> list[Reply]:
    """`/gaps`: the most asked ones; `/gaps 3` one of them; `/gaps 3 question`, answer below: an article for it."""
    assert turn.staff is not None
    found = await _meant(turn)
    if not found and turn.argument:
        return [turn.reply("gap-unknown", number=turn.argument.split()[0][:20])]
    if not found:
        return [turn.reply("gaps-none")]
    typical = turn.found if isinstance(turn.found, dict) else {}
    _number, _, written = turn.argument.partition(" ")
    if written.strip() and len(found) == 1:
        return await _article(turn, found[0], written.strip())
    replies = []
    for one in found:
        audit.enter(turn.work, turn.staff.id, "gap.read", f"gap:{one.gap.number}")
        replies.append(await _card(turn, one, typical.get(one.gap.number)))
    return replies


async def _article(turn: Turn, one: OpenGap, written: str) -> list[Reply]:
    asked = await turn.work.session.get(Interaction, one.questions[0]) if one.questions else None
    if asked is None:
        return [turn.reply("gap-unknown", number=str(one.gap.number))]
    question, _, answer = written.partition("\n")
    return await propose_new(turn, asked, one.gap.language, question, answer.strip())


async def _card(turn: Turn, one: OpenGap, typical: Typical | None) -> Reply:
    number = one.gap.number
    lines = [
        turn.say(
            "gap-title",
            number=str(number),
            count=one.count,
            last=f"{one.last.astimezone(ZoneInfo(turn.shop.zone)):%Y-%m-%d}",
        )
    ]
    rows: list[tuple[Button, ...]] = []
    if typical is not None:
        lines.append(turn.say("gap-question", words=typical.words[:_SHOWN]))
        rows += [(_add_to(turn, typical, place),) for place in range(min(_CHOICES, len(typical.match.candidates)))]
    answers = await conversations.words_of(turn.work, one.answers)
    said = [answers[answer][:_SHOWN] for answer in one.answers if answer in answers]
    lines += [turn.say("gap-answer", words=words) for words in said]
    if typical is not None and answers:
        args = {"question": str(typical.interaction_id), "slug": "", "answer": str(max(answers))}
        rows.append((Button(label=turn.say("button-new-article"), act="knowledge.propose", args=args),))
    if not answers:
        lines.append(turn.say("gap-no-answer", number=str(number)))
    if access.may(turn.role, "gap.close"):
        rows.append((turn.button("button-close-gap", "gap.close", gap=number),))
    return Reply(text="\n".join(lines), buttons=tuple(rows), titled=True)


def _add_to(turn: Turn, typical: Typical, place: int) -> Button:
    article = typical.match.candidates[place].article
    args = {"question": str(typical.interaction_id), "slug": article.id, "language": article.language}
    return Button(label=turn.say("button-add-to", title=title_of(article)), act="knowledge.propose", args=args)


async def close(turn: Turn) -> list[Reply]:
    """No article is wanted for this."""
    assert turn.staff is not None
    assert turn.pressed is not None
    try:
        gap = await gaps.close(turn.work, int(turn.pressed.args["gap"]), turn.staff.id)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return [turn.reply("gap-closed", number=str(gap.number))]


HANDLER = Handler(
    name="gaps",
    commands={"/gaps": ("gap.list", show)},
    acts={"gap.close": close},
    ahead={"gap.list": look},
)
