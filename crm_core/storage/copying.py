"""A whole database copied into another one, table by table in batches, and both compared by counts and digests."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, MetaData, RowMapping, Table, func, insert, inspect, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator

from crm_core.storage.database import Database

AT_ONCE: Final = 500  # rows a transaction
_DIGEST: Final = 1 << 256

Told = Callable[[str, int], None]  # table, rows that are there so far


@dataclass(frozen=True, slots=True)
class Contents:
    """What a table holds: how many rows, and the sum of their SHA-256 modulo 2^256, which no order changes."""

    rows: int
    digest: str  # 64 hex digits


def plain(metadata: MetaData) -> list[Table]:
    """The tables without what the code makes of their values, parents before children."""
    bare = MetaData()
    return [
        Table(table.name, bare, *(Column(one.name, _stored(one.type), primary_key=one.primary_key) for one in table.c))
        for table in metadata.sorted_tables
    ]


def _stored(kind: Any) -> Any:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


async def contents(session: AsyncSession, table: Table, skip: frozenset[str] = frozenset()) -> Contents:
    """Count and digest a table as this session sees it; of `meta` without the rows named in `skip`."""
    rows = total = 0
    async for batch in batches(session, table, skip):
        rows += len(batch)
        total += sum(map(_hashed, batch))
    return Contents(rows, f"{total % _DIGEST:064x}")


def _hashed(row: RowMapping) -> int:
    """A row as a number that is the same on every database: each value counts with its kind and length."""
    return int.from_bytes(hashlib.sha256(b"".join(map(_value, row.values()))).digest())


def _value(value: Any) -> bytes:
    match value:
        case None:
            return b"n"
        case bool() | int():
            kind, data = b"i", str(int(value)).encode()
        case float():
            kind, data = b"f", repr(value).encode()
        case str():
            kind, data = b"t", value.encode()
        case _:
            kind, data = b"b", bytes(value)
    return kind + str(len(data)).encode() + b":" + data


async def batches(
    session: AsyncSession, table: Table, skip: frozenset[str] = frozenset()
) -> AsyncIterator[Sequence[RowMapping]]:
    """All rows in the order of the primary key, 500 at a time; of `meta` without those named in `skip`."""
    keys = list(table.primary_key)
    statement = select(table).order_by(*keys).limit(AT_ONCE)
    rows = (await session.execute(statement)).mappings().all()
    while rows:
        yield [row for row in rows if row["name"] not in skip] if table.name == "meta" else rows
        if len(rows) < AT_ONCE:
            return
        last = tuple(rows[-1][one.name] for one in keys)
        rows = (await session.execute(statement.where(tuple_(*keys) > last))).mappings().all()


async def copy(
    source: AsyncSession, target: Database, metadata: MetaData, skip: frozenset[str], told: Told
) -> dict[str, Contents]:
    """Copy every row that the target lacks, as the session sees the source; gives what each table held there.

    The target has the tables already. Going on after an interruption is calling this again. The table `skip` holds
    names of rows of `meta` that stay where they are.
    """
    found = {}
    for table, own in zip(plain(metadata), metadata.sorted_tables, strict=True):
        upwards = [one.parent.name for one in own.foreign_keys if one.column.table is own]
        rows = total = 0
        started = await _has_rows(target, table)
        async for batch in batches(source, table, skip):
            total += sum(map(_hashed, batch))
            rows += len(batch)
            async with target.write() as session:
                await _insert(session, table, batch, upwards, look=started)
            told(table.name, rows)
        if upwards:
            await _point_upwards(source, target, table, upwards)
        found[table.name] = Contents(rows, f"{total % _DIGEST:064x}")
    return found


async def _has_rows(target: Database, table: Table) -> bool:
    async with target.read() as session:
        return bool(await session.scalar(select(func.count()).select_from(table)))


async def _insert(
    session: AsyncSession, table: Table, batch: Sequence[RowMapping], upwards: Sequence[str], *, look: bool
) -> None:
    """Insert rows, and of a table that is not empty only those that are not there; pointers upwards wait."""
    keys = list(table.primary_key)
    there: set[tuple[Any, ...]] = set()
    if look and batch:
        wanted = [tuple(row[one.name] for one in keys) for row in batch]
        there = {tuple(row) for row in await session.execute(select(*keys).where(tuple_(*keys).in_(wanted)))}
    missing = [{**row, **dict.fromkeys(upwards)} for row in batch if tuple(row[one.name] for one in keys) not in there]
    if missing:
        await session.execute(insert(table), missing)


async def _point_upwards(source: AsyncSession, target: Database, table: Table, upwards: Sequence[str]) -> None:
    """Set what rows say about other rows of their own table, now that all of them are there."""
    (key,) = table.primary_key
    for name in upwards:
        async for batch in batches(source, table):
            pointing = [row for row in batch if row[name] is not None]
            if pointing:
                async with target.write() as session:
                    for row in pointing:
                        statement = update(table).where(table.c[key.name] == row[key.name])
                        await session.execute(statement.values({name: row[name]}))


async def differences(
    target: Database, metadata: MetaData, wanted: dict[str, Contents], skip: frozenset[str]
) -> list[str]:
    """Name the tables that do not hold what they should."""
    async with target.read() as session:
        return [table.name for table in plain(metadata) if await contents(session, table, skip) != wanted[table.name]]


async def is_empty(database: Database, metadata: MetaData) -> bool:
    """Whether no table of ours holds a row, or none is there."""
    async with database.read() as session:
        connection = await session.connection()
        there = set(await connection.run_sync(lambda one: inspect(one).get_table_names()))
        for table in metadata.sorted_tables:
            if table.name in there and await session.scalar(select(text("1")).select_from(table).limit(1)):
                return False
    return True
