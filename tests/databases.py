"""Empty SQLite files for tests: migrated once in each process, copied from then on."""

import tempfile
from pathlib import Path

from sqlalchemy.engine import URL

from crm_core.storage.database import Database
from crm_core.storage.migrations import migrate

_migrated: list[bytes] = []  # the file once it is known


async def lay_down(url: URL) -> None:
    """Put a database with every table and no rows at `url`, sealed with no key yet; one that is there stays."""
    if url.get_backend_name() != "sqlite" or _is_there(file := Path(url.database or "")):
        return
    if not _migrated:
        _migrated.append(await _migrate_one())
    _write(file, _migrated[0])


def _is_there(file: Path) -> bool:
    return file.exists()


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


async def _migrate_one() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.db"
        database = Database(f"sqlite+aiosqlite:///{file}")
        await migrate(database)
        await database.close()
        return file.read_bytes()
