"""Reading a file of customers or orders row by row: what each row holds, or all that is wrong with it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from bot.importing.columns import CUSTOMER_FIELDS, ORDER_FIELDS, Known, Mapped, asked_for, map_columns
from bot.importing.drafts import customer_of, key_in_words, order_of, orders_in, proof_keys
from bot.importing.fields import CellFields, JsonFields, Manner, Wrong
from bot.importing.refused import ImportRefused
from bot.importing.stock import Seen
from bot.importing.tables import LINES, WORKBOOKS, Row, Table, open_table
from crm_core.drafts import CustomerDraft, OrderOnFile
from crm_core.models import Attribute

_T = TypeVar("_T")
_U = TypeVar("_U")
_LOOKED_AT_ONCE: Final = 100
_PARTED: Final = "\n"  # which stands in no source of an order
_TABLES: Final = WORKBOOKS | {".csv", ".tsv", ".txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a file is to be read: what was asked for, and what its values mean."""

    manner: Manner
    encoding: str = ""
    maps: tuple[str, ...] = ()
    strict: bool = False  # a column that nobody knows is a reason to refuse the file
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    source: str = "import"  # of orders


@dataclass(slots=True)
class Item(Generic[_T]):
    """One customer or order of a file: which one from 1, where it stands, the draft or what is wrong with it."""

    number: int
    place: str
    draft: _T | None
    problems: list[str]


@dataclass(slots=True)
class Reading(Generic[_T]):
    """A file that is being read: its items, what to say about it, and which column was taken for what."""

    items: Iterator[Item[_T]]
    notes: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    zone_assumed: bool = False


# ---- customers ----


def customers_of(file: Path, how: How) -> Reading[CustomerDraft]:
    """The customers of a file; raises ImportRefused for a file that cannot be read at all."""
    if _is_table(file):
        table, mapped, reading = _table(file, how, Known(CUSTOMER_FIELDS, _labels(how)))
        reading.items = _known_once(_customer_rows(table, mapped, how), "row")
        return reading
    return Reading(_known_once(_customer_lines(file, how), "line"))


def _customer_lines(file: Path, how: How) -> Iterator[Item[CustomerDraft]]:
    for number, (place, found) in enumerate(_objects(file), start=1):
        if isinstance(found, str):
            yield Item(number, place, None, [found])
            continue
        fields = JsonFields(found, how.manner)
        draft = customer_of(fields, how.attributes)
        fields.end()
        yield _item(number, place, draft, [(place, one) for one in fields.wrong])


def _customer_rows(table: Table, mapped: Mapped, how: How) -> Iterator[Item[CustomerDraft]]:
    for number, row in enumerate(table.rows, start=1):
        fields = CellFields(mapped.columns, row.cells, how.manner, typed=table.typed)
        _check_width(fields, row, table)
        draft = customer_of(fields, how.attributes)
        yield _item(number, row.place, draft, [(row.place, one) for one in fields.wrong])


def _known_once(items: Iterator[Item[CustomerDraft]], called: str) -> Iterator[Item[CustomerDraft]]:
    """The same items; of two that are the same person the second is refused."""
    return _once(items, proof_keys, key_in_words, called)


def _once(
    items: Iterator[Item[_T]],
    keys_of: Callable[[_T], list[tuple[str, str]]],
    say: Callable[[_T, str, str], str],
    called: str,
) -> Iterator[Item[_T]]:
    """The same items; of those that say a key which an earlier one said, all but the first are refused."""
    with Seen() as seen:
        for some in batches(items, _LOOKED_AT_ONCE):
            keys = [[] if item.draft is None else keys_of(item.draft) for item in some]
            rows = [int(item.place.rpartition(":")[2]) for item in some]
            if not seen.all_new([(*key, row) for row, own in zip(rows, keys, strict=True) for key in own]):
                for item, row, own in zip(some, rows, keys, strict=True):
                    _refuse_second(item, row, own, seen, say, called)
            yield from some


def _refuse_second(
    item: Item[_T], row: int, keys: list[tuple[str, str]], seen: Seen, say: Callable[[_T, str, str], str], called: str
) -> None:
    for kind, key in keys:
        earlier = seen.first(kind, key, row)
        if item.draft is not None and earlier is not None and earlier != row:
            item.problems.append(f"{item.place}: {say(item.draft, kind, key)} stands in {called} {earlier} already.")
            item.draft = None
            return


def batches(items: Iterable[_U], size: int) -> Iterator[list[_U]]:
    """So many at a time, fewer at the end."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


# ---- orders ----


def orders_of(file: Path, how: How) -> Reading[OrderOnFile]:
    """The orders of a file; raises ImportRefused for a file that cannot be read at all."""
    if _is_table(file):
        table, mapped, reading = _table(file, how, Known(ORDER_FIELDS, {}))
        reading.items = _ordered_once(_order_rows(table, mapped, how, reading), "row")
        return reading
    return Reading(_ordered_once(_order_lines(file, how), "line"))


def _order_lines(file: Path, how: How) -> Iterator[Item[OrderOnFile]]:
    for number, (place, found) in enumerate(_objects(file), start=1):
        if isinstance(found, str):
            yield Item(number, place, None, [found])
            continue
        fields = JsonFields(found, how.manner)
        draft = order_of(fields, how.source)
        fields.end()
        yield _item(number, place, draft, [(place, one) for one in fields.wrong])


def _order_rows(table: Table, mapped: Mapped, how: How, reading: Reading[OrderOnFile]) -> Iterator[Item[OrderOnFile]]:
    def fields_of(row: Row) -> CellFields:
        fields = CellFields(mapped.columns, row.cells, how.manner, typed=table.typed)
        _check_width(fields, row, table)
        return fields

    for number, (row, draft, wrong, assumed) in enumerate(orders_in(table.rows, fields_of, how.source), start=1):
        reading.zone_assumed |= assumed
        yield _item(number, row.place, draft, [(where.place, one) for where, one in wrong])


def _ordered_once(items: Iterator[Item[OrderOnFile]], called: str) -> Iterator[Item[OrderOnFile]]:
    """The same items; of two that are the same order the second is refused."""
    return _once(
        items,
        lambda order: [("order", f"{order.source}{_PARTED}{order.external_ref}")],
        lambda _order, _kind, key: f"order {key.partition(_PARTED)[2]}",
        called,
    )


# ---- tables and lines ----


def _item(number: int, place: str, draft: _T, wrong: list[tuple[str, Wrong]]) -> Item[_T]:
    if not wrong:
        return Item(number, place, draft, [])
    said = [f"{where}{':' + one.column if one.column else ''}: {one.sentence}." for where, one in wrong]
    return Item(number, place, None, said)


def _is_table(file: Path) -> bool:
    """Whether a file holds a table; what has another name than tables and lines have is looked into."""
    suffix = file.suffix.lower()
    if suffix in _TABLES or suffix in LINES:
        return suffix in _TABLES
    with file.open("rb") as content:
        return not content.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def _table(file: Path, how: How, known: Known) -> tuple[Table, Mapped, Reading[Any]]:
    asked = asked_for(how.maps, known)
    table = open_table(file, known.knows, how.encoding)
    mapped = map_columns(table.place, table.headings, known, asked)
    if mapped.unknown and how.strict:
        raise ImportRefused([f"{table.place}: nobody knows these columns: {', '.join(mapped.unknown)}."])
    reading: Reading[Any] = Reading(iter(()), table.notes)
    reading.columns = {column.heading: name for name, column in mapped.columns.items()}
    if mapped.unknown:
        table.notes.append(
            f"{table.place}: these columns are left out, nobody knows them: {', '.join(mapped.unknown)}."
        )
    return table, mapped, reading


def _labels(how: How) -> dict[str, list[str]]:
    return {key: [str(label) for label in one.labels.values()] for key, one in how.attributes.items()}


def _check_width(fields: CellFields, row: Row, table: Table) -> None:
    width = len(table.headings)
    if len(row.cells) > width and any(cell not in {None, ""} for cell in row.cells[width:]):
        what = f"the row has {len(row.cells)} cells, the first row names {len(table.headings)} columns"
        fields.wrong.append(Wrong("", what))


def _objects(file: Path) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """The objects of a JSON Lines file with their places, or a sentence on what a line is instead."""
    nothing = True
    before = 0
    with file.open("rb") as content:
        # Only a line feed ends a line: other separators may stand inside a JSON text as they are.
        for number, raw in enumerate(content, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                place = before + error.start + 1
                raise ImportRefused([f"{file}: the text is not UTF-8 (byte {place} of the file)."]) from error
            before += len(raw)
            if line.strip():
                nothing = False
                yield f"{file}:{number}", _object(line, f"{file}:{number}")
    if nothing:
        raise ImportRefused([f"{file}: there is nothing in it."])


def _object(line: str, place: str) -> dict[str, Any] | str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = f"{error.msg} at character {error.colno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        return f"{place}: this is not a JSON object: {why}."
    return found if isinstance(found, dict) else f"{place}: a line must be one JSON object."
