"""Reports in the chat: answers, articles, gaps and the audit log in words, customers with a picture, a campaign."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import segment_words
from bot.explaining import percent
from bot.handlers import campaign
from bot.message import Reply
from bot.plotting import draw
from bot.report_words import has_picture, words_of
from bot.turn import Handler, Turn
from crm_core import audit
from crm_core.reports import REPORTS, Report, enter_look, people_of
from crm_core.rules import access
from crm_core.segments import SegmentError

_DAYS = 30
_MOST_DAYS = 3650
_LISTED = 12
_SHOWN = 200  # characters of a segment
_ABOUT_CUSTOMERS = {
    "needs": "report.needs",
    "relationships": "report.relationships",
    "at-risk": "report.relationships",
    "rfm": "report.relationships",
    "replies": "report.relationships",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report about customers that somebody asks for and may read."""

    name: str
    days: int
    segment: str  # only these customers; "" for everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A report that was made before the turn's transaction, and its picture as a PNG if there is anything to see."""

    report: Report
    picture: bytes | None


async def report(turn: Turn) -> list[Reply]:
    """`/report needs`, also of days and of a segment (`/report needs 90 language = zh`); `/report 3` is campaign 3."""
    if isinstance(turn.found, Made):
        return [await _about_customers(turn, turn.found)]
    if isinstance(turn.found, str):
        return [Reply(text=turn.found)]
    name = turn.argument.casefold()
    if name in _REPORTS and _may(turn, name):
        return [await _REPORTS[name](turn)]
    if access.may(turn.role, "campaign.report"):
        return await campaign.report(turn)
    offered = " · ".join(f"/report {each}" for each in (*_REPORTS, *_ABOUT_CUSTOMERS) if _may(turn, each))
    return [turn.reply("report-which", reports=offered)]


def _may(turn: Turn, name: str) -> bool:
    return access.may(turn.role, {**_ABOUT_CUSTOMERS, "audit": "report.audit"}.get(name, "knowledge.report"))


def _wanted(turn: Turn) -> Wanted | None:
    """What is asked for; None when it is no report about customers, or not for this colleague."""
    name, _, rest = turn.argument.partition(" ")
    name = name.casefold().replace("_", "-")
    if name not in _ABOUT_CUSTOMERS or not _may(turn, name):
        return None
    first, _, more = rest.strip().partition(" ")
    if not (first.isascii() and first.isdigit()):
        return Wanted(name=name, days=_DAYS, segment=rest.strip())
    return Wanted(name=name, days=min(max(int(first[:5]), 1), _MOST_DAYS), segment=more.strip())


async def _make_ahead(turn: Turn) -> Callable[[], Any] | None:
    """Reads the report with no lock on the records, and draws it beside the counter's loop."""
    wanted = _wanted(turn)
    if wanted is None:
        return None
    midnight = turn.work.now.astimezone(ZoneInfo(turn.shop.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    since, kind, people = midnight - timedelta(days=wanted.days - 1), REPORTS[wanted.name], None
    assert kind.make_of is not None
    if wanted.segment:
        try:
            people = await people_of(turn.work, wanted.segment, turn.shop.zone)
        except SegmentError as error:
            problem = segment_words.problem(turn.say, error)
            return lambda: problem
    made = await kind.make_of(turn.work, since, people)
    return lambda: asyncio.to_thread(_drawn, made)


def _drawn(made: Report) -> Made:
    return Made(report=made, picture=draw(made.chart) if made.chart is not None and has_picture(made) else None)


async def _about_customers(turn: Turn, made: Made) -> Reply:
    wanted = _wanted(turn)
    assert wanted is not None
    assert turn.staff is not None
    lines = words_of(turn.say, wanted.name, made.report, wanted.days)
    if wanted.segment:
        lines.insert(1, turn.say("report-of-segment", segment=wanted.segment[:_SHOWN]))
    enter_look(turn.work, turn.staff.id, REPORTS[wanted.name], made.report)
    if wanted.name == "at-risk":
        numbered = [row[0] for row in made.report.rows if row[0] is not None]
        if numbered and access.may(turn.role, "customer.show"):
            lines.append(turn.say("risk-open", number=str(numbered[0])))
    picture = await turn.keep(f"{wanted.name}.png", made.picture) if made.picture is not None else None
    return Reply(text="\n".join(lines), titled=True, attachment=picture)


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


async def _audit(turn: Turn) -> Reply:
    """Who did and saw what, by the names that acts have in the audit log."""
    assert turn.staff is not None
    found = await REPORTS["audit"].make(turn.work, turn.work.now - timedelta(days=_DAYS))
    audit.enter(turn.work, turn.staff.id, "report.audit", "report:audit")
    lines = [turn.say("report-audit-title", days=_DAYS)]
    for who, act, times, subjects, last in found.rows[:_LISTED]:
        at = f"{last.astimezone(ZoneInfo(turn.shop.zone)):%Y-%m-%d %H:%M}"
        name = who or turn.say("report-audit-command-line")
        lines.append(turn.say("report-audit-line", who=name, act=act, times=times, subjects=subjects, last=at))
    if len(lines) == 1:
        lines.append(turn.say("report-empty"))
    return Reply(text="\n".join(lines), titled=True)


_REPORTS = {"answers": _answers, "articles": _articles, "gaps": _gaps, "audit": _audit}

HANDLER = Handler(name="report", commands={"/report": ("report", report)}, ahead={"report": _make_ahead})
