"""`segment …`: questions about customers, tried, saved under a name, counted and sampled."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.commands.options import AsJson, Config, Refused, opened, say, say_json, say_table, settings_of

if TYPE_CHECKING:
    from crm_core.models import Customer
    from crm_core.segments import Tree
    from crm_core.work import Work

_SAMPLE = 5
_T = TypeVar("_T")

segment = typer.Typer(
    help="Ask which customers there are, and keep such questions.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The segment's name.")]
Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="A question such as 'orders >= 3', or a segment's name.")
]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(segment, name="segment")


def _reading(config: Config, do: "Callable[[Work, str], Awaitable[_T]]") -> _T:
    """Do something that only reads; it is given the shop's time zone."""
    settings = settings_of(config)

    async def go() -> _T:
        async with opened(settings) as records, records.read() as work:
            return await do(work, settings.shop.time_zone)

    return asyncio.run(go())


def _writing(config: Config, do: "Callable[[Work], Awaitable[_T]]") -> _T:
    settings = settings_of(config)

    async def go() -> _T:
        async with opened(settings) as records, records.write() as work:
            return await do(work)

    return asyncio.run(go())


@segment.command("list")
def listing(config: Config = None, as_json: AsJson = False) -> None:
    """List the saved segments."""
    found = _reading(config, _all)
    if as_json:
        say_json([{"segment": name, "text": text} for name, text in found])
    elif not found:
        say("There are no segments yet.")
    else:
        say_table(("segment", "text"), found)


async def _all(work: "Work", _zone: str) -> list[tuple[str, str]]:
    from crm_core import saved_segments

    return [(one.name, one.text) for one in await saved_segments.listed(work)]


@segment.command("show")
def show(name: Name, config: Config = None, as_json: AsJson = False) -> None:
    """Show what a segment asks for, in words, and how many customers it finds."""
    text, tree, count = _reading(config, partial(_shown, name))
    if as_json:
        say_json({"segment": name, "text": text, "means": _means(tree), "customers": count})
        return
    say(text)
    say(f"That is: {_means(tree)}.")
    say(_customers(count))


async def _shown(name: str, work: "Work", zone: str) -> "tuple[str, Tree, int]":
    from crm_core import saved_segments

    found = await saved_segments.by_name(work, name)
    if found is None:
        raise Refused(f"There is no segment {name!r}; `frontdesk segment list` shows them.")
    return found.text, await saved_segments.read(work, found.text), await saved_segments.count(work, found.text, zone)


def _means(tree: "Tree") -> str:
    from bot.segment_words import meaning
    from bot.texts import Texts

    return meaning(partial(Texts(("en",)).say, "en"), tree)


def _customers(count: int) -> str:
    return f"{count} {'customer' if count == 1 else 'customers'}"


@segment.command("save")
def save(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="QUESTION", help="A question such as 'orders >= 3 and not tag vip'.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Save a question under a name; one that is there already asks this from now on.

    Campaigns and other segments may use it as: segment NAME.
    """
    from crm_core import saved_segments

    async def do(work: "Work") -> str:
        return (await saved_segments.save(work, name, text, None)).name

    saved = _writing(config, do)
    count = _reading(config, lambda work, zone: saved_segments.count(work, text, zone))
    if as_json:
        say_json({"segment": saved, "text": text, "customers": count})
    else:
        say(f"The segment {saved!r} is saved: {_customers(count)} now.")


@segment.command("rename")
def rename(
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The name it shall have.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give a segment another name; refused while a campaign or another segment uses it."""
    from crm_core import saved_segments

    async def do(work: "Work") -> str:
        return (await saved_segments.rename(work, name, new, None)).name

    renamed = _writing(config, do)
    if as_json:
        say_json({"segment": renamed})
    else:
        say(f"The segment is called {renamed!r} now.")


@segment.command("delete")
def delete(name: Name, config: Config = None, as_json: AsJson = False) -> None:
    """Delete a segment; refused while a campaign that has not drawn its recipients, or another segment, uses it."""
    from crm_core import saved_segments

    async def do(work: "Work") -> None:
        await saved_segments.delete(work, name, None)

    _writing(config, do)
    if as_json:
        say_json({"deleted": name})
    else:
        say(f"The segment {name!r} is deleted.")


@segment.command("count")
def count(text: Question, config: Config = None, as_json: AsJson = False) -> None:
    """Count the customers that a question finds."""

    async def do(work: "Work", zone: str) -> int:
        from crm_core import saved_segments

        return await saved_segments.count(work, await _question(work, text), zone)

    found = _reading(config, do)
    if as_json:
        say_json({"customers": found})
    else:
        say(_customers(found))


async def _question(work: "Work", text: str) -> str:
    """The text of the segment with this name, else the text itself."""
    from crm_core import saved_segments

    saved = await saved_segments.by_name(work, text)
    return text if saved is None else saved.text


@segment.command("sample")
def sample(
    text: Question,
    size: Annotated[int, typer.Option("--size", min=1, max=100, help="How many of them.")] = _SAMPLE,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show some of the customers that a question finds, the newest first. Recorded in the audit log."""
    from crm_core import audit, saved_segments
    from crm_core.conversations import name_of

    async def do(work: "Work") -> "list[tuple[Customer, str]]":
        settings = settings_of(config)
        people = await saved_segments.sample(work, await _question(work, text), size, settings.shop.time_zone)
        audit.enter(work, None, "segment.sample", "segment", customers=[one.number for one in people], named=True)
        return [(one, await name_of(work, one)) for one in people]

    found = _writing(config, do)
    rows = [(one.number, name, one.language, one.stage) for one, name in found]
    columns = ("number", "name", "language", "stage")
    if as_json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        say_table(columns, rows)
    else:
        say(_customers(0))
