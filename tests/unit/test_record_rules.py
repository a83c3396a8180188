"""What fields of the record and attributes may hold: by tables, and whatever somebody writes."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.models import AttributeKind, ContactKind
from crm_core.rules import attributes, record
from crm_core.rules.record import RecordRefused

TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1990-03-27", date(1990, 3, 27)),
        (" 1990/3/27 ", date(1990, 3, 27)),
        ("27.3.1990", date(1990, 3, 27)),
        ("1990年3月27日", date(1990, 3, 27)),
        ("１９９０-０３-２７", date(1990, 3, 27)),
        ("2000-02-29", date(2000, 2, 29)),
        ("1999-02-29", None),
        ("3/4/1990", None),
        ("27 March", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert record.read_day(text) == day


@pytest.mark.parametrize(
    ("check", "text", "key"),
    [
        (lambda text: record.check_birthday(text, TODAY), "2026-11-19", "record_no_birthday"),
        (lambda text: record.check_birthday(text, TODAY), "1812-01-01", "record_no_birthday"),
        (lambda text: record.check_birthday(text, TODAY), "soon", "record_no_day"),
        (record.check_language, "klingonisch", "record_no_language"),
        (record.check_language, "", "record_no_language"),
        (record.check_time_zone, "Mars/Base", "record_no_zone"),
        (record.check_tag, " # ", "record_empty"),
        (record.check_tag, "x" * 41, "record_long"),
        (lambda text: record.check_contact(ContactKind.EMAIL, text, ""), "ana at home", "record_no_email"),
        (lambda text: record.check_contact(ContactKind.PHONE, text, ""), "call me", "record_no_phone"),
        (lambda text: record.check_contact(ContactKind.NAME, text, ""), "\x00\u200b", "record_empty"),
        (lambda text: record.check_contact(ContactKind.ADDRESS, text, ""), "a" * 401, "record_long"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(check: Any, text: str, key: str) -> None:
    with pytest.raises(RecordRefused) as caught:
        check(text)

    assert caught.value.key == key


@pytest.mark.parametrize(
    ("text", "code"),
    [("zh", "zh"), ("ZH_cn", "zh"), ("English", "en"), ("中文", "zh"), ("Chinese", "zh"), ("德语", "de")],
)
def test_a_language_goes_by_code_or_name(text: str, code: str) -> None:
    assert record.check_language(text) == code


@pytest.mark.parametrize(
    ("text", "zone"),
    [("Asia/Shanghai", "Asia/Shanghai"), ("new york", "America/New_York"), ("utc", "UTC"), ("LISBON", "Europe/Lisbon")],
)
def test_a_time_zone_goes_by_name_or_city(text: str, zone: str) -> None:
    assert record.check_time_zone(text) == zone


def test_a_wrong_zone_is_told_what_is_near() -> None:
    with pytest.raises(RecordRefused) as caught:
        record.check_time_zone("Europe/Lisbone")

    assert caught.value.values["near"] == "Europe/Lisbon"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "+351912345014", "+35•••014"),
        ("phone", "12345", "•••5"),
        ("email", "ana@example.com", "a•••@example.com"),
        ("address", "1 Tea Street", "•••"),
    ],
)
def test_a_masked_contact_reaches_nobody(kind: str, value: str, shown: str) -> None:
    assert record.masked(kind, value) == shown


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "  两  斤 ", "两 斤"),
        ("number", "42", 42.0),
        ("number", "-1,234,567.5", -1234567.5),
        ("number", "４２", 42.0),
        ("date", "2026/3/1", "2026-03-01"),
        ("choice", "GREEN", "green"),
        ("yes_no", "是", "yes"),
        ("yes_no", "No", "no"),
    ],
)
def test_a_value_is_read_as_people_write_it(kind: str, text: str, value: attributes.Value) -> None:
    assert attributes.check(kind, text, key="size", choices=["green", "black"]) == value


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        ("text", "x" * 191, "attribute_long"),
        ("number", "large", "attribute_no_number"),
        ("number", "1,5", "attribute_no_number"),
        ("number", "nan", "attribute_no_number"),
        ("number", "1" * 400, "attribute_no_number"),
        ("date", "2026-02-30", "attribute_no_day"),
        ("choice", "white", "attribute_no_choice"),
        ("yes_no", "perhaps", "attribute_no_yes_no"),
        ("number", " ", "record_empty"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: str, text: str, key: str) -> None:
    with pytest.raises(RecordRefused) as caught:
        attributes.check(kind, text, key="size", choices=["green", "black"])

    assert caught.value.key == key


@given(st.sampled_from(list(AttributeKind)), st.text(max_size=300))
def test_whatever_is_written_is_a_value_that_reads_back_or_refused_in_words(kind: str, text: str) -> None:
    try:
        value = attributes.check(kind, text, key="size", choices=["green", "black"])
    except RecordRefused:
        return

    assert attributes.check(kind, attributes.shown(value), key="size", choices=["green", "black"]) == value


@given(st.text(max_size=200), st.sampled_from(list(ContactKind)), st.sampled_from(["", "CN", "DE"]))
def test_whatever_is_written_is_a_contact_that_stays_as_it_is_or_refused(
    text: str, kind: ContactKind, country: str
) -> None:
    try:
        value = record.check_contact(kind, text, country)
    except RecordRefused:
        return

    assert record.check_contact(kind, value, country) == value
    assert record.same_contact(kind, text, value, country)
