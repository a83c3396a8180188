"""What a file says and what the shop has are merged so that neither loses what it said last."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.knowledge import LISTS, merged_field

_WORDS = st.lists(st.sampled_from("abcdef"), unique=True)
_ANSWERS = st.sampled_from(["one", "two", "three"])


def merged(name: str, before: Any, said: Any, now: Any) -> Any:
    return merged_field(name, {name: before}, {name: said}, {name: now})


@given(file=_WORDS, now=_WORDS)
def test_a_file_that_did_not_change_changes_nothing(file: list[str], now: list[str]) -> None:
    assert sorted(merged("phrasings", file, file, now)) == sorted(now)


@given(before=_WORDS, said=_WORDS, now=_WORDS)
def test_each_word_is_where_whoever_moved_it_last_wants_it(before: list[str], said: list[str], now: list[str]) -> None:
    """Added by either: there. Dropped by either and added by none: gone. Never twice."""
    found = merged("phrasings", before, said, now)

    added = (set(said) | set(now)) - set(before)
    kept = set(before) & set(said) & set(now)
    assert set(found) == added | kept
    assert len(found) == len(set(found))


@given(said=_WORDS, now=_WORDS)
def test_the_files_words_come_first_and_in_its_order(said: list[str], now: list[str]) -> None:
    found = merged("phrasings", [], said, now)

    assert found[: len(said)] == said


@given(before=_ANSWERS, said=_ANSWERS, now=_ANSWERS)
def test_an_answer_is_the_files_only_when_the_file_changed_it(before: str, said: str, now: str) -> None:
    assert merged("answer", before, said, now) == (now if said == before else said)


def test_every_list_of_an_article_is_merged_item_by_item() -> None:
    for name in LISTS:
        assert merged(name, ["a"], ["a", "b"], ["a", "c"]) == ["a", "b", "c"]
