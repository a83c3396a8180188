"""Files that we keep ourselves: sealed bytes in a folder, named by their row's id, on disk before the row is."""

import os
from dataclasses import dataclass
from pathlib import Path

from crm_core.models import Identity, StoredFile
from crm_core.storage.ids import new_id
from crm_core.work import Work

LARGEST = 20 * 1024 * 1024  # bytes


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
