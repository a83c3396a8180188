"""Text is brought to one form, its language found and its words cut."""

import pytest

from knowledge_base.smalltalk import small_talk
from knowledge_base.text import LONGEST_TEXT, language_of, normal_form, stem, tokens_of


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  Where   IS\tmy\norder ", "where is my order"),
        ("ＡＢＣ１２３", "abc123"),
        ("Café", "cafe"),
        ("z\u0335\u0321a\u0334\u0322l\u0336g\u0335o", "zalgo"),
        ("a\x00b\ud800c\u200bd\u202ee", "abcde"),
        ("", ""),
        ("\x00\ud800\u200b", ""),
    ],
)
def test_normal_form(given: str, expected: str) -> None:
    """Width, case, accents, stacked marks and invisible characters make no difference."""
    assert normal_form(given) == expected


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    """Characters that unfold into many (U+FDFA into 18) do not get past the limit either."""
    assert len(normal_form("a" * 9_000)) == LONGEST_TEXT
    assert len(normal_form("\ufdfa" * 9_000)) <= LONGEST_TEXT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order", "en"),
        ("我的订单呢", "zh"),
        ("iphone 15 能退吗", "zh"),
        ("有 privacy policy 吗", "zh"),
        ("is 茶 the word for tea", "en"),
        ("где мой заказ", "other"),
        ("مرحبا كيف حالك", "other"),
        ("12345 !!", None),
        ("👍", None),
    ],
)
def test_language(text: str, language: str | None) -> None:
    """The share of Chinese characters tells Chinese from English, also with some words of the other."""
    assert language_of(text) == language


def test_tokens_are_words_and_single_chinese_characters() -> None:
    """Apostrophes make no new word and long numbers are all alike."""
    assert tokens_of("don't 退款 what's order 123456, 2 cups") == [
        "dont",
        "退",
        "款",
        "what",
        "order",
        "#",
        "2",
        "cups",
    ]


@pytest.mark.parametrize(
    "forms",
    [
        ("cancel", "cancels", "canceled", "cancelled", "cancelling"),
        ("charge", "charges", "charged", "charging"),
        ("delivery", "deliveries"),
        ("refund", "refunded", "refunds"),
    ],
)
def test_endings_make_no_difference(forms: tuple[str, ...]) -> None:
    """The forms of one word share a stem."""
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["address", "status", "this", "need", "tea", "gas"])
def test_what_is_no_ending_stays(word: str) -> None:
    """Words that only look as if they had an ending keep it."""
    assert stem(word) == word


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("hello there!", "greeting"),
        ("good morning", "greeting"),
        ("你好", "greeting"),
        ("您好，在吗？", "greeting"),
        ("thank you so much", "thanks"),
        ("ok thanks", "thanks"),
        ("好的，谢谢啦", "thanks"),
        ("bye", "goodbye"),
        ("再见！", "goodbye"),
        ("hi, where is my order", None),
        ("你好，我要退款", None),
        ("good tea", None),
        ("ok", None),
        ("", None),
    ],
)
def test_small_talk(text: str, kind: str | None) -> None:
    """Small talk is told from a question that begins politely."""
    assert small_talk(text) == kind
