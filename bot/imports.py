"""Importing customers, orders and chat histories: a file is checked whole, then written in steps that resume."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from bot.importing.fields import Manner
from bot.importing.history import history_of
from bot.importing.reading import How, Item, Reading, customers_of, orders_of
from bot.importing.refused import Problems
from bot.importing.stock import Stock
from bot.texts import Texts
from crm_core import attributes, audit, histories, orders, orders_apart, relationships
from crm_core.histories import PASSED, Past, PastMessage
from crm_core.imports import (
    ADDED,
    CHANGED,
    REFUSED,
    SAME,
    Clash,
    CustomerDraft,
    NewRows,
    OrderOnFile,
    Person,
    Plan,
    Taken,
    Terms,
    change_customer,
    owners_of,
    plan_customers,
)
from crm_core.models import Attribute, ImportRun
from crm_core.orders_apart import Stray
from crm_core.rules.orders import OrderRefused
from crm_core.work import Records, Work

SOURCE: Final = "import"
_AT_ONCE: Final = 400  # rows that are looked up together
MOST_ROWS: Final = 480  # of one transaction
_MOST_ITEMS: Final = 160  # of one transaction, however little there is to do for each
_CHANGED_WEIGHS: Final = 60  # rows: a changed customer is some statements, not one of many
_NEW_CHAT_WEIGHS: Final = 24  # rows: the customer, the words of the name, the identity and the conversation
_APART = "apart"
_COMMAND_LINE: Final = "en"  # its language
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
    imported = await _import(records, file, how, reading, _Customers(terms), wishes)
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
    return await _import(records, file, how, orders_of(file, how), _Orders(how, wishes), wishes)


async def import_history(records: Records | None, file: Path, past: Past, wishes: Wishes) -> Imported:
    """Import the chats with one person each from a Telegram Desktop export; raises ImportRefused as the others do."""
    # A message is the same one on whichever channel; the digest of the run tells them apart.
    how = How(manner=_MANNER, source=past.channel)
    imported = await _import(records, file, how, history_of(file), _History(past), wishes)
    if imported.taken.passed:
        imported.taken.notes.append(f"{imported.taken.passed} messages of staff or of erased people were passed over.")
    return imported


async def _take_in(records: Records) -> int:
    """Give orders that were kept apart to customers who are on record by now."""
    came = after = 0
    while True:
        async with records.write() as work:
            ready = await orders_apart.ready(work, _MOST_ITEMS // 4, after)
            if not ready:
                return came
            came += await orders_apart.take_in(work, ready)
            await relationships.stir(work)
        after = max(ready)


# ---- one way for all ----


class _Verdict(NamedTuple):
    """What a draft would do: added, changed, same, apart or refused, and then why; how many rows that is about."""

    what: str
    why: str = ""
    weight: int = 1
    kept_out: bool = False


class _Checked(NamedTuple, Generic[_T]):
    """One draft that can be imported."""

    number: int
    place: str
    draft: _T
    what: str
    weight: int


class _Kind(ABC, Generic[_T]):
    """What differs between customers, orders and messages."""

    name: str

    @abstractmethod
    async def look(self, work: Work | None, drafts: Sequence[_T]) -> list[_Verdict]:
        """What these drafts would do; without a database each is new."""

    @abstractmethod
    async def write(self, work: Work, some: Sequence[_Checked[_T]], taken: Taken) -> list[str]:
        """Do it; why some could not be taken after all."""


async def _import(
    records: Records | None, file: Path, how: How, reading: Reading[_T], kind: _Kind[_T], wishes: Wishes
) -> Imported:
    taken, problems = Taken(), Problems()
    with Stock[_Checked[_T]]() as stock:
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


async def _check(
    records: Records | None,
    reading: Reading[_T],
    kind: _Kind[_T],
    stock: Stock[_Checked[_T]],
    taken: Taken,
    problems: Problems,
    wishes: Wishes,
) -> int:
    """Read everything, and see what it would do; what can be imported comes into the stock. How many rows there are."""
    done = 0
    for items in _batches(reading.items, _AT_ONCE):
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
                stock.add(_Checked(item.number, item.place, item.draft, verdict.what, verdict.weight))
        done += len(items)
        wishes.progress("Checking", done, 0)
    return done


async def _look(records: Records | None, kind: _Kind[_T], drafts: Sequence[_T]) -> list[_Verdict]:
    if records is None or not drafts:
        return await kind.look(None, drafts)
    async with records.read() as work:
        return await kind.look(work, drafts)


def _digest(file: Path, how: How, kind: _Kind[Any], wishes: Wishes) -> str:
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


_COUNTS: Final = (ADDED, CHANGED, SAME, _APART, PASSED, "bad", "kept_out")


async def _write(
    records: Records, run: ImportRun, kind: _Kind[_T], stock: Iterable[_Checked[_T]], wishes: Wishes
) -> Taken:
    """Write what is in the stock behind the run's cursor, which moves in the transactions that write."""
    taken = Taken()
    for name in _COUNTS:
        setattr(taken, name, int(run.counts.get(name, 0)))
    if run.cursor:
        taken.notes.append(f"An earlier import of this file had been broken off behind {run.cursor} of {run.total}.")
    begun = run.cursor
    for some in _portions(one for one in stock if one.number > begun):
        # Until the first statement nothing is locked: what can be made ready before is.
        async with records.write() as work:
            now = replace(taken, notes=[])
            refused = await kind.write(work, some, now)
            await _move(work, run, some[-1].number, now)
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


def _portions(stock: Iterable[_Checked[_T]]) -> Iterator[list[_Checked[_T]]]:
    """As many as one transaction takes."""
    some: list[_Checked[_T]] = []
    weight = 0
    for one in stock:
        if some and (weight + one.weight > MOST_ROWS or len(some) >= _MOST_ITEMS):
            yield some
            some, weight = [], 0
        some.append(one)
        weight += one.weight
    if some:
        yield some


def _batches(items: Iterator[Item[_T]], size: int) -> Iterator[list[Item[_T]]]:
    some: list[Item[_T]] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


# ---- customers ----

_CLASHES: Final = {
    "erased_person": "{reference} was erased, and an import brings nobody back",
    "two_people": "it names {numbers}, who are two customers on record",
    "shared_phone": "several customers have the phone number {phone}, and the row names nothing else",
    "contact_many": "the customer would have more than {most} contacts of a kind",
    "tag_many": "the customer would have more than {most} tags",
}


def _clash(clash: Clash) -> str:
    return _CLASHES[clash.key].format(**clash.values)


class _Customers(_Kind[CustomerDraft]):
    """Customers, known by the shop's reference, by e-mail address, and by phone number where there is nothing else."""

    name = "customers"

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    async def look(self, work: Work | None, drafts: Sequence[CustomerDraft]) -> list[_Verdict]:
        if work is None:
            return [_Verdict(ADDED) for _ in drafts]
        plans = await plan_customers(work, drafts, self._terms)
        return [self._verdict(plan) for plan in plans]

    def _verdict(self, plan: Plan) -> _Verdict:
        if plan.clash is not None:
            return _Verdict(REFUSED, _clash(plan.clash))
        weight = {ADDED: _rows_of(plan.draft), CHANGED: _CHANGED_WEIGHS}.get(plan.what, 1)
        return _Verdict(plan.what, "", weight, plan.kept_out)

    async def write(self, work: Work, some: Sequence[_Checked[CustomerDraft]], taken: Taken) -> list[str]:
        expected = [one.what == ADDED for one in some]
        ready = NewRows(work, [one.draft for one in some if one.what == ADDED], self._terms)
        plans = await plan_customers(work, [one.draft for one in some], self._terms)
        if [plan.what == ADDED for plan in plans] != expected:
            # Somebody came to be on record since the file was checked.
            ready = NewRows(work, [plan.draft for plan in plans if plan.what == ADDED], self._terms)
        await ready.write(work)
        refused = []
        for one, plan in zip(some, plans, strict=True):
            if plan.what == CHANGED:
                await change_customer(work, plan, self._terms)
            taken.count("bad" if plan.clash is not None else plan.what)
            taken.kept_out += plan.kept_out and plan.clash is None
            if plan.clash is not None:
                refused.append(f"{one.place}: {_clash(plan.clash)}.")
        return refused


def _rows_of(draft: CustomerDraft) -> int:
    """About how many rows a new customer is: with tokens of names, some more than are counted."""
    names = draft.name.count(" ") + 4 if draft.name.isascii() else min(12, 3 * len(draft.name) + 3)
    return 2 + names + len(draft.contacts) + len(draft.tags) + len(draft.attributes)


# ---- orders ----


class _Orders(_Kind[OrderOnFile]):
    """Orders, known by source and reference."""

    name = "orders"

    def __init__(self, how: How, wishes: Wishes) -> None:
        self._country = how.manner.country
        self._apart = wishes.keep_apart
        self._texts = Texts(("en",))

    async def look(self, work: Work | None, drafts: Sequence[OrderOnFile]) -> list[_Verdict]:
        if work is None:
            return [_Verdict(_APART) if self._apart else _Verdict(REFUSED, self._unknown(one)) for one in drafts]
        return await self._take(work, drafts, write=False)

    async def write(self, work: Work, some: Sequence[_Checked[OrderOnFile]], taken: Taken) -> list[str]:
        refused = []
        for one, verdict in zip(some, await self._take(work, [one.draft for one in some], write=True), strict=True):
            taken.count("bad" if verdict.what == REFUSED else verdict.what)
            if verdict.what == REFUSED:
                refused.append(f"{one.place}: {verdict.why}.")
        return refused

    async def _take(self, work: Work, found: Sequence[OrderOnFile], *, write: bool) -> list[_Verdict]:
        owners = await owners_of(work, found)
        verdicts: dict[int, _Verdict] = {}
        theirs: dict[int, OrderOnFile] = {}
        strays: dict[int, OrderOnFile] = {}
        drafts = []
        for place, (one, owner) in enumerate(zip(found, owners, strict=True)):
            if isinstance(owner, Clash):
                verdicts[place] = _Verdict(REFUSED, f"order {one.external_ref}: {_clash(owner)}")
            elif isinstance(owner, Person):
                theirs[place] = one
                drafts.append(one.of(owner.id))
            elif self._apart:
                strays[place] = one
            else:
                verdicts[place] = _Verdict(REFUSED, self._unknown(one))
        outcomes = await orders.upsert_many(work, drafts, write=write, alive=True)
        for place, outcome in zip(theirs, outcomes, strict=True):
            verdicts[place] = self._verdict(theirs[place], outcome.what, outcome.refused)
        if strays:
            kept = await self._keep(work, strays.values(), write=write)
            verdicts |= dict(zip(strays, kept, strict=True))
        return [verdicts[place] for place in range(len(found))]

    async def _keep(self, work: Work, some: Iterable[OrderOnFile], *, write: bool) -> list[_Verdict]:
        strays = [Stray(order=one.of(0), email=one.email, phone=one.phone, reference=one.reference) for one in some]
        kept = await orders_apart.keep(work, strays, country=self._country, write=write)
        words: Mapping[str, str] = {ADDED: _APART, CHANGED: _APART}
        return [
            _Verdict(REFUSED, self._why(one.refused)) if one.refused else _Verdict(words.get(one.what, one.what))
            for one in kept
        ]

    def _verdict(self, one: OrderOnFile, what: str, refused: OrderRefused | None) -> _Verdict:
        if refused is not None:
            return _Verdict(REFUSED, self._why(refused))
        return _Verdict(what, "", 1 if what == SAME else one.rows)

    def _why(self, refused: OrderRefused) -> str:
        return self._texts.say(_COMMAND_LINE, refused.key.replace("_", "-"), **refused.values).rstrip(".")

    @staticmethod
    def _unknown(one: OrderOnFile) -> str:
        return f"order {one.external_ref} is of {one.owner}, who is no customer on record"


# ---- chat histories ----


class _History(_Kind[PastMessage]):
    """Messages, known by chat, number and time."""

    name = "history"

    def __init__(self, past: Past) -> None:
        self._past = past

    async def look(self, work: Work | None, drafts: Sequence[PastMessage]) -> list[_Verdict]:
        if work is None:
            return [_Verdict(ADDED) for _ in drafts]
        found = await histories.take(work, drafts, self._past, write=False)
        return [
            _Verdict(REFUSED, f"its time is {one.at:%Y-%m-%d %H:%M} UTC, which is still to come")
            if one.at > work.now
            else _Verdict(what, "", _NEW_CHAT_WEIGHS if one.opens else 1)
            for one, what in zip(drafts, found, strict=True)
        ]

    async def write(self, work: Work, some: Sequence[_Checked[PastMessage]], taken: Taken) -> list[str]:
        for what in await histories.take(work, [one.draft for one in some], self._past, write=True):
            taken.count(what)
        return []
