"""An order in words: as its customer reads it, as staff read it, and as little as a stranger with its number may."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from bot.turn import Shop
from crm_core.models import OrderState, PaymentKind
from crm_core.orders import Glimpse, Whole
from crm_core.rules.orders import money

_LINES = 5  # products that are named
_LONGEST = 60  # characters of a product's name


def day(shop: Shop, language: str, at: datetime) -> str:
    """A day as people of a language write it, in the shop's zone."""
    return format_date(at.astimezone(ZoneInfo(shop.zone)).date(), "medium", locale=shop.texts.spoken(language))


def moment(shop: Shop, language: str, at: datetime) -> str:
    """A day and time as people of a language write it, in the shop's zone."""
    return format_datetime(at.astimezone(ZoneInfo(shop.zone)), "medium", locale=shop.texts.spoken(language))


def state_name(shop: Shop, language: str, state: str) -> str:
    """A state in words; what earlier versions took over as it stood is said as it stands."""
    return shop.texts.say(language, f"order-state-{state}") if state in list(OrderState) else state


def glimpse(shop: Shop, language: str, seen: Glimpse) -> list[str]:
    """How an order stands: state, days and tracking, and nothing else."""
    return [head(shop, language, seen), _placed(shop, language, seen), *_tracking(shop, language, seen)]


def head(shop: Shop, language: str, seen: Glimpse) -> str:
    """An order's number and where it stands."""
    standing = state_name(shop, language, seen.state)
    if seen.since is None:
        return shop.texts.say(language, "order-head", number=seen.number, standing=standing)
    since = day(shop, language, seen.since)
    return shop.texts.say(language, "order-head-since", number=seen.number, standing=standing, day=since)


def _placed(shop: Shop, language: str, seen: Glimpse) -> str:
    return shop.texts.say(language, "order-placed", day=day(shop, language, seen.placed_at))


def _tracking(shop: Shop, language: str, seen: Glimpse) -> list[str]:
    if not seen.tracking:
        return []
    if not seen.carrier:
        return [shop.texts.say(language, "order-tracking", tracking=seen.tracking)]
    return [shop.texts.say(language, "order-tracking-carrier", tracking=seen.tracking, carrier=seen.carrier)]


def own(shop: Shop, language: str, order: Whole) -> list[str]:
    """An order as its customer reads it: state, day, products, total, tracking."""
    spoken = shop.texts.spoken(language)
    row = order.order
    lines = [head(shop, language, order.glimpse), _placed(shop, language, order.glimpse)]
    lines += [
        shop.texts.say(language, "order-line", quantity=line.quantity, product=_short(line.product))
        for line in order.lines[:_LINES]
    ]
    if len(order.lines) > _LINES:
        lines.append(shop.texts.say(language, "order-more-lines", count=len(order.lines) - _LINES))
    lines.append(shop.texts.say(language, "order-total", total=money(row.total_minor, row.currency, spoken)))
    if order.refunded_minor:
        refunded = money(order.refunded_minor, row.currency, spoken)
        lines.append(shop.texts.say(language, "order-given-back", amount=refunded))
    return [*lines, *_tracking(shop, language, order.glimpse)]


def _short(product: str) -> str:
    return product if len(product) <= _LONGEST else f"{product[:_LONGEST]}…"


def for_staff(shop: Shop, language: str, order: Whole, name: str, number: int | None) -> list[str]:
    """An order as staff read it: whose it is, where it comes from, every state and every payment."""
    spoken = shop.texts.spoken(language)
    lines = [
        *own(shop, language, order),
        shop.texts.say(language, "order-of", name=name, number=str(number or "-")),
        shop.texts.say(language, "order-source", source=order.order.source),
    ]
    for event in order.events:
        standing = state_name(shop, language, event.state)
        lines.append(shop.texts.say(language, "order-event", at=moment(shop, language, event.at), standing=standing))
    for one in order.payments:
        key = "order-refund-line" if one.kind == PaymentKind.REFUND else "order-payment-line"
        amount = money(one.amount_minor, order.order.currency, spoken)
        at = moment(shop, language, one.at)
        lines.append(shop.texts.say(language, key, at=at, amount=amount, reference=one.external_ref))
    return lines
