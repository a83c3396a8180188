"""Files that we keep ourselves: sealed bytes in a folder, named by their row's id, on disk before the row is there."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, delete, or_, select

from crm_core.models import Attachment, Identity, StoredFile
from crm_core.rules.retention import RETENTION, Kept
from crm_core.storage.ids import new_id
from crm_core.storage.vault import Vault
from crm_core.work import Work

LARGEST = 20 * 1024 * 1024  # bytes
MADE = "made"  # the kind of a picture that the bot made for somebody, and could make again
EXPORT = "export"  # the kind of a file in which somebody was given all that is on record of them

_STAYS = {MADE: RETENTION[Kept.PICTURES].fixed, EXPORT: RETENTION[Kept.EXPORTS].fixed}  # what can be made again
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Laid:
    """Sealed bytes on the disk that no row tells of yet."""

    id: int
    size: int
    owner: int  # the customer whose key sealed them, 0 for the house key


@dataclass(frozen=True, slots=True)
class FileStore:
    """The folder of sealed files."""

    folder: Path

    async def keep(
        self, work: Work, identity: Identity, *, file_name: str, kind: str, mime: str, data: bytes | Laid
    ) -> StoredFile:
        """Seal and store a file for an identity; the row is only added when the bytes are safely on disk."""
        laid = data
        if isinstance(laid, bytes):
            key = await work.key_of(identity.customer_id)
            laid = self.lay(work.vault, laid, key, identity.customer_id or 0)
        key, owner = await work.key_of(laid.owner or None), laid.owner
        row_id = laid.id
        row = StoredFile(
            id=row_id,
            identity_id=identity.id,
            customer_id=laid.owner or None,
            file_name=work.vault.seal(file_name, f"stored_file.file_name:{row_id}", key, owner),
            kind=kind,
            mime=mime[:190],
            size=laid.size,
            created_at=work.now,
        )
        work.session.add(row)
        return row

    def lay(self, vault: Vault, data: bytes, key: bytes | None, owner: int) -> Laid:
        """Seal bytes and put them on the disk ahead of the transaction that keeps them: large ones take their time."""
        file_id = new_id()
        self._write(file_id, vault.seal_bytes(data, f"stored_file:{file_id}", key, owner))
        return Laid(file_id, len(data), owner)

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

    def destroy(self, file_ids: Collection[int]) -> None:
        """As `remove`, with zeros written over the bytes first; what a disk keeps beneath is not ours to say."""
        for file_id in file_ids:
            if self._path(file_id).exists():
                with self._path(file_id).open("r+b") as file:
                    file.write(bytes(self._path(file_id).stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
        self.remove(file_ids)

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
    """What the bot made too long ago, a hundred files at most, with the attachments that show them.

    Pictures stay for 30 days, exports of a person for 7.
    """
    old = [and_(StoredFile.kind == kind, StoredFile.created_at < work.now - stays) for kind, stays in _STAYS.items()]
    statement = select(StoredFile.id).where(or_(*old))
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
