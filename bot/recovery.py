"""The recovery sheet: the master key on paper, in lines that are checked one by one when they are typed in again."""

import hashlib
import re
import sys
from collections.abc import Sequence
from datetime import datetime

from bot.config import Settings
from crm_core import audit
from crm_core.models import Meta
from crm_core.storage.keyring import Master
from crm_core.work import Records, Work

LINES = 8
_DIGITS = 8  # of the key in a line, and two that check them
_PRINTED = "sheet_printed"  # in `meta`: the fingerprint of the key that stands on paper


class SheetRefused(Exception):
    """What was typed is no recovery sheet; `problems` holds one sentence for each line to look at again."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def sheet_of(master: Master, shop: str, day: datetime, place: str) -> list[str]:
    """The lines of the sheet for one key; `place` is where the key file belongs."""
    digits = master.secret.hex()
    parts = [digits[start : start + _DIGITS] for start in range(0, len(digits), _DIGITS)]
    rows = [
        f"    {number}   {part[:4]} {part[4:]}   {_check(number, part)}" for number, part in enumerate(parts, start=1)
    ]
    return [
        "-" * 72,
        f"RECOVERY SHEET of {shop}, {day:%Y-%m-%d}",
        f"Fingerprint of the key: {master.fingerprint}",
        "",
        *rows,
        "",
        "Whoever holds this sheet and a copy of the database can read every customer's data.",
        "Whoever loses the key file and this sheet can never read them again.",
        "Print it or write it down, lock it away from the backups, and leave no copy on a computer.",
        f"To put the key file back ({place}): frontdesk keys recover, and type the lines above.",
        "When the master key is changed, print a new sheet; keep this one as long as backups from its time.",
        "-" * 72,
    ]


def read_sheet(lines: Sequence[str]) -> Master:
    """The key that was typed; raises SheetRefused with each line that is wrong and why.

    Blanks, the numbers of the lines and the case of letters do not matter.
    """
    typed = [line for line in (_bare(line) for line in lines) if line]
    problems = [problem for number, line in enumerate(typed[:LINES], start=1) if (problem := _problem(number, line))]
    if len(typed) != LINES:
        problems.append(f"The sheet has {LINES} lines; {len(typed)} were typed.")
    if problems:
        raise SheetRefused(*problems)
    return Master(bytes.fromhex("".join(line[:_DIGITS] for line in typed)))


async def hand_out(records: Records, settings: Settings) -> list[str]:
    """The lines of the sheet of today's key, once it is written down that they are printed."""
    async with records.write() as work:
        again = await was_printed(work)
        audit.enter(work, None, "keys.sheet", f"key:{work.vault.fingerprint}", again=again)
        row = await work.session.get(Meta, _PRINTED)
        if row is None:
            work.session.add(Meta(name=_PRINTED, value=work.vault.fingerprint))
        else:
            row.value = work.vault.fingerprint
        today = work.now.astimezone(settings.zone)
    return sheet_of(records.vault.keyring.newest, settings.shop.name, today, str(settings.key_file))


async def was_printed(work: Work) -> bool:
    """Whether the sheet of today's key was printed already."""
    row = await work.session.get(Meta, _PRINTED)
    return row is not None and row.value == work.vault.fingerprint


def somebody_reads() -> bool:
    """Whether a person sits before this process, and no file or log takes what it says."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _check(number: int, digits: str) -> str:
    """Two digits by which a line that was mistyped, or stands in another's place, is noticed."""
    return hashlib.sha256(f"{number}:{digits}".encode()).hexdigest()[:2]


def _bare(line: str) -> str:
    """A typed line as eight digits and their check, if it is one: without blanks and the line's number."""
    words = line.lower().split()
    if len(words) > 1 and re.fullmatch(r"\d[.)]?", words[0]):
        words = words[1:]
    return "".join(words)


def _problem(number: int, line: str) -> str:
    strange = sorted(set(re.sub("[0-9a-f]", "", line)))
    if strange:
        return f"Line {number}: {' '.join(strange)} is not among the digits 0-9 and a-f."
    if len(line) != _DIGITS + 2:
        return f"Line {number}: it has {len(line)} digits instead of {_DIGITS + 2}."
    if line[_DIGITS:] != _check(number, line[:_DIGITS]):
        return f"Line {number}: it does not fit its last two digits; one digit is wrong, or it is another line."
    return ""
