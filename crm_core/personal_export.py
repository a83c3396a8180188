"""Everything on record of one person, in clear, as one JSON value and the files that we keep of them."""

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast

from sqlalchemy import ColumnElement, RowMapping, Table, select

from crm_core.files import FileStore
from crm_core.models import Attachment, Base, Customer, Interaction
from crm_core.personal import FILES, PARTS, Part, Person, person
from crm_core.sealed import SealedColumn
from crm_core.storage.types import Sealed, UtcTime
from crm_core.work import Work

FORM: Final = "frontdesk-person"
VERSION: Final = 1  # of the form (docs/howto/privacy.md)
NAME: Final = "my-data.zip"

# Workings of ours, and ids of colleagues: none of it says anything of the person.
LEFT_OUT: Final = frozenset({
    "assignee_id", "attempts", "blind", "buttons", "current_of", "decided_by", "email_blind", "epoch", "failures",
    "first_interaction_id", "key", "last_rev", "moved", "named", "not_before", "owner_id", "phone_blind", "pressed",
    "proposed_by", "rev", "source_key", "staff_id", "subject", "text_digest", "titled", "token", "version",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of theirs that we keep: its row, what it is called, and where it stands in the archive."""

    id: int
    file_name: str
    place: str
    size: int


@dataclass(frozen=True, slots=True)
class Export:
    """What is handed to a person."""

    content: dict[str, Any]
    files: tuple[Stored, ...]

    @property
    def json(self) -> str:
        """The content, as it is written to a file."""
        return json.dumps(self.content, ensure_ascii=False, indent=2)


async def collect(work: Work, customer: Customer) -> Export:
    """All that is on record of a person, whatever was merged into their record included; the look is the caller's."""
    whole = await person(work, customer.id)
    tables: dict[str, list[dict[str, Any]]] = {}
    files: list[Stored] = []
    for part in PARTS:
        if not part.exported:
            continue
        rows = await _rows(work, part, whole)
        tables.setdefault(part.name, []).extend(rows)
        if part is FILES:
            files = [_stored(one) for one in rows]
    content = {
        "form": FORM,
        "version": VERSION,
        "made_at": work.now.isoformat(),
        "customer": customer.number,
        "records": tables,
        "files": [{"id": one.id, "name": one.file_name, "place": one.place} for one in files],
    }
    return Export(content, tuple(files))


async def _rows(work: Work, part: Part, whole: Person) -> list[dict[str, Any]]:
    table = cast(Table, part.table.__table__)
    shown: list[ColumnElement[Any]] = list(table.columns)
    statement = select(*shown).where(part.theirs(whole)).order_by(*table.primary_key)
    if part.table is Attachment:
        statement = statement.add_columns(Interaction.customer_id).join(
            Interaction, Interaction.id == Attachment.interaction_id
        )
    found = (await work.session.execute(statement)).mappings().all()
    return [await _row(work, part.table, table, one) for one in found]


async def _row(work: Work, model: type[Base], table: Table, row: RowMapping) -> dict[str, Any]:
    owner = row["id"] if model is Customer else row.get("customer_id")
    shown: dict[str, Any] = {}
    for column in table.columns:
        value = row[column.name]
        if column.name in LEFT_OUT:
            continue
        if isinstance(column.type, Sealed):
            shown[column.name] = await _opened(work, SealedColumn(table, column.name), row, owner)
        else:
            shown[column.name] = value.isoformat() if isinstance(column.type, UtcTime) and value is not None else value
    return shown


async def _opened(work: Work, column: SealedColumn, row: RowMapping, owner: int | None) -> str | None:
    sealed = row[column.name]
    if not sealed:
        return None
    return work.vault.open(sealed, column.place(row), await work.key_of(owner), owner or 0)


def _stored(row: Mapping[str, Any]) -> Stored:
    name = str(row["file_name"] or "")
    suffix = PurePosixPath(name).suffix
    ending = suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ""
    return Stored(row["id"], name, f"files/{row['id']}{ending}", row["size"])


async def read_files(work: Work, store: FileStore, files: Sequence[Stored]) -> dict[str, bytes]:
    """The bytes of these files by their place in the archive; what is not on the disk any more is left out."""
    found = {}
    for one in files:
        try:
            found[one.place] = await store.read(work, one.id)
        except KeyError:
            continue
    return found


def pack(to: BinaryIO, export: Export, files: Mapping[str, bytes], made_at: datetime) -> None:
    """Write the archive: person.json, and the files beside it."""
    moment = made_at.timetuple()[:6]
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, data in (("person.json", export.json.encode()), *files.items()):
            archive.writestr(zipfile.ZipInfo(place, moment), data, zipfile.ZIP_DEFLATED)


def packed(export: Export, files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """The archive as bytes."""
    to = io.BytesIO()
    pack(to, export, files, made_at)
    return to.getvalue()
