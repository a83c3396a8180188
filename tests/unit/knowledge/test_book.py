"""Live changes to a book leave it as if it had been made anew, and removed words are found no more."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base import Article, Decision, Matcher
from knowledge_base.book import LONGEST_COMPARED, MOST_REPAIRED, SHORTLIST, Book, wordings_of
from knowledge_base.lexicon import concepts_of
from knowledge_base.text import normal_form, tokens_of

PHRASINGS = (
    "where is my parcel",
    "Where is my parcel?!",  # the same words, written in another way
    "how long does delivery take",
    "cancel my order",
    "my order 12345 is late",
    "refund",
    "???",
    "the the the",
    "kettle umlaut grün",
    "我的包裹在哪",
)
ANSWERS = ("", "It is on its way.", "Zeppelins bring it.")
ARTICLES = st.builds(
    lambda number, phrasings, answer, title: Article(
        id=f"a{number}", language="en", phrasings=tuple(phrasings), answer=answer, title=title
    ),
    st.integers(0, 3),
    st.lists(st.sampled_from(PHRASINGS), max_size=4),
    st.sampled_from(ANSWERS),
    st.sampled_from(("", "Parcels", "Orders")),
)
CHANGES = st.lists(st.one_of(ARTICLES, st.integers(0, 3).map("a{}".format)), max_size=8)


def book(articles: Sequence[Article], *, learn: bool = False) -> Book:
    return Book(articles, concepts_of("en"), learn=learn)


def article(article_id: str, *phrasings: str, answer: str = "", title: str = "") -> Article:
    return Article(id=article_id, language="en", phrasings=phrasings, answer=answer, title=title)


def owner_of(found: Book, text: str) -> str | None:
    position = found.same_words(tokens_of(normal_form(text)))
    owner = None if position is None else found.articles[position]
    return owner.id if owner else None


@settings(deadline=None, max_examples=60)
@given(first=st.lists(ARTICLES, max_size=3, unique_by=lambda one: one.id), changes=CHANGES, learn=st.booleans())
def test_live_changes_end_where_a_book_made_anew_begins(
    first: list[Article], changes: list[Article | str], learn: bool
) -> None:
    """Whatever was put in and taken out: who has which words, how many there are, and what is near to what."""
    live = book(first, learn=learn)
    left = {one.id: one for one in first}
    for change in changes:
        if isinstance(change, Article):
            live.put(change)
            left[change.id] = change
        else:
            live.take_out(change)
            left.pop(change, None)
    anew = book(list(left.values()))

    assert (live.size, live.phrasings) == (anew.size, anew.phrasings)
    assert {one.id for one in live.articles if one} == left.keys()
    for text in PHRASINGS:
        normal = normal_form(text)
        assert owner_of(live, text) == owner_of(anew, text), text
        question = live.question(tokens_of(normal))
        _, weights = live.vocabulary.vectors([question.repaired]).row(0)
        contenders = live.contenders(question)
        found = {one.id: each for each in contenders if (one := live.articles[each.position])}
        assert len(found) == len(contenders) <= SHORTLIST, "no candidate is an article that was taken out"
        for one in left.values():
            if normal in wordings_of(one) and tokens_of(normal):
                assert found[one.id].evidence.nearest >= float(weights @ weights) - 1e-3, (
                    "itself is among its phrasings"
                )


def test_one_of_two_spellings_of_a_wording_can_go() -> None:
    """The words stay the article's as long as one spelling of them does."""
    live = book([article("parcel", "where is my parcel", "where is my parcel?"), article("other", "refund please")])

    live.put(article("parcel", "where is my parcel"))
    assert owner_of(live, "Where is my parcel") == "parcel"

    live.put(article("parcel", "has it been sent"))
    assert owner_of(live, "Where is my parcel") is None


def test_the_words_of_an_answer_are_known_to_no_book() -> None:
    """Neither to one that was made with the article nor to one that took it up later."""
    new = article("fly", "can it be flown to me", answer="A zeppelin brings it.")
    live = book([article("parcel", "where is my parcel")])
    live.put(new)

    for one in (live, book([article("parcel", "where is my parcel"), new])):
        assert one.vocabulary.knows("flown")
        assert not one.vocabulary.knows("zeppelin")


def test_an_answer_put_in_live_is_evidence() -> None:
    """As far as the phrasings have its words."""
    live = book([article("open", "when does it open"), article("close", "when does the door close")])
    live.put(article("keys", "i lost something", answer="The door opens when you knock."))

    contenders = live.contenders(live.question(tokens_of("the door")))

    assert any(one.position == 2 and one.evidence.answer > 0 for one in contenders)


def test_answer_and_title_speak_for_an_article() -> None:
    """Words that stand in no phrasing, but in the title, find it; the answer adds to what phrasings say."""
    found = book(
        [
            article("a", "how is it made", answer="Our porcelain glaze is fired twice.", title="Porcelain"),
            article("b", "what is the glaze of", answer="Nothing."),
            article("c", "what is the glaze for", answer="The glaze of porcelain keeps water out: a glaze."),
        ]
    )

    by_id = {
        one.id: each.evidence
        for each in found.contenders(found.question(tokens_of("porcelain glaze")))
        if (one := found.articles[each.position])
    }

    assert by_id["a"].covered > 0, "the title"
    assert by_id["c"].answer > by_id["b"].answer


def test_only_so_many_unknown_words_are_repaired() -> None:
    """A message of nothing but misspelt words takes no longer than a misspelt letter."""
    words = [f"{a}{b}cdefgh" for a in "abcdefghij" for b in "klmnopqrst"]
    found = book([article("a", " ".join(words))])
    misspelt = [word.replace("cdefgh", "cdefhg") for word in words]

    question = found.question(misspelt)

    assert len(question.repaired) == len(misspelt)
    assert sum(found.vocabulary.knows(token) for token in question.repaired) == MOST_REPAIRED
    assert found.question(misspelt[-3:]).repaired == tuple(words[-3:])


def test_long_texts_are_compared_by_their_beginning_only() -> None:
    """Spelling takes time by length times length; what follows counts by its words."""
    found = book([article("a", "cup " * LONGEST_COMPARED), article("b", "plate " * LONGEST_COMPARED)])
    text = normal_form("cup " * LONGEST_COMPARED + "plate " * LONGEST_COMPARED)

    by_position = {one.position: one.evidence for one in found.contenders(found.question(tokens_of(text)))}

    assert by_position[0].same_spelling > 0.99
    assert by_position[1].same_spelling < 0.6
    assert by_position[1].nearest > 0.5


POOL = tuple(
    Article(id=f"m{n}", language=language, phrasings=tuple(phrasings), answer="")
    for n, (language, *phrasings) in enumerate(
        (
            ("en", "where is my parcel", "track my order"),
            ("en", "how do i cancel", "cancel it please"),
            ("en", "can i pay by card"),
            ("zh", "我的包裹在哪", "怎么查物流"),
            ("zh", "怎么取消订单"),
        )
    )
)


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, len(POOL) - 1)), max_size=10), start=st.integers(0, 5))
def test_a_matcher_after_any_changes_knows_what_is_there_and_nothing_else(
    steps: list[tuple[bool, int]], start: int
) -> None:
    """Down to no article at all and back: what is there is found word for word, what is gone is not found."""
    matcher = Matcher(POOL[:start])
    there = {one.id: one for one in POOL[:start]}
    for put, number in steps:
        one = POOL[number]
        if put:
            matcher.replace(one)
            there[one.id] = one
        else:
            matcher.remove(one.id, one.language)
            there.pop(one.id, None)
    assert set(matcher.articles) == set(there.values())

    for one in POOL:
        for text in one.phrasings:
            match = matcher.match(text)
            assert match == matcher.match(text)
            assert {candidate.article.id for candidate in match.candidates} <= there.keys()
            if one.id in there:
                assert (match.decision, match.reason) == (Decision.ANSWER, "same_words")
                assert match.candidates[0].article == one
            else:
                assert match.reason != "same_words"


def test_an_article_without_phrasings_counts_by_its_title_when_the_first_phrasing_comes() -> None:
    """Live as well as anew."""
    bare = article("gift", title="Gift wrapping")
    live = Matcher([bare])
    live.replace(article("parcel", "where is my parcel"))

    anew = Matcher([bare, article("parcel", "where is my parcel")], learn=False)

    assert live.match("gift wrapping") == anew.match("gift wrapping")
    assert live.match("gift wrapping").candidates[0].article == bare
