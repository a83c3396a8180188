"""Asking for a person is told from every question that only names one."""

import pytest

from knowledge_base import Article, Decision, Matcher
from knowledge_base.person import person_wanted, wants_person


@pytest.mark.parametrize(
    "text",
    [
        "can i speak to a human",
        "Hi, I'd like to talk to a real person please!",
        "AGENT",
        "human pls",
        "stupid bot, get me a human",
        "is there anyone real? connect me to an agent now",
        "customer service",
        "我要人工",
        "转人工客服",
        "你好，有客服吗",
        "能不能找个真人跟我说话",
        "我要轉人工",
        "垃圾机器人，转人工",
    ],
)
def test_a_wish_for_a_person_is_heard(text: str) -> None:
    """Politely, rudely, in one word, in traditional characters."""
    assert wants_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "thank you",
        "can i speak to a human about my broken cup",
        "my agent lost the parcel",
        "how many staff do you have",
        "do you sell live plants",
        "can you help",
        "I want it",
        "我要退货",
        "客服电话是多少",
        "你们客服什么时候上班",
        "我想要一个",
        "请帮我联系快递",
        "human " * 30,
    ],
)
def test_what_says_more_or_less_is_no_wish_for_a_person(text: str) -> None:
    """A person and something beside them is a question; so is the wish without the person."""
    assert not wants_person(text)


def test_an_article_with_these_very_words_wins() -> None:
    """A shop that has an answer to it gives that answer; for others no article is a candidate."""
    own = Article(id="people", language="en", title="People", phrasings=("talk to a human",), answer="Call 12.")
    matcher = Matcher([own])

    assert person_wanted(matcher.match("talk to a human", "en"), "talk to a human").decision is Decision.ANSWER
    other = person_wanted(matcher.match("human please", "en"), "human please")
    assert (other.decision, other.reason, other.candidates) == (Decision.ESCALATE, "smalltalk_person", ())
