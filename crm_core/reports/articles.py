"""Articles: how often each was shown as an answer, and whether it helped."""

from datetime import datetime

from sqlalchemy import func, select

from crm_core import articles
from crm_core.models import Interaction, Kind
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work


async def make(work: Work, since: datetime) -> Report:
    """One row for each article, the most shown first, those never shown at the end; its languages count together."""
    statement = (
        select(Interaction.article_id, Interaction.helped, func.count())
        .where(Interaction.at >= since, Interaction.kind == Kind.REPLY, Interaction.article_id.is_not(None))
        .group_by(Interaction.article_id, Interaction.helped)
    )
    shown: dict[str, dict[bool | None, int]] = {}
    for slug, helped, count in (await work.session.execute(statement)).all():
        shown.setdefault(str(slug), {})[helped] = count
    titles: dict[str, str] = {}
    for row in await articles.everything(work):
        titles.setdefault(row.slug, row.title)
    rows = [
        (slug, titles.get(slug), sum(counts.values()), counts.get(True, 0), counts.get(False, 0))
        for slug in sorted(titles.keys() | shown.keys())
        for counts in (shown.get(slug, {}),)
    ]
    rows.sort(key=lambda row: -row[2])
    return Report(("article", "title", "shown", "helped", "not_helped"), list(rows))


REPORT = ReportKind("articles", "how often each article was shown, and whether it helped", make)
