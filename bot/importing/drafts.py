"""Rows of files as drafts of customers and orders; an order of several products may have several rows."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Final

from bot.importing import values
from bot.importing.columns import ATTRIBUTE
from bot.importing.fields import CellFields, Fields, JsonFields, TooLong, Wrong
from bot.importing.tables import Row
from bot.importing.values import Doubtful
from bot.texts import LANGUAGES
from crm_core.drafts import CustomerDraft, OrderOnFile
from crm_core.models import Attribute, AttributeKind, ContactKind, OrderState, PaymentKind
from crm_core.rules import attributes
from crm_core.rules.attributes import Value
from crm_core.rules.contacts import is_email, is_phone, normal_phone
from crm_core.rules.orders import OrderLineDraft, PaymentDraft, read_state
from crm_core.rules.record import (
    EARLIEST_BIRTH,
    LONGEST_ADDRESS,
    LONGEST_COMPANY,
    LONGEST_NAME,
    RecordRefused,
    check_tag,
    check_time_zone,
    plain,
)

LONGEST_REFERENCE: Final = 190
LONGEST_SOURCE: Final = 40
_FURTHER: Final = (
    ("more_names", ContactKind.NAME),
    ("more_emails", ContactKind.EMAIL),
    ("more_phones", ContactKind.PHONE),
    ("more_addresses", ContactKind.ADDRESS),
)


_AS_THEY_ARE: Final = (ContactKind.NAME, ContactKind.ADDRESS)
_REACHES: Final = (ContactKind.EMAIL, ContactKind.PHONE)


# ---- customers ----


def customer_of(fields: Fields, defined: Mapping[str, Attribute]) -> CustomerDraft:
    """A customer; what is wrong with the row is in `fields.wrong` afterwards."""
    reference = fields.text("external_ref", longest=LONGEST_REFERENCE)
    draft = CustomerDraft(
        email=fields.email("email"),
        phone=fields.phone("phone"),
        reference=reference,
        name=fields.text("name", longest=LONGEST_NAME),
        language=fields.one_of("language", LANGUAGES),
        time_zone=fields.read("time_zone", _time_zone) or "",
        company=fields.text("company", longest=LONGEST_COMPANY),
        birthday=fields.day("birthday"),
        address=fields.lines("address", longest=LONGEST_ADDRESS),
        further=tuple(one for name, kind in _FURTHER for one in _further(fields, name, kind)),
        tags=tuple(
            {(tag := check_tag(word)).casefold(): tag for word in fields.words("tags") if word.strip("# ")}.values()
        ),
        consent=fields.truth("consent"),
        attributes=tuple(_attributes(fields, defined)),
    )
    if not fields.wrong and not draft.reference and not any(kind in _REACHES for kind, _ in draft.contacts):
        fields.add("email", f"{fields.label('email')} is missing")  # or a number: the next import would not know them
    if draft.birthday is not None and draft.birthday.year < EARLIEST_BIRTH:
        fields.add("birthday", f"{fields.label('birthday')} {draft.birthday} is before {EARLIEST_BIRTH}")
    return draft


def _time_zone(text: str) -> str:
    try:
        return check_time_zone(text)
    except RecordRefused as refused:
        raise Doubtful(f"should be a time zone such as {refused.values['near']}") from refused


def _further(fields: Fields, name: str, kind: ContactKind) -> Iterator[tuple[ContactKind, str]]:
    for text in fields.texts(name):
        value = plain(text if kind in _AS_THEY_ARE else unicodedata.normalize("NFKC", text))
        if kind == ContactKind.EMAIL and not is_email(value):
            fields.add(name, f'{fields.label(name)} "{value[:80]}" should look like ana@example.com')
        elif kind == ContactKind.PHONE and not is_phone(value):
            fields.add(name, f'{fields.label(name)} "{value[:80]}" should look like +15005550101')
        elif len(value) > (longest := LONGEST_ADDRESS if kind == ContactKind.ADDRESS else LONGEST_NAME):
            fields.add(name, f"{fields.label(name)} has an entry of {len(value)} characters, {longest} are allowed")
        elif value:
            yield kind, normal_phone(value, fields.manner.country) if kind == ContactKind.PHONE else value


def _attributes(fields: Fields, defined: Mapping[str, Attribute]) -> Iterator[tuple[str, Value]]:
    if isinstance(fields, JsonFields):
        for key, value in fields.plain_values("attributes").items():
            if key not in defined:
                fields.add("attributes", f'"attributes" has "{key[:40]}", which is no field that was defined')
                continue
            text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
            yield from _attribute(fields, "attributes", text, defined[key])
    else:
        for key in defined:
            if text := fields.text(f"{ATTRIBUTE}{key}", longest=attributes.LONGEST_VALUE):
                yield from _attribute(fields, f"{ATTRIBUTE}{key}", text, defined[key])


def _attribute(fields: Fields, name: str, text: str, attribute: Attribute) -> Iterator[tuple[str, Value]]:
    choices = [str(one) for one in attribute.choices]
    try:
        if attribute.kind == AttributeKind.NUMBER:
            text = str(values.number(text, fields.manner.decimal))
        elif attribute.kind == AttributeKind.DATE:
            text = values.day(text, fields.manner.first).isoformat()
        yield attribute.key, attributes.check(attribute.kind, text, key=attribute.key, choices=choices)
    except Doubtful as doubt:
        fields.add(name, f'{fields.label(name)} "{text[:80]}" {doubt}')
    except RecordRefused:
        should = {AttributeKind.CHOICE: f"one of {', '.join(choices)}", AttributeKind.YES_NO: "yes or no"}
        expected = should.get(AttributeKind(attribute.kind), "a value of at most 190 characters")
        fields.add(name, f'{fields.label(name)} "{text[:80]}" should be {expected}')


def proof_keys(draft: CustomerDraft) -> list[tuple[str, str]]:
    """By what a second row of the same person is known: kind and key.

    A phone number is one only where there is nothing else; others may share it.
    """
    contacts = draft.contacts
    keys = [("reference", draft.reference)] if draft.reference else []
    keys += [("email", value.strip().lower()) for kind, value in contacts if kind == ContactKind.EMAIL]
    phone = "phone" if keys else "phone only"
    return keys + [(phone, value) for kind, value in contacts if kind == ContactKind.PHONE]


def key_in_words(draft: CustomerDraft, kind: str, key: str) -> str:
    """One of these keys as a person says it."""
    if kind != "email":
        return f"the {'reference' if kind == 'reference' else 'phone number'} {key}"
    return f"the e-mail address {next(value for _, value in draft.contacts if value.strip().lower() == key)}"


# ---- orders ----


def order_of(fields: JsonFields, source: str) -> OrderOnFile:
    """An order of a JSON Lines file."""
    return OrderOnFile(
        source=fields.text("source", longest=LONGEST_SOURCE) or source,
        email=_email(fields),
        phone=fields.phone("customer_phone"),
        reference=fields.text("customer_ref", longest=LONGEST_REFERENCE),
        external_ref=fields.text("external_ref", longest=LONGEST_REFERENCE, required=True),
        state=_state(fields),
        state_at=fields.moment("state_at"),
        total_minor=fields.whole("total_minor"),
        currency=fields.read("currency", _exact_currency, required=True) or "",
        placed_at=fields.moment("placed_at", required=True) or _NEVER,
        tracking=fields.text("tracking", longest=LONGEST_REFERENCE),
        carrier=fields.text("carrier", longest=LONGEST_REFERENCE),
        lines=tuple([_line(line) for line in fields.objects("lines")]),
        events=tuple([_event(event) for event in fields.objects("states")]) if fields.has("states") else (),
        payments=tuple([_payment(one) for one in fields.objects("payments")]) if fields.has("payments") else (),
    )


_NEVER = datetime.fromtimestamp(0, UTC)  # of rows that are refused anyway


def _email(fields: Fields) -> str:
    named = fields.has("customer_phone") or fields.has("customer_ref")
    return fields.email("customer_email", required=not named)


def _state(fields: Fields) -> str:
    return fields.read("state", _known_state, required=True) or ""


@lru_cache(maxsize=1000)
def _known_state(text: str) -> str:
    state = read_state(text)
    if state is None:
        raise Doubtful(f"is no state of an order that is known; it should be {', '.join(OrderState)}")
    return state.value


def _exact_currency(text: str) -> str:
    if len(text) != 3:
        raise TooLong(f"has {len(text)} characters, 3 are allowed")
    if text != text.upper() or values.currency(text) != text:
        raise Doubtful("should look like EUR")
    return text


def _line(fields: JsonFields) -> OrderLineDraft:
    return OrderLineDraft(
        product=fields.text("product", longest=LONGEST_REFERENCE, required=True),
        sku=fields.text("sku", longest=LONGEST_REFERENCE),
        quantity=fields.whole("quantity", least=1),
        unit_price_minor=fields.whole("unit_price_minor"),
    )


def _event(fields: JsonFields) -> tuple[str, datetime]:
    return _state(fields), fields.moment("at", required=True) or _NEVER


def _payment(fields: JsonFields) -> PaymentDraft:
    kind = fields.one_of("kind", tuple(PaymentKind))
    return PaymentDraft(
        kind=PaymentKind(kind or PaymentKind.PAYMENT),
        amount_minor=fields.whole("amount_minor", least=1),
        external_ref=fields.text("external_ref", longest=LONGEST_REFERENCE, required=True),
        at=fields.moment("at", required=True) or _NEVER,
    )


@dataclass(slots=True)
class _Begun:
    """An order whose rows are being read."""

    row: Row
    order: OrderOnFile
    lines: list[OrderLineDraft]
    wrong: list[tuple[Row, Wrong]]
    zone_assumed: bool


def orders_in(
    rows: Iterable[Row], fields_of: Callable[[Row], CellFields], source: str
) -> Iterator[tuple[Row, OrderOnFile, list[tuple[Row, Wrong]], bool]]:
    """The orders of a table, each with its first row, all that is wrong with its rows, and whether a zone was assumed.

    Rows with the same reference in a row, or with none below one, are the products of one order.
    """
    begun: _Begun | None = None
    for row in rows:
        fields = fields_of(row)
        before = begun.order.external_ref if begun is not None else ""
        reference = fields.text("external_ref", longest=LONGEST_REFERENCE, required=not before)
        if begun is not None and reference in {"", before}:
            _go_on(begun, row, fields, source)
            continue
        if begun is not None:
            yield _ended(begun)
        order = _whole_order(fields, source, reference)
        begun = _Begun(row, order, [], [], zone_assumed=False)
        _add_product(begun, row, fields)
    if begun is not None:
        yield _ended(begun)


def _ended(begun: _Begun) -> tuple[Row, OrderOnFile, list[tuple[Row, Wrong]], bool]:
    order = begun.order
    if begun.lines:
        order = order._replace(lines=tuple(begun.lines))
    return begun.row, order, begun.wrong, begun.zone_assumed


def _go_on(begun: _Begun, row: Row, fields: CellFields, source: str) -> None:
    """One more product; what the row says of the order must be what the first one said."""
    if fields.has("state") and not begun.wrong:
        again = _whole_order(fields, source, begun.order.external_ref)
        if again != begun.order and not fields.wrong:
            what = f"order {again.external_ref} says something else here than in row {begun.row.number}"
            fields.wrong.append(Wrong("", what))
    _add_product(begun, row, fields)


def _add_product(begun: _Begun, row: Row, fields: CellFields) -> None:
    line = _product(fields, begun.order.currency)
    if line is not None:
        begun.lines.append(line)
    begun.wrong += [(row, one) for one in fields.wrong]
    begun.zone_assumed |= fields.zone_assumed


def _whole_order(fields: CellFields, source: str, reference: str) -> OrderOnFile:
    total = fields.amount("total") if not fields.has("total_minor") else None
    code = fields.read("currency", values.currency) or (total[1] if total else "") or fields.manner.currency
    if not code and not fields.wrong:
        where = "total" if "currency" not in fields.columns else "currency"
        fields.add(where, f"{fields.label(where)} names no currency: add a column of currencies, or --currency EUR")
    if total is not None and total[1] and total[1] != code:
        fields.add("total", f"{fields.label('total')} is in {total[1]}, and its currency is {code}")
    return OrderOnFile(
        source=fields.text("source", longest=LONGEST_SOURCE) or source,
        email=_email(fields),
        phone=fields.phone("customer_phone"),
        reference=fields.text("customer_ref", longest=LONGEST_REFERENCE),
        external_ref=reference,
        state=_state(fields),
        state_at=fields.moment("state_at"),
        total_minor=_minor(fields, "total", total[0] if total else None, code),
        currency=code,
        placed_at=fields.moment("placed_at", required=True) or _NEVER,
        tracking=fields.text("tracking", longest=LONGEST_REFERENCE),
        carrier=fields.text("carrier", longest=LONGEST_REFERENCE),
        events=fields.entries("states", partial(_event_in, fields)),
        payments=fields.entries("payments", partial(_payment_in, fields, code)) if code else (),
    )


def _event_in(fields: CellFields, words: list[str]) -> tuple[str, datetime]:
    if len(words) != 2:
        raise Doubtful("should be a state and its time, such as: shipped, 2026-03-02 08:00")
    return _known_state(words[0]), fields.moment_of(words[1])


def _payment_in(fields: CellFields, code: str, words: list[str]) -> PaymentDraft:
    if len(words) != 4 or words[0] not in _KINDS or len(words[3]) > LONGEST_REFERENCE:
        raise Doubtful("should be a payment or refund, its amount, time and reference: payment, 12.50, 2026-03-01, P-1")
    amount, sign = values.money(words[1], fields.manner.decimal)
    units = values.minor(amount, code)
    if sign not in {"", code} or units <= 0:
        raise Doubtful(f"should be an amount above zero in {code}")
    return PaymentDraft(kind=_KINDS[words[0]], amount_minor=units, external_ref=words[3], at=fields.moment_of(words[2]))


_KINDS: Final = {
    "payment": PaymentKind.PAYMENT,
    "付款": PaymentKind.PAYMENT,
    "refund": PaymentKind.REFUND,
    "退款": PaymentKind.REFUND,
}


def _minor(fields: CellFields, name: str, amount: Decimal | None, code: str) -> int:
    if fields.has(f"{name}_minor"):
        return fields.whole(f"{name}_minor")
    if amount is None:
        if not fields.has(name):
            fields.add(name, f"{fields.label(name)} is missing")
        return 0
    if not code:
        return 0
    try:
        found = values.minor(amount, code)
    except Doubtful as doubt:
        fields.add(name, f'{fields.label(name)} "{amount}" {doubt}')
        return 0
    if found < 0:
        fields.add(name, f'{fields.label(name)} "{amount}" should not be below zero')
    return found


def _product(fields: CellFields, code: str) -> OrderLineDraft | None:
    product = fields.text("product", longest=LONGEST_REFERENCE)
    if not product:
        return None
    price = 0
    if fields.has("unit_price_minor") or fields.has("unit_price"):
        amount = fields.amount("unit_price") if not fields.has("unit_price_minor") else None
        price = _minor(fields, "unit_price", amount[0] if amount else None, code)
    return OrderLineDraft(
        product=product,
        sku=fields.text("sku", longest=LONGEST_REFERENCE),
        quantity=fields.whole("quantity", least=1, missing=1),
        unit_price_minor=price,
    )
