"""Who may do what with what: denied unless this one table says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from crm_core.models.people import Role


class Scope(IntEnum):
    """How far somebody reaches; each includes those before."""

    OWN = 1  # a customer's own talk, orders and record; the tickets that a colleague has
    QUEUE = 2  # and tickets that wait for their team or for everybody
    TEAM = 3  # and the tickets of their team and its colleagues
    ALL = 4


SEEING = {"own": Scope.QUEUE, "team": Scope.TEAM, "all": Scope.ALL}  # as `[access] agents_see` says it


class About(StrEnum):
    """What an act is done to, where that decides who may."""

    NOTHING = ""
    TICKET = "ticket"
    CUSTOMER = "customer"  # within reach: who has a ticket within reach


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one act, and how far each of them reaches.

    `step_up`: beyond the role a second person agrees, or where there is none the PIN is asked. `nobody`: somebody of
    whom we know nothing may, too.
    """

    roles: Mapping[Role, Scope]
    about: About = About.NOTHING
    step_up: bool = False
    nobody: bool = False


_CUSTOMER = {Role.CUSTOMER: Scope.OWN}
_OWN_TICKETS = {Role.AGENT: Scope.OWN, Role.SUPERVISOR: Scope.OWN, Role.ADMIN: Scope.OWN}
_WAITING_TICKETS = {Role.AGENT: Scope.QUEUE, Role.SUPERVISOR: Scope.ALL, Role.ADMIN: Scope.ALL}
_DESK = {Role.AGENT: Scope.ALL, Role.SUPERVISOR: Scope.ALL, Role.ADMIN: Scope.ALL}
_SUPERVISING = {Role.SUPERVISOR: Scope.ALL, Role.ADMIN: Scope.ALL}
_MARKETING = {Role.MARKETER: Scope.ALL, Role.ADMIN: Scope.ALL}
_ADMIN = {Role.ADMIN: Scope.ALL}
_STAFF = {**_DESK, **_MARKETING}
_EVERYBODY = {**_CUSTOMER, **_STAFF}

ACTS: dict[str, Rule] = {
    "web.open": Rule(_EVERYBODY, nobody=True),
    "web.chat": Rule(_CUSTOMER),
    "web.desk": Rule(_STAFF),
    "web.file": Rule(_EVERYBODY),
    "start": Rule(_EVERYBODY),
    "help": Rule(_EVERYBODY),
    "language": Rule(_EVERYBODY),
    "pin": Rule(_STAFF),
    "pin.talk": Rule(_STAFF),
    "approval.list": Rule(_SUPERVISING),
    "approval.accept": Rule(_SUPERVISING),
    "approval.decline": Rule(_SUPERVISING),
    "staff.list": Rule(_ADMIN),
    "staff.role": Rule(_ADMIN, step_up=True),
    "staff.revoke": Rule(_ADMIN, step_up=True),
    "ask": Rule(_CUSTOMER),
    "ask.article": Rule(_CUSTOMER),
    "ask.helped": Rule(_CUSTOMER),
    "ask.person": Rule(_CUSTOMER),
    "ticket.status": Rule(_CUSTOMER),
    "ticket.rate": Rule(_CUSTOMER, About.TICKET),
    "order.list": Rule(_CUSTOMER),
    "consent.subscribe": Rule(_CUSTOMER),
    "consent.stop": Rule(_CUSTOMER),
    "privacy": Rule(_CUSTOMER),
    "privacy.export": Rule(_CUSTOMER),
    "privacy.ask_erase": Rule(_CUSTOMER),
    "privacy.erase": Rule(_CUSTOMER),
    "privacy.keep": Rule(_CUSTOMER),
    "identity.continue": Rule(_CUSTOMER),
    "identity.link": Rule(_CUSTOMER),
    "ticket.queue": Rule(_WAITING_TICKETS),
    "ticket.claim": Rule(_WAITING_TICKETS, About.TICKET),
    "ticket.take_over": Rule(_SUPERVISING, About.TICKET),
    "ticket.reply": Rule(_OWN_TICKETS, About.TICKET),
    "ticket.note": Rule(_DESK, About.TICKET),
    "ticket.resolve": Rule(_OWN_TICKETS, About.TICKET),
    "ticket.hand_on": Rule(_OWN_TICKETS, About.TICKET),
    "ticket.resend": Rule({**_OWN_TICKETS, **_SUPERVISING}, About.TICKET),
    "ticket.history": Rule(_DESK, About.TICKET),
    "ticket.why": Rule(_DESK, About.TICKET),
    "order.show": Rule(_DESK, About.CUSTOMER),
    "customer.show": Rule(_DESK, About.CUSTOMER),
    "customer.reveal": Rule(_DESK, About.CUSTOMER),
    "customer.timeline": Rule(_DESK, About.CUSTOMER),
    "customer.notes": Rule(_DESK, About.CUSTOMER),
    "customer.tags": Rule(_DESK, About.CUSTOMER),
    "customer.edit": Rule(_DESK, About.CUSTOMER),
    "customer.export": Rule(_SUPERVISING, About.CUSTOMER, step_up=True),
    "customer.ask_erase": Rule(_SUPERVISING, About.CUSTOMER),
    "customer.erase": Rule(_SUPERVISING, About.CUSTOMER, step_up=True),
    "customer.keep": Rule(_SUPERVISING),
    "merge": Rule(_DESK, About.CUSTOMER),
    "merge.show": Rule(_DESK, About.CUSTOMER),
    "merge.do": Rule(_DESK, About.CUSTOMER),
    "merge.decline": Rule(_DESK, About.CUSTOMER),
    "merge.undo": Rule(_DESK, About.CUSTOMER),
    "knowledge.ask": Rule(_DESK),
    "knowledge.judge": Rule(_DESK),
    "knowledge.teach": Rule(_DESK, About.TICKET),
    "knowledge.propose": Rule(_DESK),
    "knowledge.approve": Rule(_DESK),
    "knowledge.reject": Rule(_DESK),
    "gap.list": Rule(_DESK),
    "gap.close": Rule(_SUPERVISING),
    "article.show": Rule(_SUPERVISING),
    "article.publish": Rule(_SUPERVISING),
    "article.archive": Rule(_SUPERVISING),
    "article.restore": Rule(_SUPERVISING),
    "synonyms": Rule(_SUPERVISING),
    "knowledge.report": Rule(_DESK),
    "report": Rule(_STAFF),
    "report.needs": Rule(_STAFF),
    "report.relationships": Rule({**_SUPERVISING, **_MARKETING}),
    "report.audit": Rule(_ADMIN),
    "segment.list": Rule({**_SUPERVISING, **_MARKETING}),
    "segment.names": Rule(_SUPERVISING),
    "segment.save": Rule(_MARKETING),
    "segment.delete": Rule(_MARKETING),
    "campaign.list": Rule(_MARKETING),
    "campaign.new": Rule(_MARKETING),
    "campaign.talk": Rule(_MARKETING),
    "campaign.send": Rule(_MARKETING, step_up=True),
    "campaign.pause": Rule(_MARKETING),
    "campaign.resume": Rule(_MARKETING),
    "campaign.cancel": Rule(_MARKETING),
    "campaign.report": Rule(_MARKETING),
}


# What the web server opens, and the act that it is. `web.open` writes and shows nothing of anybody.
DOORS = {
    "GET /": "web.open",
    "GET /chat": "web.open",
    "GET /chat/link/{token}": "web.open",
    "POST /chat/link/{token}": "web.open",
    "POST /chat/login": "web.chat",
    "GET /desk/enter/{token}": "web.open",
    "POST /desk/enter/{token}": "web.open",
    "POST /desk/leave": "web.open",
    "GET /healthz": "web.open",
    "GET /readyz": "web.open",
    "GET /metrics": "web.open",
    "POST /chat/upload": "web.chat",
    "SOCKET /chat/socket": "web.chat",
    "GET /files/{file_id}": "web.file",
    "GET /desk": "web.desk",
    "POST /desk/upload": "web.desk",
    "SOCKET /desk/socket": "web.desk",
    "GET /desk/customers": "customer.show",
    "GET /desk/customers/{number}": "customer.show",
    "GET /desk/customers/{number}?reveal=1": "customer.reveal",
    "POST /desk/customers/{number}": "customer.edit",
    "GET /desk/customers/{number}/timeline": "customer.timeline",
}
# What can be read over a socket: the kind of a thread ("" on the customer's page), and the act that reading it is.
TOPICS = {
    "": "web.chat",
    "home": "web.desk",
    "ticket": "ticket.history",
    "campaign": "campaign.list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts. `sees` is as far as the shop lets its agents look; it narrows what the table gives an agent."""

    role: Role
    id: int  # of the customer, or of the colleague
    team: str = ""
    sees: Scope = Scope.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What of a ticket decides who may touch it. Teams are "" for none."""

    customer_id: int
    team: str = ""  # whose queue it waits in
    assignee_id: int | None = None
    assignee_team: str = ""


def may(role: str, act: str) -> bool:
    """Whether somebody with this role may do this act; an act that the table does not know is denied to all."""
    rule = ACTS.get(act)
    return rule is not None and Role(role) in rule.roles


def may_agree(role: str, act: str) -> bool:
    """Whether somebody with this role may be the second person of an act: an admin; a supervisor for what others do."""
    rule = ACTS.get(act)
    return rule is not None and (role == Role.ADMIN or (role == Role.SUPERVISOR and rule.roles.keys() != _ADMIN.keys()))


def reach(principal: Principal, act: str) -> Scope | None:
    """How far somebody reaches by an act; None: they may not do it at all."""
    rule = ACTS.get(act)
    scope = rule.roles.get(principal.role) if rule is not None else None
    if scope is None:
        return None
    return min(scope, principal.sees) if principal.role == Role.AGENT else scope


def may_touch(principal: Principal, act: str, touched: Touched) -> bool:
    """Whether somebody may do this act to this ticket."""
    scope = reach(principal, act)
    return scope is not None and within(principal, scope, touched)


def within(principal: Principal, scope: Scope, touched: Touched) -> bool:
    """Whether a ticket is within this scope of somebody."""
    if scope is Scope.ALL:
        return True
    if principal.role == Role.CUSTOMER:
        return touched.customer_id == principal.id
    if touched.assignee_id is None:
        return scope >= Scope.QUEUE and touched.team in ("", principal.team)
    if touched.assignee_id == principal.id:
        return True
    teams = (touched.team, touched.assignee_team)
    return scope >= Scope.TEAM and principal.team != "" and principal.team in teams
