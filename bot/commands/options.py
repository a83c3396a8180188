"""What the commands share: their options, the settings and records they open, and how they speak."""

import json
import sys
import unicodedata
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.work import Records

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration file (default: config.toml)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class Refused(Exception):
    """A command cannot do this; its arguments are the sentences that say why."""


def countable(number: int | None) -> int | None:
    """A number that a record may have; one that no database can hold is refused before it is looked for."""
    if number is not None and not 0 < number < 1 << 63:
        raise typer.BadParameter("there is no such number.")
    return number


def settings_of(config: Path | None) -> "Settings":
    """The settings, and a quiet log: a command speaks for itself."""
    from bot import logs
    from bot.config import load_settings

    settings = load_settings(config)
    logs.set_up("warning", as_json=settings.log.json)
    return settings


def has_database(settings: "Settings") -> bool:
    """Whether there is a database already; one on a server is taken to be there."""
    url = settings.database_url
    if not url.drivername.startswith("sqlite"):
        return True
    file = Path(url.database or "")
    return file.exists() and file.stat().st_size > 0


@asynccontextmanager
async def opened(settings: "Settings", *, make: bool = False) -> AsyncIterator["Records"]:
    """The records, closed at the end; without `make`, a database that is not there yet is refused, not made.

    What a command entered into the audit log is linked before it ends: perhaps nobody else runs.
    """
    from bot.opening import open_records
    from crm_core import audit_chain

    if not make and not has_database(settings):
        raise Refused(
            f"There is no database yet: {settings.database_url.database} does not exist. "
            "`frontdesk run` or `frontdesk migrate` makes it."
        )
    records = await open_records(settings)
    try:
        yield records
        await audit_chain.link_all(records)
    finally:
        await records.database.close()


def ask(question: str) -> None:
    """Ask whether to go on; raises Refused when the answer is no, or when nobody is there to give one."""
    if not sys.stdin.isatty():
        raise Refused("Nothing was done: without a terminal to ask on, --yes is needed.")
    if not typer.confirm(question):
        raise Refused("Nothing was done.")


def say(text: str = "") -> None:
    """A line for a person."""
    typer.echo(text)


def say_json(value: Any) -> None:
    """One JSON value for a script."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def local(when: datetime, settings: "Settings") -> str:
    """A time as people of the shop read it."""
    return f"{when.astimezone(settings.zone):%Y-%m-%d %H:%M} ({settings.shop.time_zone})"


def say_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows in columns; a Chinese character takes two places."""
    table = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(_width(row[place]) for row in table) for place in range(len(columns))]
    for row in table:
        say("  ".join(text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
