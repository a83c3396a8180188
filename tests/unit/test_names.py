"""Names are found by words, Chinese characters, pinyin and initials; numbers however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.contacts import is_email, is_phone, normal_email, normal_phone, phone_forms
from crm_core.rules.names import tokens_of, words_of
from crm_core.storage.vault import Vault


def finds(query: str, name: str) -> bool:
    """Whether somebody with this name is found by this query."""
    return bool(words_of(query)) and set(words_of(query)) <= tokens_of(name)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("ana", "Ana Maria Lopez"),
        ("LOPEZ", "Ana Maria Lopez"),
        ("aml", "Ana Maria Lopez"),
        ("lopez ana", "Ana Maria López"),
        ("garcon", "François Garçon"),
        ("O'Brien", "Sean O'Brien"),
        ("王小明", "王小明"),
        ("小明", "王小明"),
        ("王", "王小明"),
        ("wangxiaoming", "王小明"),
        ("Wang Xiaoming", "王小明"),
        ("xiao ming", "王小明"),
        ("xiaoming wang", "王小明"),
        ("wxm", "王小明"),
        ("oyf", "欧阳菲"),
        ("ouyang", "欧阳菲"),
        ("欧阳", "欧阳菲"),
        ("zeng", "曾国华"),
        ("zgh", "曾国华"),
        ("陈丽华", "陳麗華"),
        ("chenlihua", "陳麗華"),
        ("王小明", "Mr. 王小明 (Wang)"),
    ],
)
def test_a_name_is_found_by(query: str, name: str) -> None:
    assert finds(query, name)


@pytest.mark.parametrize(
    ("query", "name"), [("an", "Ana Lopez"), ("王小红", "王小明"), ("wxh", "王小明"), ("", "Ana"), ("...", "Ana")]
)
def test_a_name_is_not_found_by(query: str, name: str) -> None:
    assert not finds(query, name)


@given(st.text(max_size=300))
def test_any_name_whatever_has_a_bounded_number_of_tokens_and_is_found_by_itself(name: str) -> None:
    assert len(tokens_of(name)) <= 60
    if 0 < len(words_of(name)) <= 20:
        assert finds(name, name)


@given(st.text(min_size=1, max_size=50))
def test_a_token_fits_every_database_and_differs_by_key(word: str) -> None:
    one, other = Vault(b"1" * 32).token(word), Vault(b"2" * 32).token(word)

    assert 0 <= one < 1 << 63
    assert one == Vault(b"1" * 32).token(word) != other


@pytest.mark.parametrize(
    ("written", "country", "normal"),
    [
        ("+49 151 1234-5678", "", "+4915112345678"),
        ("0049 151 12345678", "", "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("138 0013 8000", "", "13800138000"),
        ("12345", "CN", "12345"),
        ("(555) 010-0101", "", "5550100101"),
    ],
)
def test_a_number_is_compared_as(written: str, country: str, normal: str) -> None:
    assert normal_phone(written, country) == normal


def test_a_number_is_looked_for_with_its_country_and_without() -> None:
    assert phone_forms("138 0013 8000", "CN") == ("+8613800138000", "13800138000")
    assert phone_forms("+86 13800138000") == ("+8613800138000", "8613800138000")


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_is_none_without_an_error(text: str) -> None:
    normal_phone(text, "CN")
    normal_email(text)
    assert not (is_email(text) and is_phone(text))
