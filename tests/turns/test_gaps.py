"""Gaps: questions that no article answered come together, show what agents answered, and are closed once."""

from datetime import datetime, timedelta

import pytest

from crm_core import conversations, gaps
from crm_core.models import AuditEntry, Gap, GapQuestion, Interaction, Kind
from crm_core.rules.knowledge import KnowledgeRefused
from tests.builders import House

_UNKNOWN = "zebra xylophone"


async def ungrouped(house: House, since: datetime | None = None, limit: int = 100) -> list[tuple[str, str]]:
    """The words and the cause of every question that waits."""
    async with house.app.records.read() as work:
        found = await gaps.ungrouped(work, since or house.hands.now - timedelta(days=30), limit)
        words = await conversations.words_of(work, [one.interaction_id for one in found])
        return [(words[one.interaction_id], one.cause) for one in found]


async def group(house: House, number: int | None = None, limit: int = 100) -> int:
    """Put all that waits into one gap."""
    async with house.app.records.write() as work:
        found = await gaps.ungrouped(work, house.hands.now - timedelta(days=30), limit)
        return (await gaps.assign(work, number, found, language="en")).number


async def open_gaps(house: House) -> list[gaps.OpenGap]:
    async with house.app.records.read() as work:
        return await gaps.open_gaps(work, 10)


async def test_an_escalated_question_waits_and_what_was_answered_does_not(house: House) -> None:
    """Small talk and messages without words are no questions; neither is asking for a person."""
    await house.customer("ana").says(_UNKNOWN)
    await house.customer("bo").says("refund please")
    await house.customer("cy").says("hello")
    await house.customer("di").says("👍")
    await house.customer("ed").says("/agent")

    assert await ungrouped(house) == [(_UNKNOWN, "escalated")]


async def test_a_question_whose_answer_did_not_help_waits_once(house: House) -> None:
    """However often the same customer says so, and also when they then ask for a person."""
    ana = house.customer()
    await ana.says("refund please")
    await ana.presses("Not quite")
    await ana.does(press=ana.button("Not quite"))
    await ana.presses("Talk to a person")
    bo = house.customer("bo")
    await bo.says("cancel my order please")
    await bo.presses("Yes, thank you")

    assert await ungrouped(house) == [("refund please", "not_helped")]


async def test_suggestions_that_were_all_turned_down_leave_a_question(house: House) -> None:
    ana = house.customer()
    await ana.says("my parcel")
    assert await ungrouped(house) == []

    await ana.presses("None of these. Talk to a person")

    assert await ungrouped(house) == [("my parcel", "escalated")]


async def test_a_suggestion_that_was_chosen_settles_the_question_unless_it_did_not_help(house: House) -> None:
    """A person who is wanted after the chosen answer is wanted for something else."""
    ana = house.customer()
    await ana.says("my parcel")
    await ana.presses("Tracking")
    await ana.presses("Talk to a person")
    assert await ungrouped(house) == []

    await ana.does(press=ana.button("Not quite"))

    assert await ungrouped(house) == [("my parcel", "not_helped")]


async def test_a_ticket_long_after_the_suggestions_turns_nothing_down(house: House) -> None:
    ana = house.customer()
    await ana.says("my parcel")
    house.hands.move(hours=1, minutes=1)
    await ana.says("/agent")

    assert await ungrouped(house) == []


async def test_only_what_was_asked_since_then_and_no_more_than_wanted_is_looked_at(house: House) -> None:
    await house.customer("ana").says(_UNKNOWN)
    house.hands.move(days=2)
    since = house.hands.now
    for name in ("bo", "cy", "di"):
        await house.customer(name).says(f"{_UNKNOWN} {name}")

    assert await ungrouped(house, since, 2) == [(f"{_UNKNOWN} bo", "escalated"), (f"{_UNKNOWN} cy", "escalated")]


async def test_a_grouped_question_waits_no_more_and_belongs_to_one_gap(house: House) -> None:
    await house.customer("ana").says(_UNKNOWN)
    async with house.app.records.read() as work:
        found = await gaps.ungrouped(work, house.hands.now - timedelta(days=1), 10)
    first = await group(house)

    async with house.app.records.write() as work:
        other = await gaps.assign(work, None, found, language="zh")

    assert await ungrouped(house) == []
    assert [(one.gap.number, one.count) for one in await open_gaps(house)] == [(first, 1)]
    assert other.number == first + 1
    assert await house.how_many(GapQuestion) == 1


async def test_open_gaps_come_with_counts_times_and_what_agents_answered(house: House) -> None:
    """The most asked comes first; an agent's words to a colleague are no answer, nor are those in another ticket."""
    begun = house.hands.now
    wei = await house.colleague()
    for number, name in enumerate(("ana", "bo")):
        await house.customer(name).says(f"{_UNKNOWN} {name}")
        await wei.says(f"/claim {number + 1}")
        await wei.says("/note a strange one")
        await wei.says(f"/reply We have no zebras, {name}.")
        house.hands.move(minutes=10)
    two = await group(house)
    await house.customer("cy").says("quantum marmalade")
    one = await group(house)

    found = await open_gaps(house)

    assert [(gap.gap.number, gap.count) for gap in found] == [(two, 2), (one, 1)]
    async with house.app.records.read() as work:
        answers = await conversations.words_of(work, found[0].answers)
        questions = await conversations.words_of(work, found[0].questions)
    assert [answers[number] for number in found[0].answers] == ["We have no zebras, bo.", "We have no zebras, ana."]
    assert [questions[number] for number in found[0].questions] == [f"{_UNKNOWN} bo", f"{_UNKNOWN} ana"]
    assert begun <= found[0].first < found[0].last <= begun + timedelta(minutes=11)
    assert found[1].answers == ()


async def test_the_answer_to_a_question_that_was_not_helped_is_in_the_ticket_that_followed(house: House) -> None:
    """The press opened that ticket, not the question."""
    wei = await house.colleague()
    ana = house.customer()
    await ana.says("refund please")
    await ana.presses("Not quite")
    await ana.presses("Talk to a person")
    await wei.says("/claim 1")
    await wei.says("/reply Ask your bank.")
    await group(house)

    (gap,) = await open_gaps(house)

    async with house.app.records.read() as work:
        assert list((await conversations.words_of(work, gap.answers)).values()) == ["Ask your bank."]


async def test_a_closed_gap_is_listed_no_more_and_stays_as_it_was_closed(house: House) -> None:
    await house.customer("ana").says(_UNKNOWN)
    number = await group(house)

    async with house.app.records.write() as work:
        await gaps.close(work, number, 7, "zebras")
    async with house.app.records.write() as work:
        gap = await gaps.close(work, number, 8)

    assert await open_gaps(house) == []
    assert (gap.state, gap.slug, gap.closed_by) == ("closed", "zebras", 7)
    assert await house.how_many(AuditEntry, AuditEntry.act == "gap.close") == 1


async def test_a_new_question_opens_a_closed_gap_again(house: House) -> None:
    await house.customer("ana").says(_UNKNOWN)
    number = await group(house)
    async with house.app.records.write() as work:
        await gaps.close(work, number, 7, "zebras")
    await house.customer("bo").says(_UNKNOWN)

    await group(house, number)

    (gap,) = await open_gaps(house)
    assert (gap.gap.number, gap.count, gap.gap.slug) == (number, 2, None)


async def test_a_gap_that_nobody_knows_is_refused(house: House) -> None:
    await house.customer("ana").says(_UNKNOWN)

    with pytest.raises(KnowledgeRefused) as caught:
        await group(house, 99)
    async with house.app.records.write() as work:
        with pytest.raises(KnowledgeRefused):
            await gaps.close(work, 99, 7)

    assert caught.value.key == "gap_unknown"
    assert await house.how_many(Gap) == await house.how_many(GapQuestion) == 0


async def test_a_gap_shows_a_few_of_many_questions(house: House) -> None:
    for number in range(7):
        await house.customer(f"c{number}").says(_UNKNOWN)
    await group(house)

    (gap,) = await open_gaps(house)

    newest = [row.id for row in await house.rows(Interaction, Interaction.kind == Kind.MESSAGE)][:1:-1]
    assert gap.count == 7
    assert list(gap.questions) == newest[:5]
