"""`knowledge threshold`: from where on the bot answers by itself, how it knows, and how often that was wrong."""

import asyncio
from typing import TYPE_CHECKING

import typer

from bot.commands.knowledge import knowledge
from bot.commands.options import AsJson, Config, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from knowledge_base.calibration import Calibration

_SOURCES = {
    "shipped": "the value that ships with Frontdesk",
    "judged": "the turns that staff judged",
}


def add_to(_app: typer.Typer) -> None:
    """Put this command beside the others of `knowledge`."""
    knowledge.command("threshold")(threshold)


def threshold(config: Config = None, as_json: AsJson = False) -> None:
    """Show from which confidence on the bot answers by itself, where that comes from, and the realised rate.

    The rate is that of turns drawn at random and judged by staff, whatever was decided in them. Nothing is written.
    """
    settings = settings_of(config)
    found = asyncio.run(_find(settings))
    if as_json:
        say_json(
            {
                "threshold": found.threshold,
                "source": found.source,
                "wrong_answers_at_most": found.target,
                "judged": found.judged,
                "wrong": found.wrong,
                "realised": found.realised,
                "interval": list(found.interval),
                "promised": found.kept,
            }
        )
        return
    for line in lines_of(found):
        say(line)


async def _find(settings: "Settings") -> "Calibration":
    from bot.threshold import calibration_of

    share = settings.knowledge.wrong_answers_at_most
    if not has_database(settings):
        from knowledge_base.calibration import calibrate

        return calibrate((), share)
    async with opened(settings) as records, records.read() as work:
        return await calibration_of(work, share)


def lines_of(found: "Calibration") -> list[str]:
    """The same as people read it."""
    from knowledge_base.calibration import FEWEST_JUDGED

    lines = [
        f"By itself the bot answers from {found.threshold:.1%} on.",
        f"source: {_SOURCES[found.source]}; {found.judged} judged turns, {FEWEST_JUDGED} are needed to learn from them",
    ]
    if found.realised is None:
        lines.append("realised: not known, because no turn was judged yet")
    else:
        low, high = found.interval
        lines.append(
            f"realised: {found.wrong} of {found.judged} judged turns would be answered wrongly, {found.realised:.1%} "
            f"(for all messages {low:.1%} to {high:.1%}, 95 times of 100)"
        )
    lines.append(f"wanted: at most {found.target:.1%} of all messages answered wrongly")
    return lines
