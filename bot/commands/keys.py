"""`keys`: changing the master key, printing it on a recovery sheet, and putting it back from one."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import Config, Refused, has_database, opened, say, settings_of

if TYPE_CHECKING:
    from bot.config import Settings

_keys = typer.Typer(help="The master key: change it, print it on paper, put it back.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(_keys, name="keys")
    _keys.command("rotate")(rotate)
    _keys.command("sheet")(sheet)
    _keys.command("recover")(recover)


def rotate(
    yes: Annotated[bool, typer.Option("--yes", help="Do it: without this nothing is changed.")] = False,
    config: Config = None,
) -> None:
    """Change the master key, or bring an interrupted change to its end.

    A new key is drawn into the key file and every key on record is wrapped by it, while Frontdesk goes on serving. Then
    the old key leaves the file. The sealed data themselves stay as they are.
    """
    settings = settings_of(config)
    if not yes:
        raise Refused(
            f"This draws a new master key into {settings.key_file}. Backups made until now need the old key: keep its "
            "recovery sheet as long as them. Say --yes to do it."
        )
    asyncio.run(_rotate(settings))


async def _rotate(settings: "Settings") -> None:
    from crm_core import keys

    async with opened(settings) as records:
        drawn = await keys.change(records, settings.key_file)
        say("Drew a new master key." if drawn else "Going on with the change that was begun.")
        await keys.finish(records, settings.key_file)
        say(f"Every key is wrapped by the master key {records.vault.fingerprint} now; the old one left the key file.")
    say("Print its recovery sheet: frontdesk keys sheet")


def sheet(
    again: Annotated[bool, typer.Option("--again", help="Although it was printed before; this is audited.")] = False,
    to_pipe: Annotated[
        bool, typer.Option("--to-pipe", help="Although a file or another program takes what is printed.")
    ] = False,
    config: Config = None,
) -> None:
    """Print the recovery sheet: the master key on paper.

    It is shown once for each master key. Whoever has it and the database can read everything.
    """
    from bot.recovery import somebody_reads

    settings = settings_of(config)
    if not (to_pipe or somebody_reads()):
        raise Refused(
            "This is no terminal, and the master key belongs on paper only. "
            "Say --to-pipe if what is printed goes to a printer."
        )
    asyncio.run(_sheet(settings, again=again))


async def _sheet(settings: "Settings", *, again: bool) -> None:
    from bot.recovery import hand_out, was_printed
    from crm_core import keys

    async with opened(settings) as records:
        if await keys.is_changing(records, settings.key_file):
            raise Refused("The master key is being changed; `frontdesk keys rotate --yes` brings that to its end.")
        async with records.read() as work:
            printed = await was_printed(work)
        if printed and not again:
            raise Refused("The sheet of this key was printed already. Say --again to print it once more.")
        for line in await hand_out(records, settings):
            say(line)


def recover(config: Config = None) -> None:
    """Put the key file back from a recovery sheet: type its lines.

    Wrong characters are named by line. A key that is not this database's is refused, and a key file that is there is
    never replaced.
    """
    settings = settings_of(config)
    if settings.key_file.exists():
        raise Refused(f"{settings.key_file} exists already; move it away first if its key is wrong.")
    from bot.recovery import LINES

    if sys.stdin.isatty():
        say(f"Type the {LINES} lines of the recovery sheet, each with its last two digits:")
    lines: list[str] = []
    while len([line for line in lines if line.strip()]) < LINES and (line := sys.stdin.readline()):
        lines.append(line)
    asyncio.run(_recover(settings, lines))


async def _recover(settings: "Settings", lines: list[str]) -> None:
    from bot.recovery import SheetRefused, read_sheet
    from crm_core import keys
    from crm_core.storage.database import Database
    from crm_core.storage.keyring import Keyring

    try:
        master = read_sheet(lines)
    except SheetRefused as refused:
        raise Refused(*refused.problems) from refused
    if has_database(settings):
        database = Database(settings.database_url.render_as_string(hide_password=False))
        try:
            async with database.read() as session:
                (await keys.locks_of(session)).check(Keyring(master))
        finally:
            await database.close()
    Keyring.create(settings.key_file, master.secret)
    say(f"Wrote {settings.key_file}, the key {master.fingerprint}.")
    if not has_database(settings):
        say("There is no database yet to hold it against: `frontdesk doctor` tells once it is there.")
