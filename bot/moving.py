"""Moving a shop from one database to another: every row copied, counted and compared, then the old one closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from bot.opening import utc_now
from bot.place import COPIED, COPYING, HOME, MOVED
from crm_core.models import Base, Lease, Meta
from crm_core.outbox import PAUSED
from crm_core.storage import copying
from crm_core.storage.copying import Contents, Told
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.migrations import HEAD, migrate, revision, stored_fingerprint

STAY: Final = frozenset({PAUSED, COPYING, HOME, MOVED})  # rows of `meta` that speak of one place only


async def move(source_url: URL, target_url: URL, *, leave_open: bool, told: Told) -> dict[str, Contents]:
    """Copy a shop that is not running into an empty database, or go on with a copy that was interrupted.

    Gives what each table holds, which was compared row by row. The source is closed then: a start on it is refused.
    With `leave_open` it stays in use, and the copy is one to try things with: it sends nothing. Raises DatabaseError.
    """
    async with _database(source_url) as source, _database(target_url) as target:
        fingerprint = await _refuse_source(source, target)
        await migrate(target)
        await _take_up(target, fingerprint, target_url)
        async with source.read() as session:
            wanted = await copying.copy(session, target, Base.metadata, STAY, told)
        if wrong := await copying.differences(target, Base.metadata, wanted, STAY):
            raise DatabaseError("copy_differs", tables=", ".join(wrong))
        async with target.write() as session:
            await session.execute(delete(Lease))
            if leave_open:
                await _note(session, PAUSED, COPIED)
            await session.execute(delete(Meta).where(Meta.name == COPYING))
        if not leave_open:
            async with source.write() as session:
                await _note(session, MOVED, f"{target_url.render_as_string()} {utc_now():%Y-%m-%d %H:%M} UTC"[:190])
    return wanted


@asynccontextmanager
async def _database(url: URL) -> AsyncIterator[Database]:
    database = Database(url.render_as_string(hide_password=False))
    try:
        await database.check()
        yield database
    finally:
        await database.close()


async def _refuse_source(source: Database, target: Database) -> str:
    """The fingerprint of the source's key; refuses one that is empty, old, half a copy, moved away, or in use."""
    if source.url == target.url:
        raise DatabaseError("copy_same", url=source.url.render_as_string())
    fingerprint = await stored_fingerprint(source)
    if fingerprint is None:
        raise DatabaseError("copy_of_nothing", url=source.url.render_as_string())
    async with source.read() as session:
        found = await (await session.connection()).run_sync(revision)
        if found != HEAD:
            raise DatabaseError("copy_revision", found=found, head=HEAD)
        facts = dict((await session.execute(select(Meta.name, Meta.value))).all())
        if MOVED in facts:
            raise DatabaseError("database_moved", where=facts[MOVED])
        if COPYING in facts:
            raise DatabaseError("database_half_a_copy")
        held = await session.scalar(select(Lease.holder).where(Lease.expires_at > utc_now()).limit(1))
        if held is not None:
            raise DatabaseError("copy_in_use", holder=held)
    return fingerprint


async def _take_up(target: Database, fingerprint: str, url: URL) -> None:
    """Begin in an empty database, or go on in one where a copy of the same shop was interrupted."""
    async with target.read() as session:
        begun = await session.scalar(select(Meta.value).where(Meta.name == COPYING))
    if begun is None:
        if not await copying.is_empty(target, Base.metadata):
            raise DatabaseError("copy_taken", url=url.render_as_string())
        async with target.write() as session:
            await _note(session, COPYING, fingerprint)
    elif begun != fingerprint:
        raise DatabaseError("copy_of_another", url=url.render_as_string())


async def _note(session: AsyncSession, name: str, value: str) -> None:
    await session.execute(insert(Meta), [{"name": name, "value": value}])
