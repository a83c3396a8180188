"""Files that we keep ourselves: sealed bytes in a folder, named by their row's id, on disk before the row is there."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select

from crm_core.models import Attachment, Identity, StoredFile
from crm_core.storage.ids import new_id
from crm_core.work import Work

LARGEST = 20 * 1024 * 1024  # bytes
MADE = "made"  # the kind of a picture that the bot made for somebody, and could make again

_MADE_STAYS = timedelta(days=30)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class FileStore:
    """The folder of sealed files."""

    folder: Path

    async def keep(
        self, work: Work, identity: Identity, *, file_name: str, kind: str, mime: str, data: bytes
    ) -> StoredFile:
        """Seal and store a file for an identity; the row is only added when the bytes are safely on disk."""
        row_id = new_id()
        key = await work.key_of(identity.customer_id)
        owner = identity.customer_id or 0
        self._write(row_id, work.vault.seal_bytes(data, f"stored_file:{row_id}", key, owner))
        row = StoredFile(
            id=row_id,
            identity_id=identity.id,
            customer_id=identity.customer_id,
            file_name=work.vault.seal(file_name, f"stored_file.file_name:{row_id}", key, owner),
            kind=kind,
            mime=mime[:190],
            size=len(data),
            created_at=work.now,
        )
        work.session.add(row)
        return row

    async def read(self, work: Work, file_id: int) -> bytes:
        """The bytes of a stored file; KeyError when there is none."""
        row = await work.session.get(StoredFile, file_id)
        if row is None or not self._path(file_id).exists():
            raise KeyError(file_id)
        key = await work.key_of(row.customer_id)
        return work.vault.open_bytes(
            self._path(file_id).read_bytes(), f"stored_file:{file_id}", key, row.customer_id or 0
        )

    def remove(self, file_ids: Collection[int]) -> None:
        """Take the bytes of these files off the disk, as far as they are there."""
        for file_id in file_ids:
            self._path(file_id).unlink(missing_ok=True)

    async def name_of(self, work: Work, row: StoredFile) -> str:
        """What the file was called by whoever sent it."""
        key = await work.key_of(row.customer_id)
        return work.vault.open(row.file_name, f"stored_file.file_name:{row.id}", key, row.customer_id or 0)

    def _path(self, file_id: int) -> Path:
        return self.folder / str(file_id)

    def _write(self, file_id: int, sealed: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path(file_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())


async def outdated(work: Work) -> dict[int, list[int]]:
    """Pictures that the bot made more than 30 days ago, a hundred at most, with the attachments that show them."""
    statement = select(StoredFile.id).where(StoredFile.kind == MADE, StoredFile.created_at < work.now - _MADE_STAYS)
    ids = (await work.session.scalars(statement.order_by(StoredFile.id).limit(_AT_ONCE))).all()
    if not ids:
        return {}
    shown = select(Attachment.id, Attachment.ref).where(Attachment.ref.in_([f"file:{one}" for one in ids]))
    found: dict[int, list[int]] = {one: [] for one in ids}
    for attachment_id, ref in (await work.session.execute(shown)).all():
        found[int(ref.removeprefix("file:"))].append(attachment_id)
    return found


async def forget(work: Work, files: Mapping[int, Collection[int]]) -> None:
    """Remove the rows of files, and of the attachments that show them; the words beside them stay."""
    attachments = [one for shown in files.values() for one in shown]
    await work.session.execute(delete(Attachment).where(Attachment.id.in_(attachments)))
    await work.session.execute(delete(StoredFile).where(StoredFile.id.in_(list(files))))
