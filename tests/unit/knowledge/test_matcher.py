"""The matcher answers what it is sure of, asks back when half sure and leaves the rest to people."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base import Article, Candidate, Decision, Match, Matcher
from knowledge_base.confidence import answer_threshold
from knowledge_base.ranking import shipped
from knowledge_base.typos import Typos


def article(article_id: str, *phrasings: str, language: str = "en") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=f"answer {article_id}")


SHOP = (
    article("cancel", "how do I cancel an order", "cancel my order please", "I ordered by mistake, stop it"),
    article("track", "how do I track an order", "where is my parcel", "has my order been shipped"),
    article("refund", "how do I get a refund", "when is my money back", "refund status"),
    article("invoice", "can I have an invoice", "send me a receipt for my company"),
    article("hours", "when are you open", "what are your opening hours"),
    article("cancel", "怎么取消订单", "我的订单什么时候能取消", "不想要了能取消吗", language="zh"),
    article("track", "我的订单到哪儿了", "订单什么时候发货", "怎么查物流", language="zh"),
    article("refund", "怎么退款", "退款什么时候到账", "钱什么时候退", language="zh"),
    article("invoice", "可以开发票吗", "怎么开发票", "发票抬头怎么改", language="zh"),
)
MATCHER = Matcher(SHOP)


def first_of(match: Match) -> str | None:
    return match.candidates[0].article.id if match.candidates else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I cancel my order?", "cancel"),
        ("How do I track my order?", "track"),
        ("How do I get a refund?", "refund"),
        ("refund pls", "refund"),
        ("我的订单什么时候发货", "track"),
        ("我的订单什么时候取消", "cancel"),
        ("怎样取消我的订单呢", "cancel"),
        ("请问能开发票吗", "invoice"),
    ],
)
def test_the_word_that_decides_decides(text: str, expected: str) -> None:
    """Questions that differ in one word, all others being equal, are told apart."""
    match = MATCHER.match(text)

    assert first_of(match) == expected
    assert match.decision is Decision.ANSWER


@pytest.mark.parametrize("text", ["How do I cancle my order", "how do i trak my order", "can i have an invioce"])
def test_typing_errors_are_forgiven(text: str) -> None:
    """An unknown word is read as the known word it was meant to be."""
    exact = {"cancle": "cancel", "trak": "track", "invioce": "invoice"}
    expected = next(right for wrong, right in exact.items() if wrong in text)

    assert first_of(MATCHER.match(text)) == expected


def test_repair_prefers_the_commoner_word_and_leaves_short_words_alone() -> None:
    """A word of three letters is not meant by another one; among equally near words the commoner one wins."""
    typos = Typos({"parcel": 5, "parcek": 1, "tea": 9})

    assert typos.repair("parcet") == "parcel"
    assert typos.repair("teq") is None
    assert typos.repair("umbrella") is None
    assert typos.repair("订单订单") is None


def test_words_repaired_into_scope_do_not_count_as_known() -> None:
    """A question about something else is not sure because its words resemble ours."""
    typed_well = MATCHER.match("cancel my order please")
    typed_badly = MATCHER.match("cancek mu ordek pleade")

    assert typed_badly.known < 0.5 < typed_well.known
    assert typed_badly.candidates[0].confidence < typed_well.candidates[0].confidence


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("\x00\ud800", "empty"),
        ("👍👍", "no_words"),
        ("?!", "no_words"),
        ("hi", "smalltalk_greeting"),
        ("你好呀", "smalltalk_greeting"),
        ("thanks a lot!", "smalltalk_thanks"),
        ("谢谢", "smalltalk_thanks"),
        ("goodbye", "smalltalk_goodbye"),
        ("где мой заказ", "other_language"),
        ("龘", "no_terms"),
    ],
)
def test_what_is_no_question_is_never_answered(text: str, reason: str) -> None:
    """Each kind of text that asks nothing has its own reason, so that the bot can say something fitting."""
    match = MATCHER.match(text)

    assert (match.decision, match.reason, match.candidates) == (Decision.ESCALATE, reason, ())


@pytest.mark.parametrize("text", ["order", "please", "how", "what is the capital of france", "今天天气怎么样", "我"])
def test_little_or_foreign_matter_is_not_answered(text: str) -> None:
    """One word that many articles hold, or a question about something else, gets no answer."""
    assert MATCHER.match(text).decision is not Decision.ANSWER


@pytest.mark.parametrize(
    "text", ["zqxj vwkq " * 400, "龘靐齉" * 1_000, "order " * 700, "umbrella sandwich bicycle " * 100]
)
def test_length_makes_nothing_surer(text: str) -> None:
    """A long text that says nothing of ours is not answered for being long."""
    assert MATCHER.match(text).decision is not Decision.ANSWER


def test_small_talk_that_is_a_phrasing_is_answered() -> None:
    """A shop that has an article for "hello" gets to use it."""
    matcher = Matcher([*SHOP, article("welcome", "hello", "hi there")])

    match = matcher.match("Hello!")

    assert (match.decision, match.reason, first_of(match)) == (Decision.ANSWER, "same_words", "welcome")


def test_the_very_words_of_a_phrasing_are_answered() -> None:
    """Case and punctuation aside, a question that is a phrasing is that article's."""
    for known in SHOP:
        for phrasing in known.phrasings:
            match = MATCHER.match(f" {phrasing.upper()}?! ")

            assert (match.decision, match.reason) == (Decision.ANSWER, "same_words")
            assert match.candidates[0].article is known


def test_words_that_two_articles_share_are_asked_back() -> None:
    """Where the same phrasing stands in two articles, neither is simply answered."""
    matcher = Matcher([*SHOP, article("a", "price of tea"), article("b", "price of tea")])

    match = matcher.match("price of tea")

    assert match.decision is Decision.SUGGEST
    assert match.reason == "close_second"
    assert {candidate.article.id for candidate in match.suggestions} >= {"a", "b"}


def test_the_language_of_the_text_chooses_the_articles() -> None:
    """A Chinese customer who writes English is answered in English."""
    assert MATCHER.match("cancel my order", language="zh").candidates[0].article.language == "en"
    assert MATCHER.match("取消订单", language="en").candidates[0].article.language == "zh"
    assert MATCHER.match("👍", language="zh").language == "zh"


def test_the_customers_language_tells_languages_of_one_script_apart() -> None:
    """German and English look alike to us, so the customer's own language decides."""
    matcher = Matcher([*SHOP, article("refund", "wo bleibt mein geld", language="de")])

    assert matcher.match("wo bleibt mein geld", language="de").candidates[0].article.language == "de"


def test_no_articles_no_answer() -> None:
    """An empty knowledge base escalates, and says that it is empty."""
    assert Matcher([]).match("where is my order").reason == "no_articles"
    assert Matcher(SHOP[:5]).match("我的订单呢").reason == "other_language"
    assert Matcher([article("bare")]).match("where is my order").decision is Decision.ESCALATE


def test_candidates_come_best_first_at_most_ten_and_explain_themselves() -> None:
    """Candidates are ordered, their confidence never rises, and they name the words that speak for them."""
    matcher = Matcher([article(f"a{n}", f"where is parcel {word}") for n, word in enumerate("abcdefghijklmnop")])

    match = matcher.match("where is parcel c")

    assert match.candidates[0].article.id == "a2"
    assert match.candidates[0].terms[0] == "c"
    assert len(match.candidates) == 10
    assert in_order(match.candidates)


def in_order(candidates: Iterable[Candidate]) -> bool:
    found = [(candidate.score, candidate.confidence) for candidate in candidates]
    scores, confidences = [score for score, _ in found], [confidence for _, confidence in found]
    return scores == sorted(scores, reverse=True) and confidences == sorted(confidences, reverse=True)


def test_more_phrasings_than_the_classifier_learns_from_are_matched_too() -> None:
    """Beyond 2,000 phrasings the rest still counts, by its nearness."""
    things = ["cup", "pot", "tin", "spoon", "sieve", "tray", "lamp"]
    matcher = Matcher(article(thing, *(f"where is my {thing} number {n}x" for n in range(300))) for thing in things)

    assert [first_of(matcher.match(f"is the {thing} 299x lost")) for thing in things] == things


def test_articles_can_be_replaced_and_removed() -> None:
    """A change counts from the next question on, and only in its own language."""
    matcher = Matcher(SHOP)
    matcher.replace(article("parking", "where can I park my car"))

    assert first_of(matcher.match("where can I park")) == "parking"

    matcher.replace(article("parking", "is there a garage"))
    matcher.remove("cancel", "en")
    matcher.remove("cancel", "en")

    assert first_of(matcher.match("is there a garage")) == "parking"
    assert first_of(matcher.match("cancel my order please")) != "cancel"
    assert first_of(matcher.match("怎么取消订单")) == "cancel"
    assert len(matcher.articles) == len(SHOP)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_of_wrong_answers_is_between_nought_and_one(share: float) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        Matcher(SHOP, wrong_answers_at_most=share)


def test_fewer_wrong_answers_ask_for_more_confidence() -> None:
    """The threshold falls as more wrong answers are allowed, through the points that were measured."""
    thresholds = [answer_threshold(n / 100) for n in range(101)]

    assert thresholds == sorted(thresholds, reverse=True)
    points = shipped().thresholds
    assert [answer_threshold(share) for share, _ in points] == pytest.approx([at for _, at in points])


def test_a_shop_that_allows_no_wrong_answer_gets_none() -> None:
    """With a share of nought nothing is answered, not even the very words."""
    assert Matcher(SHOP, wrong_answers_at_most=0).match("refund status").decision is Decision.SUGGEST


ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=200),
    st.text(st.sampled_from("取消订单退款 cancel order\x00\ud800\u202e\u0335👍‍🌈אבمر#1'’"), max_size=80),
    st.builds(lambda text, n: text * n, st.text(min_size=1, max_size=4), st.integers(1_000, 5_000)),
)


@settings(deadline=None, max_examples=300)
@given(text=ANY_TEXT, language=st.sampled_from([None, "en", "zh", "de", ""]))
def test_any_text_at_all_gives_a_decision(text: str, language: str | None) -> None:
    """No text is an error, and the same text always gives the same match."""
    match = MATCHER.match(text, language)

    assert match == MATCHER.match(text, language)
    assert match.decision in Decision
    assert len(match.candidates) <= 10
    assert in_order(match.candidates)
    assert all(0 <= candidate.confidence <= 1 for candidate in match.candidates)
    if match.decision is not Decision.ESCALATE:
        assert match.candidates


@settings(deadline=None, max_examples=60)
@given(phrasings=st.lists(st.text(max_size=30), max_size=5), text=st.text(max_size=30))
def test_any_phrasings_at_all_make_a_matcher(phrasings: list[str], text: str) -> None:
    """Phrasings without a single word are no error either."""
    matcher = Matcher([*SHOP, article("odd", *phrasings), article("odd", *phrasings, language="zh")])

    assert matcher.match(text).decision in Decision
