"""`sending`: whether messages leave at all; after a restore they wait until somebody decides."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, Refused, local, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings

_commands = typer.Typer(help="Whether messages leave; after a restore they wait.", no_args_is_help=False)


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(_commands, name="sending")


@_commands.callback(invoke_without_command=True)
def sending(context: typer.Context, config: Config = None, as_json: AsJson = False) -> None:
    """Show whether messages leave, and what waits."""
    if context.invoked_subcommand is None:
        asyncio.run(_show(settings_of(config), as_json=as_json))


async def _show(settings: "Settings", *, as_json: bool) -> None:
    from crm_core import sending as verbs

    async with opened(settings) as records, records.read() as work:
        why, waiting = await verbs.paused(work), await verbs.waiting(work)
    if as_json:
        rows = [
            {"lane": one.lane.name.lower(), "state": one.state, "count": one.count, "oldest": one.oldest}
            for one in waiting
        ]
        say_json({"paused": why, "waiting": rows})
        return
    say(f"Sending is paused ({why})." if why else "Messages leave as they come.")
    for one in waiting:
        say(f"  {one.lane.name.lower():9}  {one.state:9}  {one.count:6}  since {local(one.oldest, settings)}")
    if not waiting:
        say("  nothing waits")
    elif why:
        say("`frontdesk sending resume` lets them leave; `frontdesk sending drop` cancels them.")
        say("What was sent between the backup and now would be sent a second time.")


@_commands.command("pause")
def pause(config: Config = None) -> None:
    """Send nothing from now on, on any channel. What the bot has to say waits."""
    asyncio.run(_pause(settings_of(config)))
    say("Sending is paused. `frontdesk sending resume` lets it go on.")


async def _pause(settings: "Settings") -> None:
    from crm_core import sending as verbs

    async with opened(settings) as records, records.write() as work:
        await verbs.pause(work, "asked")


@_commands.command("resume")
def resume(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
) -> None:
    """Let everything that waits leave."""
    settings = settings_of(config)
    waiting = asyncio.run(_count(settings))
    if waiting and not yes:
        typer.confirm(f"{waiting} messages will leave. Some may have been sent already. Go on?", abort=True)
    asyncio.run(_resume(settings))
    say(f"Sending goes on; {waiting} messages leave.")


@_commands.command("drop")
def drop(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
) -> None:
    """Cancel everything that waits, and let new messages leave."""
    settings = settings_of(config)
    waiting = asyncio.run(_count(settings))
    if waiting and not yes:
        typer.confirm(f"{waiting} messages will never be sent. Go on?", abort=True)
    dropped = asyncio.run(_drop(settings))
    say(f"Cancelled {dropped} messages. Sending goes on with new ones.")


async def _count(settings: "Settings") -> int:
    from crm_core import sending as verbs
    from crm_core.models import OutboxState

    async with opened(settings) as records, records.read() as work:
        return sum(one.count for one in await verbs.waiting(work) if one.state != OutboxState.IN_DOUBT)


async def _resume(settings: "Settings") -> None:
    from crm_core import sending as verbs

    async with opened(settings) as records, records.write() as work:
        await verbs.resume(work)


async def _drop(settings: "Settings") -> int:
    """Only while sending is paused is it sure that none of them is leaving just now."""
    from crm_core import sending as verbs

    dropped = 0
    async with opened(settings) as records:
        async with records.read() as work:
            if await verbs.paused(work) is None:
                raise Refused("Sending is not paused: `frontdesk sending pause` first.")
        while True:
            async with records.write() as work:
                count = await verbs.drop(work)
                if not count:
                    await verbs.resume(work)
            dropped += count
            if not count:
                return dropped
