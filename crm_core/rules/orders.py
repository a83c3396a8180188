"""Orders as they come in: their states in the words of other systems, which state counts, and money in minor units."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, Inexact
from typing import Final, NamedTuple

from babel.numbers import format_currency, get_currency_precision, list_currencies

from crm_core.models.shop import NOT_BOUGHT, OrderState, PaymentKind

LARGEST_MINOR: Final = 2**53  # what every reader of JSON keeps exactly
_STATES: Final = tuple(OrderState)

# What shops and their customers' systems call a state; each word means one state only.
_WORDS: Final = {
    OrderState.PLACED: (
        "placed, new, created, open, received, pending, pending payment, awaiting payment, unpaid, payment pending, "
        "on hold, confirmed, authorized, authorised, "
        "已下单, 新订单, 待付款, 未付款, 待支付, 未支付, 等待付款, 等待买家付款, 已创建, 已提交, 已确认, 待确认"
    ),
    OrderState.PAID: (
        "paid, processing, in progress, payment received, payment accepted, awaiting fulfillment, "
        "awaiting fulfilment, awaiting shipment, unfulfilled, unshipped, to ship, "
        "已付款, 已支付, 付款成功, 支付成功, 买家已付款, 待发货, 未发货, 等待发货, 等待卖家发货, 处理中, 待处理, 备货中"
    ),
    OrderState.PACKED: (
        "packed, picked, ready to ship, ready for shipment, ready for pickup, awaiting pickup, awaiting collection, "
        "已打包, 打包完成, 已拣货, 已配货, 已出库, 待揽收, 待取件, 待自提"
    ),
    OrderState.SHIPPED: (
        "shipped, fulfilled, partially fulfilled, partially shipped, dispatched, despatched, sent, in transit, "
        "on its way, on the way, out for delivery, handed over to carrier, "
        "已发货, 卖家已发货, 部分发货, 发货成功, 运输中, 配送中, 派送中, 派件中, 待收货, 等待收货, "
        "等待买家确认收货, 已揽收, 在途"
    ),
    OrderState.DELIVERED: (
        "delivered, completed, complete, done, closed, finished, picked up, collected, "
        "已送达, 已签收, 已收货, 确认收货, 已完成, 完成, 交易成功, 交易完成, 已妥投, 已自提"
    ),
    OrderState.CANCELLED: (
        "cancelled, canceled, cancelled by customer, canceled by customer, voided, void, failed, payment failed, "
        "expired, rejected, declined, trash, "
        "已取消, 取消, 已关闭, 交易关闭, 订单关闭, 已作废, 已失效, 付款失败, 支付失败"
    ),
    OrderState.RETURNED: (
        "returned, refunded, return completed, sent back, charged back, chargeback, "
        "已退货, 退货, 已退款, 退款成功, 退货完成, 退款完成, 已退回"
    ),
}
_STATE_OF: Final = {word: state for state, words in _WORDS.items() for word in words.split(", ")}


class OrderRefused(Exception):
    """An order, a state or a payment cannot be taken; `key` names the sentence in the texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


# ---- states ----


def read_state(word: str) -> OrderState | None:
    """The state that a word of another system means, in English or Chinese; None for a word nobody knows."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    return _STATE_OF.get(re.sub(r"[\s_\-/.]+", " ", plain).strip())


def is_bought(state: str) -> bool:
    """Whether an order in this state counts: what was cancelled or came back was not bought."""
    return state not in NOT_BOUGHT


def is_under_way(state: str) -> bool:
    """Whether the customer still waits for an order in this state."""
    return state not in (OrderState.DELIVERED, *NOT_BOUGHT)


def rank(state: str) -> int:
    """How far along a state is, 0 for placed; -1 for a word that is none."""
    return _STATES.index(OrderState(state)) if state in _STATES else -1


def standing(now: str, happened: Collection[tuple[str, datetime]]) -> str:
    """Where an order stands that stood at `now` when all of these states came at their times, in whatever order.

    The newest counts, of several at the same time the one further along. A state that came without a time (none of
    `happened` is it) stays until one further along comes.
    """
    if not happened:
        return now
    newest = max(happened, key=lambda one: (one[1], rank(one[0])))[0]
    dated = now == OrderState.PLACED or now in {state for state, _ in happened}
    return newest if dated or rank(newest) > rank(now) else now


# ---- whose they are ----


def is_proven(channel: str, proof: str | None) -> bool:
    """Whether an identity alone proves that its customer speaks, so that it is told of the customer's orders.

    A Telegram account does: it is somebody's own, behind a login. A web visitor is whoever has the browser, and is
    proven by a one-time link, the shop's own login or a verified phone number (`Identity.proof`) only.
    """
    return proof is not None or channel.startswith("telegram:")


# ---- what comes in ----


class OrderLineDraft(NamedTuple):
    """One product of an order; the price is that of one piece, in minor units of the order's currency."""

    product: str
    sku: str = ""
    quantity: int = 1
    unit_price_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    """Money that was paid or given back, in minor units of the order's currency, above zero."""

    kind: PaymentKind
    amount_minor: int
    external_ref: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order as another system has it; what is empty is left as it is. Times are aware."""

    source: str
    external_ref: str
    customer_id: int
    state: str
    total_minor: int
    currency: str
    placed_at: datetime
    state_at: datetime | None = None  # when it came to `state`; None where the other system does not say
    tracking: str = ""
    carrier: str = ""
    lines: tuple[OrderLineDraft, ...] | None = None  # None leaves them as they are
    events: tuple[tuple[str, datetime], ...] = ()  # further states and when it came to them
    payments: tuple[PaymentDraft, ...] = ()


def check_payment(kind: str, amount_minor: int, paid_minor: int, refunded_minor: int, currency: str) -> None:
    """Raise OrderRefused unless this payment or refund may come on top of what was paid and given back already."""
    if not 0 < amount_minor < LARGEST_MINOR:
        raise OrderRefused("order_amount", amount=plain_money(amount_minor, currency))
    left = paid_minor - refunded_minor
    if kind == PaymentKind.REFUND and amount_minor > left:
        raise OrderRefused(
            "order_refund_too_much", amount=plain_money(amount_minor, currency), left=plain_money(left, currency)
        )


# ---- money ----


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency, such as "EUR"."""
    return code in list_currencies()


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units: 12.5 EUR is 1250, 12 JPY is 12.

    Raises OrderRefused for more decimals than the currency has, for what is no number and for what no column holds.
    """
    exact = Context(prec=300, traps=[])
    minor = exact.scaleb(amount, get_currency_precision(currency))
    if exact.flags[Inexact] or not minor.is_finite() or abs(minor) >= LARGEST_MINOR or minor % 1:
        raise OrderRefused("order_amount", amount=f"{amount} {currency}")
    return int(minor)


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount of so many minor units, with as many decimals as the currency has."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def plain_money(minor: int, currency: str) -> str:
    """An amount as every language reads it: "12.50 EUR"."""
    return f"{from_minor(minor, currency):f} {currency}"


def money(minor: int, currency: str, language: str) -> str:
    """An amount as people of a language write it: "€12.50", "¥99.00"."""
    return format_currency(from_minor(minor, currency), currency, locale=language)
