"""E-mail addresses and phone numbers in the one form by which they are compared."""

import re
from functools import cache

import phonenumbers

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CLEAN = re.compile(r"\+[1-9][0-9]{4,16}")
_PHONE = re.compile(r"(?:\+|00)?[\d\s().\-/]{5,30}")


def is_email(text: str) -> bool:
    """Whether this looks like an e-mail address."""
    return bool(_EMAIL.fullmatch(text.strip())) and len(text) <= 254


def is_phone(text: str) -> bool:
    """Whether this looks like a phone number: 5 digits or more, with what people put between them."""
    return bool(_PHONE.fullmatch(text.strip())) and sum(one.isdigit() for one in text) >= 5


def normal_email(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()


def normal_phone(phone: str, country: str = "") -> str:
    """A number as it is compared: "+4915112345678", or its digits alone where nothing tells the country.

    `country` ("CN") is whose number it is when it does not say. Numbers that no country gives out keep their digits.
    """
    if _CLEAN.fullmatch(phone) and not _has_trunk_prefix(phone):
        return phone
    digits = re.sub(r"\D", "", phone)
    text = f"+{digits[2:]}" if digits.startswith("00") else f"+{digits}" if phone.strip().startswith("+") else digits
    if not text.startswith("+") and not country:
        return text
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _has_trunk_prefix(number: str) -> bool:
    """Whether "+490151…" may have to lose something; a number without is as it should be, given out or not."""
    code, prefix = _trunk_prefix(number[1:4])
    return code == 0 or (prefix is not None and prefix.match(number, code + 1) is not None)


@cache
def _trunk_prefix(digits: str) -> tuple[int, re.Pattern[str] | None]:
    """How many of these digits are the code of a country, 0 for none, and what is dialled within it before a number."""
    for length in range(1, len(digits) + 1):
        code = int(digits[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            region = phonenumbers.region_code_for_country_code(code)
            metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            prefix = metadata.national_prefix_for_parsing if metadata is not None else None
            return length, re.compile(prefix) if prefix else None
    return 0, None


def phone_forms(phone: str, country: str = "") -> tuple[str, ...]:
    """Every form under which this number may be on record: with its country, and as bare digits."""
    bare = normal_phone(phone)
    return tuple(dict.fromkeys((normal_phone(phone, country), bare, bare.removeprefix("+"))))
