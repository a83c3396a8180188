"""Whether a shop lives in its database: half a copy, one that moved away, or a file copied while in use."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import delete, insert, select

from crm_core import sending
from crm_core.models import Meta
from crm_core.storage.database import Database, DatabaseError
from crm_core.work import Records, Work

log = structlog.get_logger(__name__)

# Rows of `meta` that speak of one place only.
COPYING: Final = "copying_from"  # a copy is under way: the fingerprint of the shop's key
MOVED: Final = "moved_to"  # the shop lives elsewhere now: where, since when
HOME: Final = "home"  # which file this is, and whether it was left in order: "<inode> open" or "<inode> closed"

COPIED: Final = "copied"  # why sending is paused


async def refuse_elsewhere(records: Records) -> None:
    """Raise DatabaseError when the shop does not live in this database, or not yet."""
    async with records.read() as work:
        facts = dict((await work.session.execute(select(Meta.name, Meta.value))).all())
    if COPYING in facts:
        raise DatabaseError("database_half_a_copy")
    if MOVED in facts:
        raise DatabaseError("database_moved", where=facts[MOVED])


async def settle_in(records: Records) -> None:
    """Notice an SQLite file that was copied while it was in use, and note which file this is.

    Such a copy may lack what was not in the main file yet, and the original may still send: sending is paused.
    """
    inode = await asyncio.to_thread(_inode, records.database)
    if inode is None:
        return
    async with records.write() as work:
        known = await work.session.scalar(select(Meta.value).where(Meta.name == HOME))
        if known not in {None, f"{inode} open", f"{inode} closed"} and not known.endswith(" closed"):
            await sending.pause(work, COPIED)
            log.warning(
                "This database file is a copy of one that was in use: its newest messages may be missing. Sending is "
                "paused. Restore a backup instead, or see `frontdesk sending`.",
                file=records.database.url.database,
            )
        await _note(work, f"{inode} open")
    # The note goes into the main file at once, so that a copy of that file alone tells, too.
    await asyncio.to_thread(_checkpoint, records.database.url.database or "")


async def leave(records: Records) -> None:
    """Note that the file was left in order: whoever copies it now copies everything."""
    inode = await asyncio.to_thread(_inode, records.database)
    if inode is not None:
        async with records.write() as work:
            await _note(work, f"{inode} closed")


def _inode(database: Database) -> int | None:
    return Path(database.url.database or "").stat().st_ino if database.is_sqlite else None


async def _note(work: Work, value: str) -> None:
    await work.session.execute(delete(Meta).where(Meta.name == HOME))
    await work.session.execute(insert(Meta), [{"name": HOME, "value": value}])


def _checkpoint(name: str) -> None:
    with contextlib.closing(sqlite3.connect(name)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
