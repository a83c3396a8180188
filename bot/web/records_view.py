"""How rows become what a page shows: each viewer's side of a talk, and the lines of the staff's list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from babel.numbers import format_currency
from babel.numbers import get_currency_precision as decimals_of

from bot.rendering import visitor_code
from bot.turn import Shop as CounterShop
from bot.web.house import Author, WebButton, WebFile, WebMessage, WebThread
from crm_core import conversations
from crm_core.campaigns import Figures
from crm_core.models import (
    Attachment,
    Campaign,
    Interaction,
    Kind,
    Outbox,
    OutboxState,
    Role,
    TicketState,
)
from crm_core.rules import access
from crm_core.threads import Facts, TicketLine
from crm_core.work import Work

CUSTOMER_SEES = (Kind.MESSAGE, Kind.REPLY, Kind.AGENT, Kind.CAMPAIGN, Kind.FOLLOW_UP)
DESK_SEES = (*CUSTOMER_SEES, Kind.NOTE, Kind.EVENT, Kind.PRESS)
HOME_SEES = (Kind.COMMAND, Kind.REPLY)
Side = Literal["customer", "desk", "home"]
STATES = (
    OutboxState.QUEUED,
    OutboxState.IN_FLIGHT,
    OutboxState.SENT,
    OutboxState.FAILED,
    OutboxState.IN_DOUBT,
)
_STYLES: dict[str, Literal["", "quiet", "yes", "no", "primary", "plain", "person"]] = {
    "ask.person": "person",
    "ask.article": "",
    "gap.close": "plain",
    "merge.do": "primary",
    "merge.show": "plain",
    "merge.decline": "plain",
    "identity.link": "primary",
    "knowledge.approve": "primary",
    "knowledge.reject": "plain",
    "article.publish": "primary",
    "article.archive": "plain",
    "article.show": "plain",
    "synonyms": "quiet",
    "ticket.rate": "quiet",
    "order.list": "quiet",
    "language": "quiet",
}
_AUTHORS: dict[str, Author] = {
    Kind.MESSAGE: "customer",
    Kind.PRESS: "customer",
    Kind.REPLY: "bot",
    Kind.AGENT: "agent",
    Kind.NOTE: "note",
    Kind.COMMAND: "you",
    Kind.EVENT: "system",
    Kind.CAMPAIGN: "bot",
    Kind.FOLLOW_UP: "bot",
}
_PREVIEW = 120


class MessageView:
    """Draws the interactions of one conversation for one viewer."""

    def __init__(
        self, work: Work, shop: CounterShop, side: Side, *, address: str, customer: str, language: str
    ) -> None:
        self._work = work
        self._shop = shop
        self._side = side
        self._mark = f"webchat:{address}:"  # what the viewer's own source keys begin with
        self._customer = customer
        self._language = language

    async def draw(
        self,
        rows: Sequence[tuple[Interaction, Outbox | None]],
        names: Mapping[int, str],
        attached: Mapping[int, Attachment],
    ) -> list[WebMessage]:
        """One message per interaction; a second outbox row of the same words (a resend) changes its state only."""
        drawn: dict[int, WebMessage] = {}
        sure: float | None = None  # how sure the matcher was of the question that an answer follows
        for interaction, row in rows:
            if interaction.kind == Kind.MESSAGE:
                sure = interaction.confidence
            message = await self._message(interaction, row, names, attached.get(interaction.id))
            answers = self._side == "desk" and interaction.kind == Kind.REPLY and interaction.article_id is not None
            drawn[interaction.id] = replace(message, sure=sure) if answers else message
        return list(drawn.values())

    async def _message(
        self, one: Interaction, row: Outbox | None, names: Mapping[int, str], attachment: Attachment | None
    ) -> WebMessage:
        author = _AUTHORS[one.kind]
        own = self._side == "customer" and author == "customer"
        return WebMessage(
            id=str(one.id),
            rev=one.rev,
            order=f"{one.id:019d}",
            author="you" if own else author,
            at=one.at,
            name=self._customer if author == "customer" else names.get(one.staff_id or 0, ""),
            text=await conversations.body_of(self._work, one),
            titled=one.titled,
            kind=one.kind,
            event=(one.reason or "") if one.kind == Kind.EVENT else "",
            thread=one.thread if self._side == "home" else "",
            prompt=str(row.buttons["prompt"]) if row is not None and row.buttons else "",
            source=self._title(one.article_id),
            buttons=self._buttons(row),
            pressed=row.pressed if row is not None else None,
            state=self._state(one, row),
            attachment=await self._file(one, attachment),
            client_id=self._client_id(one),
            asked=self._side == "desk" and one.kind == Kind.MESSAGE and _is_question(one),
        )

    def _title(self, article_id: str | None) -> str | None:
        if article_id is None:
            return None
        found = self._shop.articles.find(article_id, self._language)
        return (found.title or found.id) if found else None

    def _buttons(self, row: Outbox | None) -> tuple[tuple[WebButton, ...], ...]:
        """The way to a person stands in the composer always, so below an answer it is left out."""
        if row is None or row.buttons is None or (self._side == "desk"):
            return ()
        below_answer = bool(row.buttons["prompt"]) and self._side == "customer"
        lines, place = [], 0
        for line in row.buttons["rows"]:
            drawn = []
            for button in line:
                if not (below_answer and button["act"] == "ask.person"):
                    data = f"{row.token}.{place}"
                    url = str(button.get("url", ""))
                    drawn.append(WebButton(label=button["label"], data=data, url=url, style=_style(button)))
                place += 1
            lines.append(tuple(drawn))
        return tuple(line for line in lines if line)

    def _state(self, one: Interaction, row: Outbox | None) -> str | None:
        if self._side != "desk" or row is None or one.kind not in (Kind.AGENT, Kind.REPLY, Kind.CAMPAIGN):
            return None
        return str(row.state) if row.state in STATES else None

    async def _file(self, one: Interaction, attachment: Attachment | None) -> WebFile | None:
        if attachment is None:
            return None
        return WebFile(
            kind="photo" if attachment.kind == "photo" else "document",
            file_name=await conversations.file_name_of(self._work, attachment, one.customer_id),
            size=attachment.size,
            url=f"/files/a{attachment.id}",
        )

    def _client_id(self, one: Interaction) -> str | None:
        key = one.source_key or ""
        return key.removeprefix(self._mark) if key.startswith(self._mark) else None


def _is_question(one: Interaction) -> bool:
    reason = one.reason or ""
    return one.decision is not None and not reason.startswith("smalltalk_") and reason not in {"no_words", "empty"}


def _style(button: Mapping[str, Any]) -> Literal["", "quiet", "yes", "no", "primary", "plain", "person"]:
    if button["act"] == "ask.helped":
        return "yes" if button["args"].get("helped") else "no"
    return _STYLES.get(button["act"], "")


def staff_ids(rows: Sequence[tuple[Interaction, Outbox | None]]) -> set[int]:
    """Whose names are needed to draw these."""
    return {one.staff_id for one, _row in rows if one.staff_id is not None}


class ThreadView:
    """Draws the lines of one colleague's list."""

    def __init__(self, work: Work, shop: CounterShop, *, staff_id: int, role: str, language: str) -> None:
        self._work = work
        self._shop = shop
        self._staff_id = staff_id
        self._role = role
        self._language = language

    async def ticket(self, line: TicketLine, facts: Facts) -> WebThread:
        """A ticket: whose it is, who waits since when, and what may be done."""
        ticket = line.ticket
        group = self._group(line)
        name = await self._name(line)
        preview = await conversations.body_of(self._work, line.last) if line.last is not None else ""
        waits = ticket.waiting_since is not None
        return WebThread(
            id=f"ticket:{ticket.id}",
            group=group,
            title=name,
            preview=preview[:_PREVIEW].replace("\n", " "),
            number=ticket.number,
            channel=line.identity.channel,
            language=line.identity.language,
            since=ticket.waiting_since or ticket.changed_at,
            waits=waits,
            state=ticket.state,
            unread=waits and group in ("queue", "mine"),
            assignee=line.assignee.name if line.assignee else "",
            actions=self._actions(group),
            card=self._card(line, facts, name),
        )

    def _group(self, line: TicketLine) -> Literal["queue", "mine", "others", "done"]:
        if line.ticket.state in (TicketState.RESOLVED, TicketState.CLOSED):
            return "done"
        if line.assignee is None:
            return "queue"
        return "mine" if line.assignee.id == self._staff_id else "others"

    async def _name(self, line: TicketLine) -> str:
        name = await conversations.name_of(self._work, line.customer)
        return name or self._shop.texts.say(self._language, "visitor", code=visitor_code(line.customer.id))

    def _actions(self, group: str) -> tuple[str, ...]:
        offered = {
            "queue": (("claim", "ticket.claim"),),
            "mine": (("reply", "ticket.reply"), ("handon", "ticket.hand_on"), ("resolve", "ticket.resolve")),
            "others": (("claim", "ticket.take_over"),),
        }.get(group, ())
        return tuple(action for action, act in offered if access.may(self._role, act))

    def _card(self, line: TicketLine, facts: Facts, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "customer": line.customer.number if access.may(self._role, "customer.show") else None,
            "named": line.customer.name is not None,
            "since": line.customer.created_at.isoformat(),
            "reason": line.ticket.reason,
            "tags": facts.tags,
            "identities": [{"channel": one, "here": one == line.identity.channel} for one in facts.channels],
            "orders": {"count": facts.orders, "total": self._money(facts.totals)},
            "consent": [
                {"purpose": purpose, "given": given, "since": at.isoformat()}
                for purpose, (given, at) in facts.consents.items()
            ],
            "tried": self._tried(facts.tried),
        }

    def _money(self, totals: Mapping[str, int]) -> str:
        return " + ".join(
            format_currency(minor / 10 ** decimals_of(currency), currency, locale=self._language)
            for currency, minor in sorted(totals.items())
        )

    def _tried(self, rows: Collection[Interaction]) -> list[dict[str, Any]]:
        """The bot's last answers by title; questions without one stand with what the matcher decided."""
        found: list[dict[str, Any]] = []
        asked: Interaction | None = None
        for one in rows:
            if one.kind == Kind.MESSAGE:
                asked = one
                if one.decision == "escalate":
                    found.append({"title": "", "confidence": one.confidence, "decision": "escalate"})
            elif one.article_id is not None:
                article = self._shop.articles.find(one.article_id, self._language)
                title = (article.title or article.id) if article else one.article_id
                confidence = asked.confidence if asked is not None else None
                found.append(
                    {"title": title, "confidence": confidence, "decision": asked.decision if asked else "answer"}
                )
                asked = None
        return found[-3:]

    def campaign(self, campaign: Campaign, figures: Figures) -> WebThread:
        """A campaign: where it stands, in figures that are derived from its recipients."""
        text = campaign.texts.get(self._language) or next(iter(campaign.texts.values()), "")
        acts = {
            "approving": ("cancel",),
            "scheduled": ("cancel",),
            "running": ("pause", "cancel"),
            "paused": ("resume", "cancel"),
        }
        allowed = tuple(act for act in acts.get(campaign.state, ()) if access.may(self._role, f"campaign.{act}"))
        return WebThread(
            id=f"campaign:{campaign.id}",
            group="campaigns",
            title=str(text).strip().splitlines()[0][:80] if str(text).strip() else f"#{campaign.number}",
            preview=campaign.audience,
            number=campaign.number,
            since=campaign.starts_at,
            state=campaign.state,
            actions=allowed,
            card={"audience": campaign.audience, "counts": _counts(figures)},
        )


def _counts(figures: Figures) -> dict[str, int]:
    return {
        "recipients": figures.included,
        "sent": figures.sent,
        "waiting": figures.waiting,
        "in_flight": figures.in_flight,
        "suppressed": sum(figures.suppressed.values()),
        "failed": figures.failed,
        "in_doubt": figures.in_doubt,
        "expired": figures.expired,
        "cancelled": figures.cancelled,
        "left_out": sum(figures.excluded.values()),
    }


def campaign_words(campaign: Campaign) -> list[WebMessage]:
    """The texts of a campaign as its thread shows them."""
    return [
        WebMessage(
            id=f"campaign-{campaign.id}-{language}",
            rev=place,
            order=f"{place:019d}",
            author="bot",
            at=campaign.created_at,
            kind="campaign",
            text=str(text),
        )
        for place, (language, text) in enumerate(sorted(campaign.texts.items()), start=1)
    ]


def role_sees_tickets(role: Role | str) -> bool:
    """Whether this role may read tickets and their conversations."""
    return access.may(str(role), "ticket.history")
