"""The run of an import: the file is checked whole, then written in steps which turns pass between, and which resume."""

import gc
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import select, update

from bot.importing.reading import How, Reading, batches
from bot.importing.refused import Problems
from bot.importing.stock import Stock
from crm_core import audit, relationships
from crm_core.histories import PASSED
from crm_core.imports import ADDED, CHANGED, REFUSED, SAME, Taken
from crm_core.models import ImportRun
from crm_core.work import Records, Work

APART: Final = "apart"
_COUNTS: Final = (ADDED, CHANGED, SAME, APART, PASSED, "bad", "kept_out")
_MOST_ITEMS: Final = 600  # that are looked up together, however little there is to do for each
LEAST_ROWS: Final = 480  # of one transaction
MOST_ROWS: Final = 2_400
_HOLDS: Final = 0.025  # seconds for which one transaction should hold the lock
_OBJECTS_BETWEEN: Final = 100_000  # two looks for rings of objects
_T = TypeVar("_T")

Progress = Callable[[str, int, int], None]  # what is going on, how many are done, of how many (0: not known yet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How somebody wants a file to be imported."""

    dry_run: bool = False
    skip_bad: bool = False
    keep_apart: bool = False  # orders of people who are not on record
    progress: Progress = field(default=lambda _what, _done, _total: None)


@dataclass(slots=True)
class Imported:
    """How an import went, or would go: the counts, what to say, and which column was taken for what."""

    taken: Taken
    columns: dict[str, str]


class Verdict(NamedTuple):
    """What a draft would do: added, changed, same, apart or refused, and then why; how many rows that is about."""

    what: str
    why: str = ""
    weight: int = 1
    kept_out: bool = False


class Checked(NamedTuple, Generic[_T]):
    """One draft that can be imported."""

    number: int
    place: str
    draft: _T
    what: str
    weight: int


class Kind(ABC, Generic[_T]):
    """What differs between customers, orders and messages."""

    name: str

    @abstractmethod
    async def look(self, work: Work | None, drafts: Sequence[_T]) -> list[Verdict]:
        """What these drafts would do; without a database each is new."""

    def prepare(self, work: Work, some: Sequence[Checked[_T]]) -> None:
        """Make ready for `write` what needs no look at the records: nothing is locked yet."""

    @abstractmethod
    async def write(self, work: Work, some: Sequence[Checked[_T]], taken: Taken) -> list[str]:
        """Do it; why some could not be taken after all."""


async def run_import(
    records: Records | None, file: Path, how: How, reading: Reading[_T], kind: Kind[_T], wishes: Wishes
) -> Imported:
    """Import what is read. Raises ImportRefused, and nothing is written, when a row is bad and none may be skipped."""
    taken, problems = Taken(), Problems()
    with _seldom_collecting(), Stock[Checked[_T]]() as stock:
        rows = await _check(records, reading, kind, stock, taken, problems, wishes)
        if problems.rows and not wishes.skip_bad:
            raise problems.refusal
        if records is not None and not wishes.dry_run:
            run = await _begin(records, kind.name, _digest(file, how, kind, wishes), rows)
            taken = await _write(records, run, kind, stock, wishes)
    taken.bad += problems.rows
    if reading.zone_assumed:
        reading.notes.append(f"Times without a zone are taken for {how.manner.zone.key}.")
    taken.notes[:0] = reading.notes
    taken.notes += problems.said
    return Imported(taken, reading.columns)


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Drafts and rows hold no rings, and looking for rings among them time and again is a fifth of the work."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def _check(
    records: Records | None,
    reading: Reading[_T],
    kind: Kind[_T],
    stock: Stock[Checked[_T]],
    taken: Taken,
    problems: Problems,
    wishes: Wishes,
) -> int:
    """Read everything, and see what it would do; what can be imported comes into the stock. How many rows there are."""
    done = 0
    for items in batches(reading.items, _MOST_ITEMS):
        good = [(item, item.draft) for item in items if item.draft is not None]
        verdicts = await _look(records, kind, [draft for _, draft in good])
        found = {item.number: verdict for (item, _), verdict in zip(good, verdicts, strict=True)}
        for item in items:
            if item.draft is None:
                problems.add(*item.problems)
            elif (verdict := found[item.number]).what == REFUSED:
                problems.add(f"{item.place}: {verdict.why}.")
            else:
                taken.count(verdict.what)
                taken.kept_out += verdict.kept_out
                stock.add(Checked(item.number, item.place, item.draft, verdict.what, verdict.weight))
        done += len(items)
        wishes.progress("Checking", done, 0)
    return done


async def _look(records: Records | None, kind: Kind[_T], drafts: Sequence[_T]) -> list[Verdict]:
    if records is None or not drafts:
        return await kind.look(None, drafts)
    async with records.read() as work:
        return await kind.look(work, drafts)


def _digest(file: Path, how: How, kind: Kind[Any], wishes: Wishes) -> str:
    """Of the file's bytes and of how it is read: the same import goes on, another one begins."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256")
    manner = {**asdict(how.manner), "zone": how.manner.zone.key}
    found.update(repr([kind.name, how.source, how.encoding, how.maps, sorted(how.attributes)]).encode())
    found.update(repr([sorted(manner.items()), wishes.skip_bad, wishes.keep_apart]).encode())
    return found.hexdigest()


async def _begin(records: Records, kind: str, digest: str, total: int) -> ImportRun:
    """The run of this file: a new one, one that was broken off, or a finished one from its beginning."""
    async with records.write() as work:
        run = await work.session.scalar(select(ImportRun).where(ImportRun.digest == digest))
        if run is None:
            run = ImportRun(kind=kind, digest=digest, cursor=0, total=total, counts={}, started_at=work.now)
            run.changed_at = work.now
            work.session.add(run)
        elif run.finished_at is not None:
            run.cursor, run.counts, run.started_at, run.finished_at = 0, {}, work.now, None
        run.total = total
    return run


async def _write(
    records: Records, run: ImportRun, kind: Kind[_T], stock: Iterable[Checked[_T]], wishes: Wishes
) -> Taken:
    """Write what is in the stock behind the run's cursor, which moves in the transactions that write."""
    taken = Taken()
    for name in _COUNTS:
        setattr(taken, name, int(run.counts.get(name, 0)))
    if run.cursor:
        taken.notes.append(f"An earlier import of this file had been broken off behind {run.cursor} of {run.total}.")
    begun = run.cursor
    portions = Portions(one for one in stock if one.number > begun)
    for some in portions:
        async with records.write() as work:
            kind.prepare(work, some)  # until the first statement nothing is locked
            locked = time.perf_counter()
            now = replace(taken, notes=[])
            refused = await kind.write(work, some, now)
            await _move(work, run, some[-1].number, now)
        portions.most = rows_for(portions.most, time.perf_counter() - locked)
        await records.database.settle_log()
        taken = replace(now, notes=[*taken.notes, *refused])
        wishes.progress("Importing", some[-1].number, run.total)
    async with records.write() as work:
        statement = update(ImportRun).where(ImportRun.id == run.id)
        await work.session.execute(statement.values(finished_at=work.now))
        counts = {name: getattr(taken, name) for name in _COUNTS}
        audit.enter(work, None, f"import.{kind.name}", f"import:{run.id}", **counts)
        if kind.name == "orders":
            await relationships.stir(work)
    return taken


async def _move(work: Work, run: ImportRun, cursor: int, taken: Taken) -> None:
    """Write down how far the import came, in the transaction that came so far."""
    counts = {name: getattr(taken, name) for name in _COUNTS}
    statement = update(ImportRun).where(ImportRun.id == run.id)
    await work.session.execute(statement.values(cursor=cursor, counts=counts, changed_at=work.now))


class Portions(Generic[_T]):
    """As many checked drafts at a time as one transaction takes: `most` rows, more only where one alone has more."""

    def __init__(self, stock: Iterable[Checked[_T]]) -> None:
        self.most = LEAST_ROWS
        self._stock = stock

    def __iter__(self) -> Iterator[list[Checked[_T]]]:
        some: list[Checked[_T]] = []
        weight = 0
        for one in self._stock:
            if some and (weight + one.weight > self.most or len(some) >= _MOST_ITEMS):
                yield some
                some, weight = [], 0
            some.append(one)
            weight += one.weight
        if some:
            yield some


def rows_for(rows: int, held: float) -> int:
    """How many rows the next transaction should have when one of so many held the lock for `held` seconds."""
    fitting = rows * min(2.0, _HOLDS / max(held, 1e-9))
    return max(LEAST_ROWS, min(MOST_ROWS, int(fitting)))
