"""`campaign …`: plan, show, pause, resume and cancel campaigns; the running process reads them from the records."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.options import (
    AsJson,
    Config,
    Refused,
    ask,
    local,
    opened,
    say,
    say_json,
    say_table,
    settings_of,
)

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.campaigns import Figures
    from crm_core.models import Campaign
    from crm_core.work import Work

_LONGEST = 4000  # characters: what every channel takes in one message
_LISTED = 50
_NUMBERS_END = 2**63  # what a column holds

campaign = typer.Typer(
    help="Plan campaigns and see how they stand.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
Number = Annotated[int, typer.Argument(metavar="N", help="The campaign's number.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(campaign, name="campaign")


@campaign.command("send")
def send(
    audience: Annotated[
        str, typer.Option("--audience", help="all, language:zh, tag:tea, or a question such as 'orders >= 3'.")
    ],
    text_en: Annotated[str, typer.Option("--text-en", metavar="TEXT", help="The message in English.")] = "",
    text_zh: Annotated[str, typer.Option("--text-zh", metavar="TEXT", help="The message in Chinese.")] = "",
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help='When it starts, such as "2026-12-01 09:30" (now when left out).'),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would get it and who not, and why.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before planning it.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Plan a message to customers who agreed to marketing.

    Times without a zone are in the shop's. A running Frontdesk starts the campaign when its time has come; quiet hours,
    the weekly cap and everybody's consent are looked at once more before each message leaves.
    """
    settings = settings_of(config)
    texts = _texts(settings, {"en": text_en, "zh": text_zh})
    starts_at = _time(settings, at)
    wanted, figures = asyncio.run(_dry_run(settings, texts, audience))
    if not as_json:
        _say_figures(wanted, figures)
    if dry_run:
        if as_json:
            say_json({"audience": wanted, "included": figures.included, "excluded": figures.excluded})
        return
    if not yes:
        ask(f"Send it to {figures.included} people?")
    planned = asyncio.run(_plan(settings, texts, wanted, starts_at))
    if as_json:
        say_json(
            {
                "campaign": planned.number,
                "state": planned.state,
                "starts_at": planned.starts_at,
                "audience": wanted,
                "included": figures.included,
                "excluded": figures.excluded,
            }
        )
    else:
        say(f"Campaign {planned.number} starts at {local(planned.starts_at, settings)}.")


def _texts(settings: "Settings", given: dict[str, str]) -> dict[str, str]:
    from crm_core.campaigns import CampaignRefused

    texts = {language: text for language, text in given.items() if text.strip()}
    if not texts:
        raise CampaignRefused("campaign-no-text")
    for language, text in texts.items():
        if language not in settings.shop.languages:
            spoken = ", ".join(settings.shop.languages)
            raise Refused(f"--text-{language} is of no use: the shop speaks {spoken} ([shop] languages).")
        if len(text) > _LONGEST:
            raise CampaignRefused("campaign-text-long", length=len(text), most=_LONGEST)
    return texts


def _time(settings: "Settings", at: str) -> datetime | None:
    """When to start; None is now."""
    from bot.handlers.campaign import read_time
    from bot.opening import utc_now
    from crm_core.campaigns import CampaignRefused

    if not at:
        return None
    found = read_time(at, settings.shop.time_zone)
    if found is None:
        raise CampaignRefused("campaign-bad-time", text=at[:40], zone=settings.shop.time_zone)
    if found < utc_now():
        raise CampaignRefused("campaign-past", text=at[:40])
    return found


async def _dry_run(settings: "Settings", texts: dict[str, str], audience: str) -> tuple[str, "Figures"]:
    from crm_core import campaigns

    async with opened(settings) as records, records.read() as work:
        wanted = await campaigns.check_audience(work, audience, settings.shop.languages)
        return wanted, await campaigns.dry_run(work, texts, wanted, settings.shop.time_zone)


async def _plan(settings: "Settings", texts: dict[str, str], audience: str, starts_at: datetime | None) -> "Campaign":
    from crm_core import campaigns

    async with opened(settings) as records, records.write() as work:
        return await campaigns.plan(
            work, texts=texts, audience=audience, starts_at=starts_at or work.now, staff_id=None
        )


def _say_figures(audience: str, figures: "Figures") -> None:
    say(f"{figures.included} {'person' if figures.included == 1 else 'people'} would get it ({audience}).")
    _say_reasons(figures.excluded)


def _say_reasons(reasons: dict[str, int]) -> None:
    from bot.texts import Texts

    texts = Texts(("en",))
    for reason, count in sorted(reasons.items()):
        say(f"  left out, {texts.say('en', 'left-out-' + reason.replace('_', '-'))}: {count}")


@campaign.command("list")
def listing(config: Config = None, as_json: AsJson = False) -> None:
    """List the newest campaigns."""
    settings = settings_of(config)
    found = asyncio.run(_newest(settings))
    if as_json:
        say_json([_facts(one, figures) for one, figures in found])
    elif not found:
        say("There are no campaigns yet.")
    else:
        rows = [
            (one.number, one.state, one.audience, local(one.starts_at, settings), figures.sent, figures.included)
            for one, figures in found
        ]
        say_table(("number", "state", "audience", "starts", "sent", "of"), rows)


async def _newest(settings: "Settings") -> list[tuple["Campaign", "Figures"]]:
    from crm_core import campaigns

    async with opened(settings) as records, records.read() as work:
        newest = await campaigns.newest(work, _LISTED)
        return [(one, await campaigns.figures_of(work, one)) for one in newest]


def _facts(one: "Campaign", figures: "Figures") -> dict[str, Any]:
    return {
        "campaign": one.number,
        "state": one.state,
        "audience": one.audience,
        "texts": one.texts,
        "starts_at": one.starts_at,
        "finished_at": one.finished_at,
        "figures": asdict(figures),
    }


@campaign.command("show")
def show(number: Number, config: Config = None, as_json: AsJson = False) -> None:
    """Show how a campaign stands.

    Figures, reasons, and the customers who may or may not have got it.
    """
    settings = settings_of(config)
    one, figures, doubtful = asyncio.run(_look(settings, number))
    if as_json:
        # As text: these ids have more digits than some readers of JSON keep.
        say_json({**_facts(one, figures), "in_doubt": [str(customer) for customer in doubtful]})
        return
    say(f"Campaign {one.number}: {one.state}, to {one.audience}, from {local(one.starts_at, settings)}")
    say(f"  sent {figures.sent} of {figures.included}, {figures.waiting} waiting, {figures.in_flight} under way")
    for name, count in (("failed", figures.failed), ("expired", figures.expired), ("cancelled", figures.cancelled)):
        if count:
            say(f"  {name}: {count}")
    _say_reasons(figures.left_out)
    if doubtful:
        say(f"  in doubt, may or may not have arrived: {figures.in_doubt}")
        say("  these customers: " + " ".join(map(str, doubtful)))


async def _look(settings: "Settings", number: int) -> tuple["Campaign", "Figures", list[int]]:
    from crm_core import campaigns

    async with opened(settings) as records, records.read() as work:
        one = await _by_number(work, number)
        return one, await campaigns.figures_of(work, one), list(await campaigns.in_doubt(work, one))


async def _by_number(work: "Work", number: int) -> "Campaign":
    from crm_core import campaigns

    found = await campaigns.by_number(work, number) if 0 < number < _NUMBERS_END else None
    if found is None:
        raise Refused(f"There is no campaign {number}; `frontdesk campaign list` shows them.")
    return found


@campaign.command("pause")
def pause(number: Number, config: Config = None, as_json: AsJson = False) -> None:
    """Let nothing more of a running campaign leave."""
    _change(number, "pause", config, as_json)


@campaign.command("resume")
def resume(number: Number, config: Config = None, as_json: AsJson = False) -> None:
    """Let a paused campaign go on where it was."""
    _change(number, "resume", config, as_json)


@campaign.command("cancel")
def cancel(number: Number, config: Config = None, as_json: AsJson = False) -> None:
    """End a campaign for good: what waits is not sent any more."""
    _change(number, "cancel", config, as_json)


@campaign.command("resend")
def resend(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send once more what is in doubt; whoever had got it gets it twice. Recorded in the audit log."""
    settings = settings_of(config)
    _campaign, _figures, doubtful = asyncio.run(_look(settings, number))
    if doubtful and not yes:
        ask(f"Send it to {len(doubtful)} people?")
    count = asyncio.run(_resend(settings, number)) if doubtful else 0
    if as_json:
        say_json({"campaign": number, "resent": count})
    else:
        say(f"Campaign {number}: {count} sent once more.")


async def _resend(settings: "Settings", number: int) -> int:
    from crm_core import campaigns

    async with opened(settings) as records, records.write() as work:
        return await campaigns.resend_doubtful(work, await _by_number(work, number), None)


def _change(number: int, act: str, config: Any, as_json: bool) -> None:
    settings = settings_of(config)
    state = asyncio.run(_do(settings, number, act))
    if as_json:
        say_json({"campaign": number, "state": state})
    else:
        say(f"Campaign {number} is {state} now.")


async def _do(settings: "Settings", number: int, act: str) -> str:
    from crm_core import campaigns

    async with opened(settings) as records, records.write() as work:
        one = await _by_number(work, number)
        if act == "pause":
            campaigns.pause(work, one, None)
        elif act == "resume":
            await campaigns.resume(work, one, None)
        else:
            await campaigns.cancel(work, one, None)
        return one.state
