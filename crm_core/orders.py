"""Orders from other systems, known by source and external reference: stored, paid, refunded, found and added up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, or_, select, update

from crm_core.models import (
    NOT_BOUGHT,
    Contact,
    ContactKind,
    Customer,
    Order,
    OrderEvent,
    OrderLine,
    OrderState,
    Payment,
    PaymentKind,
)
from crm_core.rules.contacts import normal_email, phone_forms
from crm_core.rules.orders import (
    OrderDraft,
    OrderLineDraft,
    OrderRefused,
    PaymentDraft,
    check_payment,
    standing,
)
from crm_core.storage.bulk import Rows
from crm_core.storage.ids import new_id
from crm_core.work import Work

_MERGES: Final = 10  # a chain of merges is followed so far
_LOOKED_THROUGH: Final = 500  # of a customer's own orders, the newest

ADDED, CHANGED, SAME, REFUSED = "added", "changed", "same", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a draft: added, changed, same or refused, and then why.

    `order_id` is None when refused, and for a new order that was only looked at.
    """

    what: str
    order_id: int | None = None
    refused: OrderRefused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An order with its lines, its states in the order of their times, and its payments and refunds."""

    order: Order
    lines: tuple[OrderLine, ...]
    events: tuple[OrderEvent, ...]
    payments: tuple[Payment, ...]

    @property
    def paid_minor(self) -> int:
        """What was paid, in minor units of the order's currency."""
        return _sum(self.payments, PaymentKind.PAYMENT)

    @property
    def refunded_minor(self) -> int:
        """What was given back, in minor units of the order's currency."""
        return _sum(self.payments, PaymentKind.REFUND)

    @property
    def state_since(self) -> datetime | None:
        """When it came to the state where it stands; None when nobody said."""
        own = [event.at for event in self.events if event.state == self.order.state]
        return max(own, default=self.order.placed_at if self.order.state == OrderState.PLACED else None)

    @property
    def glimpse(self) -> "Glimpse":
        """How it stands, and nothing else of it."""
        return Glimpse(
            number=self.order.external_ref,
            state=self.order.state,
            since=self.state_since,
            placed_at=self.order.placed_at,
            tracking=self.order.tracking or "",
            carrier=self.order.carrier or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What somebody is told of an order who is known by nothing but its number and its address or phone number."""

    number: str
    state: str
    since: datetime | None
    placed_at: datetime
    tracking: str
    carrier: str


def _sum(payments: Iterable[Payment | PaymentDraft], kind: str) -> int:
    return sum(one.amount_minor for one in payments if one.kind == kind)


# ---- storing ----


async def upsert(
    work: Work,
    *,
    source: str,
    external_ref: str,
    customer_id: int,
    state: str,
    total_minor: int,
    currency: str,
    placed_at: datetime,
    lines: Sequence[Mapping[str, Any]],
) -> bool:
    """Store an order or bring it up to date; True when it was new. Money is in minor units of `currency`.

    Raises OrderRefused for an order of somebody who was erased.
    """
    draft = OrderDraft(
        source=source,
        external_ref=external_ref,
        customer_id=customer_id,
        state=state,
        total_minor=total_minor,
        currency=currency,
        placed_at=placed_at,
        lines=tuple(OrderLineDraft(**line) for line in lines),
    )
    (outcome,) = await upsert_many(work, [draft])
    if outcome.refused is not None:
        raise outcome.refused
    return outcome.what == ADDED


@dataclass(slots=True)
class _Known:
    """One order as it is on record before a draft of it."""

    order: Any
    lines: list[OrderLineDraft] = field(default_factory=list)
    events: list[tuple[str, datetime]] = field(default_factory=list)
    payments: dict[str, tuple[str, int]] = field(default_factory=dict)


class _Rows:
    """What one round of drafts writes."""

    def __init__(self) -> None:
        self.changed: list[dict[str, Any]] = []
        self.relined: list[int] = []
        self.orders = Rows(Order.__table__, "id", "source", "external_ref", *_NEW_VALUES)
        self.lines = Rows(OrderLine.__table__, "id", "order_id", "product", "sku", "quantity", "unit_price_minor")
        self.events = Rows(OrderEvent.__table__, "id", "order_id", "state", "at")
        self.payments = Rows(Payment.__table__, "id", "order_id", "kind", "amount_minor", "external_ref", "at")


async def upsert_many(
    work: Work, drafts: Sequence[OrderDraft], *, write: bool = True, alive: bool = False
) -> list[Outcome]:
    """Store these orders or bring them up to date, each known by source and reference; what became of each, in order.

    Doing it again changes nothing. Customers who turned out to be somebody else are followed there; orders of erased
    ones are refused, and so are refunds beyond what was paid: the others go on. Some hundreds at a time: it is a
    handful of statements however many they are. With `write` off it only tells what would be done. `alive` says that
    this very transaction has seen that every customer is on record, neither erased nor merged away.
    """
    outcomes: list[Outcome] = [Outcome(what=SAME)] * len(drafts)
    ids = {draft.customer_id for draft in drafts}
    owners: Mapping[int, int | None] = {one: one for one in ids} if alive else await _owners(work, ids)
    left = list(range(len(drafts)))
    while left:
        # An order that stands here twice is taken twice, one after the other.
        now = list({(drafts[place].source, drafts[place].external_ref): place for place in reversed(left)}.values())
        taken = set(now)
        left = [place for place in left if place not in taken]
        known = await _known(work, [drafts[place] for place in now])
        rows = _Rows()
        for place in sorted(now):
            draft = drafts[place]
            order, owner = known.get((draft.source, draft.external_ref)), owners.get(draft.customer_id)
            outcomes[place] = _take(work, draft, order, owner, rows if write else None)
        if write:
            await _write(work, rows)
    return outcomes


async def _owners(work: Work, customer_ids: Collection[int]) -> dict[int, int | None]:
    """Whose each order is: the customer, who they were merged into, or None when that one was erased."""
    owners: dict[int, int | None] = {one: one for one in customer_ids}
    looking = set(customer_ids)
    for _ in range(_MERGES):
        if not looking:
            break
        statement = select(Customer.id, Customer.key.is_(None), Customer.merged_into).where(Customer.id.in_(looking))
        found = {row[0]: (row[1], row[2]) for row in (await work.session.execute(statement)).all()}
        looking = set()
        for asked, owner in owners.items():
            if owner in found:
                erased, into = found[owner]
                if into is not None:
                    owners[asked] = into
                    looking.add(into)
                elif erased:
                    owners[asked] = None
    return owners


_BY_REFERENCES: Final = select(Order.__table__).where(
    Order.__table__.c.source == bindparam("source"),
    Order.__table__.c.external_ref.in_(bindparam("references", expanding=True)),
)


async def _known(work: Work, drafts: Sequence[OrderDraft]) -> dict[tuple[str, str], _Known]:
    found: dict[tuple[str, str], _Known] = {}
    for source in {draft.source for draft in drafts}:
        refs = [draft.external_ref for draft in drafts if draft.source == source]
        asked = {"source": source, "references": refs}
        for row in (await work.session.execute(_BY_REFERENCES, asked)).all():
            found[source, row.external_ref] = _Known(row)
    by_id = {one.order.id: one for one in found.values()}
    if not by_id:
        return found
    lines = select(OrderLine.order_id, OrderLine.product, OrderLine.sku, OrderLine.quantity, OrderLine.unit_price_minor)
    for row in (await work.session.execute(lines.where(OrderLine.order_id.in_(by_id)).order_by(OrderLine.id))).all():
        by_id[row[0]].lines.append(OrderLineDraft(*row[1:]))
    events = select(OrderEvent.order_id, OrderEvent.state, OrderEvent.at).where(OrderEvent.order_id.in_(by_id))
    for row in (await work.session.execute(events)).all():
        by_id[row[0]].events.append((row[1], row[2]))
    payments = select(Payment.order_id, Payment.external_ref, Payment.kind, Payment.amount_minor)
    for row in (await work.session.execute(payments.where(Payment.order_id.in_(by_id)))).all():
        by_id[row[0]].payments[row[1]] = (row[2], row[3])
    return found


def _take(work: Work, draft: OrderDraft, known: _Known | None, owner: int | None, rows: _Rows | None) -> Outcome:
    """Put down what is to be written of one draft; without rows it is only looked at."""
    if owner is None:
        return Outcome(what=REFUSED, refused=OrderRefused("order_customer_erased", order=draft.external_ref))
    if known is not None and known.payments and known.order.currency != draft.currency:
        return Outcome(what=REFUSED, refused=OrderRefused("order_currency_changed", order=draft.external_ref))
    try:
        payments = new_payments(draft, known.payments if known else {})
    except OrderRefused as refused:
        return Outcome(what=REFUSED, refused=refused)
    if known is None and rows is None:
        return _WOULD_BE_ADDED
    events = _new_events(work, draft, known)
    happened = [*(known.events if known else []), *events]
    values = {
        "customer_id": owner,
        "state": standing(known.order.state if known else draft.state, happened),
        "total_minor": draft.total_minor,
        "currency": draft.currency,
        "placed_at": draft.placed_at,
        "tracking": draft.tracking or (known.order.tracking if known else None),
        "carrier": draft.carrier or (known.order.carrier if known else None),
    }
    relined = known is not None and draft.lines is not None and list(draft.lines) != known.lines
    rows = _Rows() if rows is None else rows
    if known is None:
        order_id = new_id()
        rows.orders.values.append((order_id, draft.source, draft.external_ref, *values.values()))
    else:
        order_id = known.order.id
        differs = any(getattr(known.order, name) != value for name, value in values.items())
        if not (differs or relined or events or payments):
            return Outcome(what=SAME, order_id=order_id)
        rows.changed += [{"the_id": order_id, **values}] if differs else []
        rows.relined += [order_id] if relined else []
    if known is None or relined:
        rows.lines.values += [(new_id(), order_id, *line) for line in draft.lines or ()]
    rows.events.values += [(new_id(), order_id, state, at) for state, at in events]
    rows.payments.values += [tuple(_payment_row(order_id, one).values()) for one in payments]
    return Outcome(what=CHANGED if known else ADDED, order_id=order_id)


_WOULD_BE_ADDED: Final = Outcome(what=ADDED)


def _new_events(work: Work, draft: OrderDraft, known: _Known | None) -> list[tuple[str, datetime]]:
    """The states of a draft that are news; what came without a time to a known order came now, as far as we know."""
    said = list(draft.events)
    if draft.state_at is not None:
        said.append((draft.state, draft.state_at))
    elif known is not None and draft.state != known.order.state:
        said.append((draft.state, max([work.now, *(at for _, at in known.events)])))
    if not said:
        return []
    had = {(OrderState.PLACED, draft.placed_at), *(known.events if known else [])}
    return [one for one in dict.fromkeys(said) if one not in had]


def new_payments(draft: OrderDraft, had: Mapping[str, tuple[str, int]]) -> list[PaymentDraft]:
    """The payments and refunds of a draft that are news, payments first; raises OrderRefused for one that cannot be."""
    if not draft.payments:
        return []
    paid = sum(amount for kind, amount in had.values() if kind == PaymentKind.PAYMENT)
    refunded = sum(amount for kind, amount in had.values() if kind == PaymentKind.REFUND)
    seen = dict(had)
    fresh = []
    for one in sorted(draft.payments, key=lambda one: one.kind != PaymentKind.PAYMENT):
        if one.external_ref in seen:
            if seen[one.external_ref] != (one.kind, one.amount_minor):
                raise OrderRefused("order_payment_differs", reference=one.external_ref, order=draft.external_ref)
            continue
        check_payment(one.kind, one.amount_minor, paid, refunded, draft.currency)
        paid += one.amount_minor if one.kind == PaymentKind.PAYMENT else 0
        refunded += one.amount_minor if one.kind == PaymentKind.REFUND else 0
        seen[one.external_ref] = (one.kind, one.amount_minor)
        fresh.append(one)
    return fresh


def _payment_row(order_id: int, one: PaymentDraft) -> dict[str, Any]:
    return {
        "id": new_id(),
        "order_id": order_id,
        "kind": one.kind,
        "amount_minor": one.amount_minor,
        "external_ref": one.external_ref,
        "at": one.at,
    }


_NEW_VALUES = ("customer_id", "state", "total_minor", "currency", "placed_at", "tracking", "carrier")
_change = (
    update(Order.__table__)  # type: ignore[arg-type]  # a mapped class declares its table as a FromClause
    .where(Order.__table__.c.id == bindparam("the_id"))
    .values({name: bindparam(name) for name in _NEW_VALUES})
)


async def _write(work: Work, rows: _Rows) -> None:
    if rows.changed:
        await work.session.execute(_change, rows.changed, execution_options={"synchronize_session": False})
    if rows.relined:
        await work.session.execute(
            delete(OrderLine).where(OrderLine.order_id.in_(rows.relined)),
            execution_options={"synchronize_session": False},
        )
    for some in (rows.orders, rows.lines, rows.events, rows.payments):
        await some.insert(work.session)


# ---- what happens to an order ----


async def set_state(work: Work, order: Order, state: str, at: datetime | None = None) -> bool:
    """An order came to a state, now if no time is given; False when that was known.

    Raises OrderRefused when it has come to another one since.
    """
    if at is None:
        if order.state == state:
            return False
        at = work.now
    events = (await work.session.scalars(select(OrderEvent).where(OrderEvent.order_id == order.id))).all()
    happened = {(event.state, event.at) for event in events}
    if (state, at) in happened:
        return False
    now = standing(order.state, {*happened, (state, at)})
    if now != state:
        raise OrderRefused("order_state_older", order=order.external_ref, standing=now)
    work.session.add(OrderEvent(id=new_id(), order_id=order.id, state=state, at=at))
    order.state = now
    return True


async def pay(work: Work, order: Order, payment: PaymentDraft) -> bool:
    """Write down a payment or a refund; False when it was known by its reference. Refused when it cannot be."""
    rows = (await work.session.scalars(select(Payment).where(Payment.order_id == order.id))).all()
    for row in rows:
        if row.external_ref == payment.external_ref:
            if (row.kind, row.amount_minor) != (payment.kind, payment.amount_minor):
                raise OrderRefused("order_payment_differs", reference=row.external_ref, order=order.external_ref)
            return False
    paid, refunded = _sum(rows, PaymentKind.PAYMENT), _sum(rows, PaymentKind.REFUND)
    check_payment(payment.kind, payment.amount_minor, paid, refunded, order.currency)
    work.session.add(Payment(**_payment_row(order.id, payment)))
    return True


# ---- finding ----


async def by_ref(work: Work, reference: str) -> Sequence[Order]:
    """The orders with this number, whatever their source, newest first."""
    statement = select(Order).where(Order.external_ref == reference.strip())
    return (await work.session.scalars(statement.order_by(Order.placed_at.desc(), Order.id.desc()))).all()


async def by_tracking(work: Work, tracking: str) -> Sequence[Order]:
    """The orders that travel under this tracking number, newest first."""
    statement = select(Order).where(Order.tracking == tracking.strip())
    return (await work.session.scalars(statement.order_by(Order.placed_at.desc(), Order.id.desc()))).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An order as somebody names it who is not known: its number or tracking number, and an address or a phone."""

    number: str
    email: str = ""
    phone: str = ""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The number as it may be written on record."""
        return tuple({self.number, self.number.upper(), self.number.lower()})


async def claimed_order(work: Work, claim: Claim, country: str = "") -> Order | None:
    """The order of a claim, when its customer has this very address or phone number; None otherwise.

    `country` is whose phone numbers are meant that do not say. No answer tells whether there is such an order.
    """
    kind = ContactKind.EMAIL if claim.email else ContactKind.PHONE
    forms = [normal_email(claim.email)] if claim.email else list(phone_forms(claim.phone, country))
    blinds = [work.vault.blind(form, kind) for form in forms if form]
    statement = (
        select(Order)
        .join(Contact, Contact.customer_id == Order.customer_id)
        .join(Customer, Customer.id == Order.customer_id)
        .where(
            or_(Order.external_ref.in_(claim.numbers), Order.tracking.in_(claim.numbers)),
            Contact.kind == kind,
            Contact.blind.in_(blinds),
            Customer.key.is_not(None),
        )
        .order_by(Order.placed_at.desc())
        .limit(1)
    )
    return (await work.session.scalars(statement)).first()


async def claimed(work: Work, claim: Claim, country: str = "") -> Glimpse | None:
    """How the order of a claim stands, under the same condition."""
    found = await claimed_order(work, claim, country)
    return (await whole(work, [found]))[0].glimpse if found is not None else None


async def of_customer(work: Work, customer_id: int, limit: int, skip: int = 0) -> Sequence[Order]:
    """A customer's orders, newest first."""
    statement = select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at.desc(), Order.id.desc())
    return (await work.session.scalars(statement.offset(skip).limit(limit))).all()


async def own_newest(work: Work, customer_id: int) -> Sequence[Order]:
    """As many of a customer's newest orders as are looked through when they name one."""
    return await of_customer(work, customer_id, _LOOKED_THROUGH)


async def of_product(work: Work, word: str, limit: int) -> Sequence[Order]:
    """The orders in which a product stands, by its name or its SKU as the lines have it, newest first."""
    lines = select(OrderLine.order_id).where(or_(OrderLine.product == word, OrderLine.sku == word))
    statement = select(Order).where(Order.id.in_(lines)).order_by(Order.placed_at.desc(), Order.id.desc())
    return (await work.session.scalars(statement.limit(limit))).all()


async def newest(work: Work, limit: int) -> Sequence[Order]:
    """The newest orders of the shop."""
    statement = select(Order).order_by(Order.placed_at.desc(), Order.id.desc()).limit(limit)
    return (await work.session.scalars(statement)).all()


async def whole(work: Work, found: Sequence[Order]) -> list[Whole]:
    """These orders with all that belongs to them, in three statements."""
    ids = [order.id for order in found]
    lines: dict[int, list[OrderLine]] = {}
    for line in await work.session.scalars(select(OrderLine).where(OrderLine.order_id.in_(ids)).order_by(OrderLine.id)):
        lines.setdefault(line.order_id, []).append(line)
    events: dict[int, list[OrderEvent]] = {}
    for event in await work.session.scalars(
        select(OrderEvent).where(OrderEvent.order_id.in_(ids)).order_by(OrderEvent.at, OrderEvent.id)
    ):
        events.setdefault(event.order_id, []).append(event)
    payments: dict[int, list[Payment]] = {}
    for payment in await work.session.scalars(
        select(Payment).where(Payment.order_id.in_(ids)).order_by(Payment.at, Payment.id)
    ):
        payments.setdefault(payment.order_id, []).append(payment)
    return [
        Whole(
            order=order,
            lines=tuple(lines.get(order.id, ())),
            events=tuple(events.get(order.id, ())),
            payments=tuple(payments.get(order.id, ())),
        )
        for order in found
    ]


# ---- adding up ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What somebody bought in one currency; money in its minor units."""

    currency: str
    orders: int
    ordered_minor: int  # the totals of what was bought
    refunded_minor: int  # given back for it

    @property
    def value_minor(self) -> int:
        """What the customer was worth to the shop so far: what they bought, less what they got back for it."""
        return self.ordered_minor - self.refunded_minor

    @property
    def average_minor(self) -> int:
        """An order's total on average, rounded to a whole minor unit, halves up."""
        return (2 * self.ordered_minor + self.orders) // (2 * self.orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A customer's orders added up; cancelled and returned ones count for nothing."""

    orders: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    spent: tuple[Spent, ...] = ()  # by currency, the one with most orders first


async def figures(work: Work, customer_ids: Collection[int]) -> dict[int, Figures]:
    """The figures of each of these customers, in two statements."""
    bought = (Order.customer_id.in_(customer_ids), Order.state.not_in(NOT_BOUGHT))
    per_currency = (
        select(
            Order.customer_id,
            Order.currency,
            func.count(),
            func.sum(Order.total_minor),
            func.min(Order.placed_at),
            func.max(Order.placed_at),
        )
        .where(*bought)
        .group_by(Order.customer_id, Order.currency)
        .order_by(func.count().desc(), Order.currency)
    )
    given_back = (
        select(Order.customer_id, Order.currency, func.sum(Payment.amount_minor))
        .join(Payment, Payment.order_id == Order.id)
        .where(*bought, Payment.kind == PaymentKind.REFUND)
        .group_by(Order.customer_id, Order.currency)
    )
    back = {(row[0], row[1]): int(row[2]) for row in (await work.session.execute(given_back)).all()}
    found: dict[int, list[tuple[Spent, datetime, datetime]]] = {one: [] for one in customer_ids}
    for owner, currency, count, total, first, last in (await work.session.execute(per_currency)).all():
        spent = Spent(
            currency=currency, orders=count, ordered_minor=int(total), refunded_minor=back.get((owner, currency), 0)
        )
        found[owner].append((spent, first, last))
    return {owner: _figures(parts) for owner, parts in found.items()}


def _figures(parts: Sequence[tuple[Spent, datetime, datetime]]) -> Figures:
    return Figures(
        orders=sum(spent.orders for spent, _, _ in parts),
        first_at=min((first for _, first, _ in parts), default=None),
        last_at=max((last for _, _, last in parts), default=None),
        spent=tuple(spent for spent, _, _ in parts),
    )
