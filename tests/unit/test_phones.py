"""A phone number that is clean already is left as it is without a look at every pattern of its country."""

import phonenumbers
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_core.rules.contacts import normal_phone

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
LIKELY = [
    f"+{code}{phonenumbers.national_significant_number(number)}"
    for code in CODES
    if (region := phonenumbers.region_code_for_country_code(code)) not in {"001", "ZZ"}
    and (number := phonenumbers.example_number(region)) is not None
]
DIGITS = st.text("0123456789", max_size=13)
CLEAN = st.one_of(
    st.sampled_from(LIKELY),
    st.tuples(st.sampled_from(CODES), st.sampled_from(["", "0", "8", "1", "06", "00"]), DIGITS).map(
        lambda parts: f"+{parts[0]}{parts[1]}{parts[2]}"
    ),
    st.tuples(st.integers(1, 9), DIGITS).map(lambda parts: f"+{parts[0]}{parts[1]}"),
)


def by_the_library(text: str, country: str) -> str:
    """What the library says of a clean number."""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@settings(max_examples=400)
@example("+49015112345678", "")
@example("+789161234567", "RU")
@example("+390612345678", "CN")
@given(CLEAN, st.sampled_from(["", "CN", "DE", "US", "IT"]))
def test_a_clean_number_is_what_the_library_makes_of_it(text: str, country: str) -> None:
    assert normal_phone(text, country) == by_the_library(text, country)


def test_a_zero_that_is_only_dialled_at_home_is_left_out() -> None:
    assert normal_phone("+49015112345678") == "+4915112345678"
