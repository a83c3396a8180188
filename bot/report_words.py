"""Reports about customers in words: what the letters of a picture stand for, and who is at risk."""

from collections.abc import Callable
from typing import Any

from bot.plotting import LETTERS
from crm_core.models import Stage
from crm_core.reports import Report

Say = Callable[..., str]
"""A sentence by its key and values, in the reader's language."""

_TITLE = 40  # characters of an article's title, so that a caption stays within the 1,024 that Telegram takes
_FEW = 3
_GAPS = 5
_LISTED = 12
_Row = dict[str, Any]


def words_of(say: Say, name: str, report: Report, days: int) -> list[str]:
    """The lines of a report, the first one its title."""
    rows = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
    lines = _KINDS[name](say, report, rows, days)
    return lines if len(lines) > 1 else [*lines, say("report-empty")]


def has_picture(report: Report) -> bool:
    """Whether there is anything to see in the report's chart."""
    chart = report.chart
    if chart is None:
        return False
    return bool(chart.series) if chart.kind == "bars" else any(any(one.values) for one in chart.series)


# ---- needs ----


def _needs(say: Say, report: Report, rows: list[_Row], days: int) -> list[str]:
    lines = [say("needs-title", days=days)]
    if not rows:
        return lines
    topics = _topics(rows)
    asked, before = (sum(one[name] for one in topics.values()) for name in ("asked", "before"))
    unanswered = sum(one["asked"] for one in topics.values() if not one["answered"])
    lines.append(say("needs-total", asked=asked, before=before, unanswered=unanswered))
    drawn = [one.name for one in report.chart.series] if report.chart else []
    for letter, key in zip(LETTERS, drawn, strict=False):
        one = topics[key]
        line = "needs-line-rising" if one["rising"] else "needs-line"
        lines.append(say(line, letter=letter, topic=_label(say, one), asked=one["asked"], before=one["before"]))
    rest = [one for key, one in topics.items() if key not in drawn and one["rising"]]
    if rest:
        lines.append(say("needs-rising", topics=_listed(say, rest[:_FEW])))
    open_ones = [one for one in topics.values() if not one["answered"] and one["asked"]]
    if open_ones:
        lines.append(say("needs-unanswered", topics=_listed(say, open_ones[:_GAPS])))
    return lines


def _topics(rows: list[_Row]) -> dict[str, _Row]:
    """Topics with their languages together, the most asked first."""
    found: dict[str, _Row] = {}
    for row in rows:
        key = f"{row['kind']}:{row['topic']}"
        one = found.setdefault(key, {**row, "asked": 0, "before": 0, "rising": False})
        one["asked"] += row["asked"]
        one["before"] += row["before"]
        one["rising"] |= row["rising"]
        one["title"] = one["title"] or row["title"]
    return dict(sorted(found.items(), key=lambda item: -item[1]["asked"]))


def _label(say: Say, topic: _Row) -> str:
    if topic["kind"] == "article":
        title = str(topic["title"] or topic["topic"])
        return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
    return say("needs-gap", number=topic["topic"]) if topic["kind"] == "gap" else say("needs-unsorted")


def _listed(say: Say, topics: list[_Row]) -> str:
    return " · ".join(f"{_label(say, one)} {one['asked']}" for one in topics)


# ---- stages ----


def _relationships(say: Say, _report: Report, rows: list[_Row], days: int) -> list[str]:
    lines = [say("stages-title", days=days)]
    if not any(row["customers"] or row["left"] for row in rows):
        return lines
    for letter, row in zip(LETTERS, rows, strict=False):
        lines.append(
            say(
                "stages-line",
                letter=letter,
                stage=stage_word(say, row["stage"]),
                customers=row["customers"],
                before=row["at_the_start"],
                entered=row["entered"] + row["new"],
                left=row["left"],
            )
        )
    moves = [(row[f"from_{before}"], before, row["stage"]) for row in rows for before in Stage]
    most = sorted((one for one in moves if one[0]), reverse=True)[:_FEW]
    if most:
        told = [f"{stage_word(say, before)} → {stage_word(say, after)} {number}" for number, before, after in most]
        lines.append(say("stages-moves", moves=" · ".join(told)))
    return lines


def stage_word(say: Say, stage: str) -> str:
    """A stage as people call it."""
    return say(f"stage-{stage.replace('_', '-')}")


# ---- at risk ----


def _at_risk(say: Say, _report: Report, rows: list[_Row], _days: int) -> list[str]:
    lines = [say("risk-title", count=len(rows))]
    for row in rows[:_LISTED]:
        key = "risk-in-touch" if row["reason"] == "in_touch" else "risk-quiet"
        known = {} if row["usual_days"] is None else {"usual": row["usual_days"]}
        lines.append(
            say(
                key if known else f"{key}-only",
                number=str(row["number"] or "–"),
                quiet=row["quiet_days"] or 0,
                orders=row["orders"],
                spent=" + ".join(row["spent"]),
                **known,
            )
        )
    if len(rows) > _LISTED:
        lines.append(say("risk-more", count=len(rows) - _LISTED))
    return lines


# ---- RFM ----


def _rfm(say: Say, _report: Report, rows: list[_Row], _days: int) -> list[str]:
    lines = [say("rfm-title")]
    whole = sum(row["customers"] for row in rows)
    if not whole:
        return lines
    best = sum(row["customers"] for row in rows if row["recency"] >= 4 and row["frequency"] >= 4)
    slipping = sum(row["customers"] for row in rows if row["recency"] <= 2 and row["frequency"] >= 4)
    return [*lines, say("rfm-axes"), say("rfm-sums", whole=whole, best=best, slipping=slipping)]


# ---- replies ----


def _replies(say: Say, report: Report, rows: list[_Row], days: int) -> list[str]:
    lines = [say("replies-title", days=days)]
    whole, by_stage = rows[0], {row["stage"]: row for row in rows[1:] if row["language"] == "all"}
    if whole["bot_replies"]:
        seconds = {"median": whole["bot_median_seconds"], "most": whole["bot_p90_seconds"]}
        lines.append(say("replies-bot", count=whole["bot_replies"], **seconds))
    if whole["tickets"]:
        lines.append(say("replies-tickets", tickets=whole["tickets"], answered=whole["answered"]))
    if whole["answered"]:
        minutes = {"median": whole["person_median_minutes"], "most": whole["person_p90_minutes"]}
        lines.append(say("replies-person", **minutes))
    for letter, one in zip(LETTERS, report.chart.series if report.chart else (), strict=False):
        row = by_stage[one.name]
        minutes = {"median": row["person_median_minutes"], "most": row["person_p90_minutes"]}
        stage = stage_word(say, row["stage"])
        lines.append(say("replies-line", letter=letter, stage=stage, answered=row["answered"], **minutes))
    return lines


_KINDS: dict[str, Callable[[Say, Report, list[_Row], int], list[str]]] = {
    "needs": _needs,
    "relationships": _relationships,
    "at-risk": _at_risk,
    "rfm": _rfm,
    "replies": _replies,
}
