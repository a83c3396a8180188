"""What people write into cells is read in one way or refused: money and times survive a round trip."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.importing import values
from bot.importing.values import Doubtful

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234", "1234"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("12,5", "12.5"), ("12.50", "12.50"),
        ("1,234,567", "1234567"), ("1.234.567,8", "1234567.8"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"),
        ("0.123", "0.123"), ("-5", "-5"), ("１２３", "123"), ("1.2340", "1.2340"),
    ],
)  # fmt: skip
def test_numbers_are_read_with_either_mark(text: str, number: str) -> None:
    assert values.number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["1.234", "1,234", "12,345", "999.000"])
def test_what_may_be_thousands_or_decimals_is_refused_and_both_readings_are_named(text: str) -> None:
    with pytest.raises(Doubtful, match=r"as well as .*--decimal"):
        values.number(text)

    assert values.number(text, text[-4]) == Decimal(text.replace(",", "."))
    other = "," if text[-4] == "." else "."
    assert values.number(text, other) == Decimal(text.replace(",", "").replace(".", ""))


@pytest.mark.parametrize("text", ["", "abc", "1,23,4", "1.2.3", "1,2345.6", "--5", "1e5", "NaN", "=1+2", "12 EUR"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Doubtful, match="should be a number"):
        values.number(text)


@given(st.integers(0, 2**53 - 1), st.sampled_from(["EUR", "CNY", "JPY", "KWD", "USD", "TND"]))
def test_money_survives_a_round_trip(units: int, code: str) -> None:
    """In every number of decimals, without anything being said about the marks."""
    amount, currency = values.money(values.major(units, code))

    assert (values.minor(amount, code), currency) == (units, "")


def test_money_may_carry_its_currency_and_only_as_many_decimals_as_it_has() -> None:
    assert values.money("€ 12,50") == (Decimal("12.50"), "EUR")
    assert values.money("12.50 CNY") == (Decimal("12.50"), "CNY")
    assert values.money("¥12") == (Decimal(12), "")
    with pytest.raises(Doubtful, match="2 decimals that EUR has"):
        values.minor(Decimal("12.505"), "EUR")
    with pytest.raises(Doubtful, match="0 decimals that JPY has"):
        values.minor(Decimal("12.5"), "JPY")
    with pytest.raises(Doubtful, match="more money than there is"):
        values.minor(Decimal(10) ** 20, "EUR")


@pytest.mark.parametrize(
    ("text", "code"),
    [("eur", "EUR"), ("€", "EUR"), ("人民币", "CNY"), ("RMB", "CNY"), ("US$", "USD"), (" cny ", "CNY")],
)
def test_currencies_are_known_by_code_sign_and_name(text: str, code: str) -> None:
    assert values.currency(text) == code


@pytest.mark.parametrize(
    ("text", "said"), [("$", "USD or CAD"), ("¥", "CNY or JPY"), ("XQZ", "three letters"), ("", "EUR")]
)
def test_what_is_no_certain_currency_is_refused(text: str, said: str) -> None:
    with pytest.raises(Doubtful, match=said):
        values.currency(text)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01", "2026/3/1", "2026.3.1", "2026年3月1日", "20260301", "1.3.2026", "２０２６-03-01"],
)
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert values.day(text) == date(2026, 3, 1)


def test_a_day_that_may_be_two_days_is_refused_until_it_is_said_which_stands_first() -> None:
    with pytest.raises(Doubtful, match="2026-04-03 as well as 2026-03-04"):
        values.day("03/04/2026")

    assert values.day("03/04/2026", "day") == date(2026, 4, 3)
    assert values.day("03/04/2026", "month") == date(2026, 3, 4)
    assert values.day("25/12/2026") == values.day("12/25/2026") == date(2026, 12, 25)


@pytest.mark.parametrize("text", ["2026-02-30", "0000-01-01", "31/31/2026", "today", "2026-W01-1", "1/2/26"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Doubtful):
        values.day(text)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Shanghai")])
)
def test_times_survive_a_round_trip(naive: datetime, zone: ZoneInfo) -> None:
    when = naive.replace(tzinfo=zone).astimezone(UTC)

    assert values.moment(when.isoformat(), BERLIN) == (when, False)
    assert values.moment(when.astimezone(zone).isoformat(), BERLIN) == (when, False)


def test_a_time_without_a_zone_is_one_of_the_shop_and_that_is_told() -> None:
    when = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)

    for text in ("2026-03-01 09:30", "2026/3/1 9:30", "2026年3月1日 09:30", "2026-03-01T09:30:00", "1.3.2026 9:30:00"):
        assert values.moment(text, BERLIN) == (when, True)
    assert values.moment("2026-03-01 09:30 +0100", BERLIN) == (when, False)
    assert values.moment("2026-03-01", BERLIN) == (datetime(2026, 2, 28, 23, tzinfo=UTC), True)


def test_an_hour_that_never_was_is_refused_and_one_that_came_twice_is_its_first() -> None:
    with pytest.raises(Doubtful, match="put forward"):
        values.moment("2026-03-29 02:30", BERLIN)

    assert values.moment("2026-10-25 02:30", BERLIN)[0] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-01 25:00", "9999-12-31T23:59:59-10:00", "soon", "2026-03-01 09:30 CEST"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Doubtful, match="should be a"):
        values.moment(text, BERLIN)


@given(st.text(max_size=30))
def test_no_text_whatever_does_anything_but_be_read_or_refused(text: str) -> None:
    for read in (values.number, values.money, values.currency, values.day, values.truth):
        with suppress(Doubtful):
            read(text)
    with suppress(Doubtful):
        assert values.moment(text, BERLIN)[0].tzinfo is UTC
