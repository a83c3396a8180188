"""The word lists that ship are well formed, and the shop's own groups come before them."""

from collections import Counter
from pathlib import Path

import pytest

from knowledge_base import Article, Matcher, lexicon
from knowledge_base.lexicon import LONGEST_MEMBER, Concepts, concepts_of, crossing, listed, shipped_groups
from knowledge_base.text import normal_form, stem, tokens_of

FOLDER = Path(lexicon.__file__).parent
LINES = [
    (path.name, number, line)
    for path in sorted(FOLDER.glob("*.txt"))
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
]


def members(line: str) -> list[str]:
    return [member.strip() for member in line.replace("=>", "|").split("|")]


def test_every_line_is_a_comment_or_what_its_file_holds() -> None:
    """Groups of two and more; pairs of Chinese and English; named lists. Nothing is empty or stands twice."""
    wrong = []
    for name, number, line in LINES:
        if not line.strip() or line.startswith("#"):
            continue
        if name == "zh-en.txt":
            chinese, arrow, english = line.partition("=>")
            fine = bool(arrow and chinese.strip() and english.strip() and "=>" not in english)
            repeated = Counter(map(normal_form, members(chinese))) + Counter(map(normal_form, members(english)))
        elif name in ("abuse.txt", "smalltalk.txt"):
            kind, colon, words = line.partition(":")
            fine = bool(colon) and kind.split(" ")[-1] in ("en", "zh")
            repeated = Counter(map(normal_form, members(words)))
        else:
            fine = len(members(line)) >= 2
            repeated = Counter(map(normal_form, members(line)))
        sizes = [len(tokens_of(normal_form(member))) for member in repeated]
        if not fine or max(repeated.values()) > 1 or min(sizes) < 1 or max(sizes) > LONGEST_MEMBER:
            wrong.append(f"{name}:{number}: {line[:60]}")

    assert wrong == []


def test_the_lists_are_read_whole() -> None:
    """As many groups as there are lines of them, and both languages in every list."""
    for language in ("en", "zh"):
        lines = [line for name, _, line in LINES if name == f"{language}.txt"]
        assert len(shipped_groups(language)) == sum("|" in line and not line.startswith("#") for line in lines)
        assert crossing(language) is not None
    assert listed("abuse").keys() == {"en", "zh"}
    assert {kind.split(" ")[0] for kind in listed("smalltalk")} == {"greeting", "thanks", "goodbye", "fillers"}
    assert shipped_groups("de") == ()
    assert crossing("de") is None


def article(article_id: str, language: str, *phrasings: str, answer: str = "") -> Article:
    return Article(id=article_id, language=language, phrasings=phrasings, answer=answer)


def find(concepts: Concepts, text: str) -> list[int]:
    return concepts.find([stem(token) for token in tokens_of(normal_form(text))])


def test_the_longest_member_wins_and_the_first_group_has_it() -> None:
    concepts = Concepts([["track"], ["track record", "history"], ["track", "trace"], ["", "?!"], ["a " * 9]])

    assert find(concepts, "tracking") == [0]
    assert find(concepts, "my track records and history") == [1, 1]
    assert find(concepts, "trace the track") == [2, 0]
    assert find(concepts, "track recording studio") == [1], "endings are cut before phrases are looked for"
    assert find(concepts, "a " * 20) == find(concepts, "") == []


def test_a_shops_own_group_comes_first() -> None:
    """It may take a word away from what ships."""
    own = concepts_of("en", [["parcel", "blick"]])

    assert find(own, "parcel") == find(own, "BLICKS") == [0]
    assert find(concepts_of("en"), "blick") == []
    assert find(own, "refund")[0] > 0


def confidence(synonyms: dict[str, list[list[str]]], text: str) -> float:
    articles = [
        article("track", "en", "when does my blick arrive", "where is my blick"),
        article("hours", "en", "when are you open", "what are your opening hours"),
        article("track", "zh", "我的布利克到哪了", "布利克什么时候到"),
        article("hours", "zh", "你们几点开门", "营业时间"),
    ]
    match = Matcher(articles, synonyms=synonyms).match(text)
    return next((one.confidence for one in match.candidates if one.article.id == "track"), 0.0)


@pytest.mark.parametrize(
    ("language", "group", "text"),
    [("en", ["blick", "gizmo"], "gizmo gizmo missing"), ("zh", ["布利克", "盲盒"], "盲盒盲盒")],
)
def test_a_group_of_the_shop_makes_a_match_that_would_not_be(language: str, group: list[str], text: str) -> None:
    """In its own language only."""
    other = {"en": "zh", "zh": "en"}[language]
    without = confidence({}, text)

    assert confidence({other: [group]}, text) == without
    assert confidence({language: [group]}, text) > without
    assert confidence({language: [group]}, text) > 0.1


def test_a_group_holds_for_articles_that_come_later() -> None:
    """Also for the first article of a language."""
    matcher = Matcher([], synonyms={"en": [["blick", "gizmo"]]})
    assert matcher.match("gizmo missing").candidates == ()

    matcher.replace(article("track", "en", "where is my blick"))

    assert matcher.match("gizmo missing").candidates[0].article.id == "track"
