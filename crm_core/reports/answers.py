"""Answers: what was decided, and how often answers were wrong in the random sample that staff judged."""

import math
from collections import Counter
from datetime import datetime

from sqlalchemy import func, select

from crm_core.models import Interaction, Judgement, Kind
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work

_DECISIONS = (("answer", "answered"), ("suggest", "suggested"), ("escalate", "escalated"))
_Z = 1.959964  # 95 % of a normal distribution lie within so many deviations


async def make(work: Work, since: datetime) -> Report:
    """Counts, and shares from 0 to 1; a share of nothing is None.

    The wrong answer rate is that of all judged turns, the escalated ones included, as `wrong_answers_at_most` means it.
    Clicks stand beside it: those who click are not a random sample.
    """
    overall = Counter[str]()
    asked = select(Interaction.decision, func.count()).where(
        Interaction.at >= since, Interaction.kind == Kind.MESSAGE, Interaction.decision.is_not(None)
    )
    for decision, count in (await work.session.execute(asked.group_by(Interaction.decision))).all():
        overall[str(decision)] += count
    sample, judged, wrong = await _sampled(work, since)
    helped = Counter[bool]()
    clicks = select(Interaction.helped, func.count()).where(
        Interaction.at >= since, Interaction.kind == Kind.REPLY, Interaction.helped.is_not(None)
    )
    for yes, count in (await work.session.execute(clicks.group_by(Interaction.helped))).all():
        helped[bool(yes)] += count
    low, high = interval(wrong, judged)
    return Report(
        ("measure", "value"),
        [
            ("messages", overall.total()),
            *_shares("", overall),
            ("drawn to be judged", sample.total()),
            *_shares(" of those drawn", sample),
            ("judged", judged),
            ("wrong answers among the judged", wrong),
            ("wrong answer rate", _share(wrong, judged)),
            ("wrong answer rate at least (95 %)", low),
            ("wrong answer rate at most (95 %)", high),
            ("clicked helped", helped[True]),
            ("clicked not helped", helped[False]),
        ],
    )


async def _sampled(work: Work, since: datetime) -> tuple["Counter[str]", int, int]:
    """Drawn turns by decision; how many were judged, and how many of these got a wrong answer."""
    sample, judged, wrong = Counter[str](), 0, 0
    statement = select(Judgement.decision, Judgement.candidates, Judgement.verdict, Judgement.right_slug).where(
        Judgement.drawn_at >= since
    )
    for decision, candidates, verdict, right in (await work.session.execute(statement)).all():
        sample[decision] += 1
        if verdict in {"article", "none"}:
            judged += 1
            wrong += decision == "answer" and candidates[:1] != [right]
    return sample, judged, wrong


def interval(hits: int, of: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share after Wilson, which holds for few and for none, too; (None, None) of nothing."""
    if not of:
        return None, None
    share, square = hits / of, _Z * _Z
    middle = share + square / (2 * of)
    reach = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    scale = 1 + square / of
    return round(max(0.0, (middle - reach) / scale), 4), round(min(1.0, (middle + reach) / scale), 4)


def _shares(of_what: str, counts: "Counter[str]") -> list[tuple[str, float | None]]:
    return [(f"{word}{of_what}", _share(counts[decision], counts.total())) for decision, word in _DECISIONS]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


REPORT = ReportKind("answers", "what was decided, and how often judged answers were wrong", make)
