"""Acts that one colleague does not do alone: who is asked, who may agree, and that what was agreed to is done once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from crm_core import audit
from crm_core.models import Approval, Staff
from crm_core.rules import access
from crm_core.storage.ids import new_id
from crm_core.work import Work

TERM = timedelta(hours=24)
RETURNED = timedelta(days=90)  # so long nobody agrees to the role of who agreed to theirs
ROLE = "staff.role"


class ApprovalRefused(Exception):
    """This cannot be decided, or not by them; `key` names the sentence in the texts."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class SecondPeople:
    """Who may agree to an act, and whether there is somebody who only may not because of who they are."""

    able: Sequence[Staff]
    barred: bool


async def second_people(work: Work, act: str, args: Mapping[str, Any], asker: int) -> SecondPeople:
    """Who could agree to what `asker` wants to do."""
    colleagues = await work.session.scalars(select(Staff).where(Staff.revoked_at.is_(None), Staff.id != asker))
    able, barred = [], False
    for one in colleagues.all():
        if not access.may_agree(one.role, act) or one.id == _subject(act, args):
            continue
        if await _in_return(work, act, args, one.id):
            barred = True
        else:
            able.append(one)
    return SecondPeople(able, barred)


def _subject(act: str, args: Mapping[str, Any]) -> int | None:
    """Which colleague an act is done to."""
    return int(args["staff"]) if act.startswith("staff.") else None


async def _in_return(work: Work, act: str, args: Mapping[str, Any], decider: int) -> bool:
    """Whether the colleague whose role this is about has lately agreed to the decider's own role."""
    if act != ROLE:
        return False
    statement = select(Approval).where(
        Approval.act == ROLE,
        Approval.decided_by == _subject(act, args),
        Approval.accepted.is_(True),
        Approval.decided_at > work.now - RETURNED,
    )
    return any(_subject(ROLE, one.args) == decider for one in await work.session.scalars(statement))


def ask(work: Work, act: str, args: Mapping[str, Any], asker: int) -> Approval:
    """Ask for an act to be agreed to; `args` hold ids and choices, never personal data."""
    row = _row(work, act, args, asker)
    audit.enter(work, asker, "approval.ask", f"approval:{row.id}", wanted=act)
    return row


def grant(work: Work, act: str, args: Mapping[str, Any], asker: int) -> Approval:
    """An act that was agreed to by nobody else, because there is nobody: its asker gave their PIN."""
    row = _row(work, act, args, asker)
    row.accepted, row.decided_at = True, work.now
    audit.enter(work, asker, "approval.pin", f"approval:{row.id}", wanted=act)
    return row


def _row(work: Work, act: str, args: Mapping[str, Any], asker: int) -> Approval:
    row = Approval(id=new_id(), act=act, args=dict(args), asked_by=asker, asked_at=work.now, expires_at=work.now + TERM)
    work.session.add(row)
    return row


async def decide(work: Work, approval_id: int, decider: Staff, *, accepted: bool) -> Approval:
    """A second person's word, once. Raises ApprovalRefused."""
    row = await work.session.get(Approval, approval_id)
    if row is None or row.decided_at is not None or row.expires_at <= work.now:
        raise ApprovalRefused("approval_over")
    asker = await work.session.get(Staff, row.asked_by)
    if asker is None or asker.revoked_at is not None or not access.may(asker.role, row.act):
        raise ApprovalRefused("approval_over")
    if decider.id == row.asked_by or decider.id == _subject(row.act, row.args):
        raise ApprovalRefused("approval_own")
    if not access.may_agree(decider.role, row.act):
        raise ApprovalRefused("not_allowed")
    if accepted and await _in_return(work, row.act, row.args, decider.id):
        raise ApprovalRefused("approval_in_return")
    row.decided_by, row.decided_at, row.accepted = decider.id, work.now, accepted
    act = "approval.accept" if accepted else "approval.decline"
    audit.enter(work, decider.id, act, f"approval:{row.id}", wanted=row.act)
    return row


async def use(work: Work, approval_id: int, act: str, args: Mapping[str, Any], asker: int) -> bool:
    """Do what was agreed to: once, by who asked, and nothing else. False when it does not hold (any more)."""
    row = await work.session.get(Approval, approval_id)
    if row is None or (row.act, row.args, row.asked_by) != (act, dict(args), asker):
        return False
    taken = await work.session.execute(
        update(Approval)
        .where(
            Approval.id == approval_id,
            Approval.accepted.is_(True),
            Approval.done_at.is_(None),
            Approval.expires_at > work.now,
        )
        .values(done_at=work.now)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult


async def waiting(work: Work, limit: int = 20) -> Sequence[Approval]:
    """What waits to be agreed to, oldest first."""
    statement = (
        select(Approval)
        .where(Approval.decided_at.is_(None), Approval.expires_at > work.now)
        .order_by(Approval.id)
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()
