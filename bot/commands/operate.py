"""`run`, `init`, `migrate`, `invite` and `doctor`: what the operator does with an installation."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, Refused, local, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.work import Records

_NEW_SHOP = Path(__file__).parent / "new_shop"
_REFERENCE = Path(__file__).resolve().parents[2] / "config.toml"  # it comes with the checkout (docs/decisions/0003)


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("run")(run)
    app.command("init")(init)
    app.command("migrate")(migrate)
    app.command("invite")(invite)
    app.command("doctor")(doctor)


def run(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the sample customers and orders into an empty database.")
    ] = False,
    config: Config = None,
) -> None:
    """Serve everything that is enabled until SIGTERM or Ctrl-C.

    The database is made or brought up to date first. On leaving, what is at hand is finished within five seconds.
    """
    settings = settings_of(config)
    if settings.names("telegram.token"):  # else it is kept in the database, and looked at once that is open
        settings.check_token()
    from bot.serve import serve

    raise typer.Exit(asyncio.run(serve(settings, sample=sample)))


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the new shop.")],
    _config: Annotated[Path | None, typer.Option("--config", hidden=True)] = None,  # every command takes it
) -> None:
    """Begin a shop of your own, with its config.toml and articles.

    The settings are commented, one article per language shows the form, and nothing that is there is overwritten.
    """
    from bot.config import SAMPLE_ARTICLES

    files = {file.relative_to(_NEW_SHOP): file.read_text(encoding="utf-8") for file in sorted(_NEW_SHOP.rglob("*.md"))}
    settings = _REFERENCE.read_text(encoding="utf-8").replace(f'"{SAMPLE_ARTICLES}"', '"articles"')
    files[Path("config.toml")] = settings
    taken = [folder / file for file in files if (folder / file).exists()]
    if taken:
        raise Refused(*(f"{file} exists already; nothing was written." for file in taken))
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content, encoding="utf-8")
        say(f"wrote {folder / file}")
    say("Put your articles into its folder articles/, then start it with:")
    say(f"  frontdesk run --config {folder / 'config.toml'}")


def migrate(config: Config = None) -> None:
    """Make the database, or bring it up to date.

    The first time the key file is made as well. `run` does the same when it starts.
    """
    settings = settings_of(config)
    asyncio.run(_migrate(settings))


async def _migrate(settings: "Settings") -> None:
    from crm_core.storage.database import Database
    from crm_core.storage.migrations import HEAD, revision

    key_was_there = settings.key_file.exists()
    database = Database(settings.database_url.render_as_string(hide_password=False))
    try:
        await database.check()
        async with database.read() as session:
            before = await (await session.connection()).run_sync(revision)
    finally:
        await database.close()
    async with opened(settings, make=True) as records:
        if not key_was_there:
            say(
                f"Made the key file {settings.key_file}. Without it nothing sealed can be read: keep it on paper, "
                "elsewhere (`frontdesk keys sheet`)."
            )
            await _print_sheet(settings, records)
    if before is None:
        say(f"Made the database, at revision {HEAD}.")
    elif before == HEAD:
        say(f"The database is up to date, at revision {HEAD}; nothing was done.")
    else:
        say(f"Brought the database from revision {before} to {HEAD}.")


async def _print_sheet(settings: "Settings", records: "Records") -> None:
    """The key on paper, if somebody sits there to see to it."""
    from bot.recovery import hand_out, somebody_reads

    if somebody_reads():
        for line in await hand_out(records, settings):
            say(line)


def invite(
    role: Annotated[str, typer.Option("--role", help="agent, supervisor, marketer or admin.")] = "",
    name: Annotated[str, typer.Option("--name", help="The colleague's name, as customers will see it.")] = "",
    colleague: Annotated[
        str, typer.Option("--colleague", help="Instead: who is staff already, for another device or account.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a one-time invite by which a colleague becomes staff.

    With --colleague it lets somebody who is staff already in by another browser or account, as who they are. It is good
    for 24 hours. The token is shown this once and stored hashed.
    """
    called = _invited(role, name, colleague)
    settings = settings_of(config)
    if colleague:
        made = asyncio.run(_invite_again(settings, colleague))
    else:
        made = asyncio.run(_invite(settings, role, called))
    link = f"{settings.base_url}/desk/enter/{made.token}"
    if as_json:
        facts = {"role": made.role, "name": made.name, "token": made.token, "link": link}
        say_json({**facts, "start": f"/start {made.token}", "expires_at": made.until})
        return
    say(f"An invite for {made.name} ({made.role}), good once until {local(made.until, settings)}.")
    say(f"  token     {made.token}")
    if settings.web.enabled:
        say(f"  web       {link}")
    say(f"  Telegram  /start {made.token}")


def _invited(role: str, name: str, colleague: str) -> str:
    """The name of a new colleague; raises when the options do not say whom an invite is for."""
    from crm_core.models import STAFF_ROLES

    if colleague:
        if role or name:
            raise typer.BadParameter("a colleague keeps role and name.", param_hint="'--colleague'")
        return ""
    if not role:
        raise typer.BadParameter("say --role for somebody new, or --colleague for somebody who is staff already.")
    if role not in STAFF_ROLES:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(STAFF_ROLES)}.", param_hint="'--role'")
    called = " ".join(name.split()) or role.capitalize()
    if len(called) > 190:
        raise typer.BadParameter(f"it has {len(called)} characters, 190 are allowed.", param_hint="'--name'")
    return called


@dataclass(frozen=True, slots=True)
class _Made:
    """An invite that was made."""

    token: str
    role: str
    name: str
    until: datetime


async def _invite(settings: "Settings", role: str, name: str) -> _Made:
    from crm_core import staff

    async with opened(settings, make=True) as records, records.write() as work:
        return _Made(staff.invite(work, role, name), role, name, work.now + staff.INVITE_TERM)


async def _invite_again(settings: "Settings", name: str) -> _Made:
    from crm_core import staff

    async with opened(settings) as records, records.write() as work:
        colleagues = await staff.everybody(work)
        wanted = " ".join(name.split()).casefold()
        found = [one for one in colleagues if one.name.casefold() == wanted]
        if len(found) != 1:
            there = ", ".join(f"{one.name} ({one.role})" for one in found or colleagues) or "nobody yet"
            problem = f"{len(found)} colleagues are" if found else "No colleague is"
            raise Refused(f"{problem} called {name!r}. {'They are' if found else 'On the staff'}: {there}.")
        (one,) = found
        return _Made(staff.invite_again(work, one), one.role, one.name, work.now + staff.INVITE_TERM)


def doctor(config: Config = None, as_json: AsJson = False) -> None:
    """Look whether everything is in order, and how to mend it.

    Nothing is changed. The exit code is 1 when something is wrong.
    """
    from bot.doctor import examine

    findings = asyncio.run(examine(config))
    wrong = sum(one.state == "wrong" for one in findings)
    if as_json:
        say_json({"wrong": wrong, "checks": [one.as_json() for one in findings]})
    else:
        for one in findings:
            say(f"{one.state:5}  {one.check}: {one.says}")
            if one.mend:
                say(f"       {one.mend}")
        say("Everything is in order." if not wrong else f"{wrong} of {len(findings)} checks found something wrong.")
    raise typer.Exit(1 if wrong else 0)
