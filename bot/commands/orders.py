"""`order …`: looking orders up, those kept apart too, and what happened to them; everything is an audit entry."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.options import (
    AsJson,
    Config,
    Refused,
    countable,
    local,
    opened,
    say,
    say_json,
    say_table,
    settings_of,
)

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.models import Order, PaymentKind
    from crm_core.orders import Whole
    from crm_core.orders_apart import Stray
    from crm_core.work import Work

_T = TypeVar("_T")

order = typer.Typer(
    help="Look orders up and say what happened to them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
Ref = Annotated[str, typer.Argument(metavar="REF", help="The order's number (its external reference).")]
Source = Annotated[str, typer.Option("--source", help="The system it comes from, when several have this number.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help='When, such as "2026-12-01 09:30" (now when left out).')]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 12.50, in the order's currency.")]
Reference = Annotated[
    str, typer.Option("--reference", help="What names this payment: the same one again adds nothing.")
]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(order, name="order")


# ---- looking ----


@order.command("show")
def show(ref: Ref, source: Source = "", config: Config = None, as_json: AsJson = False) -> None:
    """Show an order with its products, states and payments."""
    settings = settings_of(config)
    whole, customer = asyncio.run(_one(settings, ref, source, _look))
    if as_json:
        say_json(_facts(whole, customer))
    else:
        _say_whole(settings, whole, customer)


async def _look(work: "Work", found: "Order") -> tuple["Whole", int | None]:
    from crm_core import audit, orders
    from crm_core.models import Customer

    audit.enter(work, None, "order.show", f"customer:{found.customer_id}", order=str(found.id))
    (whole,) = await orders.whole(work, [found])
    return whole, (await work.session.get_one(Customer, found.customer_id)).number


def _facts(whole: "Whole", customer: int | None) -> dict[str, Any]:
    found = whole.order
    return {
        "order": found.external_ref,
        "source": found.source,
        "customer": customer,
        "state": found.state,
        "state_since": whole.state_since,
        "placed_at": found.placed_at,
        "total_minor": found.total_minor,
        "currency": found.currency,
        "paid_minor": whole.paid_minor,
        "refunded_minor": whole.refunded_minor,
        "tracking": found.tracking,
        "carrier": found.carrier,
        "lines": [
            {
                "product": line.product,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price_minor": line.unit_price_minor,
            }
            for line in whole.lines
        ],
        "states": [{"state": event.state, "at": event.at} for event in whole.events],
        "payments": [
            {"kind": one.kind, "amount_minor": one.amount_minor, "reference": one.external_ref, "at": one.at}
            for one in whole.payments
        ],
    }


def _say_whole(settings: "Settings", whole: "Whole", customer: int | None) -> None:
    from crm_core.rules.orders import plain_money

    found, currency = whole.order, whole.order.currency
    say(f"Order {found.external_ref} ({found.source}): {found.state}, {plain_money(found.total_minor, currency)}")
    say(f"  customer {'without a number' if customer is None else f'#{customer}'}")
    say(f"  placed {local(found.placed_at, settings)}")
    for event in whole.events:
        say(f"  {event.state} {local(event.at, settings)}")
    for line in whole.lines:
        sku = f" ({line.sku})" if line.sku else ""
        say(f"  {line.quantity} x {line.product}{sku}, {plain_money(line.unit_price_minor, currency)} each")
    if found.tracking:
        say(f"  tracking {found.tracking}{f' ({found.carrier})' if found.carrier else ''}")
    for one in whole.payments:
        amount = plain_money(one.amount_minor, currency)
        say(f"  {one.kind} {amount} ({one.external_ref}), {local(one.at, settings)}")


@order.command("list")
def listing(
    customer: Annotated[
        int | None, typer.Option("--customer", metavar="N", callback=countable, help="Only of this customer.")
    ] = None,
    product: Annotated[str, typer.Option("--product", help="Only with this product, by its name or SKU.")] = "",
    apart: Annotated[
        bool, typer.Option("--apart", help="The orders of people who are not on record yet, and whose they are.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to list at most.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List orders, newest first."""
    if sum((customer is not None, bool(product), apart)) > 1:
        raise typer.BadParameter("--customer, --product and --apart do not go together.")
    settings = settings_of(config)
    if apart:
        strays, left = asyncio.run(_apart(settings, limit))
        _say_apart(strays, left, as_json)
        return
    found = asyncio.run(_list(settings, customer, product, limit))
    if as_json:
        say_json(found)
    elif not found:
        say("There are no such orders.")
    else:
        from crm_core.rules.orders import plain_money

        rows = [
            (
                one["order"],
                one["source"],
                one["customer"],
                one["state"],
                one["placed_at"].astimezone(settings.zone),
                plain_money(one["total_minor"], one["currency"]),
            )
            for one in found
        ]
        say_table(("order", "source", "customer", "state", "placed", "total"), rows)


async def _list(settings: "Settings", customer: int | None, product: str, limit: int) -> list[dict[str, Any]]:
    from crm_core import audit, orders

    async with opened(settings) as records, records.write() as work:
        if customer is not None:
            owner = await _customer_id(work, customer)
            found = await orders.of_customer(work, owner, limit)
            audit.enter(work, None, "order.list", f"customer:{owner}", count=len(found))
        elif product:
            found = await orders.of_product(work, product, limit)
            audit.enter(work, None, "order.list", "orders", count=len(found))
        else:
            found = await orders.newest(work, limit)
            audit.enter(work, None, "order.list", "orders", count=len(found))
        numbers = await _numbers(work, {one.customer_id for one in found})
        return [
            {
                "order": one.external_ref,
                "source": one.source,
                "customer": numbers.get(one.customer_id),
                "state": one.state,
                "placed_at": one.placed_at,
                "total_minor": one.total_minor,
                "currency": one.currency,
            }
            for one in found
        ]


async def _customer_id(work: "Work", number: int) -> int:
    from crm_core import finding

    found = await finding.find(work, f"#{number}", limit=1)
    if not found:
        raise Refused(f"There is no customer #{number}.")
    return found[0].id


async def _numbers(work: "Work", customer_ids: set[int]) -> dict[int, int | None]:
    from sqlalchemy import select

    from crm_core.models import Customer

    rows = await work.session.execute(select(Customer.id, Customer.number).where(Customer.id.in_(customer_ids)))
    return {row[0]: row[1] for row in rows.all()}


async def _apart(settings: "Settings", limit: int) -> tuple[Sequence["Stray"], int]:
    from crm_core import audit, orders_apart

    async with opened(settings) as records, records.write() as work:
        found = [stray for _, stray in await orders_apart.listing(work, limit)]
        audit.enter(work, None, "order.list_apart", "orders", count=len(found))
        return found, await orders_apart.how_many(work) - len(found)


def _say_apart(strays: Sequence["Stray"], left: int, as_json: bool) -> None:
    if as_json:
        say_json(
            [
                {
                    "order": one.order.external_ref,
                    "source": one.order.source,
                    "email": one.email,
                    "phone": one.phone,
                    "state": one.order.state,
                    "placed_at": one.order.placed_at,
                    "total_minor": one.order.total_minor,
                    "currency": one.order.currency,
                }
                for one in strays
            ]
        )
        return
    if not strays:
        say("No order is kept apart.")
        return
    rows = [(one.order.external_ref, one.order.source, one.email or None, one.phone or None) for one in strays]
    say_table(("order", "source", "e-mail", "phone"), rows)
    if left:
        say(f"… and {left} more.")


# ---- what happened ----


@order.command("set-state")
def set_state(
    ref: Ref,
    state: Annotated[
        str, typer.Argument(metavar="STATE", help="placed, paid, packed, shipped, delivered, cancelled or returned.")
    ],
    at: At = "",
    source: Source = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say that an order came to a state.

    The words of other systems are understood, in English and Chinese: fulfilled, 已发货.
    """
    from crm_core.rules.orders import read_state

    settings = settings_of(config)
    known = read_state(state)
    if known is None:
        raise Refused(f'"{state[:60]}" is no state of an order; see `frontdesk order set-state --help`.')
    when = _time(settings, at)

    async def change(work: "Work", found: "Order") -> bool:
        from crm_core import audit, orders

        news = await orders.set_state(work, found, known, when)
        audit.enter(work, None, "order.set_state", f"order:{found.id}", state=str(known), news=news)
        return news

    news = asyncio.run(_one(settings, ref, source, change))
    if as_json:
        say_json({"order": ref, "state": known, "news": news})
    else:
        say(f"Order {ref} is {known}{'' if news else ', as was known'}.")


@order.command("payment")
def payment(
    ref: Ref,
    amount: Amount,
    reference: Reference,
    at: At = "",
    source: Source = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write down that a customer paid."""
    from crm_core.models import PaymentKind

    _pay(PaymentKind.PAYMENT, ref, amount, reference, at, source, config, as_json)


@order.command("refund")
def refund(
    ref: Ref,
    amount: Amount,
    reference: Reference,
    at: At = "",
    source: Source = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write down that money was given back; no more than was paid."""
    from crm_core.models import PaymentKind

    _pay(PaymentKind.REFUND, ref, amount, reference, at, source, config, as_json)


def _pay(
    kind: "PaymentKind", ref: str, amount: str, reference: str, at: str, source: str, config: Any, as_json: bool
) -> None:
    from crm_core.rules.record import plain

    settings = settings_of(config)
    reference = plain(reference)
    if not 0 < len(reference) <= 190:
        raise typer.BadParameter("it should have 1 to 190 characters.", param_hint="'--reference'")
    try:
        value = Decimal(amount.strip())
    except InvalidOperation:
        raise Refused(f'"{amount[:40]}" is no amount: write it as 12.50.') from None
    when = _time(settings, at)

    async def change(work: "Work", found: "Order") -> tuple[bool, str]:
        from crm_core import audit, orders
        from crm_core.rules.orders import PaymentDraft, plain_money, to_minor

        minor = to_minor(value, found.currency)
        draft = PaymentDraft(kind=kind, amount_minor=minor, external_ref=reference, at=when or work.now)
        news = await orders.pay(work, found, draft)
        audit.enter(work, None, f"order.{kind}", f"order:{found.id}", amount_minor=minor, news=news)
        return news, plain_money(minor, found.currency)

    news, written = asyncio.run(_one(settings, ref, source, change))
    if as_json:
        say_json({"order": ref, "kind": kind, "amount": written, "reference": reference, "news": news})
    else:
        say(f"Order {ref}: {kind} of {written}{'' if news else ', as was known'}.")


def _time(settings: "Settings", at: str) -> datetime | None:
    """A time that is not to come; None is now."""
    from bot.handlers.campaign import read_time
    from bot.opening import utc_now

    if not at:
        return None
    found = read_time(at, settings.shop.time_zone)
    if found is None:
        raise Refused(f'"{at[:40]}" is no time: write it as "2026-12-01 09:30".')
    if found > utc_now():
        raise Refused(f"{at[:40]} has yet to come.")
    return found


async def _one(settings: "Settings", ref: str, source: str, do: Callable[["Work", "Order"], Awaitable[_T]]) -> _T:
    """Do something with the order of this number, and let its customer's stage follow."""
    from crm_core import orders, relationships

    async with opened(settings) as records, records.write() as work:
        found = [one for one in await orders.by_ref(work, ref) if source in ("", one.source)]
        if not found:
            raise Refused(f'There is no order "{ref[:60]}"{f" of {source[:40]}" if source else ""}.')
        if len(found) > 1:
            sources = ", ".join(sorted(one.source for one in found))
            raise Refused(f"Several systems have an order {ref[:60]} ({sources}): name one with --source.")
        done = await do(work, found[0])
        await relationships.reckon(work, [found[0].customer_id], settings.relationships.lifecycle)
        return done
