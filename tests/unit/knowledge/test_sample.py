"""The sample shop is whole in both languages and its bot answers."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import knowledge_base
from knowledge_base import Article, Decision, Matcher, read_articles

SAMPLE = Path(knowledge_base.__file__).parent / "sample"
ARTICLES = read_articles(SAMPLE / "articles")
MATCHER = Matcher(ARTICLES)
BY_LANGUAGE = {
    language: {found.id: found for found in ARTICLES if found.language == language} for language in ("en", "zh")
}

ASKED_OTHERWISE = [
    ("can you ship to Canada", "abroad"),
    ("wheres my pakage", "track-order"),
    ("are you open on sundays", "opening-hours"),
    ("what time do you close today?", "opening-hours"),
    ("refund pls", "refund-when"),
    ("do you have free shipping", "delivery-cost"),
    ("How do I track my order?", "track-order"),
    ("hi, please cancel order 20331", "cancel-order"),
    ("delete everything you know about me", "delete-data"),
    ("我的订单什么时候取消", "cancel-order"),
    ("我的订单什么时候能发货呀", "track-order"),
    ("我要退货", "returns"),
    ("你好，能开发票吗", "invoice"),
    ("你们周末开门吗", "opening-hours"),
    ("孕妇可以喝绿茶吗", "caffeine"),
    ("我想改地址", "change-address"),
]


def lines_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / name).read_text("utf-8").splitlines()]


def test_both_languages_have_the_same_articles() -> None:
    """There are at least 32, in the same categories."""
    english, chinese = BY_LANGUAGE["en"], BY_LANGUAGE["zh"]

    assert english.keys() == chinese.keys()
    assert len(english) >= 32
    assert all(english[found].category == chinese[found].category != "" for found in english)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda found: f"{found.language}-{found.id}")
def test_articles_are_well_made(article: Article) -> None:
    """Each has a title, three to eight different phrasings and a short answer, polite in Chinese."""
    assert article.title
    assert article.source.split(":")[0].endswith(f"{article.language}/{article.id}.md")
    assert 3 <= len(set(article.phrasings)) == len(article.phrasings) <= 8
    assert 20 <= len(article.answer) <= 300
    if article.language == "zh":
        assert "你" not in article.answer
        assert not any(mark in article.answer for mark in ",;?!")


def test_no_two_articles_share_a_phrasing() -> None:
    """A phrasing belongs to one article, or it would help neither."""
    counted = Counter(phrasing.lower() for found in ARTICLES for phrasing in found.phrasings)

    assert [phrasing for phrasing, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("article", ARTICLES, ids=lambda found: f"{found.language}-{found.id}")
def test_every_article_answers_its_own_wording_slightly_altered(article: Article) -> None:
    """With a polite word more, the right article comes first and is answered or asked back."""
    around = "hello, {} please?" if article.language == "en" else "您好，请问{}呢？"
    for phrasing in article.phrasings:
        match = MATCHER.match(around.format(phrasing))

        assert match.candidates[0].article is article, phrasing
        assert match.decision is not Decision.ESCALATE, phrasing


@pytest.mark.parametrize(("text", "expected"), ASKED_OTHERWISE)
def test_other_wordings_find_their_article(text: str, expected: str) -> None:
    """What a guest might type, in neither of the phrasings, is answered."""
    match = MATCHER.match(text)

    assert match.candidates[0].article.id == expected
    assert match.decision is Decision.ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "what's the weather like",
        "who won the match",
        "I want to talk to a human",
        "今天天气怎么样",
        "转人工",
        "帮我写首诗",
    ],
)
def test_what_the_shop_knows_nothing_about_is_not_answered(text: str) -> None:
    """Other questions are left to people."""
    assert MATCHER.match(text).decision is not Decision.ANSWER


def test_customers_are_plainly_a_sample() -> None:
    """Nobody real: names say so, mail goes to example.com."""
    customers = lines_of("customers.jsonl")

    assert {customer["language"] for customer in customers} == {"en", "zh"}
    assert len({customer["email"] for customer in customers}) == len(customers) == 12
    for customer in customers:
        assert customer["name"].startswith(("Sample ", "示例 "))
        assert customer["email"].endswith("@example.com")
        assert customer["phone"].startswith("+1500555")
        assert "sample" in customer["tags"]


def test_orders_add_up_and_belong_to_customers() -> None:
    """Totals are the sum of the lines, references are unique, every order has its customer."""
    customers = {customer["email"] for customer in lines_of("customers.jsonl")}
    orders = lines_of("orders.jsonl")

    assert len({order["external_ref"] for order in orders}) == len(orders) == 20
    for order in orders:
        assert order["customer_email"] in customers
        assert order["total_minor"] == sum(line["quantity"] * line["unit_price_minor"] for line in order["lines"])
