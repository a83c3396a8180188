"""Reports in the chat: how answers, articles and gaps stand; a number is a campaign's."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.explaining import percent
from bot.handlers import campaign
from bot.message import Reply
from bot.turn import Handler, Turn
from crm_core.reports import REPORTS
from crm_core.rules import access

_DAYS = 30
_LISTED = 12


async def report(turn: Turn) -> list[Reply]:
    """`/report answers`, `/report articles`, `/report gaps`; `/report 3` is how campaign 3 stands."""
    name = turn.argument.casefold()
    if name in _REPORTS and access.may(turn.role, "knowledge.report"):
        return [await _REPORTS[name](turn)]
    if access.may(turn.role, "campaign.report"):
        return await campaign.report(turn)
    return [turn.reply("report-which")]


async def _answers(turn: Turn) -> Reply:
    found = await REPORTS["answers"].make(turn.work, turn.work.now - timedelta(days=_DAYS))
    value = dict(found.rows)
    lines = [
        turn.say("report-answers-title", days=_DAYS),
        _decided(turn, value),
        turn.say("report-answers-clicks", helped=value["clicked helped"], not_helped=value["clicked not helped"]),
        turn.say(
            "report-answers-judged",
            drawn=value["drawn to be judged"],
            judged=value["judged"],
            wrong=value["wrong answers among the judged"],
        ),
        *threshold_lines(turn),
    ]
    return Reply(text="\n".join(lines), titled=True)


def _decided(turn: Turn, value: Mapping[str, Any]) -> str:
    if not value["messages"]:
        return turn.say("report-empty")
    shares = {name: percent(value[name]) for name in ("answered", "suggested", "escalated")}
    return turn.say("report-answers-decided", messages=value["messages"], **shares)


def threshold_lines(turn: Turn) -> list[str]:
    """From where on the bot answers by itself, since when it knows, and how often that was wrong."""
    calibration = turn.shop.articles.calibration
    if calibration is None:
        return []
    lines = [
        turn.say(
            f"threshold-{calibration.source}",
            sure=percent(calibration.threshold),
            judged=calibration.judged,
            target=percent(calibration.target),
        )
    ]
    if calibration.realised is not None:
        low, high = calibration.interval
        lines.append(
            turn.say(
                "threshold-realised",
                realised=percent(calibration.realised),
                low=percent(low),
                high=percent(high),
                wrong=calibration.wrong,
                judged=calibration.judged,
            )
        )
    return lines


async def _articles(turn: Turn) -> Reply:
    found = await REPORTS["articles"].make(turn.work, turn.work.now - timedelta(days=_DAYS))
    lines = [turn.say("report-articles-title", days=_DAYS)]
    for row in found.rows[:_LISTED]:
        scores = dict(zip(found.columns, row, strict=True))
        figures = {name: value for name, value in scores.items() if isinstance(value, int)}
        lines += [f"{scores['title'] or scores['article']} ({scores['article']})", turn.say("article-score", **figures)]
    if len(lines) == 1:
        lines.append(turn.say("report-empty"))
    return Reply(text="\n".join(lines), titled=True)


async def _gaps(turn: Turn) -> Reply:
    found = await REPORTS["gaps"].make(turn.work, turn.work.now - timedelta(days=_DAYS))
    lines = [turn.say("report-gaps-title", days=_DAYS)]
    for row in found.rows[:_LISTED]:
        gap = dict(zip(found.columns, row, strict=True))
        lines.append(
            turn.say(
                "report-gap-line",
                number=str(gap["gap"]),
                count=gap["questions"],
                answers=gap["answers"],
                state=turn.say(f"gap-state-{gap['state']}"),
            )
        )
    if len(lines) == 1:
        lines.append(turn.say("report-empty"))
    return Reply(text="\n".join(lines), titled=True)


_REPORTS = {"answers": _answers, "articles": _articles, "gaps": _gaps}

HANDLER = Handler(name="report", commands={"/report": ("report", report)})
