"""Orders as rules: words of other systems, what counts, where an order stands, and money in minor units."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from crm_core.models import OrderState, PaymentKind
from crm_core.rules.orders import (
    LARGEST_MINOR,
    OrderRefused,
    check_payment,
    from_minor,
    is_bought,
    is_under_way,
    money,
    plain_money,
    rank,
    read_state,
    standing,
    to_minor,
)

T0 = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
CURRENCIES = st.sampled_from(["EUR", "USD", "CNY", "JPY", "KWD", "CLP", "TND", "GBP"])
TIMES = st.integers(0, 5).map(lambda hours: T0 + timedelta(hours=hours))
EVENTS = st.lists(st.tuples(st.sampled_from(list(OrderState)), TIMES), min_size=1, max_size=6, unique=True)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("fulfilled", "shipped"), ("Fulfilled", "shipped"), ("IN_TRANSIT", "shipped"), ("in-transit", "shipped"),
        (" Awaiting  Shipment ", "paid"), ("unfulfilled", "paid"), ("Completed", "delivered"), ("on-hold", "placed"),
        ("canceled", "cancelled"), ("Refunded", "returned"), ("ready to ship", "packed"), ("ｓｈｉｐｐｅｄ", "shipped"),
        ("已发货", "shipped"), ("待发货", "paid"), ("待付款", "placed"), ("交易成功", "delivered"),
        ("交易关闭", "cancelled"), ("退款成功", "returned"), ("已签收", "delivered"), ("待揽收", "packed"),
        ("teapot", None), ("", None), ("ship", None), ("发", None),
    ],
)  # fmt: skip
def test_words_of_other_systems_are_understood(word: str, state: str | None) -> None:
    assert read_state(word) == state


@pytest.mark.parametrize("state", OrderState)
def test_our_own_words_mean_themselves(state: OrderState) -> None:
    assert read_state(state) is state
    assert rank(state) >= 0
    assert rank("teapot") == -1


def test_what_was_cancelled_or_came_back_counts_for_nothing() -> None:
    assert [state for state in OrderState if not is_bought(state)] == ["cancelled", "returned"]
    assert [state for state in OrderState if is_under_way(state)] == ["placed", "paid", "packed", "shipped"]


@given(EVENTS)
def test_the_newest_state_counts_in_whatever_order_they_come(events: list[tuple[str, datetime]]) -> None:
    """States that come one by one, forwards or backwards, end where they end when they come together."""
    together = standing("placed", events)
    for order in (events, events[::-1]):
        now: str = "placed"
        for length in range(1, len(order) + 1):
            now = standing(now, order[:length])
        assert now == together
    assert (together, max(at for _, at in events)) in events


def test_a_state_without_a_time_stays_until_one_further_along_comes() -> None:
    assert standing("delivered", []) == "delivered"
    assert standing("delivered", [("shipped", T0)]) == "delivered"
    assert standing("delivered", [("shipped", T0), ("returned", T0)]) == "returned"
    assert standing("shipped", [("paid", T0), ("delivered", T0 - timedelta(days=1))]) == "shipped"


@given(st.integers(-LARGEST_MINOR + 1, LARGEST_MINOR - 1), CURRENCIES)
def test_money_survives_the_way_out_and_back(minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)

    assert to_minor(amount, currency) == minor
    written, code = plain_money(minor, currency).split()
    assert (to_minor(Decimal(written), currency), code) == (minor, currency)
    assert -amount.as_tuple().exponent == get_currency_precision(currency)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.5", "EUR", 1250), ("12", "JPY", 12), ("1.234", "KWD", 1234), ("1E2", "EUR", 10000), ("0.10", "CNY", 10)],
)
def test_amounts_become_minor_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("12.505", "EUR"), ("12.5", "JPY"), ("0.0001", "KWD"), ("NaN", "EUR"), ("Infinity", "EUR"), ("1E30", "EUR"),
        ("1E999999", "EUR"), ("1E-999999", "EUR"), ("12.00000000000000000000000000000000000001", "EUR"),
    ],
)  # fmt: skip
def test_an_amount_that_the_currency_cannot_have_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(OrderRefused, match="order_amount"):
        to_minor(Decimal(amount), currency)


def test_money_is_written_as_people_of_the_language_write_it() -> None:
    assert [money(123450, "CNY", one) for one in ("en", "zh")] == ["CN¥1,234.50", "¥1,234.50"]
    assert money(500, "JPY", "en") == "¥500"
    assert money(500, "KWD", "en") == "KWD0.500"


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_more_is_given_back_than_was_paid(paid: int, refunded: int, amount: int) -> None:
    try:
        check_payment(PaymentKind.REFUND, amount, paid, refunded, "EUR")
    except OrderRefused:
        assert amount == 0 or refunded + amount > paid
    else:
        assert 0 < amount <= paid - refunded
