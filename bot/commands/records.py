"""`import …` and `export …`: files read whole and checked before anything is written, and articles written again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.options import AsJson, Config, Refused, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.importing.articles import Change, Trial
    from crm_core.imports import Taken
    from crm_core.work import Records

_T = TypeVar("_T")

imports = typer.Typer(
    help="Import articles, customers or orders.\n\nImporting the same file again changes nothing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
exports = typer.Typer(help="Export articles.", no_args_is_help=True, rich_markup_mode=None, add_completion=False)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check the file and say what would be done.")]
DespiteWarnings = Annotated[
    bool, typer.Option("--despite-warnings", help="Import them although questions would be answered wrongly.")
]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(imports, name="import")
    app.add_typer(exports, name="export")


@imports.command("articles")
def articles(
    file: File,
    dry_run: DryRun = False,
    despite_warnings: DespiteWarnings = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Import articles from Markdown, JSON Lines, CSV, XLSX or HTML.

    FILE is a file (.md, .jsonl, .csv, .tsv, .xlsx, .html, or a .zip of HTML pages) or a folder of them. An article is
    known by its id and language. Everything that is wrong is named by file and line, and then nothing is imported.

    What they change is tried first, on the examples and on the questions that staff judged within a month, and told.
    When an example fails, or a question would be answered wrongly that is not now, nothing is imported either, unless
    --despite-warnings is added.
    """
    from bot.articles import Book
    from bot.importing.articles import import_articles, read_article_file

    settings = settings_of(config)
    drafts, warnings = read_article_file(file)
    book = Book(settings.knowledge.wrong_answers_at_most)
    taken = _run(
        settings,
        lambda records: import_articles(records, drafts, book, dry_run=dry_run, despite_warnings=despite_warnings),
        dry_run,
    )
    taken.notes[:0] = warnings
    if as_json:
        changes = [_as_json(change) for change in taken.changes]
        _say_json("articles", file, taken, dry_run, articles=changes, trial=_trial_as_json(taken.trial))
        return
    _say("articles", file, taken, dry_run, as_json)
    for change in taken.changes if dry_run else ():
        fields = f": {', '.join(change.fields)}" if change.fields else ""
        say(f"  {change.what:<8} {change.language}/{change.slug}{fields}")
    if taken.trial is not None:
        say(taken.trial.says)
        for warning in taken.trial.warnings:
            say(f"WARNING  {warning}")


def _as_json(change: "Change") -> dict[str, Any]:
    return {"id": change.slug, "language": change.language, "change": change.what, "fields": list(change.fields)}


def _trial_as_json(trial: "Trial | None") -> dict[str, Any] | None:
    if trial is None:
        return None
    found = trial.replay
    return {
        "judged": found.judged,
        "newly_answered": len(found.newly_answered) + len(found.put_right),
        "now_wrong": len(found.now_wrong),
        "no_longer_answered": len(found.no_longer_answered),
        "failing_examples": [
            {"id": one.article, "language": one.language, "text": one.text, "must_match": one.must}
            for one in trial.failing
        ],
        "warnings": trial.warnings,
    }


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


def _run(settings: "Settings", job: Callable[["Records | None"], Awaitable[_T]], dry_run: bool) -> _T:
    async def go() -> _T:
        if dry_run and not has_database(settings):
            return await job(None)
        async with opened(settings, make=True) as records:
            return await job(records)

    return asyncio.run(go())


def _say(kind: str, file: Path, taken: "Taken", dry_run: bool, as_json: bool) -> None:
    if as_json:
        _say_json(kind, file, taken, dry_run)
        return
    would = "would be " if dry_run else ""
    say(f"{file}: {taken.added} {kind} {would}added, {taken.changed} {would}changed, {taken.same} known just so.")
    for note in taken.notes:
        say(note)


def _say_json(kind: str, file: Path, taken: "Taken", dry_run: bool, **more: Any) -> None:
    counts = {"added": taken.added, "changed": taken.changed, "same": taken.same}
    say_json({"import": kind, "file": str(file), "dry_run": dry_run, **counts, **more, "notes": taken.notes})


@exports.command("articles")
def export_articles(
    path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="Where to write them.")],
    form: Annotated[
        str, typer.Option("--format", help="jsonl, csv, xlsx, markdown or html; else what the name of FILE ends with.")
    ] = "",
    language: Annotated[str, typer.Option("--language", help="Only the articles in this language.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Export the articles on record, drafts and archived ones included.

    Importing what was exported changes nothing. A folder takes Markdown or HTML, a file for each article.
    """
    from bot.exports import export_to
    from knowledge_base.exporters import ExportError

    settings = settings_of(config)

    async def go() -> tuple[str, int]:
        async with opened(settings) as records:
            return await export_to(records, path, form, language, overwrite=overwrite)

    try:
        name, count = asyncio.run(go())
    except ExportError as error:
        raise Refused(_EXPORT_REFUSED[error.key].format(path=path, **error.values)) from error
    if as_json:
        say_json({"export": "articles", "path": str(path), "format": name, "articles": count})
    else:
        say(f"{path}: {count} articles written as {name}.")


_EXPORT_REFUSED = {
    "unknown_form": 'Articles are not written as "{form}"; the forms are {known} (--format, or the ending of FILE).',
    "no_folder_form": "{path} is a folder, and {form} is one file: name it, such as articles{suffix}.",
    "exists": "{path} is there already and was left as it is: choose another name, or add --overwrite.",
    "nothing": "There are no articles to write.",
}
