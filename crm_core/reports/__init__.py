"""Reports: one file = one read-only report; chat, API and command line all list this registry."""

from crm_core.reports import (
    answers,
    articles,
    at_risk,
    audit,
    campaigns,
    deliveries,
    gaps,
    needs,
    questions,
    relationships,
    replies,
    rfm,
    tickets,
)
from crm_core.reports.base import Chart, People, Report, ReportKind, Series, enter_look, people_of

__all__ = ["REPORTS", "Chart", "People", "Report", "ReportKind", "Series", "enter_look", "people_of"]

REPORTS: dict[str, ReportKind] = {
    each.name: each
    for each in (
        questions.REPORT,
        tickets.REPORT,
        deliveries.REPORT,
        campaigns.REPORT,
        articles.REPORT,
        gaps.REPORT,
        answers.REPORT,
        needs.REPORT,
        relationships.REPORT,
        at_risk.REPORT,
        rfm.REPORT,
        replies.REPORT,
        audit.REPORT,
    )
}
