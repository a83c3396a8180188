"""Gaps in the chat: what no article answered is put together, listed, answered by an article, or closed."""

import re

from crm_core.models import AuditEntry, Gap, GapQuestion
from tests.builders import House, Person

_ELEPHANTS = ("elephants allowed inside", "elephants allowed inside today", "elephants allowed upstairs inside")
_ANSWER = "Elephants may come in on Sundays."


async def asked(house: House, *questions: str, language: str = "en") -> Person:
    """Different customers ask, nobody answers; returns a supervisor."""
    mia = await house.colleague("Mia", "supervisor")
    for number, words in enumerate(questions):
        await house.customer(f"ana{number}", language).says(words)
    await house.app.gap_keeper.group()
    return mia


async def test_questions_that_ask_for_the_same_thing_become_one_gap(house: House) -> None:
    """With its count and its most typical question; something else is a gap of its own."""
    mia = await asked(house, *_ELEPHANTS, "quantum chromodynamics lectures")

    heard = await mia.says("/gaps")

    assert len(heard) == 2
    assert heard[0].splitlines()[0] == "Gap 1: 3 questions, the last on 2026-11-18"
    assert re.search(r"“.*elephants.*”", heard[0])
    assert heard[1].splitlines()[0] == "Gap 2: one question, the last on 2026-11-18"


async def test_a_later_question_joins_the_gap_that_is_there(house: House) -> None:
    """Numbers that staff have seen go on meaning the same."""
    mia = await asked(house, *_ELEPHANTS[:2])
    await house.customer("late").says(_ELEPHANTS[2])

    assert await house.app.gap_keeper.group() == 1

    assert (await mia.says("/gaps"))[0].startswith("Gap 1: 3 questions")
    assert await house.how_many(Gap) == 1


async def test_grouping_twice_changes_nothing(house: House) -> None:
    """Nor does what says nothing: it is looked at once and left out."""
    await asked(house, *_ELEPHANTS, "😀😀😀")

    assert await house.app.gap_keeper.group() == 0
    assert await house.how_many(GapQuestion) == 3


async def test_chinese_questions_become_a_chinese_gap(house: House) -> None:
    await asked(house, "你们卖大象吗", "大象你们卖吗", language="zh")

    (gap,) = await house.rows(Gap)
    assert gap.language == "zh"


async def test_an_unhelpful_answer_is_a_gap_too(house: House) -> None:
    mia, ana = await house.colleague("Mia", "supervisor"), house.customer()
    await ana.says("refund please")
    await ana.presses("Not quite")
    await house.app.gap_keeper.group()

    (heard,) = await mia.says("/gaps")

    assert "“refund please”" in heard


async def test_an_article_made_from_a_gap_closes_it_and_answers_the_next_customer(house: House) -> None:
    """From the list to the answer: what an agent said, one tap, and a second person's word."""
    mia = await asked(house, *_ELEPHANTS)
    wei = await house.colleague("Wei")
    await wei.says("/claim 1")
    await wei.says(_ANSWER)

    (heard,) = await wei.says("/gaps")
    assert f"Answered by a colleague: {_ANSWER}" in heard
    await wei.presses("New article from the answer")
    await mia.says("/proposals")
    (approved,) = await mia.presses("Approve")
    assert "Gap 1 is closed with it." in approved
    assert await mia.says("/gaps") == ["There is no open gap: what customers asked lately is answered or settled."]
    await house.app.book.refresh(house.app.records)
    assert (await house.customer("bo").says(_ELEPHANTS[0]))[0].startswith(_ANSWER)


async def test_an_article_for_a_gap_may_be_written_by_hand(house: House) -> None:
    """Where no colleague answered yet, the list says how."""
    mia = await asked(house, *_ELEPHANTS)
    wei = await house.colleague("Wei")

    assert "/gaps 1 the question" in (await wei.says("/gaps"))[0]
    (proposed,) = await wei.says(f"/gaps 1 May elephants come in?\n{_ANSWER}")
    assert proposed.startswith("Proposed for “may-elephants-come-in”.")
    (shown,) = await mia.says("/proposals")
    assert shown.endswith(f"“May elephants come in?”\n{_ANSWER}")


async def test_a_gap_is_closed_by_a_supervisor_and_opened_again_by_a_new_question(house: House) -> None:
    """An agent has no such button; what closed it did not answer the new one."""
    mia = await asked(house, *_ELEPHANTS[:2])
    wei = await house.colleague("Wei")
    await wei.says("/gaps")
    assert "Close the gap" not in wei.labels
    await mia.says("/gaps")

    assert await mia.presses("Close the gap") == ["Gap 1 is closed. New questions of the kind open it again."]

    await house.customer("late").says(_ELEPHANTS[2])
    await house.app.gap_keeper.group()
    assert (await mia.says("/gaps"))[0].startswith("Gap 1: 3 questions")


async def test_a_gap_that_is_not_there_is_said_so(house: House) -> None:
    mia = await asked(house)

    assert await mia.says("/gaps") == ["There is no open gap: what customers asked lately is answered or settled."]
    assert await mia.says("/gaps 7") == ["There is no open gap 7. /gaps lists them."]
    assert await mia.says("/gaps seven") == ["There is no open gap seven. /gaps lists them."]


async def test_reading_gaps_is_in_the_audit_log(house: House) -> None:
    mia = await asked(house, *_ELEPHANTS)

    await mia.says("/gaps")

    (entry,) = await house.rows(AuditEntry, AuditEntry.act == "gap.read")
    assert entry.subject == "gap:1"
