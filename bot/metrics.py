"""What a monitor reads at /metrics: counts and shares in Prometheus text, nothing about any person."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.app import App
from crm_core.gaps import OPEN
from crm_core.models import ACTIVE, Gap, Inbox, InboxState, Judgement, Outbox, OutboxState, Ticket
from crm_core.work import Work
from knowledge_base.calibration import Calibration

_UNSETTLED = (OutboxState.QUEUED, OutboxState.IN_FLIGHT, OutboxState.IN_DOUBT, OutboxState.FAILED)
_SOURCES = ("shipped", "judged")
_FORWARDED = ("forwarded", "x-forwarded-for")


@dataclass(frozen=True, kw_only=True, eq=False)  # a registry wants a collector that can be hashed
class Figures(Collector):
    """What is counted at one moment."""

    turns: Mapping[str, int] = field(default_factory=dict)  # by decision, since this process started
    calibration: Calibration | None = None
    articles: int = 0
    training_failed_since: datetime | None = None
    outbox: Mapping[str, int] = field(default_factory=dict)  # by state, of what is not settled or failed
    inbox: Mapping[str, int] = field(default_factory=dict)  # by state: received is waiting
    tickets_unclaimed: int = 0
    gaps_open: int = 0
    judgements_open: int = 0

    def collect(self) -> Iterator[Metric]:
        """One family per figure."""
        turns = CounterMetricFamily("frontdesk_turns", "Turns of this process by decision.", labels=["decision"])
        for decision, count in sorted(self.turns.items()):
            turns.add_metric([decision], count)
        yield turns
        yield from self._threshold()
        yield _by_state("frontdesk_outbox_rows", "Messages that are not settled, or failed.", self.outbox, _UNSETTLED)
        waiting = self.inbox.get(InboxState.RECEIVED, 0)
        yield GaugeMetricFamily("frontdesk_inbox_waiting", "Updates that wait for their turn.", waiting)
        aside = self.inbox.get(InboxState.SET_ASIDE, 0)
        yield GaugeMetricFamily("frontdesk_inbox_set_aside", "Updates that failed and wait for the operator.", aside)
        yield GaugeMetricFamily("frontdesk_tickets_unclaimed", "Tickets that nobody has.", self.tickets_unclaimed)
        yield GaugeMetricFamily("frontdesk_articles", "Articles that customers may get.", self.articles)
        yield from self._training()
        yield GaugeMetricFamily("frontdesk_gaps_open", "Gaps that nobody has settled.", self.gaps_open)
        yield GaugeMetricFamily(
            "frontdesk_judgements_open", "Turns that were drawn and wait to be judged.", self.judgements_open
        )

    def _training(self) -> Iterator[Metric]:
        since = self.training_failed_since
        yield GaugeMetricFamily(
            "frontdesk_training_failed", "1 while the matcher could not be trained on its articles.", since is not None
        )
        if since is not None:
            yield GaugeMetricFamily(
                "frontdesk_training_failed_since_seconds", "Unix time of the first failure.", since.timestamp()
            )

    def _threshold(self) -> Iterator[Metric]:
        found = self.calibration
        if found is None:
            return
        yield GaugeMetricFamily("frontdesk_answer_threshold", "Confidence from which the bot answers.", found.threshold)
        source = GaugeMetricFamily(
            "frontdesk_answer_threshold_source",
            "1 for where the threshold comes from.",
            labels=["source"],
        )
        for name in _SOURCES:
            source.add_metric([name], float(name == found.source))
        yield source
        yield GaugeMetricFamily(
            "frontdesk_wrong_answers_wanted", "Share of all messages that may be answered wrongly.", found.target
        )
        yield GaugeMetricFamily("frontdesk_judged_turns", "Judged turns that the threshold rests on.", found.judged)
        if found.realised is not None:
            yield GaugeMetricFamily(
                "frontdesk_wrong_answers_realised", "Share of the judged turns answered wrongly.", found.realised
            )


def _by_state(name: str, about: str, counts: Mapping[str, int], states: tuple[OutboxState, ...]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["state"])
    for state in states:
        family.add_metric([state.value], counts.get(state, 0))
    return family


async def figures_of(app: App) -> Figures:
    """Count what is on record now: a few statements, each over an index."""
    async with app.records.read() as work:
        outbox = (
            select(Outbox.state, func.count())
            .where(Outbox.channel.in_(list(app.channels)), Outbox.state.in_(_UNSETTLED))
            .group_by(Outbox.state)
        )
        inbox = (
            select(Inbox.state, func.count())
            .where(Inbox.state.in_((InboxState.RECEIVED, InboxState.SET_ASIDE)))
            .group_by(Inbox.state)
        )
        unclaimed = select(func.count(Ticket.id)).where(Ticket.state.in_(ACTIVE), Ticket.assignee_id.is_(None))
        gaps = select(func.count(Gap.id)).where(Gap.state == OPEN)
        judgements = select(func.count(Judgement.id)).where(Judgement.verdict.is_(None))
        return Figures(
            turns=dict(app.counter.turns),
            calibration=app.shop.articles.calibration,
            articles=len(app.book),
            training_failed_since=app.book.training_failed_since,
            outbox=await _counts(work, outbox),
            inbox=await _counts(work, inbox),
            tickets_unclaimed=await work.session.scalar(unclaimed) or 0,
            gaps_open=await work.session.scalar(gaps) or 0,
            judgements_open=await work.session.scalar(judgements) or 0,
        )


async def _counts(work: Work, statement: Any) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in (await work.session.execute(statement)).all()}


def text_of(figures: Figures) -> bytes:
    """The figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(figures)
    return generate_latest(registry)


def add_to(web: Starlette, app: App) -> None:
    """Serve /metrics to monitors on this machine or in its private network, and to nobody else."""

    async def metrics(request: Request) -> Response:
        if not _is_near(request):
            raise HTTPException(404)
        return Response(text_of(await figures_of(app)), media_type=CONTENT_TYPE_LATEST)

    web.add_route("/metrics", metrics)


def _is_near(request: Request) -> bool:
    """Whether a monitor asks by itself: what a proxy passes on may come from anywhere."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private
