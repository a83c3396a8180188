"""`erase`, `customer export-all` and `retention`: whose data goes, who is given theirs, and what is kept how long."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.customers import Number, customers, known
from bot.commands.options import AsJson, Config, Refused, opened, say, say_json, say_table, settings_of

if TYPE_CHECKING:
    from bot.config import Settings

_PATIENCE = 30.0  # seconds for what is under way to the person
_AGAIN = 0.5


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("erase")(erase)
    app.command("retention")(retention)


def erase(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Erase everything of one person, for good.

    Every record that was merged into theirs is part of them. Their keys are destroyed, names, contacts, messages, files
    and notes are cleared, and a tombstone beside the key file sees to it that no older backup brings them back. Orders
    stay as figures of nobody.
    """
    settings = settings_of(config)
    if not yes:
        typer.confirm(f"Erase customer #{number} for good? Nobody can undo this.", abort=True)
    counts = asyncio.run(_erase(settings, number))
    if as_json:
        say_json({"customer": number, "erased": counts is not None, "cleared": counts})
    elif counts is None:
        say(f"Customer #{number} is being erased: a message to them is still under way. `frontdesk run` finishes it.")
    else:
        say(f"Customer #{number} is erased: {sum(counts.values())} rows were cleared.")


async def _erase(settings: "Settings", number: int) -> dict[str, int] | None:
    """How many rows of each table were cleared; None when it could not be finished yet."""
    from crm_core import erasing
    from crm_core.files import FileStore
    from crm_core.tombstones import Tombstones

    files = FileStore(settings.key_file.parent / "files")
    async with opened(settings) as records:
        async with records.write() as work:
            customer = await known(work, number)
            customer_id = customer.id
            asked = await erasing.ask(work, Tombstones(settings.tombstone_file), customer, "command", None)
            row = await erasing.of(work, customer_id)
        if row is None or (row.finished_at is not None and not asked):
            raise Refused(f"Customer #{number} was erased before; nothing was done.")
        for _ in range(int(_PATIENCE / _AGAIN)):
            if await erasing.carry_out(records, files, row.id):
                async with records.read() as work:
                    return dict((await work.session.get_one(type(row), row.id)).counts)
            await asyncio.sleep(_AGAIN)
    return None


@customers.command("export-all")
def export_all(
    number: Number,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The archive to write, a .zip.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")] = False,
    config: Config = None,
) -> None:
    """Write everything on record of one person, with their files, into an archive that only you can read.

    It holds person.json and the files that Frontdesk keeps; those that lie with Telegram are named in it. The look is
    written down as an audit entry.
    """
    settings = settings_of(config)
    if output.exists() and not overwrite:
        raise Refused(f"{output} exists already; nothing was written. --overwrite replaces it.")
    written = asyncio.run(_export(settings, number, output))
    say(f"Wrote {output}: everything on record of customer #{number}, with {written} files. Only you can read it.")


async def _export(settings: "Settings", number: int, output: Path) -> int:
    from crm_core import audit, personal_export
    from crm_core.files import FileStore

    store = FileStore(settings.key_file.parent / "files")
    async with opened(settings) as records:
        async with records.write() as work:
            customer = await known(work, number)
            if customer.key is None:
                raise Refused(f"Customer #{number} was erased; there is nothing to export.")
            audit.enter(work, None, "customer.export", f"customer:{number}")
        async with records.read() as work:
            export = await personal_export.collect(work, customer)
            files = await personal_export.read_files(work, store, export.files)
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as to:
            os.fchmod(handle, 0o600)
            personal_export.pack(to, export, files, records.clock())
    return len(files)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let go of what has been kept for its term.

    The terms are those of [privacy] in the configuration. `frontdesk run` does this once a day.
    """
    settings = settings_of(config)
    rows = asyncio.run(_retention(settings, dry_run=dry_run))
    if as_json:
        keys = ("what", "days", "rows")
        say_json({"dry_run": dry_run, "classes": [dict(zip(keys, row, strict=True)) for row in rows]})
    else:
        say_table(["what", "kept for days", "would go" if dry_run else "gone"], rows)


async def _retention(settings: "Settings", *, dry_run: bool) -> list[list[str | int | None]]:
    from crm_core import retention as verbs
    from crm_core.files import FileStore
    from crm_core.rules.retention import term_of

    months = settings.privacy.months
    async with opened(settings) as records:
        if dry_run:
            async with records.read() as work:
                counts = await verbs.due(work, months)
        else:
            counts = await verbs.sweep(records, FileStore(settings.key_file.parent / "files"), months)
    terms = {kept: term_of(kept, months) for kept in counts}
    return [[kept.value, None if (term := terms[kept]) is None else term.days, count] for kept, count in counts.items()]
