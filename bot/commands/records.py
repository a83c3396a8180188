"""`import …` and `export …`: files read whole and checked before anything is written, and articles written again."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.options import AsJson, Config, Refused, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.importing.articles import Change, Trial
    from bot.importing.reading import How
    from bot.importing.runs import Imported, Progress, Wishes
    from crm_core.imports import Taken
    from crm_core.work import Records

_T = TypeVar("_T")

imports = typer.Typer(
    help="Import articles, customers, orders or chat histories.\n\nImporting the same file again changes nothing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
exports = typer.Typer(
    help="Export articles, customers or orders.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check the file and say what would be done.")]
DespiteWarnings = Annotated[
    bool, typer.Option("--despite-warnings", help="Import them although questions would be answered wrongly.")
]


Maps = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="What a column holds; without a field it is left out."),
]
Strict = Annotated[bool, typer.Option("--strict-columns", help="Refuse the file when nobody knows one of its columns.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Of a CSV file, when it is not found out, such as cp1252.")]
DecimalMark = Annotated[
    str, typer.Option("--decimal", metavar=".|,", help="What parts the decimals, where 1.234 could be both.")
]
Dates = Annotated[
    str,
    typer.Option("--dates", metavar="day-first|month-first", help="How 03/04/2026 is meant."),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Import the rest when something is wrong with rows, instead of nothing.")
]


ExportTo = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write them.")]
ExportForm = Annotated[str, typer.Option("--format", help="jsonl, csv or xlsx; else what the name of FILE ends with.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]


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
def customers(
    file: File,
    maps: Maps = None,
    strict: Strict = False,
    encoding: Encoding = "",
    decimal: DecimalMark = "",
    dates: Dates = "",
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Import customers from CSV, XLSX, XLS, ODS or JSON Lines.

    Which column holds what is guessed from the headings, in English and Chinese, and shown. A customer is known by the
    shop's own number, by e-mail address, or by phone number where there is nothing else. Tags are added and never taken
    away, and who opted out of marketing by themselves stays opted out.

    An import that was broken off goes on where it stopped when it is given again.
    """
    from bot.importing.runs import Wishes
    from bot.imports import import_customers

    settings = settings_of(config)
    how = _how(settings, maps, strict, encoding, decimal, dates)
    language = settings.shop.languages[0]
    wished = Wishes(dry_run=dry_run, skip_bad=skip_bad)
    imported = _import(
        settings, lambda records, wishes: import_customers(records, file, how, language, wishes), wished, as_json
    )
    _say_imported("customers", file, imported, dry_run, as_json)


@imports.command("orders")
def orders(
    file: File,
    source: Annotated[
        str, typer.Option("--source", help="The system the orders come from; source and reference name an order.")
    ] = "import",
    unknown_customers: Annotated[
        str,
        typer.Option(
            "--unknown-customers",
            metavar="refuse|apart",
            help="What becomes of orders of people who are not on record: refused, or kept apart until they are.",
        ),
    ] = "refuse",
    maps: Maps = None,
    strict: Strict = False,
    encoding: Encoding = "",
    decimal: DecimalMark = "",
    dates: Dates = "",
    currency: Annotated[
        str, typer.Option("--currency", help="The currency of amounts that name none, such as EUR.")
    ] = "",
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Import orders from CSV, XLSX, XLS, ODS or JSON Lines.

    An order is known by source and reference. Its customer is known by e-mail address, phone number or the shop's own
    number. In a table, rows one after the other with the same reference are the products of one order.
    """
    from bot.importing.runs import Wishes
    from bot.importing.values import Doubtful
    from bot.importing.values import currency as read_currency
    from bot.imports import import_orders

    if not 0 < len(source.strip()) <= 40:
        raise typer.BadParameter("it should be a word of at most 40 characters.", param_hint="'--source'")
    if unknown_customers not in {"refuse", "apart"}:
        raise typer.BadParameter("it should be refuse or apart.", param_hint="'--unknown-customers'")
    try:
        code = read_currency(currency) if currency else ""
    except Doubtful as doubt:
        raise typer.BadParameter(f"it {doubt}.", param_hint="'--currency'") from doubt
    settings = settings_of(config)
    how = _how(settings, maps, strict, encoding, decimal, dates, source=source.strip(), currency=code)
    wished = Wishes(dry_run=dry_run, skip_bad=skip_bad, keep_apart=unknown_customers == "apart")
    imported = _import(settings, lambda records, wishes: import_orders(records, file, how, wishes), wished, as_json)
    _say_imported("orders", file, imported, dry_run, as_json)


@imports.command("history")
def history(
    file: File, skip_bad: SkipBad = False, dry_run: DryRun = False, config: Config = None, as_json: AsJson = False
) -> None:
    """Import chat histories from Telegram Desktop.

    FILE is the result.json of one exported chat, or of all chats. Chats with one person are taken over, each message
    with its own time; groups, channels and files are not. Whoever is new becomes a customer. Nothing is sent, and no
    ticket is opened.

    An import that was broken off goes on where it stopped when it is given again.
    """
    from bot.importing.runs import Wishes
    from bot.imports import import_history
    from crm_core.histories import Past

    settings = settings_of(config)
    past = Past(channel=_telegram(settings), language=settings.shop.languages[0])
    wished = Wishes(dry_run=dry_run, skip_bad=skip_bad)
    imported = _import(settings, lambda records, wishes: import_history(records, file, past, wishes), wished, as_json)
    taken = imported.taken
    if as_json:
        _say_json("history", file, taken, dry_run, bad=taken.bad, passed=taken.passed)
        return
    _say("messages", file, taken, dry_run, as_json)
    _say_bad(taken, dry_run)


def _telegram(settings: "Settings") -> str:
    """The channel of the shop's bot, on which its customers will go on; without one, a channel of its own."""
    bot_id = asyncio.run(_token(settings)).partition(":")[0]
    return f"telegram:{bot_id or 'export'}"


async def _token(settings: "Settings") -> str:
    from bot.kept_secrets import with_secrets

    if not settings.names("telegram.token") and has_database(settings):
        async with opened(settings) as records:
            settings = await with_secrets(settings, records)
    return settings.read_token().get_secret_value()


def _how(
    settings: "Settings",
    maps: list[str] | None,
    strict: bool,
    encoding: str,
    decimal: str,
    dates: str,
    *,
    source: str = "import",
    currency: str = "",
) -> "How":
    from bot.importing.fields import Manner
    from bot.importing.reading import How

    if decimal not in {"", ".", ","}:
        raise typer.BadParameter('it should be "." or ",".', param_hint="'--decimal'")
    if dates not in {"", "day-first", "month-first"}:
        raise typer.BadParameter("it should be day-first or month-first.", param_hint="'--dates'")
    manner = Manner(
        zone=settings.zone,
        country=settings.shop.country,
        decimal=decimal,
        first=dates.removesuffix("-first"),
        currency=currency,
    )
    return How(manner=manner, encoding=encoding, maps=tuple(maps or ()), strict=strict, source=source)


def _import(
    settings: "Settings",
    job: "Callable[[Records | None, Wishes], Awaitable[Imported]]",
    wishes: "Wishes",
    as_json: bool,
) -> "Imported":
    async def go() -> "Imported":
        with _progress(as_json) as progress:
            asked = replace(wishes, progress=progress)
            if not has_database(settings):
                # A file that is refused leaves no database behind.
                checked = await job(None, replace(asked, dry_run=True))
                if wishes.dry_run:
                    return checked
            async with opened(settings, make=True) as records:
                return await job(records, asked)

    return asyncio.run(go())


@contextmanager
def _progress(as_json: bool) -> "Iterator[Progress]":
    """A bar for a person who looks on; nothing for a script or a file."""
    if as_json or not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None)
        yield lambda what, done, total: bars.update(bar, description=what, completed=done, total=total or None)


def _say_imported(kind: str, file: Path, imported: "Imported", dry_run: bool, as_json: bool) -> None:
    taken = imported.taken
    if as_json:
        _say_json(kind, file, taken, dry_run, bad=taken.bad, apart=taken.apart, columns=imported.columns)
        return
    for heading, name in imported.columns.items():
        say(f"  {heading} -> {name}")
    _say(kind, file, taken, dry_run, as_json)
    if taken.apart:
        say(f"{taken.apart} {'would be ' if dry_run else ''}kept apart: their customers are not on record.")
    _say_bad(taken, dry_run)


def _say_bad(taken: "Taken", dry_run: bool) -> None:
    if taken.bad:
        say(f"{taken.bad} {'would be ' if dry_run else ''}left out, something is wrong with them.")


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


@exports.command("customers")
def export_customers(
    path: ExportTo, form: ExportForm = "", overwrite: Overwrite = False, config: Config = None, as_json: AsJson = False
) -> None:
    """Export every customer on record; importing that changes nothing.

    The file holds personal data in clear and can be read by its owner only. That it was written is in the audit log.
    """
    from bot import exports as writing

    _export("customers", writing.export_customers, path, form, overwrite, config, as_json)


@exports.command("orders")
def export_orders(
    path: ExportTo, form: ExportForm = "", overwrite: Overwrite = False, config: Config = None, as_json: AsJson = False
) -> None:
    """Export every order on record; importing that changes nothing.

    A table has a row for each product; states with their times and payments are in JSON Lines only.
    """
    from bot import exports as writing

    _export("orders", writing.export_orders, path, form, overwrite, config, as_json)


def _export(
    kind: str,
    write: "Callable[..., Awaitable[tuple[str, int]]]",
    path: Path,
    form: str,
    overwrite: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    from knowledge_base.exporters import ExportError

    settings = settings_of(config)

    async def go() -> tuple[str, int]:
        async with opened(settings) as records:
            return await write(records, path, form, overwrite=overwrite)

    try:
        name, count = asyncio.run(go())
    except ExportError as error:
        words = {"unknown_form": _NO_TABLE_FORM, "nothing": f"There are no {kind} to write."}
        raise Refused(
            words.get(error.key, _EXPORT_REFUSED[error.key]).format(path=path, kind=kind, **error.values)
        ) from error
    if as_json:
        say_json({"export": kind, "path": str(path), "format": name, kind: count})
    else:
        say(f"{path}: {count} {kind} written as {name}.")


_NO_TABLE_FORM = '{kind} are not written as "{form}"; the forms are {known} (--format, or the ending of FILE).'
_EXPORT_REFUSED = {
    "unknown_form": 'Articles are not written as "{form}"; the forms are {known} (--format, or the ending of FILE).',
    "no_folder_form": "{path} is a folder, and {form} is one file: name it, such as articles{suffix}.",
    "exists": "{path} is there already and was left as it is: choose another name, or add --overwrite.",
    "nothing": "There are no articles to write.",
}
