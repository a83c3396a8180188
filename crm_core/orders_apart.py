"""Orders of people who are not on record yet: kept sealed, listed, and taken in once such a customer appears."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_

from crm_core import orders
from crm_core.models import Contact, ContactKind, OrderApart, PaymentKind
from crm_core.orders import ADDED, CHANGED, REFUSED, SAME, Claim, Glimpse
from crm_core.proofs import Person, email_blind, owners_of, phone_blind
from crm_core.rules.contacts import normal_email, normal_phone, phone_forms
from crm_core.rules.orders import OrderDraft, OrderLineDraft, OrderRefused, PaymentDraft
from crm_core.storage.ids import new_id
from crm_core.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An order and how to know whose it is: an e-mail address, a phone number or both. Its `customer_id` is 0.

    A reference, the shop's own number of its customer, says it better than they do, but is not looked for alone.
    """

    order: OrderDraft
    email: str = ""
    phone: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a stray: added, changed, same or refused, and then why."""

    what: str
    refused: OrderRefused | None = None


async def keep(work: Work, strays: Sequence[Stray], *, country: str = "", write: bool = True) -> list[Kept]:
    """Keep these orders apart, each known by source and reference: once, however often they come.

    `country` is whose phone numbers are meant that do not say; all are kept in normal form. Some hundreds at a time.
    Refused are orders without an address, and payments that could not be taken later on. With `write` off it only
    tells what would be done.
    """
    strays = [_normal(stray, country) for stray in strays]
    known = await _bodies(work, strays)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    kept = []
    for stray in strays:
        place = (stray.order.source, stray.order.external_ref)
        try:
            _check(stray)
        except OrderRefused as refused:
            kept.append(Kept(what=REFUSED, refused=refused))
            continue
        body = _written(stray)
        if known.get(place) == body:
            kept.append(Kept(what=SAME))
            continue
        kept.append(Kept(what=CHANGED if place in known else ADDED))
        known[place] = body
        rows[place] = _row(work, stray, body)
    if write and rows:
        await work.session.execute(
            delete(OrderApart).where(tuple_(OrderApart.source, OrderApart.external_ref).in_(list(rows))),
            execution_options={"synchronize_session": False},
        )
        await work.session.execute(insert(OrderApart.__table__), list(rows.values()))  # type: ignore[arg-type]
    return kept


def _normal(stray: Stray, country: str) -> Stray:
    phone = normal_phone(stray.phone, country) if stray.phone.strip() else ""
    return replace(stray, email=stray.email.strip(), phone=phone)


def _check(stray: Stray) -> None:
    if not (stray.email or stray.phone):
        raise OrderRefused("order_of_nobody", order=stray.order.external_ref)
    orders.new_payments(stray.order, {})


async def _bodies(work: Work, strays: Sequence[Stray]) -> dict[tuple[str, str], str]:
    places = list({(stray.order.source, stray.order.external_ref) for stray in strays})
    statement = select(OrderApart).where(tuple_(OrderApart.source, OrderApart.external_ref).in_(places))
    return {(row.source, row.external_ref): _open(work, row) for row in await work.session.scalars(statement)}


def _row(work: Work, stray: Stray, body: str) -> dict[str, Any]:
    row_id = new_id()
    return {
        "id": row_id,
        "source": stray.order.source,
        "external_ref": stray.order.external_ref,
        "body": work.vault.seal(body, f"order_apart.body:{row_id}", None),
        "email_blind": email_blind(work, stray.email) if stray.email else None,
        "phone_blind": phone_blind(work, stray.phone) if stray.phone else None,
        "at": work.now,
    }


def _open(work: Work, row: OrderApart) -> str:
    return work.vault.open(row.body, f"order_apart.body:{row.id}", None)


def _written(stray: Stray) -> str:
    return json.dumps(asdict(stray), ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat)


def _read(body: str) -> Stray:
    found = json.loads(body)
    order = found["order"]
    lines = order["lines"]
    return Stray(
        order=OrderDraft(
            **{
                **order,
                "placed_at": datetime.fromisoformat(order["placed_at"]),
                "state_at": order["state_at"] and datetime.fromisoformat(order["state_at"]),
                "lines": None if lines is None else tuple(OrderLineDraft(*line) for line in lines),
                "events": tuple((state, datetime.fromisoformat(at)) for state, at in order["events"]),
                "payments": tuple(_payment(one) for one in order["payments"]),
            }
        ),
        email=found["email"],
        phone=found["phone"],
        reference=found.get("reference", ""),
    )


def _payment(one: Mapping[str, Any]) -> PaymentDraft:
    return PaymentDraft(
        kind=PaymentKind(one["kind"]),
        amount_minor=one["amount_minor"],
        external_ref=one["external_ref"],
        at=datetime.fromisoformat(one["at"]),
    )


async def listing(work: Work, limit: int, after: int = 0) -> list[tuple[int, Stray]]:
    """What is kept apart, in clear, oldest first; `after` is the id of the last one seen. A look at personal data."""
    statement = select(OrderApart).where(OrderApart.id > after).order_by(OrderApart.id).limit(limit)
    return [(row.id, _read(_open(work, row))) for row in await work.session.scalars(statement)]


async def claimed(work: Work, claim: Claim, country: str = "") -> Glimpse | None:
    """As `orders.claimed`, for an order that is kept apart; only its number, not its tracking number, finds it."""
    statement = select(OrderApart).where(OrderApart.external_ref.in_(claim.numbers))
    if claim.email:
        statement = statement.where(OrderApart.email_blind == work.vault.blind(normal_email(claim.email), "email"))
    else:
        forms = phone_forms(claim.phone, country)
        statement = statement.where(OrderApart.phone_blind.in_([work.vault.blind(form, "phone") for form in forms]))
    row = await work.session.scalar(statement.order_by(OrderApart.id.desc()).limit(1))
    if row is None:
        return None
    order = _read(_open(work, row)).order
    return Glimpse(
        number=order.external_ref,
        state=order.state,
        since=order.state_at,
        placed_at=order.placed_at,
        tracking=order.tracking,
        carrier=order.carrier,
    )


async def how_many(work: Work) -> int:
    """How many orders are kept apart."""
    return await work.session.scalar(select(func.count(OrderApart.id))) or 0


async def ready(work: Work, limit: int, after: int = 0) -> dict[int, int]:
    """The kept orders whose customer is on record by now, as id -> customer; `after` is the last id seen.

    Whose they are is said by `imports.owners_of`, as for an order that is imported today; what is not clear stays
    apart. None are left when there is nothing in it.
    """
    while rows := await _asked_for(work, limit, after):
        owners = await owners_of(work, [_read(_open(work, row)) for row in rows])
        theirs = zip(rows, owners, strict=True)
        if found := {row.id: owner.id for row, owner in theirs if isinstance(owner, Person)}:
            return found
        after = rows[-1].id
    return {}


async def _asked_for(work: Work, limit: int, after: int) -> Sequence[OrderApart]:
    """Kept orders with an e-mail address or a phone number that somebody on record has, too."""
    same = (Contact.kind == ContactKind.EMAIL) & (Contact.blind == OrderApart.email_blind)
    same |= (Contact.kind == ContactKind.PHONE) & (Contact.blind == OrderApart.phone_blind)
    statement = (
        select(OrderApart)
        .where(OrderApart.id > after, select(Contact.id).where(same).exists())
        .order_by(OrderApart.id)
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()


async def take_in(work: Work, owners: Mapping[int, int]) -> int:
    """Give these kept orders (id -> customer) to their customers; how many. What is refused stays apart."""
    rows = (await work.session.scalars(select(OrderApart).where(OrderApart.id.in_(owners)))).all()
    drafts = [replace(_read(_open(work, row)).order, customer_id=owners[row.id]) for row in rows]
    outcomes = await orders.upsert_many(work, drafts)
    done = [row.id for row, outcome in zip(rows, outcomes, strict=True) if outcome.refused is None]
    await work.session.execute(
        delete(OrderApart).where(OrderApart.id.in_(done)), execution_options={"synchronize_session": False}
    )
    return len(done)
