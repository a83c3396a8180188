"""E-mail addresses and phone numbers in the one form by which they are compared."""

import re

import phonenumbers

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
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


def phone_forms(phone: str, country: str = "") -> tuple[str, ...]:
    """Every form under which this number may be on record: with its country, and as bare digits."""
    bare = normal_phone(phone)
    return tuple(dict.fromkeys((normal_phone(phone, country), bare, bare.removeprefix("+"))))
