"""`staff …`: the colleagues, their roles and teams, and who leaves; what the operator does needs no second person."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, Refused, opened, say, say_json, say_table, settings_of

if TYPE_CHECKING:
    from crm_core.models import Staff
    from crm_core.work import Work

group = typer.Typer(
    help="Colleagues: who there is, their roles and teams, and letting somebody go.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The colleague's name, or the id that `staff list` shows.")]
_REFUSED = {
    "staff_last_admin": "{name} is the last admin. Make somebody else admin first.",
    "staff_left": "{name} has left already.",
}


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(group, name="staff")


@group.command("list")
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List all colleagues with role and team."""
    settings = settings_of(config)

    async def go() -> list[list[object]]:
        from crm_core import staff

        async with opened(settings) as records, records.read() as work:
            return [[str(one.id), one.name, one.role, one.team, one.created_at] for one in await staff.everybody(work)]

    rows = asyncio.run(go())
    columns = ["id", "name", "role", "team", "since"]
    if as_json:
        say_json({"staff": [dict(zip(columns, row, strict=True)) for row in rows]})
    elif rows:
        say_table(columns, rows)
    else:
        say("There is nobody yet: frontdesk invite --role admin makes the first invite.")


@group.command("role")
def role(
    name: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="agent, supervisor, marketer or admin.")],
    config: Config = None,
) -> None:
    """Give a colleague another role, from this moment on.

    In the chat this needs a second admin or a PIN. The last admin stays one.
    """
    from crm_core.models import STAFF_ROLES

    if role not in STAFF_ROLES:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(STAFF_ROLES)}.", param_hint="'ROLE'")
    settings = settings_of(config)

    async def go() -> str:
        from crm_core import staff
        from crm_core.staff import StaffRefused

        async with opened(settings) as records, records.write() as work:
            one = await _known(work, name)
            try:
                await staff.change_role(work, one, role, None)
            except StaffRefused as refused:
                raise Refused(_REFUSED[refused.key].format(name=one.name)) from refused
            return one.name

    say(f"{asyncio.run(go())} is {role} from now on.")


@group.command("revoke")
def revoke(name: Name, config: Config = None) -> None:
    """Let a colleague go, at once.

    Their sessions, buttons and waiting messages end, open pages close, and their tickets go back to the queue. What
    they did stays on record under their name. The last admin stays.
    """
    settings = settings_of(config)

    async def go() -> str:
        from crm_core import staff
        from crm_core.staff import StaffRefused

        async with opened(settings) as records, records.write() as work:
            one = await _known(work, name)
            try:
                await staff.revoke(work, one, None)
            except StaffRefused as refused:
                raise Refused(_REFUSED[refused.key].format(name=one.name)) from refused
            return one.name

    say(f"{asyncio.run(go())} is no colleague any more. If there is a staff group, remove them there, too.")


@group.command("team")
def team(
    name: Name,
    team: Annotated[str, typer.Argument(metavar="TEAM", help='One word, or "" for no team.')],
    config: Config = None,
) -> None:
    """Put a colleague into a team.

    Tickets are handed to teams by /handon, and [access] agents_see may say that agents see what their team has.
    """
    settings = settings_of(config)

    async def go() -> tuple[str, str]:
        from crm_core import staff

        async with opened(settings) as records, records.write() as work:
            one = await _known(work, name)
            await staff.put_in_team(work, one, team, None)
            return one.name, one.team

    called, put = asyncio.run(go())
    say(f"{called} is in team {put}." if put else f"{called} is in no team.")


async def _known(work: "Work", name: str) -> "Staff":
    from crm_core import staff

    found = await staff.named(work, name)
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{one.name} ({one.id})" for one in found or await staff.everybody(work)) or "nobody yet"
    problem = f"{len(found)} colleagues are" if found else "No colleague is"
    raise Refused(f"{problem} called {name!r}. {'They are' if found else 'On the staff'}: {there}.")
