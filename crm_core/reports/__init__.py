"""Reports: one file = one read-only report; chat, API and command line all list this registry."""

from crm_core.reports import answers, articles, campaigns, deliveries, gaps, questions, tickets
from crm_core.reports.base import Report, ReportKind

__all__ = ["REPORTS", "Report", "ReportKind"]

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
    )
}
