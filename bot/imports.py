"""Importing customers and orders: files are read and checked whole before anything is written."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.importing.refused import ImportRefused
from bot.texts import LANGUAGES
from crm_core.contacts import owners_of_emails
from crm_core.imports import CustomerDraft, LineDraft, OrderDraft, Taken, take_customers, take_orders
from crm_core.rules.contacts import normal_email
from crm_core.work import Records

_SOURCE = "import"
_ROWS_A_TIME = 40  # customers or orders of one transaction: with tags and lines some 200 rows
_LARGEST = 2**53  # what every reader of JSON keeps exactly
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{5,30}")
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_T = TypeVar("_T")


# ---- customers ----


def read_customers(file: Path) -> dict[int, CustomerDraft]:
    """The customers of a JSON Lines file by line; raises ImportRefused with everything that is wrong."""
    return _read(
        file, _customer, lambda draft: f"the e-mail address {draft.email}", lambda draft: normal_email(draft.email)
    )


def _customer(fields: "_Fields") -> CustomerDraft:
    fields.text("external_ref", longest=190)  # for whoever reads the file; customers are known by their address
    return CustomerDraft(
        email=fields.text("email", longest=254, form=_EMAIL, example="ana@example.com", required=True),
        name=fields.text("name", longest=190),
        language=fields.one_of("language", LANGUAGES),
        phone=fields.text("phone", longest=40, form=_PHONE, example="+15005550101"),
        tags=fields.words("tags"),
        consent=fields.truth("consent"),
    )


async def import_customers(
    records: Records | None, drafts: Sequence[CustomerDraft], language: str, *, dry_run: bool
) -> Taken:
    """Store customers by e-mail address; `language` is for those who have none in the file."""
    taken = Taken()
    if records is None:
        taken.added = len(drafts)
        return taken
    for some in _batches(drafts, _ROWS_A_TIME):
        async with records.read() if dry_run else records.write() as work:
            await take_customers(work, some, _SOURCE, language, taken)
    if taken.kept_out:
        taken.notes.append(f"{taken.kept_out} opted out of marketing by themselves and stay opted out.")
    return taken


# ---- orders ----


def read_orders(file: Path, source: str = _SOURCE) -> dict[int, OrderDraft]:
    """The orders of a JSON Lines file by line; raises ImportRefused with everything that is wrong."""
    return _read(
        file,
        lambda fields: _order(fields, source),
        lambda draft: f"order {draft.external_ref}",
        lambda draft: draft.external_ref,
    )


def _order(fields: "_Fields", source: str) -> OrderDraft:
    return OrderDraft(
        source=source,
        external_ref=fields.text("external_ref", longest=190, required=True),
        customer_email=fields.text(
            "customer_email", longest=254, form=_EMAIL, example="ana@example.com", required=True
        ),
        state=fields.text("state", longest=40, required=True),
        total_minor=fields.number("total_minor"),
        currency=fields.text("currency", longest=3, form=re.compile("[A-Z]{3}"), example="EUR", required=True),
        placed_at=fields.time("placed_at"),
        lines=tuple(_line(line) for line in fields.objects("lines")),
    )


def _line(fields: "_Fields") -> LineDraft:
    line = LineDraft(
        product=fields.text("product", longest=190, required=True),
        sku=fields.text("sku", longest=190),
        quantity=fields.number("quantity", least=1),
        unit_price_minor=fields.number("unit_price_minor"),
    )
    fields.end()
    return line


async def import_orders(
    records: Records | None, drafts: Mapping[int, OrderDraft], file: Path, *, dry_run: bool
) -> Taken:
    """Store orders by source and reference; an order of somebody unknown lets the whole file be refused."""
    taken = Taken()
    strangers: list[tuple[int, OrderDraft]] = []
    for lines in _batches(list(drafts.items()), _ROWS_A_TIME):
        found: set[str] = set()
        if records is not None:
            async with records.read() as work:
                found = set(await owners_of_emails(work, [draft.customer_email for _, draft in lines]))
        strangers += [(line, draft) for line, draft in lines if normal_email(draft.customer_email) not in found]
    if strangers:
        raise ImportRefused(
            [
                f"{file}:{line}: order {draft.external_ref} is of {draft.customer_email}, who is no customer on record."
                for line, draft in strangers
            ]
        )
    for some in _batches(list(drafts.values()), _ROWS_A_TIME):
        assert records is not None  # without them everybody is a stranger
        async with records.read() if dry_run else records.write() as work:
            await take_orders(work, some, taken, write=not dry_run)
    return taken


# ---- reading ----


class _Problem(Exception):
    """One thing that is wrong with one line."""


class _Fields:
    """One object of a file: every field is taken out as what it should be, and nothing may be left over."""

    def __init__(self, found: dict[str, Any], inside: str = "") -> None:
        self._left = dict(found)
        self._inside = inside

    def end(self) -> None:
        """Nothing may be left."""
        if self._left:
            raise _Problem(f"unknown field {self._name(next(iter(self._left)))}")

    def text(
        self, name: str, *, longest: int, form: re.Pattern[str] | None = None, example: str = "", required: bool = False
    ) -> str:
        """A text without spaces around it, "" when it may be missing and is."""
        value = self._left.pop(name, None)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or _NO_TEXT.search(value):
            raise _Problem(
                f"{self._name(name)} should be a text" if value is not None else f"{self._name(name)} is missing"
            )
        value = value.strip()
        if required and not value:
            raise _Problem(f"{self._name(name)} is empty")
        if len(value) > longest:
            raise _Problem(f"{self._name(name)} has {len(value)} characters, {longest} are allowed")
        if value and form is not None and not form.fullmatch(value):
            raise _Problem(f'{self._name(name)} "{value}" should look like {example}')
        return value

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """One of these words, or ""."""
        value = self.text(name, longest=40)
        if value and value not in allowed:
            raise _Problem(f'{self._name(name)} "{value}" should be {" or ".join(allowed)}')
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """A list of words, none when it is missing."""
        value = self._left.pop(name, None) or []
        if not isinstance(value, list) or not all(
            isinstance(word, str) and 0 < len(word.strip()) <= 40 for word in value
        ):
            raise _Problem(f"{self._name(name)} should be a list of words of at most 40 characters")
        return tuple(dict.fromkeys(word.strip() for word in value))

    def truth(self, name: str) -> bool | None:
        """True, false, or None when it is missing."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, bool):
            raise _Problem(f"{self._name(name)} should be true or false")
        return value

    def number(self, name: str, least: int = 0) -> int:
        """A whole number."""
        value = self._left.pop(name, None)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < _LARGEST:
            raise _Problem(f"{self._name(name)} should be a whole number from {least}")
        return value

    def time(self, name: str) -> datetime:
        """An aware time."""
        value = self.text(name, longest=40, required=True)
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise _Problem(f'{self._name(name)} "{value}" should be a time with its zone, such as 2026-03-01T09:30:00Z')
        return found

    def objects(self, name: str) -> Iterator["_Fields"]:
        """A list of objects."""
        value = self._left.pop(name, None)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise _Problem(f"{self._name(name)} should be a list of objects")
        return (_Fields(one, f"{name}[{place}].") for place, one in enumerate(value))

    def _name(self, name: str) -> str:
        return f'"{self._inside}{name[:60]}"'


def _read(
    file: Path, make: Callable[[_Fields], _T], called: Callable[[_T], str], key: Callable[[_T], str]
) -> dict[int, _T]:
    found: dict[int, _T] = {}
    first: dict[str, int] = {}
    problems = []
    for number, line in _lines(file):
        try:
            draft = _one(line, make)
        except _Problem as problem:
            problems.append(f"{file}:{number}: {problem}.")
            continue
        if (earlier := first.setdefault(key(draft), number)) != number:
            problems.append(f"{file}:{number}: {called(draft)} stands in line {earlier} already.")
        found[number] = draft
    if problems:
        raise ImportRefused(problems)
    return found


def _lines(file: Path) -> Iterable[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused([f"{file}: the text is not UTF-8 (byte {error.start + 1} of the file)."]) from error
    # Only a line feed ends a line: other separators may stand inside a JSON text as they are.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise ImportRefused([f"{file}: there is nothing in it."])
    return lines


def _one(line: str, make: Callable[[_Fields], _T]) -> _T:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = f"{error.msg} at character {error.colno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        raise _Problem(f"this is not a JSON object: {why}") from error
    if not isinstance(found, dict):
        raise _Problem("a line must be one JSON object")
    fields = _Fields(found)
    draft = make(fields)
    fields.end()
    return draft


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
