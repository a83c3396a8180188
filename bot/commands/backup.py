"""`backup`, `restore` and `copy-database`: keeping the records, and taking them elsewhere."""

import asyncio
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, Refused, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.backups import Manifest
    from bot.config import Settings


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("copy-database")(copy_database)


def backup(
    into: Annotated[Path, typer.Argument(metavar="DIR", help="Where the backup's folder is made.")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="Also copy the key file there: somewhere else than the backup."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Back up the running shop: records and files as of one moment, sealed as they are.

    Turns go on meanwhile. The key file is not part of it; without that file nobody can read the backup.
    """
    from bot.backups import make, read_manifest

    settings = settings_of(config)
    if not has_database(settings):
        raise Refused(f"There is nothing to back up: {settings.database_url.database} does not exist.")
    if keys is not None and keys.exists():
        raise Refused(f"{keys} exists already; nothing was written.")
    folder = asyncio.run(make(settings, into))
    manifest = read_manifest(folder)
    asyncio.run(_enter(settings, folder.name, keys=keys is not None))
    if keys is not None:
        _copy_keys(settings.key_file, keys)
    if as_json:
        say_json({"folder": str(folder), **_facts(manifest)})
        return
    say(f"Wrote {folder}: {manifest.rows} rows and {manifest.files} files, as of {manifest.made_at}.")
    if manifest.missing:
        say(f"{len(manifest.missing)} files on record were not there to be copied.")
    if keys is None:
        say(f"The key file {settings.key_file} is not in it. Keep a copy of it elsewhere, and its .erased file, too.")
    else:
        say(f"Copied the key file to {keys}. Keep it apart from the backup: together they can be read.")


async def _enter(settings: "Settings", name: str, *, keys: bool) -> None:
    """Everything was read: that is an audit entry, after the moment that the backup is of."""
    from crm_core import audit

    async with opened(settings) as records, records.write() as work:
        audit.enter(work, None, "backup.make", f"backup:{name}", keys=keys)


def _copy_keys(key_file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.touch(mode=0o600)
    shutil.copyfile(key_file, to)


def _facts(manifest: "Manifest") -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "revision": manifest.revision,
        "key_fingerprint": manifest.fingerprint,
        "rows": {name: one.rows for name, one in manifest.tables.items()},
        "files": manifest.files,
        "missing": manifest.missing,
    }


def restore(
    folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="The backup's folder.")],
    verify: Annotated[bool, typer.Option("--verify", help="Also open every sealed value and file.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup into an empty place, and pause sending there.

    The configuration says which place: its database has to be empty, its key file the one that opens the backup.
    Everything is checked before anything is written. What may still be sent is decided with `frontdesk sending`.
    """
    from bot.backups import restore as bring_back

    settings = settings_of(config)
    restored = asyncio.run(bring_back(settings, folder, verify=verify))
    manifest = restored.manifest
    if as_json:
        say_json({**_facts(manifest), "opened": restored.opened, "sending": "paused"})
        return
    say(f"Restored {manifest.rows} rows and {manifest.files} files, as they were at {manifest.made_at}.")
    if restored.opened is not None:
        say(f"Every sealed value opens: {restored.opened}.")
    say("Sending is paused. `frontdesk sending` shows what waits and asks what may leave.")


def copy_database(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The database's URL as the configuration has it.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The URL of an empty one.")],
    leave_open: Annotated[
        bool,
        typer.Option("--leave-open", help="Keep the old one in use; the copy sends nothing."),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Move the shop from one database to another.

    Stop Frontdesk first. Every row is copied and compared; afterwards the old database refuses to start.
    Interrupted, the same command goes on. Files and keys stay where they are.
    """
    from bot.moving import move

    settings = settings_of(config)
    shown: Counter[str] = Counter()

    def told(table: str, rows: int) -> None:
        if not as_json and rows - shown[table] >= 10_000:
            shown[table] = rows
            say(f"  {table}: {rows} rows")

    urls = [settings.with_database(url).database_url for url in (source, target)]
    tables = asyncio.run(move(*urls, leave_open=leave_open, told=told))
    if as_json:
        say_json({name: {"rows": one.rows, "digest": one.digest} for name, one in tables.items()})
        return
    say(f"Copied {sum(one.rows for one in tables.values())} rows of {len(tables)} tables; all of them are equal.")
    if leave_open:
        say("The copy sends nothing until `frontdesk sending resume` is run on it.")
    else:
        say("Now set [database] url to the new one. The old one refuses to start from now on.")
