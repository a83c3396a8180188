"""Importing customers, orders and chat histories: a file is checked whole, then written in steps that resume."""

from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from bot.importing.fields import Manner
from bot.importing.history import history_of
from bot.importing.kinds import Customers, History, Orders
from bot.importing.reading import How, Reading, customers_of, orders_of
from bot.importing.refused import Problems
from bot.importing.runs import Imported, Wishes, run_import
from crm_core import attributes, orders_apart, relationships
from crm_core.drafts import CustomerDraft, OrderOnFile, Terms
from crm_core.histories import Past
from crm_core.models import Attribute
from crm_core.work import Records

SOURCE: Final = "import"
_STRAYS_AT_ONCE: Final = 40
_T = TypeVar("_T")


def read_customers(file: Path) -> dict[int, CustomerDraft]:
    """The customers of a small file by line; raises ImportRefused with everything that is wrong."""
    return _read_whole(customers_of(file, How(manner=_MANNER)))


def read_orders(file: Path, source: str = SOURCE) -> dict[int, OrderOnFile]:
    """The orders of a small file by line; raises ImportRefused with everything that is wrong."""
    return _read_whole(orders_of(file, How(manner=_MANNER, source=source)))


_MANNER: Final = Manner(zone=ZoneInfo("UTC"))


def _read_whole(reading: Reading[_T]) -> dict[int, _T]:
    problems = Problems()
    found: dict[int, _T] = {}
    for item in reading.items:
        if item.draft is None:
            problems.add(*item.problems)
        else:
            found[int(item.place.rpartition(":")[2])] = item.draft
    if problems.rows:
        raise problems.refusal
    return found


async def defined(records: Records | None) -> dict[str, Attribute]:
    """The operator's own fields by key."""
    if records is None:
        return {}
    async with records.read() as work:
        return {one.key: one for one in await attributes.listed(work)}


async def import_customers(records: Records | None, file: Path, how: How, language: str, wishes: Wishes) -> Imported:
    """Import customers; without records (there is no database yet) all of them are new and nothing is written.

    `language` is for those who have none in the file. Raises ImportRefused, and nothing is written, when anything is
    wrong with a row and nobody wished such rows to be skipped.
    """
    how = replace(how, attributes=await defined(records))
    terms = Terms(source=SOURCE, language=language, country=how.manner.country, attributes=how.attributes)
    reading = customers_of(file, how)
    imported = await run_import(records, file, how, reading, Customers(terms), wishes)
    if imported.taken.kept_out:
        imported.taken.notes.append(
            f"{imported.taken.kept_out} opted out of marketing by themselves and stay opted out."
        )
    if records is not None and not wishes.dry_run and (came := await _take_in(records)):
        imported.taken.notes.append(f"{came} orders that were kept apart have their customers now.")
    return imported


async def import_orders(records: Records | None, file: Path, how: How, wishes: Wishes) -> Imported:
    """Import orders, each known by source and reference; raises ImportRefused as `import_customers` does.

    An order of somebody who is not on record is refused, or kept apart when that was wished.
    """
    return await run_import(records, file, how, orders_of(file, how), Orders(how, wishes), wishes)


async def import_history(records: Records | None, file: Path, past: Past, wishes: Wishes) -> Imported:
    """Import the chats with one person each from a Telegram Desktop export; raises ImportRefused as the others do."""
    # A message is the same one on whichever channel; the digest of the run tells them apart.
    how = How(manner=_MANNER, source=past.channel)
    imported = await run_import(records, file, how, history_of(file), History(past), wishes)
    if imported.taken.passed:
        imported.taken.notes.append(f"{imported.taken.passed} messages of staff or of erased people were passed over.")
    return imported


async def _take_in(records: Records) -> int:
    """Give orders that were kept apart to customers who are on record by now."""
    came = after = 0
    while True:
        async with records.write() as work:
            ready = await orders_apart.ready(work, _STRAYS_AT_ONCE, after)
            if not ready:
                return came
            came += await orders_apart.take_in(work, ready)
            await relationships.stir(work)
        after = max(ready)
