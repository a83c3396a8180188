"""A question with a typing error is read as it was meant, and one without stays as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base import Article, Matcher
from knowledge_base.lexicon import concepts_of
from knowledge_base.slips import CONSIDERED, Slips
from knowledge_base.text import tokens_of
from knowledge_base.typos import Typos

PHRASINGS = ("怎么取消订单", "包邮吗", "手机号怎么换绑", "换货要多久", "能修改评价吗", "买家在哪里评价", "积分有什么用")
SLIPS = Slips(map(tokens_of, PHRASINGS))


def read(text: str, slips: Slips = SLIPS) -> str:
    return "".join(slips.repair(tokens_of(text)))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("怎么取消定单", "怎么取消订单"),
        ("保邮吗", "包邮吗"),
        ("平价怎么改", "评价怎么改"),
        ("消取订单", "取消订单"),
        ("手号怎么换绑", "手机号怎么换绑"),
        ("积有什么用", "积分有什么用"),
        ("取消定单和保邮", "取消订单和包邮"),
    ],
    ids=["homophone", "first", "beginning", "swapped", "lost", "lost at the beginning", "two"],
)
def test_slips_are_read_as_they_were_meant(written: str, meant: str) -> None:
    """By the characters that stand side by side in the articles: what sounds alike, is swapped or was lost."""
    assert read(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "卖家在哪里",
        "怎么货到付款",
        "我要换一个手机",
        "有优惠吗",
        "订单单子",
        "妈妈的订单",
        "可能改变",
        "refund 2 orders",
        "",
        "龘靐齉",
    ],
)
def test_what_may_have_been_meant_stays(text: str) -> None:
    """A word of one character may stand anywhere: who sells does not buy; and what nothing fits is left alone."""
    assert read(text) == "".join(tokens_of(text))


def test_a_word_of_one_character_gives_way_when_both_neighbours_say_so() -> None:
    """One neighbour alone is too little."""
    slips = Slips([tokens_of("不再犹豫")])

    assert read("不在犹豫", slips) == "不再犹豫"
    assert read("不在", slips) == "不在"


def test_the_commoner_of_two_homophones_is_meant() -> None:
    """Whatever the order in which they came."""
    for rows in (("会员卡", "会圆卡", "会员价"), ("会圆卡", "会员价", "会员卡")):
        assert read("会园", Slips(map(tokens_of, rows))) == "会员"


def test_words_of_the_lexicon_are_repaired_where_articles_have_others() -> None:
    lexicon = concepts_of("zh").neighbours

    assert read("查快弟", Slips([tokens_of("物流到哪了")], lexicon)) == "查快递"
    assert read("查快弟", Slips([tokens_of("物流到哪了")])) == "查快弟"


def test_what_was_learnt_live_is_repaired() -> None:
    slips = Slips([])
    assert read("咖非豆", slips) == "咖非豆"

    slips.learn(tokens_of("有没有咖啡豆"))
    assert read("咖非豆", slips) == "咖啡豆"


def test_only_the_beginning_of_a_long_text_is_repaired() -> None:
    """The work is bounded."""
    long = "取消定单" * CONSIDERED

    assert read(long)[:CONSIDERED] == ("取消订单" * CONSIDERED)[:CONSIDERED]
    assert read(long)[CONSIDERED + 4 :] == long[CONSIDERED + 4 :]


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("取消定订单手机号分积有什么用平评价ab 1龘"), max_size=30))
def test_any_text_is_read_somehow_and_the_same_each_time(text: str) -> None:
    """No character but those of the articles is ever put in, and few are."""
    tokens = tokens_of(text)
    found = SLIPS.repair(tokens)

    assert found == SLIPS.repair(tokens)
    assert len(tokens) <= len(found) <= 2 * len(tokens)
    assert set(found) <= set(tokens) | set("".join(PHRASINGS))


@pytest.mark.parametrize("phrasing", PHRASINGS)
def test_the_articles_own_words_are_no_slips(phrasing: str) -> None:
    assert read(phrasing) == phrasing


def test_a_match_is_found_through_the_slip_but_no_surer_for_it() -> None:
    """Unknown as it is written; the article is found all the same."""
    articles = [
        Article(id=str(number), language="zh", phrasings=(text,), answer=text) for number, text in enumerate(PHRASINGS)
    ]
    matcher = Matcher(articles)
    typed_well, typed_badly = matcher.match("想取消订单"), matcher.match("想取消叮单")

    assert typed_badly.candidates[0].article.id == typed_well.candidates[0].article.id == "0"
    assert "单" in typed_badly.candidates[0].terms
    assert typed_badly.known < typed_well.known
    assert typed_badly.candidates[0].confidence <= typed_well.candidates[0].confidence


# ---- Latin words ----


def typos(*words: str, lexicon: tuple[str, ...] = ()) -> Typos:
    return Typos(dict.fromkeys(words, 1), lexicon)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("siz", "size"),
        ("cal", "call"),
        ("sizze", "size"),
        ("stoers", "stores"),
        ("pilolws", "pillow"),
        ("pilolw", "pillow"),
    ],
)
def test_a_lost_letter_and_another_ending_are_forgiven(written: str, meant: str) -> None:
    assert typos("size", "call", "stores", "pillow").repair(written) == meant


def test_what_the_lexicon_has_is_no_error() -> None:
    """Nor is a common word, though no article has it: "where" is not "here", "cart" is not "card"."""
    words = typos("here", "card", "make", lexicon=("cart", "take"))

    assert [words.repair(word) for word in ("where", "cart", "carts", "take", "took")] == [None] * 5
    assert words.repair("cardd") == "card"


def test_a_word_of_the_lexicon_is_meant_when_no_article_has_one_as_near() -> None:
    words = typos("instalment", lexicon=("distributor", "installer", "wash"))

    assert words.repair("disrtibutor") == "distributor"
    assert words.repair("instalmnet") == "instalment"
    assert words.repair("wosh") is None, "short words of the lexicon are other words too often"
    assert words.repair("dis") is None
