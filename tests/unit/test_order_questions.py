"""Where is my order 1234? Told apart from everything else that people write with numbers in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.order_questions import is_same_number, number_in, read
from knowledge_base.importers import read_articles


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("where is my order 1234", "1234"),
        ("Where's my order #1234?", "1234"),
        ("my order 1234 has not arrived yet", "1234"),
        ("track order no. 5512", "5512"),
        ("what is the status of order A_77-1?", "A_77-1"),
        ("when will order number: 9981 be delivered", "9981"),
        ("is order #42 shipped", "42"),
        ("where is order ABC123", "ABC123"),
        ("parcel with tracking number 1Z999AA10123456784 where is it", "1Z999AA10123456784"),
        ("order 1234", "1234"),
        ("my order is 1234", "1234"),
        ("#1234", "1234"),
        ("我的订单1234到哪了", "1234"),
        ("订单２００３到哪里了？", "2003"),
        ("我的訂單1234到哪裡了", "1234"),
        ("订单号：H-2003 发货了吗", "H-2003"),
        ("1234这个订单到哪了", "1234"),
        ("快递1234567890在哪", "1234567890"),
        ("你好，订单12345", "12345"),
        ("帮我查一下单号 20261101", "20261101"),
    ],
)
def test_a_number_that_is_said_to_be_an_orders_is_heard(text: str, number: str) -> None:
    asked = read(text)

    assert asked is not None
    assert asked.named == number


@pytest.mark.parametrize(
    "text",
    [
        "when can I order 1000 pieces",
        "when can I order 1000",
        "where is your shop, 12345 Berlin?",
        "how long does delivery take to 10115 Berlin",
        "call me at +49 151 12345678 when my order arrives",
        "my mail is a1234@x.com where is my order",
        "where is my order from 2026-11-01",
        "when is my order of 300 g shipped",
        "where is my order",
        "where is my order, it cost 1234 euros",
        "我买了1000元的东西什么时候发货",
        "我的订单满1000元什么时候发货",
        "你们什么时候到货500件",
        "我的订单到哪了",
        "my PIN is 1234",
        "1234",
    ],
)
def test_other_numbers_are_no_orders_number(text: str) -> None:
    asked = read(text)

    assert asked is None or not asked.named


@pytest.mark.parametrize(
    "text",
    [
        "cancel order 1234",
        "any news on ticket #1234?",
        "what about #12?",
        "工单#1234怎么样了",
        "I want a refund for order 1234",
        "order 1234 arrived broken",
        "change the address of order 1234, where do I do that",
        "can I pay order 1234 later, when is it shipped",
        "我要退订单1234",
        "取消订单1234",
        "订单1234的地址要改，什么时候发货",
        "订单1234少了一件，什么时候补",
        "how long does shipping take",
        "where do you come from?",
        "你们在哪里",
        "hello",
        "",
        "where is my order 1234 " + "and another thing " * 20,
    ],
)
def test_what_wants_something_else_goes_on_to_the_articles(text: str) -> None:
    asked = read(text)

    assert asked is None or not (asked.named or asked.numbers)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234", "1234"), ("it's H-2003", "H-2003"), ("order 1234, please", "1234"), ("my number is #7", "7"),
        ("单号是2003", "2003"), ("1234 and 1235", ""),
        ("no idea", ""), ("ana@example.com", ""), ("10 days ago", ""), ("x" * 300 + " 1234", ""),
    ],
)  # fmt: skip
def test_an_answer_to_which_order_holds_one_number(text: str, number: str) -> None:
    assert number_in(text) == number


def test_dashes_and_case_do_not_matter_and_digits_alone_only_loosely() -> None:
    assert is_same_number("h2003", "H-2003", loosely=False)
    assert is_same_number("2003", "H-2003", loosely=True)
    assert not is_same_number("2003", "H-2003", loosely=False)
    assert not is_same_number("03", "H-03", loosely=True)
    assert not is_same_number("200", "H-2003", loosely=True)
    assert not is_same_number("--", "", loosely=True)


@given(st.text(alphabet=st.sampled_from("aZ09-_/#@. 订单号到哪order where"), max_size=200))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    asked = read(text)

    assert asked is None or all(any(one.isdigit() for one in number) for number in asked.numbers)
    number_in(text)


def test_long_runs_are_read_at_once() -> None:
    """Patterns that try every way to cut a text would not come back from these."""
    for text in ("a" * 199 + "@", "1-" * 99 + "@", "order " * 33, "订单" * 100, "#" * 200, "1" * 198 + "é"):
        asked = read(text)
        assert asked is None or not asked.named


def test_no_question_of_the_sample_shop_is_taken_away_from_its_articles() -> None:
    articles = read_articles(Path(__file__).resolve().parents[2] / "knowledge_base" / "sample" / "articles")
    asked = [(text, read(text)) for article in articles for text in (*article.phrasings, *article.must_match)]

    assert len(asked) > 300
    assert [text for text, found in asked if found is not None and found.named] == []
