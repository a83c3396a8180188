"""Asides are told from questions: a wish for a person, a yes and a no, and nothing that says more."""

import pytest

from knowledge_base import Article, Decision, Matcher
from knowledge_base.asides import aside, told_apart


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
    assert aside(text) == "person"


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
    assert aside(text) is None


def test_an_article_with_these_very_words_wins() -> None:
    """A shop that has an answer to it gives that answer; for others no article is a candidate."""
    own = Article(id="people", language="en", title="People", phrasings=("talk to a human",), answer="Call 12.")
    matcher = Matcher([own])

    assert told_apart(matcher.match("talk to a human", "en"), "talk to a human").decision is Decision.ANSWER
    other = told_apart(matcher.match("human please", "en"), "human please")
    assert (other.decision, other.reason, other.candidates) == (Decision.ESCALATE, "smalltalk_person", ())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ok", "ok"),
        ("Okay, got it!", "ok"),
        ("yes", "ok"),
        ("yes it helped", "ok"),
        ("no thanks", "ok"),
        ("hmm", "ok"),
        ("好的", "ok"),
        ("嗯嗯", "ok"),
        ("是的，就是這個", "ok"),
        ("不用了", "ok"),
        ("no", "no"),
        ("No, that's not what I asked", "no"),
        ("没用", "no"),
        ("不是這個", "no"),
        ("no refund", None),
        ("yes I want to cancel", None),
        ("ok and the invoice?", None),
        ("不是新的", None),
        ("没有收到", None),
        ("可以退吗", None),
    ],
)
def test_a_yes_or_a_no_is_told_from_a_question_that_begins_like_one(text: str, kind: str | None) -> None:
    """Nobody gets a ticket for an ok, and nobody's question is taken for one."""
    assert aside(text) == kind


def test_a_greeting_stays_a_greeting() -> None:
    """What the matcher calls small talk is not called otherwise, unless a person is wanted."""
    match = Matcher([]).match("hello", "en")

    assert told_apart(match, "hello") is match
