"""Which tickets and customers somebody reaches: the table of `rules.access`, asked of the records."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from crm_core.models import Role, Staff, Ticket
from crm_core.rules import access
from crm_core.rules.access import Principal, Scope, Touched
from crm_core.work import Work


def tickets_within(principal: Principal, act: str) -> ColumnElement[bool]:
    """The condition on tickets that `rules.access.may_touch` is on one of them."""
    scope = access.reach(principal, act)
    if scope is None:
        return false()
    if scope is Scope.ALL:
        return true()
    own = Ticket.assignee_id == principal.id
    if scope is Scope.OWN:
        return own
    waiting = and_(Ticket.assignee_id.is_(None), Ticket.team.in_({"", principal.team}))
    if scope is Scope.QUEUE or not principal.team:
        return or_(own, waiting)
    teammates = select(Staff.id).where(Staff.team == principal.team)
    taken = and_(Ticket.assignee_id.is_not(None), or_(Ticket.team == principal.team, Ticket.assignee_id.in_(teammates)))
    return or_(own, waiting, taken)


async def may_touch_ticket(work: Work, principal: Principal, act: str, ticket: Ticket) -> bool:
    """Whether this colleague may do this act to this ticket."""
    holder = await work.session.get(Staff, ticket.assignee_id) if ticket.assignee_id is not None else None
    touched = Touched(
        customer_id=ticket.customer_id,
        team=ticket.team,
        assignee_id=ticket.assignee_id,
        assignee_team=holder.team if holder is not None else "",
    )
    return access.may_touch(principal, act, touched)


async def customers_within(
    work: Work, principal: Principal, act: str, customer_ids: Collection[int]
) -> Collection[int]:
    """Those of these customers to whom this colleague may do this act: who have, or had, a ticket within reach."""
    scope = access.reach(principal, act)
    if scope is None:
        return set()
    if scope is Scope.ALL:
        return customer_ids
    statement = (
        select(Ticket.customer_id)
        .where(Ticket.customer_id.in_(customer_ids), tickets_within(principal, act))
        .distinct()
    )
    return set(await work.session.scalars(statement))


async def may_touch_customer(work: Work, principal: Principal, act: str, customer_id: int) -> bool:
    """Whether this colleague may do this act to this customer."""
    return customer_id in await customers_within(work, principal, act, [customer_id])


def principal_of(colleague: Staff, sees: Scope) -> Principal:
    """A colleague as the table sees them; `sees` is as far as the shop lets its agents look."""
    return Principal(role=Role(colleague.role), id=colleague.id, team=colleague.team, sees=sees)
