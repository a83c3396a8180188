"""Fifty invented people's names, numbers, addresses and words, and seeking them wherever a process leaves anything."""

import base64
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.models import Base
from crm_core.storage import copying

_SYLLABLES = ("quo", "zyx", "vel", "mirk", "thra", "plon", "gwi", "snef", "ubbo", "krat")
_HAN = "龘靐齉爨麤灪龖厵滟虪鸜麣钃"


@dataclass(slots=True)
class Canaries:
    """Values that stand nowhere else; each is handed out once."""

    chance: random.Random
    given: dict[str, list[str]] = field(default_factory=dict)  # kind -> values

    def _give(self, kind: str, value: str) -> str:
        self.given.setdefault(kind, []).append(value)
        return value

    def _word(self) -> str:
        return "".join(self.chance.choice(_SYLLABLES) for _ in range(4))

    def name(self, *, chinese: bool = False) -> str:
        """A name of one word, or of four rare Chinese characters."""
        return self._give("name", "".join(self.chance.sample(_HAN, 4)) if chinese else self._word().capitalize())

    def phone(self) -> str:
        """A German mobile number in international form."""
        return "+49" + self._give("phone", f"1517{self.chance.randrange(10**7):07}")

    def email(self) -> str:
        """An address at a domain that nobody has."""
        return f"{self._give('email', self._word())}@example.org"

    def text(self, kind: str = "text") -> str:
        """Two words that nobody says."""
        return self._give(kind, f"{self._word()} {self._word()}")

    def file_name(self) -> str:
        """The name of a document."""
        return f"{self._give('file', self._word())}.pdf"

    @property
    def count(self) -> int:
        """How many were handed out."""
        return sum(map(len, self.given.values()))

    def found_in(self, content: bytes) -> list[str]:
        """Those that stand in these bytes, in clear or in any of the forms in which bytes are commonly written."""
        lower = content.lower()
        return [f"{kind} {value}" for kind, value, form in self._forms() if form in content or form.lower() in lower]

    def _forms(self) -> Iterator[tuple[str, str, bytes]]:
        for kind, values in self.given.items():
            for value in values:
                plain = value.encode()
                yield kind, value, plain
                yield kind, value, value.encode("utf-16-le")
                yield kind, value, plain.hex().encode()
                yield kind, value, json.dumps(value)[1:-1].encode()
                for shift in range(3):  # where it may begin within what was encoded; the ends are not whole
                    yield kind, value, base64.b64encode(b"\0" * shift + plain)[4:-4]


def files_with(canaries: Canaries, folders: Iterable[Path], leave: Iterable[Path] = ()) -> dict[str, list[str]]:
    """Files below these folders that hold canaries, by path; those in `leave` are not looked at."""
    left = set(leave)
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not left.intersection((path, *path.parents)):
                try:
                    values = canaries.found_in(path.read_bytes())
                except FileNotFoundError:
                    continue  # it was there for a moment only
                if values:
                    found[str(path)] = values
    return found


async def columns_with(canaries: Canaries, session: AsyncSession) -> dict[str, list[str]]:
    """Columns of the database that hold canaries, whatever database it is."""
    found: dict[str, list[str]] = {}
    for table in copying.plain(Base.metadata):
        async for batch in copying.batches(session, table):
            for row in batch:
                for name, value in row.items():
                    content = value if isinstance(value, bytes) else str(value).encode()
                    if values := canaries.found_in(content):
                        found.setdefault(f"{table.name}.{name}", []).extend(values)
    return found
