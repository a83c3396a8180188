"""`import …`: articles, customers and orders from files; read whole and checked before anything is written."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.imports import Taken
    from crm_core.work import Records

imports = typer.Typer(
    help="Import articles, customers or orders.\n\nImporting the same file again changes nothing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check the file and say what would be done.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(imports, name="import")


@imports.command("articles")
def articles(file: File, dry_run: DryRun = False, config: Config = None, as_json: AsJson = False) -> None:
    """Import articles from Markdown or JSON Lines.

    FILE is a file or a folder of them. An article is known by its id and language.
    """
    from bot.imports import import_articles, read_article_file

    settings = settings_of(config)
    drafts = read_article_file(file)
    taken = _run(settings, lambda records: import_articles(records, drafts, dry_run=dry_run), dry_run)
    _say("articles", file, taken, dry_run, as_json)


@imports.command("customers")
def customers(file: File, dry_run: DryRun = False, config: Config = None, as_json: AsJson = False) -> None:
    """Import customers from a JSON Lines file.

    A customer is known by the e-mail address. Tags are added and never taken away, and who opted out of marketing by
    themselves stays opted out.
    """
    from bot.imports import import_customers, read_customers

    settings = settings_of(config)
    drafts = list(read_customers(file).values())
    first = settings.shop.languages[0]
    taken = _run(settings, lambda records: import_customers(records, drafts, first, dry_run=dry_run), dry_run)
    _say("customers", file, taken, dry_run, as_json)


@imports.command("orders")
def orders(
    file: File,
    source: Annotated[
        str, typer.Option("--source", help="The system the orders come from; source and reference name an order.")
    ] = "import",
    dry_run: DryRun = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Import orders from a JSON Lines file.

    An order is known by source and reference, and its customer has to be on record.
    """
    from bot.imports import import_orders, read_orders

    if not 0 < len(source.strip()) <= 40:
        raise typer.BadParameter("it should be a word of at most 40 characters.", param_hint="'--source'")
    settings = settings_of(config)
    drafts = read_orders(file, source.strip())
    taken = _run(settings, lambda records: import_orders(records, drafts, file, dry_run=dry_run), dry_run)
    _say("orders", file, taken, dry_run, as_json)


def _run(settings: "Settings", job: Callable[["Records | None"], Awaitable["Taken"]], dry_run: bool) -> "Taken":
    async def go() -> "Taken":
        if dry_run and not has_database(settings):
            return await job(None)
        async with opened(settings, make=True) as records:
            return await job(records)

    return asyncio.run(go())


def _say(kind: str, file: Path, taken: "Taken", dry_run: bool, as_json: bool) -> None:
    if as_json:
        counts = {"added": taken.added, "changed": taken.changed, "same": taken.same}
        say_json({"import": kind, "file": str(file), "dry_run": dry_run, **counts, "notes": taken.notes})
        return
    would = "would be " if dry_run else ""
    say(f"{file}: {taken.added} {kind} {would}added, {taken.changed} {would}changed, {taken.same} known just so.")
    for note in taken.notes:
        say(note)
