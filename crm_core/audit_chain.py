"""The audit chain: each entry gets a number and a hash that depends on all before it; a place of it kept elsewhere.

A link is made inside one write transaction, after reading the newest: transactions write one at a time (decision 0020),
so there are no gaps and no forks, whoever links.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import BigInteger, Select, Text, insert, select, type_coerce

from crm_core.models import AuditEntry, AuditLink
from crm_core.rules.chaining import GENESIS, hash_of_entry, hash_of_link
from crm_core.storage.ids import first_id_of
from crm_core.storage.types import microseconds
from crm_core.work import Records, Work

AT_ONCE = 500
LATE_BY = timedelta(minutes=15)  # how far back the frequent look goes; the whole look goes to the beginning

_HASH = re.compile("[0-9a-f]{64}")

Fields = tuple[int, int | None, str, str, str, int]
"""An entry as it is hashed: id, staff, act, subject, detail as stored, time in microseconds."""

ENTRY = (
    AuditEntry.id,
    AuditEntry.staff_id,
    AuditEntry.act,
    AuditEntry.subject,
    type_coerce(AuditEntry.detail, Text).label("detail"),
    type_coerce(AuditEntry.at, BigInteger).label("at"),
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place of the chain, kept where the database cannot reach: all entries older than `at` are linked by then."""

    at: datetime
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.seq} {self.hash}"


def without_link(*, whole: bool, after: int = 0) -> Select[int]:
    """Selects entries past an id that wait for their link: of the last quarter of an hour, or all."""
    first = after + 1 if whole else max(after + 1, first_id_of(LATE_BY))
    return (
        select(AuditEntry.id)
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(AuditEntry.id >= first, AuditLink.entry_id.is_(None))
        .order_by(AuditEntry.id)
    )


async def any_waiting(work: Work, *, whole: bool, after: int = 0) -> bool:
    """Whether any entry past this id waits for its link."""
    return await work.session.scalar(without_link(whole=whole, after=after).limit(1)) is not None


async def link_some(work: Work, *, whole: bool, after: int = 0) -> list[int]:
    """Link up to 500 entries past this id that wait, in order of ids as far as they are there; returns the ids."""
    await work.session.flush()
    ids = list((await work.session.scalars(without_link(whole=whole, after=after).limit(AT_ONCE))).all())
    if not ids:
        return []
    seq, before = await newest(work)
    rows = await work.session.execute(select(*ENTRY).where(AuditEntry.id.in_(ids)).order_by(AuditEntry.id))
    at = microseconds(work.now)
    links = []
    for entry in rows:
        seq += 1
        hashed = hash_of_entry(*entry)
        before = hash_of_link(before, seq, entry[0], hashed, at)
        links.append({"seq": seq, "entry_id": entry[0], "entry_hash": hashed, "hash": before, "at": work.now})
    await work.session.execute(insert(AuditLink), links)
    return ids


async def newest(work: Work) -> tuple[int, str]:
    """Number and hash of the newest link; (0, 64 zeros) before there is any."""
    row = (
        await work.session.execute(select(AuditLink.seq, AuditLink.hash).order_by(AuditLink.seq.desc()).limit(1))
    ).first()
    return (row[0], row[1]) if row is not None else (0, GENESIS)


async def link_all(records: Records, *, whole: bool = False) -> int:
    """Link everything that waits, 500 in a transaction; returns how many. It looks first, which locks nothing."""
    linked = after = 0
    while True:
        async with records.glance() as work:
            more = await any_waiting(work, whole=whole, after=after)
        if more:
            async with records.write() as work:
                ids = await link_some(work, whole=whole, after=after)
            linked += len(ids)
            after = ids[-1] if ids else after
        elif after:
            after = 0  # once more from the beginning, for older ids that appeared meanwhile
        else:
            return linked


async def anchor(records: Records) -> Anchor | None:
    """The place that the chain is at, once everything that waits is linked; None while nothing ever was.

    Its time is taken before the look for what waits, so no entry from before it can come behind it.
    """
    at = records.clock()
    await link_all(records, whole=True)
    async with records.glance() as work:
        seq, hashed = await newest(work)
    return Anchor(at, seq, hashed) if seq else None


# ---- the file outside ----


def keep(path: Path, place: Anchor) -> None:
    """Add a line to the anchor file, made with mode 0600, and wait until the disk has it; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        cut_off = end and file.read(1) != b"\n"  # who wrote the last line was killed meanwhile
        file.write(b"\n" if cut_off else b"")
        file.write(f"{place}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def kept(path: Path) -> Iterator[Anchor | None]:
    """The anchors of a file, line by line; None for a line that is none, as one that was cut off. Raises OSError."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield read_anchor(line)
            except ValueError:
                yield None


def last_kept(path: Path) -> Anchor | None:
    """The newest anchor of a file; None when there is no file or none in it. Raises OSError."""
    return next(reversed([one for one in kept(path) if one]), None) if path.exists() else None


def read_anchor(line: str) -> Anchor:
    """An anchor as `str` writes it; raises ValueError."""
    at, seq, hashed = line.split()
    when = datetime.fromisoformat(at)
    if when.tzinfo is None or int(seq) < 1 or not _HASH.fullmatch(hashed):
        raise ValueError(line)
    return Anchor(when, int(seq), hashed)
