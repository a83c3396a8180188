"""Who may do what: denied unless this one table says otherwise."""

from crm_core.models.people import DESK_ROLES, Role

_EVERYBODY = frozenset(Role)
_CUSTOMER = frozenset({Role.CUSTOMER})
_DESK = frozenset(DESK_ROLES)
_MARKETING = frozenset({Role.MARKETER, Role.ADMIN})
_SUPERVISING = frozenset({Role.SUPERVISOR, Role.ADMIN})

ACTS: dict[str, frozenset[Role]] = {
    "start": _EVERYBODY,
    "help": _EVERYBODY,
    "language": _EVERYBODY,
    "ask": _CUSTOMER,
    "ask.article": _CUSTOMER,
    "ask.helped": _CUSTOMER,
    "ask.person": _CUSTOMER,
    "ticket.status": _CUSTOMER,
    "ticket.rate": _CUSTOMER,
    "order.list": _CUSTOMER,
    "consent.subscribe": _CUSTOMER,
    "consent.stop": _CUSTOMER,
    "identity.continue": _CUSTOMER,
    "identity.link": _CUSTOMER,
    "ticket.queue": _DESK,
    "ticket.claim": _DESK,
    "ticket.reply": _DESK,
    "ticket.note": _DESK,
    "ticket.resolve": _DESK,
    "ticket.hand_on": _DESK,
    "ticket.take_over": _SUPERVISING,
    "ticket.resend": _DESK,
    "ticket.history": _DESK,
    "ticket.why": _DESK,
    "order.show": _DESK,
    "customer.show": _DESK,
    "customer.reveal": _DESK,
    "customer.timeline": _DESK,
    "customer.notes": _DESK,
    "customer.tags": _DESK,
    "customer.edit": _DESK,
    "merge": _DESK,
    "merge.show": _DESK,
    "merge.do": _DESK,
    "merge.decline": _DESK,
    "merge.undo": _DESK,
    "knowledge.ask": _DESK,
    "knowledge.judge": _DESK,
    "knowledge.teach": _DESK,
    "knowledge.propose": _DESK,
    "knowledge.approve": _DESK,
    "knowledge.reject": _DESK,
    "gap.list": _DESK,
    "gap.close": _SUPERVISING,
    "article.show": _SUPERVISING,
    "article.publish": _SUPERVISING,
    "article.archive": _SUPERVISING,
    "article.restore": _SUPERVISING,
    "synonyms": _SUPERVISING,
    "knowledge.report": _DESK,
    "report": _DESK | _MARKETING,
    "report.needs": _DESK | _MARKETING,
    "report.relationships": _SUPERVISING | _MARKETING,
    "segment.list": _MARKETING | _SUPERVISING,
    "segment.names": _SUPERVISING,
    "segment.save": _MARKETING,
    "segment.delete": _MARKETING,
    "campaign.list": _MARKETING,
    "campaign.new": _MARKETING,
    "campaign.talk": _MARKETING,
    "campaign.send": _MARKETING,
    "campaign.pause": _MARKETING,
    "campaign.resume": _MARKETING,
    "campaign.cancel": _MARKETING,
    "campaign.report": _MARKETING,
}


def may(role: str, act: str) -> bool:
    """Whether somebody with this role may do this act; an act that the table does not know is denied to all."""
    return Role(role) in ACTS.get(act, frozenset())
