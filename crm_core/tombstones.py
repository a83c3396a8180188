"""Tombstones: who was erased, in a file beside the key file that outlives every database and its backups.

Each line holds a time, the ids of the records of one person, and a keyed hash over both and the hash of the line
before: a line that was changed, moved or taken out is found. Lines taken off the end are not; while the database knows
of them they are written again.
"""

import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from crm_core.storage.ids import read_id
from crm_core.storage.vault import Vault


class TombstonesBroken(Exception):
    """The file of tombstones cannot be relied on; `key` names the sentence, `values` say where and why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One person who was erased: the ids of all their records, and when they asked."""

    at: datetime
    customer_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The file; several processes may write to it. Raises TombstonesBroken and OSError."""

    path: Path

    def read(self, vault: Vault) -> list[Tombstone]:
        """All tombstones, oldest first; none when there is no file. A line cut off while it was written is none."""
        try:
            text = self.path.read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise TombstonesBroken("tombstones_unreadable", path=self.path, why=str(error)) from error
        return _read(text, self.path, vault)[0]

    def add(self, vault: Vault, customer_ids: Sequence[int], at: datetime) -> bool:
        """Write a tombstone, safely on disk when this returns; False when all of these have one."""
        with self._locked() as file:
            text = file.read()
            whole = text[: text.rfind("\n") + 1]
            known, last = _read(whole, self.path, vault)
            if set(customer_ids) <= {one for stone in known for one in stone.customer_ids}:
                return False
            file.truncate(len(whole))
            words = f"{at.isoformat()} {','.join(map(str, customer_ids))}"
            file.seek(0, os.SEEK_END)
            file.write(f"{words} {_mac(vault, last, words)}\n")
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True

    def _locked(self) -> IO[str]:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(handle, "r+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed
        except OSError:
            file.close()
            raise
        return file


def ids_of(tombstones: Iterable[Tombstone]) -> set[int]:
    """Every record that has a tombstone."""
    return {one for stone in tombstones for one in stone.customer_ids}


def _read(text: str, path: Path, vault: Vault) -> tuple[list[Tombstone], str]:
    """The tombstones of whole lines, and the keyed hash of the last."""
    found, last = [], ""
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        words, _, mac = line.rpartition(" ")
        if mac != _mac(vault, last, words):
            raise TombstonesBroken("tombstones_changed", path=path, line=number)
        at, _, ids = words.partition(" ")
        customer_ids = tuple(one for word in ids.split(",") if (one := read_id(word)) is not None)
        found.append(Tombstone(datetime.fromisoformat(at), customer_ids))
        last = mac
    return found, last


def _mac(vault: Vault, before: str, words: str) -> str:
    return vault.blind(f"{before} {words}", "tombstone")
