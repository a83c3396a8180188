"""The doctor: looks at everything an installation needs, changes nothing, and says how to mend what is wrong."""

import asyncio
from pathlib import Path

from bot.config import ConfigError, load_settings
from bot.doctor.articles import examine_articles
from bot.doctor.database import examine_records
from bot.doctor.finding import Finding, good, wrong
from bot.doctor.machine import examine_disk, examine_time_zone
from bot.doctor.secrets import examine_configured_secrets, examine_kept_secrets
from bot.doctor.telegram import examine_telegram
from bot.doctor.web import examine_training, examine_web


async def examine(config: Path | None) -> list[Finding]:
    """Every finding, in the order in which things need each other; without settings there is nothing more to see."""
    try:
        settings = load_settings(config)
    except ConfigError as error:
        return [wrong("config", problem, "Put this right in the configuration.") for problem in error.problems]
    where = config or Path("config.toml")
    read = f"{where.absolute()} is valid." if where.exists() else "There is no config.toml here; the defaults are used."
    findings = [good("config", read)]
    findings += [finding async for finding in examine_records(settings)]
    findings.append(examine_configured_secrets(where))
    settings, kept = await examine_kept_secrets(settings)
    findings += kept
    findings += examine_articles(settings)
    findings += await asyncio.gather(
        asyncio.to_thread(examine_web, settings),
        asyncio.to_thread(examine_telegram, settings),
        asyncio.to_thread(examine_disk, settings),
    )
    findings += await asyncio.to_thread(examine_training, settings)
    findings.append(examine_time_zone(settings))
    return findings
