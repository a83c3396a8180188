"""Inserting many rows of a table at once: the statement is made once, and rows go to the driver as tuples."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Dialect, FromClause, Table, insert
from sqlalchemy.ext.asyncio import AsyncSession


class Rows:
    """New rows of one table: `values` are tuples in the order of `columns`, which name all but those left NULL."""

    def __init__(self, table: FromClause, *columns: str) -> None:
        self.values: list[tuple[Any, ...]] = []
        self._table = cast(Table, table)
        self._columns = columns

    async def insert(self, session: AsyncSession) -> None:
        """Insert them in one go, after whatever waits in the session, which does not get to know them."""
        if not self.values:
            return
        await session.flush()  # MariaDB wants the rows that these point at
        made = _made(self._table, self._columns, session.get_bind().dialect)
        connection = await session.connection()
        await connection.exec_driver_sql(made.sql, made.parameters(self.values))


class _Made(NamedTuple):
    """An INSERT as a driver takes it."""

    sql: str
    names: tuple[str, ...]  # of its parameters, where the driver wants them by name
    order: tuple[int, ...]  # which column each parameter is
    binders: tuple[Callable[[Any], Any] | None, ...]  # what a column's type does to a value, for each parameter

    def parameters(self, rows: Iterable[tuple[Any, ...]]) -> Any:
        """The rows as the driver takes them."""
        columns = list(zip(*rows, strict=True))
        bound = [
            columns[place] if bind is None else map(bind, columns[place])
            for place, bind in zip(self.order, self.binders, strict=True)
        ]
        found = list(zip(*bound, strict=True))
        return [dict(zip(self.names, row, strict=True)) for row in found] if self.names else found


@lru_cache(maxsize=100)
def _made(table: Table, columns: tuple[str, ...], dialect: Dialect) -> _Made:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    order = tuple(compiled.positiontup or compiled.params)
    binders = tuple(_binder(table, name, dialect) for name in order)
    names = () if compiled.positional else order
    return _Made(compiled.string, names, tuple(columns.index(name) for name in order), binders)


def _binder(table: Table, name: str, dialect: Dialect) -> Callable[[Any], Any] | None:
    kind = table.c[name].type.dialect_impl(dialect)
    return kind.bind_processor(dialect)
