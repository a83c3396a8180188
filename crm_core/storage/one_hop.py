"""An aiosqlite connection whose statements cross to its thread once instead of four times (docs/decisions/0008)."""

import sqlite3
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from aiosqlite.core import Connection


class OneHopCursor:
    """Executes and fetches in one crossing; what it holds are plain rows, so closing it needs none."""

    def __init__(self, connection: "OneHopConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "OneHopCursor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "OneHopCursor":
        """Run one statement and fetch what it returns."""
        return await self._run("execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> "OneHopCursor":
        """Run one statement for many rows of parameters."""
        return await self._run("executemany", sql, parameters)

    async def fetchall(self) -> list[Any]:
        """The rows that the statement returned."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = []

    async def _run(self, method: str, sql: str, parameters: Any) -> "OneHopCursor":
        def in_thread() -> tuple[Any, list[Any], int, int | None]:
            cursor = self._connection.raw.cursor()
            getattr(cursor, method)(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return cursor.description, rows, cursor.rowcount, cursor.lastrowid

        self.description, self._rows, self.rowcount, self.lastrowid = await self._connection.in_thread(in_thread)
        return self


class OneHopConnection(Connection):
    """aiosqlite's connection with the cursor above."""

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection that lives in the thread."""
        return self._conn

    async def in_thread(self, work: Any) -> Any:
        """Run a function in the connection's thread."""
        return await self._execute(work)  # type: ignore[no-untyped-call]

    async def rollback(self) -> None:
        """Roll back, unless there is nothing to: the pool asks for it after every commit."""
        if self.raw.in_transaction:
            await super().rollback()

    def cursor(self) -> OneHopCursor:  # type: ignore[override]  # SQLAlchemy enters it as it enters aiosqlite's own
        """A cursor; nothing crosses to the thread yet."""
        return OneHopCursor(self)


def connect(database: str, **options: Any) -> OneHopConnection:
    """What `aiosqlite.connect` does, for the connection above; hand it to SQLAlchemy as `async_creator_fn`."""
    connection = OneHopConnection(lambda: sqlite3.connect(database, **options), 64)
    # As SQLAlchemy does: a connection that was left open must not keep the process alive.
    connection._thread.daemon = True  # noqa: SLF001
    return connection
