"""Backups: a consistent copy of records and files, sealed as they are, and restoring one into an empty place."""

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import URL

from bot.config import Settings
from bot.opening import open_records, utc_now
from bot.place import HOME
from crm_core import erasing, outbox, sealed
from crm_core.files import FileStore
from crm_core.models import Base, Lease, Meta, StoredFile
from crm_core.storage import copying
from crm_core.storage.database import Database
from crm_core.storage.keyring import Keyring
from crm_core.storage.migrations import HEAD, migrate, revision, stored_fingerprint
from crm_core.storage.vault import Vault

FORM: Final = 1  # of a backup's folder; a newer one is refused
RECORDS, FILES, MANIFEST = "records.db", "files.tar", "manifest.json"
_CHUNK: Final = 1 << 20

Told = Callable[[str, int], None]


class BackupRefused(Exception):
    """A backup cannot be made or restored; `key` names the sentence, and nothing was touched."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup."""

    sha256: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; `missing` are files whose row was there and whose bytes were not."""

    form: int
    made_at: str  # ISO 8601, UTC
    shop: str
    revision: str
    fingerprint: str  # of the key that opens it
    database: str  # what it was made from: "sqlite", "postgresql", "mysql"
    tables: Mapping[str, copying.Contents]
    parts: Mapping[str, Part]
    files: int
    missing: list[int]

    def as_json(self) -> str:
        """The manifest as its file holds it."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(one.rows for one in self.tables.values())


def files_folder(settings: Settings) -> Path:
    """Where the sealed files lie."""
    return settings.key_file.parent / "files"


# ---- making one ----


async def make(settings: Settings, into: Path, now: datetime | None = None, told: Told = lambda *_: None) -> Path:
    """Write a backup of the running shop below `into`; gives its folder. Raises BackupRefused, OSError.

    It stands at one moment of the records, turns go on meanwhile. Until it is whole its folder ends in ".partial".
    """
    url = settings.database_url
    database = Database(url.render_as_string(hide_password=False))
    moment = now or utc_now()
    folder = into / f"frontdesk-{moment:%Y%m%dT%H%M%SZ}"
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        fingerprint = await stored_fingerprint(database)
        async with database.read() as session:
            found = await (await session.connection()).run_sync(revision)
        if found is None or fingerprint is None:
            raise BackupRefused("backup_of_nothing")
        if found != HEAD:
            raise BackupRefused("backup_revision", found=found, head=HEAD)
        _begin(folder, partial)
        await _write_records(database, partial / RECORDS, told)
        tables = await _tables_of(partial / RECORDS)
        count, missing = await _write_files(partial / RECORDS, files_folder(settings), partial / FILES)
        parts = {name: await asyncio.to_thread(_measured, partial / name) for name in (RECORDS, FILES)}
        manifest = Manifest(
            FORM, moment.isoformat(), settings.shop.name, HEAD, fingerprint, url.get_backend_name(), tables, parts,
            count, missing,
        )  # fmt: skip
        _write(partial / MANIFEST, manifest.as_json().encode())
        _sync_folder(partial)
        partial.rename(folder)
        _sync_folder(into)
    finally:
        await database.close()
    return folder


def _begin(folder: Path, partial: Path) -> None:
    if folder.exists():
        raise BackupRefused("backup_exists", path=str(folder))
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700, parents=True)
    (partial / RECORDS).touch(mode=0o600)


async def _write_records(database: Database, path: Path, told: Told) -> None:
    """The records as an SQLite file, whatever database they are in."""
    if database.is_sqlite:
        await asyncio.to_thread(_vacuum_into, database.url.database or "", path)
        return
    target = Database(_url_of(path))
    try:
        await migrate(target)
        async with database.read() as session:
            await copying.copy(session, target, Base.metadata, frozenset(), told)
    finally:
        await target.close()
    await asyncio.to_thread(_single_file, path)


def _vacuum_into(name: str, path: Path) -> None:
    """A compact copy as of one moment; what was deleted is not in it. Turns go on meanwhile."""
    connection = sqlite3.connect(f"{Path(name).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", (str(path),))
    finally:
        connection.close()


def _single_file(path: Path) -> None:
    """Put the write-ahead log of a closed SQLite database into its one file."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()


async def _tables_of(path: Path) -> dict[str, copying.Contents]:
    async with _looking(path) as database, database.read() as session:
        return {table.name: await copying.contents(session, table) for table in copying.plain(Base.metadata)}


async def _write_files(records: Path, folder: Path, path: Path) -> tuple[int, list[int]]:
    async with _looking(records) as database, database.read() as session:
        ids = list((await session.scalars(select(StoredFile.id).order_by(StoredFile.id))).all())
    missing = await asyncio.to_thread(_pack, folder, ids, path)
    return len(ids) - len(missing), missing


def _pack(folder: Path, ids: list[int], path: Path) -> list[int]:
    """Put the sealed files with these ids into one archive; gives those that are not there (any more)."""
    missing = []
    path.touch(mode=0o600)
    with tarfile.open(path, "w") as archive:
        for one in ids:
            try:
                archive.add(folder / str(one), arcname=str(one), recursive=False, filter=_nobody)
            except FileNotFoundError:
                missing.append(one)
    return missing


def _nobody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


@asynccontextmanager
async def _looking(path: Path) -> AsyncIterator[Database]:
    """A backup's records, read without leaving anything beside them."""
    database = Database(_url_of(path))
    try:
        yield database
    finally:
        await database.close()
        await asyncio.to_thread(_single_file, path)


def _url_of(path: Path) -> str:
    return URL.create("sqlite+aiosqlite", database=str(path.absolute())).render_as_string(hide_password=False)


def _measured(path: Path) -> Part:
    with path.open("rb") as file:
        return Part(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- looking at one ----


def read_manifest(folder: Path) -> Manifest:
    """What a backup says it holds; raises BackupRefused when it is none, or not whole."""
    if folder.name.endswith(".partial"):
        raise BackupRefused("backup_partial", path=str(folder))
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if found["form"] > FORM:
            raise BackupRefused("backup_newer", path=str(folder), form=found["form"])
        tables = {name: copying.Contents(**one) for name, one in found.pop("tables").items()}
        parts = {name: Part(**one) for name, one in found.pop("parts").items()}
        return Manifest(tables=tables, parts=parts, **found)
    except FileNotFoundError as error:
        raise BackupRefused("backup_none", path=str(folder)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BackupRefused("backup_manifest", path=str(folder / MANIFEST), why=str(error)) from error


async def check(folder: Path) -> Manifest:
    """Hold a backup's files against its manifest; raises BackupRefused at the first that is not what it should be."""
    manifest = read_manifest(folder)
    for name, wanted in manifest.parts.items():
        path = folder / name
        if not path.is_file():
            raise BackupRefused("backup_part_missing", path=str(path))
        found = await asyncio.to_thread(_measured, path)
        if found.size != wanted.size:
            raise BackupRefused("backup_part_size", path=str(path), found=found.size, expected=wanted.size)
        if found.sha256 != wanted.sha256:
            raise BackupRefused("backup_part_changed", path=str(path))
    return manifest


# ---- restoring one ----


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back; `opened` counts sealed values that were opened, None when nobody asked for it."""

    manifest: Manifest
    opened: int | None


async def restore(settings: Settings, folder: Path, *, verify: bool, told: Told = lambda *_: None) -> Restored:
    """Bring a backup into an empty place, with sending paused; raises BackupRefused, VaultError or DatabaseError.

    Everything is checked before the place is touched; with `verify`, every sealed value is opened as well.
    """
    manifest = await check(folder)
    ring = Keyring.read(settings.key_file)
    if ring.find(manifest.fingerprint) is None:
        found = ring.newest.fingerprint
        raise BackupRefused("backup_key", path=str(settings.key_file), expected=manifest.fingerprint, found=found)
    await _refuse_what_is_taken(settings)
    place = settings.key_file.parent
    work = Path(mkdtemp(prefix=".restore-", dir=place))
    try:
        copied = work / RECORDS
        await asyncio.to_thread(shutil.copyfile, folder / RECORDS, copied)
        copied.chmod(0o600)
        await asyncio.to_thread(_unpack, folder / FILES, work / "files")
        vault = await _make_ready(settings.with_database(_url_of(copied)), copied, manifest, FileStore(work / "files"))
        opened = await _verified(copied, work / "files", vault) if verify else None
        await _put_in_place(settings, copied, work / "files", told)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Restored(manifest, opened)


async def _refuse_what_is_taken(settings: Settings) -> None:
    """A restore never mixes with what is there."""
    url, files = settings.database_url, files_folder(settings)
    if files.exists() and any(files.iterdir()):
        raise BackupRefused("restore_files_taken", path=str(files))
    if url.drivername.startswith("sqlite"):
        if _is_taken(Path(url.database or "")):
            raise BackupRefused("restore_place_taken", place=url.database)
        return
    database = Database(url.render_as_string(hide_password=False))
    try:
        await database.check()
        if not await copying.is_empty(database, Base.metadata):
            raise BackupRefused("restore_place_taken", place=url.render_as_string())
    finally:
        await database.close()


def _is_taken(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


async def _make_ready(settings: Settings, path: Path, manifest: Manifest, files: FileStore) -> Vault:
    """Hold the records against the manifest, pause sending, and open them as a start would; gives their vault.

    That brings an older backup up to date, and whoever was erased since is erased again.
    """
    if manifest.revision == HEAD and await _tables_of(path) != manifest.tables:
        raise BackupRefused("backup_part_changed", path=RECORDS)
    async with _looking(path) as database, database.write() as session:
        await session.execute(delete(Lease))
        await session.execute(delete(Meta).where(Meta.name.in_([outbox.PAUSED, HOME])))
        await session.execute(insert(Meta), [{"name": outbox.PAUSED, "value": "restored"}])
    records = await open_records(settings)
    try:
        async with records.read() as reading:
            waiting = await erasing.waiting(reading, limit=1_000_000)
        for one in waiting:
            await erasing.carry_out(records, files, one)
    finally:
        await records.database.close()
    await asyncio.to_thread(_single_file, path)
    return records.vault


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with tarfile.open(archive, "r:") as packed:
        for member in packed:
            if not (member.isfile() and member.name.isdigit()):
                raise BackupRefused("backup_part_changed", path=str(archive))
            packed.extract(member, folder, filter="data")
            (folder / member.name).chmod(0o600)


async def _verified(path: Path, files: Path, vault: Vault) -> int:
    """Open every sealed value and every sealed file; raises BackupRefused with the first place that does not open."""
    async with _looking(path) as database, database.read() as session:
        found = await sealed.open_all(session, vault)
        packed = await sealed.open_files(session, vault, files)
    if broken := [*found.broken, *packed.broken]:
        raise BackupRefused("backup_does_not_open", places=", ".join(broken[:5]))
    return found.count + packed.count


async def _put_in_place(settings: Settings, records: Path, files: Path, told: Told) -> None:
    url = settings.database_url
    _put_files(files, files_folder(settings))
    if url.drivername.startswith("sqlite"):
        await asyncio.to_thread(_put_file, records, Path(url.database or ""))
    else:
        await _put_rows(records, url, told)


def _put_files(files: Path, target: Path) -> None:
    if target.exists():
        target.rmdir()  # it is empty: that was looked at
    files.rename(target)


def _put_file(records: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f"{place.name}.restoring")
    shutil.copyfile(records, beside)
    beside.chmod(0o600)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(place)
    _sync_folder(place.parent)


async def _put_rows(records: Path, url: URL, told: Told) -> None:
    database = Database(url.render_as_string(hide_password=False))
    try:
        await migrate(database)
        async with _looking(records) as source, source.read() as session:
            wanted = await copying.copy(session, database, Base.metadata, frozenset(), told)
        if wrong := await copying.differences(database, Base.metadata, wanted, frozenset()):
            raise BackupRefused("restore_differs", tables=", ".join(wrong))
    finally:
        await database.close()
