"""Staff: invites, sessions and who is on the desk."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from crm_core import audit
from crm_core.models import DESK_ROLES, Identity, Invite, Staff, WebSession
from crm_core.storage.ids import new_id
from crm_core.work import Work

INVITE_TERM = timedelta(hours=24)
SESSION_TERM = timedelta(days=30)


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(work: Work, role: str, name: str) -> str:
    """A one-time token by which somebody becomes staff within 24 h; it is shown once and stored hashed."""
    token = secrets.token_urlsafe(24)
    work.session.add(
        Invite(id=new_id(), token_hash=hash_token(token), role=role, name=name, expires_at=work.now + INVITE_TERM)
    )
    audit.enter(work, None, "staff.invite", role)
    return token


async def use_invite(work: Work, token: str, identity_id: int) -> Staff | None:
    """Redeem a token for a new staff member; None when it is unknown, used or expired. One winner, however many try."""
    taken = await work.session.execute(
        update(Invite)
        .where(Invite.token_hash == hash_token(token), Invite.used_at.is_(None), Invite.expires_at > work.now)
        .values(used_at=work.now, used_by=identity_id)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult
        return None
    found = await work.session.scalar(select(Invite).where(Invite.token_hash == hash_token(token)))
    assert found is not None
    staff = Staff(id=new_id(), name=found.name, role=found.role, created_at=work.now)
    work.session.add(staff)
    audit.enter(work, staff.id, "staff.join", found.role)
    return staff


def open_session(work: Work, identity_id: int) -> str:
    """A new browser session for an identity; returns the cookie's value, which is stored hashed."""
    token = secrets.token_urlsafe(32)
    work.session.add(
        WebSession(
            id=new_id(),
            token_hash=hash_token(token),
            identity_id=identity_id,
            created_at=work.now,
            expires_at=work.now + SESSION_TERM,
        )
    )
    return token


async def session_identity(work: Work, token: str) -> Identity | None:
    """Whom a browser may speak for; None when its session is unknown or over."""
    statement = (
        select(Identity)
        .join(WebSession, WebSession.identity_id == Identity.id)
        .where(WebSession.token_hash == hash_token(token), WebSession.expires_at > work.now)
    )
    return await work.session.scalar(statement)


async def on_the_desk(work: Work) -> Sequence[Staff]:
    """Everybody who works tickets."""
    statement = select(Staff).where(Staff.role.in_(DESK_ROLES), Staff.revoked_at.is_(None)).order_by(Staff.id)
    return (await work.session.scalars(statement)).all()


async def by_name(work: Work, name: str) -> Staff | None:
    """The desk colleague with this name (case aside)."""
    colleagues = await work.session.scalars(
        select(Staff).where(Staff.role.in_(DESK_ROLES), Staff.revoked_at.is_(None)).order_by(Staff.id)
    )
    wanted = name.strip().lstrip("@").casefold()
    return next((one for one in colleagues if one.name.casefold() == wanted), None)
