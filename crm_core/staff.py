"""Staff: invites, sessions and who is on the desk."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from crm_core import audit, denials, outbox, tickets
from crm_core.models import DESK_ROLES, Conversation, Identity, Invite, Role, Staff, WebSession
from crm_core.storage.ids import new_id
from crm_core.work import Work

INVITE_TERM = timedelta(hours=24)
SESSION_TERM = timedelta(days=30)
_JOIN = "staff.join"
_LONGEST_TEAM = 40
_MOST_TICKETS = 500


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(work: Work, role: str, name: str) -> str:
    """A one-time token by which somebody becomes staff within 24 h; it is shown once and stored hashed."""
    audit.enter(work, None, "staff.invite", role)
    return _make_invite(work, role, name, None)


def invite_again(work: Work, colleague: Staff) -> str:
    """A one-time token by which a known colleague comes in by another account or browser, as who they are."""
    audit.enter(work, None, "staff.invite_again", str(colleague.id))
    return _make_invite(work, colleague.role, colleague.name, colleague.id)


def _make_invite(work: Work, role: str, name: str, staff_id: int | None) -> str:
    token = secrets.token_urlsafe(24)
    work.session.add(
        Invite(
            id=new_id(),
            token_hash=hash_token(token),
            role=role,
            name=name,
            staff_id=staff_id,
            expires_at=work.now + INVITE_TERM,
        )
    )
    return token


async def use_invite(work: Work, token: str, identity_id: int) -> Staff | None:
    """Redeem a token: a new staff member, or the colleague it was made for. One winner, however many try.

    None when it is unknown, used or expired, or when the colleague has left.
    """
    still_here = select(Staff.id).where(Staff.revoked_at.is_(None))
    taken = await work.session.execute(
        update(Invite)
        .where(
            Invite.token_hash == hash_token(token),
            Invite.used_at.is_(None),
            Invite.expires_at > work.now,
            or_(Invite.staff_id.is_(None), Invite.staff_id.in_(still_here)),
        )
        .values(used_at=work.now, used_by=identity_id)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult
        await denials.deny(work, None, f"identity:{identity_id}", _JOIN)
        return None
    found = await work.session.scalar(select(Invite).where(Invite.token_hash == hash_token(token)))
    assert found is not None
    if found.staff_id is not None:
        audit.enter(work, found.staff_id, "staff.come_in", str(identity_id))
        return await work.session.get_one(Staff, found.staff_id)
    staff = Staff(id=new_id(), name=found.name, role=found.role, created_at=work.now)
    work.session.add(staff)
    audit.enter(work, staff.id, _JOIN, found.role)
    return staff


async def known_identity(work: Work, token: str, channel: str) -> Identity | None:
    """Where the colleague for whom a token was made is known on a channel already."""
    statement = (
        select(Identity)
        .join(Invite, Invite.staff_id == Identity.staff_id)
        .where(Invite.token_hash == hash_token(token), Identity.channel == channel)
        .order_by(Identity.id)
        .limit(1)
    )
    return await work.session.scalar(statement)


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


async def on_the_desk(work: Work, team: str = "") -> Sequence[Staff]:
    """Everybody who works tickets; of a team, as long as somebody is in it."""
    statement = select(Staff).where(Staff.role.in_(DESK_ROLES), Staff.revoked_at.is_(None)).order_by(Staff.id)
    everyone = (await work.session.scalars(statement)).all()
    return [one for one in everyone if team and one.team == team] or everyone


async def teams(work: Work) -> list[str]:
    """The teams that somebody on the desk is in, by name."""
    return sorted({one.team for one in await on_the_desk(work) if one.team})


async def everybody(work: Work) -> Sequence[Staff]:
    """All colleagues who have not left, by name."""
    colleagues = (await work.session.scalars(select(Staff).where(Staff.revoked_at.is_(None)))).all()
    return sorted(colleagues, key=lambda one: (one.name.casefold(), one.name, one.id))  # each database sorts otherwise


class StaffRefused(Exception):
    """This cannot be done to a colleague; `key` names the sentence in the texts."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


async def named(work: Work, words: str) -> list[Staff]:
    """The colleagues who are called so (case aside), or who have this id."""
    wanted = words.strip().lstrip("@").casefold()
    return [one for one in await everybody(work) if wanted in (one.name.casefold(), str(one.id))]


async def change_role(work: Work, colleague: Staff, role: str, by: int | None) -> None:
    """Give a colleague another role, from this commit on; `by` None is the command line. Raises StaffRefused."""
    await _check(work, colleague, by)
    before, colleague.role = colleague.role, Role(role)
    if role not in DESK_ROLES:
        await _give_back(work, colleague)
    await _stir(work, colleague)
    audit.enter(work, by, "staff.role", f"staff:{colleague.id}", before=before, after=colleague.role)


async def revoke(work: Work, colleague: Staff, by: int | None) -> None:
    """A colleague leaves: their sessions, buttons, tickets and waiting messages end with this commit.

    Raises StaffRefused.
    """
    await _check(work, colleague, by)
    colleague.revoked_at = work.now
    colleague.pin_hash = None
    await _give_back(work, colleague)
    theirs = select(Identity.id).where(Identity.staff_id == colleague.id)
    await work.session.execute(delete(WebSession).where(WebSession.identity_id.in_(theirs)))
    await outbox.suppress_for_staff(work, colleague.id)
    await _stir(work, colleague)
    audit.enter(work, by, "staff.revoke", f"staff:{colleague.id}", role=colleague.role)


async def put_in_team(work: Work, colleague: Staff, team: str, by: int | None) -> None:
    """Put a colleague into a team, "" for none."""
    colleague.team = team.strip().casefold()[:_LONGEST_TEAM]
    work.desk_changed = True
    audit.enter(work, by, "staff.team", f"staff:{colleague.id}", team=colleague.team)


async def _check(work: Work, colleague: Staff, by: int | None) -> None:
    if colleague.id == by:
        raise StaffRefused("staff_own")
    if colleague.revoked_at is not None:
        raise StaffRefused("staff_left")
    admins = [one.id for one in await everybody(work) if one.role == Role.ADMIN]
    if admins == [colleague.id]:
        raise StaffRefused("staff_last_admin")


async def _give_back(work: Work, colleague: Staff) -> None:
    """What a colleague has waits for others again, who are reminded of it like of any ticket that waits."""
    for ticket in await tickets.mine(work, colleague.id, _MOST_TICKETS):
        conversation = await work.session.get_one(Conversation, ticket.conversation_id)
        await tickets.hand_on(work, conversation, ticket, colleague, None)
        ticket.alerted_at = None
    colleague.hand_ticket_id = colleague.hand_at = None


async def _stir(work: Work, colleague: Staff) -> None:
    """Their menus and pages are stale."""
    work.desk_changed = True
    identities = await work.session.scalars(select(Identity).where(Identity.staff_id == colleague.id))
    work.menus |= {(one.channel, one.chat) for one in identities}


async def by_name(work: Work, name: str) -> Staff | None:
    """The desk colleague with this name (case aside)."""
    colleagues = await work.session.scalars(
        select(Staff).where(Staff.role.in_(DESK_ROLES), Staff.revoked_at.is_(None)).order_by(Staff.id)
    )
    wanted = name.strip().lstrip("@").casefold()
    return next((one for one in colleagues if one.name.casefold() == wanted), None)
