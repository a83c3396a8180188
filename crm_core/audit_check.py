"""Checking the audit log: walks chain and entries, beside the anchors that were kept elsewhere, to the first break."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Select, Text, func, select, type_coerce

from crm_core import audit
from crm_core.audit_chain import ENTRY, Anchor, Fields
from crm_core.models import AuditEntry, AuditLink
from crm_core.rules.chaining import GENESIS, hash_of_entry, hash_of_link
from crm_core.storage.types import microseconds
from crm_core.work import Work

_AT_ONCE = 1000
_SLACK = timedelta(minutes=5)  # by which clocks of replicas may differ, and a transaction may last
_SOON = timedelta(minutes=1)  # by when an entry has its link while Frontdesk runs


class Wrong(StrEnum):
    """What is wrong where the chain breaks."""

    EDITED = "edited"  # the entry does not say what it said when it was linked
    DELETED = "deleted"  # the entry, or the link, is gone before its time
    INSERTED = "inserted"  # the entry was not there yet when an anchor later than it was kept
    REORDERED = "reordered"  # the entry is as it was, and its link does not follow the one before
    TRUNCATED = "truncated"  # an anchor is past the end of the chain
    REWRITTEN = "rewritten"  # the chain is whole in itself and is not the one of the anchor


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken link; entry_id is None where there is none to name."""

    what: Wrong
    seq: int
    entry_id: int | None


@dataclass(slots=True)
class Verdict:
    """What a check found."""

    links: int = 0  # links that were walked and hold
    entries: int = 0  # entries that are as they were linked
    expired: int = 0  # entries that were removed when their time was over
    waiting: int = 0  # entries older than a minute that have no link yet
    anchors: int = 0  # anchors that the chain agrees with
    unreadable: int = 0  # lines of the anchor file that are no anchors
    last_hash: str = GENESIS
    broken: Break | None = None


@dataclass(slots=True)
class _Anchors:
    """The anchors in order of their numbers, and the newest time among those that were passed."""

    rest: list[Anchor] = field(default_factory=list)  # reversed: the next is the last
    passed_at: int = 0  # microseconds; entries from well before it are linked by now

    def agree(self, seq: int, hashed: str) -> int | None:
        """How many anchors stand at this link, None when one of them says another hash."""
        count = 0
        while self.rest and self.rest[-1].seq == seq:
            one = self.rest.pop()
            if one.hash != hashed:
                return None
            self.passed_at = max(self.passed_at, microseconds(one.at - _SLACK))
            count += 1
        return count


async def verify(work: Work, anchors: Iterable[Anchor | None] = ()) -> Verdict:
    """Walk the whole chain in one snapshot, a thousand links at a time, up to its first break.

    What was removed or changed behind the last anchor cannot all be found: whoever may write to the database can end
    the chain there, or write another end.
    """
    verdict = Verdict()
    known = list(anchors)
    verdict.unreadable = known.count(None)
    ahead = _Anchors(sorted((one for one in known if one), key=lambda one: one.seq, reverse=True))
    expired_before = await _expired_before(work)
    before = GENESIS
    async for link, entry in _links(work):
        verdict.broken = _wrong_with(link, entry, verdict.links + 1, before, ahead.passed_at, expired_before)
        if verdict.broken:
            return verdict
        agreed = ahead.agree(link.seq, link.hash)
        if agreed is None:
            verdict.broken = Break(Wrong.REWRITTEN, link.seq, link.entry_id)
            return verdict
        before = verdict.last_hash = link.hash
        verdict.links += 1
        verdict.anchors += agreed
        verdict.entries += entry is not None
        verdict.expired += entry is None
    if ahead.rest:
        verdict.broken = Break(Wrong.TRUNCATED, verdict.links + 1, None)
        return verdict
    await _look_for_waiting(work, verdict, ahead.passed_at)
    return verdict


@dataclass(frozen=True, slots=True)
class _Link:
    seq: int
    entry_id: int
    entry_hash: str
    hash: str
    at: int


async def _links(work: Work) -> AsyncIterator[tuple[_Link, Fields | None]]:
    """All links in order, each with its entry where that is there."""
    columns = (AuditLink.seq, AuditLink.entry_id, AuditLink.entry_hash, AuditLink.hash)
    statement: Select[*tuple[Any, ...]] = (
        select(*columns, type_coerce(AuditLink.at, BigInteger).label("linked_at"), *ENTRY)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .order_by(AuditLink.seq)
        .limit(_AT_ONCE)
    )
    rows = (await work.session.execute(statement)).all()
    while rows:
        for row in rows:
            yield _Link(*row[:5]), (None if row[5] is None else tuple(row[5:]))
        rows = (await work.session.execute(statement.where(AuditLink.seq > rows[-1][0]))).all()


def _wrong_with(
    link: _Link, entry: Fields | None, seq: int, before: str, anchored_at: int, expired_before: int
) -> Break | None:
    if link.seq != seq:
        return Break(Wrong.DELETED if link.seq > seq else Wrong.INSERTED, min(link.seq, seq), None)
    if entry is not None and hash_of_entry(*entry) != link.entry_hash:
        return Break(Wrong.EDITED, seq, link.entry_id)
    if link.hash != hash_of_link(before, seq, link.entry_id, link.entry_hash, link.at):
        return Break(Wrong.REORDERED, seq, link.entry_id)
    if entry is None and link.at >= expired_before:
        return Break(Wrong.DELETED, seq, link.entry_id)
    if entry is not None and entry[5] < anchored_at:
        return Break(Wrong.INSERTED, seq, link.entry_id)
    return None


async def _expired_before(work: Work) -> int:
    """Up to which time of their links entries were removed because their time was over, in microseconds."""
    statement = (
        select(type_coerce(AuditEntry.detail, Text), AuditEntry.at)
        .join(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(AuditEntry.act == audit.EXPIRE)
    )
    found = 0
    for detail, at in await work.session.execute(statement):
        before = _time_of(detail)
        if before is not None and at - before >= audit.SHORTEST_TERM:
            found = max(found, microseconds(before))
    return found


def _time_of(detail: str) -> datetime | None:
    """The time that an entry of removal names; None where somebody wrote what is none."""
    try:
        when = datetime.fromisoformat(json.loads(detail)["before"])
    except (ValueError, TypeError, KeyError):
        return None
    return when if when.tzinfo is not None else None


async def _look_for_waiting(work: Work, verdict: Verdict, anchored_at: int) -> None:
    """Entries without a link: those from before an anchor cannot have been there when it was kept."""
    without = (
        select(AuditEntry.id)
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(AuditLink.entry_id.is_(None), AuditEntry.at < work.now - _SOON)
        .order_by(AuditEntry.id)
    )
    verdict.waiting = await work.session.scalar(select(func.count()).select_from(without.subquery())) or 0
    late = without.where(type_coerce(AuditEntry.at, BigInteger) < anchored_at).limit(1)
    inserted = await work.session.scalar(late)
    if inserted is not None:
        verdict.broken = Break(Wrong.INSERTED, verdict.links + 1, inserted)
