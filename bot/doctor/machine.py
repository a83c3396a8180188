"""The machine: room on the disk, and the zone in which days are counted."""

import shutil
from pathlib import Path

from bot.config import Settings
from bot.doctor.finding import Finding, good, note, wrong

_LITTLE_SPACE = 200 * 1024 * 1024


def examine_disk(settings: Settings) -> Finding:
    url = settings.database_url
    wanted = Path(url.database) if url.drivername.startswith("sqlite") and url.database else settings.key_file
    folder = next(parent for parent in wanted.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    says = f"{free / 1024**3:.1f} GB are free in {folder}."
    if free < _LITTLE_SPACE:
        return wrong("disk", says, "Make room: without it no message can be kept.")
    return good("disk", says)


def examine_time_zone(settings: Settings) -> Finding:
    if settings.shop.time_zone == "UTC":
        return note(
            "time zone",
            "Days and quiet hours are counted in UTC.",
            'Set [shop] time_zone, such as "Asia/Shanghai", unless the shop is there.',
        )
    return good("time zone", f"Days and quiet hours are counted in {settings.shop.time_zone}.")
