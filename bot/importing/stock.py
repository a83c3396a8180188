"""What was read and checked, kept on disk until it is imported, so that a large file takes no more memory than a small.

Both files have no name and are gone with the process: what a customer wrote is not left behind.
"""

import hashlib
import os
import pickle
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

_T = TypeVar("_T")
_AT_ONCE = 100


class Stock(Generic[_T]):
    """Things one after the other, written first and then read, as often as wanted."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the stock
        self._waiting: list[_T] = []
        self.count = 0

    def __enter__(self) -> "Stock[_T]":
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def add(self, thing: _T) -> None:
        """One more."""
        self.count += 1
        self._waiting.append(thing)
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def __iter__(self) -> Iterator[_T]:
        self._flush()
        self._file.seek(0)
        while True:
            try:
                some = pickle.load(self._file)  # noqa: S301 - nobody else can write into a file without a name
            except EOFError:
                return
            yield from some

    def _flush(self) -> None:
        if self._waiting:
            pickle.dump(self._waiting, self._file, pickle.HIGHEST_PROTOCOL)
            self._waiting = []


class Seen:
    """Which row said a key first."""

    def __init__(self) -> None:
        self._salt = os.urandom(16)
        self._rows = sqlite3.connect("", isolation_level=None)  # a file of its own without a name
        self._rows.execute("PRAGMA journal_mode=MEMORY")
        self._rows.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, row INTEGER, other TEXT) WITHOUT ROWID")
        self._rows.execute("BEGIN")

    def all_new(self, keys: Sequence[tuple[str, str, int]]) -> bool:
        """Whether nobody said any of these keys (kind, key, row) before; if so, they are said now, else none is."""
        told = [self._entry(*one) for one in keys]
        before = self._rows.total_changes
        self._rows.execute("SAVEPOINT told")
        self._rows.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", told)
        new = self._rows.total_changes - before == len(told)
        if not new:
            self._rows.execute("ROLLBACK TO told")
        self._rows.execute("RELEASE told")
        return new

    def first(self, kind: str, key: str, row: int) -> int | None:
        """The row that said this key before, or None, and then this one is the first.

        Two keys of which neither is "only" do not meet: several people may have one telephone.
        """
        digest, _, only = entry = self._entry(kind, key, row)
        if self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", entry).rowcount:
            return None
        found = self._rows.execute("SELECT row, other FROM seen WHERE key = ?", (digest,)).fetchone()
        return int(found[0]) if not kind.startswith("phone") or only or found[1] else None

    def _entry(self, kind: str, key: str, row: int) -> tuple[bytes, int, str]:
        kind, _, only = kind.partition(" ")
        return hashlib.blake2b(f"{kind}:{key}".encode(), digest_size=12, key=self._salt).digest(), row, only

    def __enter__(self) -> "Seen":
        return self

    def __exit__(self, *_error: object) -> None:
        self._rows.close()
