"""Small talk is what says nothing else; a question among it stays a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import Article, Decision, Matcher
from knowledge_base.smalltalk import MOST_TOKENS, small_talk
from knowledge_base.text import normal_form


def article(article_id: str, language: str, *phrasings: str, answer: str = "") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=answer)


MATCHER = Matcher(
    [
        article("track", "en", "where is my parcel", "track my order", answer="On its way."),
        article("refund", "en", "how do I get a refund", "refund please", answer="Soon."),
        article("track", "zh", "我的快递到哪了", "怎么查物流", answer="在路上。"),
        article("refund", "zh", "怎么退款", "退款什么时候到账", answer="很快。"),
    ]
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("Good morning everyone!", "greeting"),
        ("ｈｅｌｌｏ", "greeting"),
        ("hi 你好", "greeting"),
        ("在吗", "greeting"),
        ("hi, thanks!", "thanks"),
        ("THANK YOU 😀", "thanks"),
        ("谢谢亲", "thanks"),
        ("謝謝", "thanks"),
        ("好的谢谢", "thanks"),
        ("thanks, bye", "thanks"),
        ("谢谢，再见", "thanks"),
        ("great, bye", "thanks"),
        ("bye bye", "goodbye"),
        ("886", "goodbye"),
        ("fuck you", "abuse"),
        ("FUCK YOU!!!", "abuse"),
        ("bye fuck off", "abuse"),
        ("滚！！！", "abuse"),
        ("你個傻逼", "abuse"),
    ],
)
def test_each_kind_is_told_in_both_languages(text: str, kind: str) -> None:
    """Of several kinds in one text the one that matters most to the answer."""
    match = MATCHER.match(text)

    assert small_talk(normal_form(text)) == kind
    assert (match.decision, match.reason, match.candidates) == (Decision.ESCALATE, f"smalltalk_{kind}", ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "OK 好的",
        "885",
        "f***",
        "f*** where is my order",
        "fuck, where is my parcel",
        "thanks, where is my parcel",
        "在吗 我的快递呢",
        "退款 傻逼",
        "no thanks",
        "hello " * (MOST_TOKENS + 1),
    ],
)
def test_whatever_says_more_or_less_is_none(text: str) -> None:
    assert small_talk(normal_form(text)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fuck, where is my parcel", "track"),
        ("hi, where is my parcel? thanks!", "track"),
        ("fuck you, refund please", "refund"),
        ("傻逼，怎么退款", "refund"),
        ("亲在吗 怎么退款呀 谢谢", "refund"),
    ],
)
def test_a_question_amid_rudeness_or_politeness_is_matched(text: str, expected: str) -> None:
    """An angry customer is a customer."""
    match = MATCHER.match(text)

    assert match.candidates[0].article.id == expected
    assert match.decision is not Decision.ESCALATE


@pytest.mark.parametrize(
    ("text", "decision", "reason"),
    [
        ("refund", Decision.SUGGEST, "one_word"),
        ("退款", Decision.SUGGEST, "one_word"),
        ("refunds", Decision.SUGGEST, "one_word"),
        ("ok", Decision.ESCALATE, "no_terms"),
        ("zebra", Decision.ESCALATE, "one_word"),
        ("12345678", Decision.ESCALATE, "no_terms"),
    ],
)
def test_one_word_is_a_topic_and_never_answered(text: str, decision: Decision, reason: str) -> None:
    match = MATCHER.match(text)

    assert (match.decision, match.reason) == (decision, reason)


@given(
    st.lists(st.sampled_from(["hi", "thanks", "bye", "你好", "再见", "谢谢", "fuck you", "滚", "ok", "嗯"]), max_size=9)
)
def test_any_mixture_of_small_talk_is_small_talk(parts: list[str]) -> None:
    """Unless there are fillers only; in any order the same kind."""
    found = small_talk(normal_form(" ".join(parts)))

    says = [part for part in parts if part not in ("ok", "嗯")]
    assert (found is None) == (not says)
    assert found == small_talk(normal_form("，".join(reversed(parts))))
