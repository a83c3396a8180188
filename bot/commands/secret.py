"""`secret`: the bot's token and its like, kept sealed in the database instead of in a file."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, Refused, local, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.models import Secret

_secret = typer.Typer(help="Secrets kept sealed in the database: the bot's token and its like.", no_args_is_help=True)
_LONGEST = 4_000  # characters

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as telegram.token; a wrong name lists all.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(_secret, name="secret")
    _secret.command("set")(set_secret)
    _secret.command("list")(list_secrets)
    _secret.command("remove")(remove_secret)


def set_secret(name: _Name, config: Config = None) -> None:
    """Keep a secret; its value is read from standard input.

    So it stands in no list of processes and no history of commands: `frontdesk secret set telegram.token < file`. It is
    used where the configuration names neither a value nor a file, from the next start on, and is never shown again.
    """
    settings = settings_of(config)
    value = _value(_known(name))
    asyncio.run(_put(settings, name, value))
    say(f"{name} is kept, sealed. It counts from the next start on.")
    if settings.names(name):
        say("The configuration names one, too, and that one wins: take it out there.")


def _known(name: str) -> str:
    from bot.config import SECRETS

    if name not in SECRETS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(SECRETS)}.", param_hint="NAME")
    return name


def _value(name: str) -> str:
    if sys.stdin.isatty():
        value = str(typer.prompt(f"{name} (it is not shown)", hide_input=True)).strip()
    else:
        value = sys.stdin.read(_LONGEST + 1).strip()
    if not value or len(value) > _LONGEST or any(letter.isspace() for letter in value):
        raise Refused(f"Standard input should hold one value of 1 to {_LONGEST} characters, without blanks.")
    from bot.config import problem_of_secret

    if problem := problem_of_secret(name, value):
        raise Refused(problem)
    return value


async def _put(settings: "Settings", name: str, value: str) -> None:
    from crm_core import secrets

    async with opened(settings, make=True) as records, records.write() as work:
        await secrets.put(work, name, value)


def list_secrets(config: Config = None, as_json: AsJson = False) -> None:
    """Say which secrets are kept and since when; never their values."""
    settings = settings_of(config)
    found = asyncio.run(_rows(settings))
    if as_json:
        say_json([{"name": one.name, "changed_at": one.changed_at} for one in found])
        return
    for one in found:
        say(f"{one.name}  since {local(one.changed_at, settings)}")
    if not found:
        say("No secret is kept here.")


async def _rows(settings: "Settings") -> list["Secret"]:
    from crm_core import secrets

    async with opened(settings) as records, records.read() as work:
        return await secrets.rows(work)


def remove_secret(name: _Name, config: Config = None) -> None:
    """Forget a secret."""
    settings = settings_of(config)
    if not asyncio.run(_remove(settings, _known(name))):
        raise Refused(f"{name} is not kept here; nothing was done.")
    say(f"{name} is forgotten. A process that runs keeps using it until it ends.")


async def _remove(settings: "Settings", name: str) -> bool:
    from crm_core import secrets

    async with opened(settings) as records, records.write() as work:
        return await secrets.remove(work, name)
