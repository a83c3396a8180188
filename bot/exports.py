"""Exporting articles, customers and orders: what is on record, in a form that `import` reads again."""

import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from bot.importing.columns import ATTRIBUTE, CUSTOMER_FIELDS, ORDER_FIELDS
from bot.importing.stock import Stock
from bot.importing.values import major
from bot.shelf import article_of
from crm_core import articles, attributes, audit
from crm_core.exports import CustomerOut, OrderOut, customers_after, orders_after
from crm_core.models import ContactKind
from crm_core.work import Records
from knowledge_base.exporters import ExportError, form_of, write_articles
from knowledge_base.exporters.sheets import write_csv, write_workbook
from knowledge_base.notation import write_word


async def export_to(
    records: Records, path: Path, form: str = "", language: str = "", *, overwrite: bool = False
) -> tuple[str, int]:
    """Write the articles on record, of one language if one is named; the form's name and how many there were.

    Raises ExportError and OSError, and what is there stays as it is then.
    """
    form_of(path, form)  # a form that there is not is refused before anything is read
    async with records.read() as work:
        rows = await articles.everything(work)
        found = [article_of(row) for row in rows if not language or row.language == language]
    written = write_articles(found, path, form, overwrite=overwrite)
    return written.name, len(found)


# ---- customers and orders ----

_Said = dict[str, Any]  # one customer or order, as a line of JSON Lines has it
_FORMS: Final = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".xlsx": "xlsx"}
_MORE: Final = {
    "more_names": ContactKind.NAME,
    "more_emails": ContactKind.EMAIL,
    "more_phones": ContactKind.PHONE,
    "more_addresses": ContactKind.ADDRESS,
}


async def export_customers(records: Records, path: Path, form: str = "", *, overwrite: bool = False) -> tuple[str, int]:
    """Write every customer; the form's name and how many there were. It is written to the audit log first.

    Raises ExportError and OSError, and what is there stays as it is then.
    """
    async with records.read() as work:
        keys = [one.key for one in await attributes.listed(work)]
    columns = [*(field.name for field in CUSTOMER_FIELDS), *(f"{ATTRIBUTE}{key}" for key in keys)]
    return await _export(records, path, form, overwrite, "customers", columns, _all_customers(records), _customer_rows)


async def export_orders(records: Records, path: Path, form: str = "", *, overwrite: bool = False) -> tuple[str, int]:
    """Write every order; see `export_customers`. Tables have a row for each product, and the first says the rest."""
    columns = [field.name for field in ORDER_FIELDS if not field.name.endswith("_minor")]
    return await _export(records, path, form, overwrite, "orders", columns, _all_orders(records), _order_rows)


async def _export(
    records: Records,
    path: Path,
    form: str,
    overwrite: bool,
    kind: str,
    columns: Sequence[str],
    everything: AsyncIterator[_Said],
    rows_of: Callable[[_Said], Iterator[Mapping[str, str]]],
) -> tuple[str, int]:
    name = form or _FORMS.get(path.suffix.lower(), "")
    if name not in _FORMS.values():
        raise ExportError("unknown_form", path, form=form or path.suffix, known="jsonl csv xlsx")
    if path.exists() and not overwrite:  # noqa: ASYNC240 - a command, which has nothing else to do meanwhile
        raise ExportError("exists", path)
    async with records.write() as work:
        audit.enter(work, None, f"export.{kind}", f"export:{kind}", form=name)
    with Stock[_Said]() as stock:
        async for said in everything:
            stock.add(said)
        if not stock.count:
            raise ExportError("nothing", path)
        rows = ([row.get(column, "") for column in columns] for said in stock for row in rows_of(said))
        with _aside(path) as file:
            if name == "csv":
                write_csv(file, columns, rows)
            elif name == "xlsx":
                write_workbook(file, kind, columns, rows)
            else:
                file.writelines(json.dumps(said, ensure_ascii=False).encode() + b"\n" for said in stock)
        return name, stock.count


@contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    """A file that has its name only once it is whole, and that nobody else may read."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


async def _all_customers(records: Records) -> AsyncIterator[_Said]:
    last = 0
    while True:
        async with records.read() as work:
            some = await customers_after(work, last)
        for one in some:
            yield _customer_said(one)
        if not some:
            return
        last = some[-1].customer.id


def _customer_said(one: CustomerOut) -> _Said:
    customer = one.customer
    kinds: dict[ContactKind, list[str]] = {}
    for kind, value in one.contacts:
        kinds.setdefault(kind, []).append(value)
    emails, phones, addresses = (kinds.get(kind, []) for kind in list(_MORE.values())[1:])
    said: _Said = {
        "external_ref": one.reference,
        "email": next(iter(emails), ""),
        "more_emails": emails[1:],
        "phone": next(iter(phones), ""),
        "more_phones": phones[1:],
        "name": one.name,
        "more_names": kinds.get(ContactKind.NAME, []),
        "address": next(iter(addresses), ""),
        "more_addresses": addresses[1:],
        "language": customer.language,
        "time_zone": customer.time_zone or "",
        "birthday": one.birthday.isoformat() if one.birthday else "",
        "company": customer.company or "",
        "tags": list(one.tags),
        "consent": one.consent,
        "attributes": {held.attribute.key: held.value for held in one.attributes},
    }
    return {name: value for name, value in said.items() if value not in ("", [], {}, None)}


def _customer_rows(said: _Said) -> Iterator[Mapping[str, str]]:
    own = {f"{ATTRIBUTE}{key}": attributes.shown(value) for key, value in said.get("attributes", {}).items()}
    yield {name: _cell(name, value) for name, value in said.items() if name != "attributes"} | own


def _cell(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return (
            ", ".join(map(write_word, value))
            if name == "tags"
            else "\n".join(line.replace("\n", " ") for line in value)
        )
    return str(value)


async def _all_orders(records: Records) -> AsyncIterator[_Said]:
    last = 0
    while True:
        async with records.read() as work:
            some = await orders_after(work, last)
        for one in some:
            yield _order_said(one)
        if not some:
            return
        last = some[-1].order.id


def _order_said(one: OrderOut) -> _Said:
    order = one.order
    said: _Said = {
        "external_ref": order.external_ref,
        "source": order.source,
        "customer_email": one.email,
        "customer_phone": one.phone,
        "customer_ref": one.reference,
        "state": order.state,
        "total_minor": order.total_minor,
        "currency": order.currency,
        "placed_at": _time(order.placed_at),
        "tracking": order.tracking or "",
        "carrier": order.carrier or "",
        "lines": [
            {
                "product": line.product,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price_minor": line.unit_price_minor,
            }
            for line in one.lines
        ],
        "states": [{"state": event.state, "at": _time(event.at)} for event in one.events],
        "payments": [
            {
                "kind": str(paid.kind),
                "amount_minor": paid.amount_minor,
                "external_ref": paid.external_ref,
                "at": _time(paid.at),
            }
            for paid in one.payments
        ],
    }
    return {name: value for name, value in said.items() if name == "lines" or value not in ("", [])}


def _time(when: datetime) -> str:
    return when.isoformat()


def _order_rows(said: _Said) -> Iterator[Mapping[str, str]]:
    code = said["currency"]
    head = {name: str(value) for name, value in said.items() if isinstance(value, str)}
    head["total"] = major(said["total_minor"], code)
    head["states"] = "\n".join(f"{one['state']}, {one['at']}" for one in said.get("states", ()))
    head["payments"] = "\n".join(
        f"{one['kind']}, {major(one['amount_minor'], code)}, {one['at']}, {write_word(one['external_ref'])}"
        for one in said.get("payments", ())
    )
    for number, line in enumerate(said["lines"] or [{}]):
        product = (
            {
                "product": line["product"],
                "sku": line["sku"],
                "quantity": str(line["quantity"]),
                "unit_price": major(line["unit_price_minor"], code),
            }
            if line
            else {}
        )
        yield (head if number == 0 else {"external_ref": said["external_ref"]}) | product
