"""Judging: a random share of the turns is drawn, and colleagues say with one tap what would have been right."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from crm_core import learning
from crm_core.models import AuditEntry, Interaction, Judgement
from tests.builders import House, Person, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A shop that draws one question in ten."""
    async with open_house(tmp_path, KNOWLEDGE__JUDGE_SHARE="0.1") as opened:
        yield opened


def draws(house: House, chance: float = 0.0) -> None:
    """From now on every throw of the dice comes out like this."""
    house.serve(replace(house.app.shop, chance=lambda: chance))


async def drawn(house: House, *questions: str) -> Person:
    """A colleague, and turns of different customers that were drawn."""
    draws(house)
    wei = await house.colleague("Wei")
    for number, words in enumerate(questions):
        await house.customer(f"ana{number}").says(words)
    return wei


@pytest.mark.parametrize(
    ("words", "decision", "first"),
    [("refund please", "answer", "refund"), ("my parcel", "suggest", "track"), ("elephants inside", "escalate", None)],
)
async def test_a_drawn_turn_is_kept_with_what_was_decided(
    house: House, words: str, decision: str, first: str | None
) -> None:
    """Escalated ones included: a sample of answers alone would not show what the bot fails to answer."""
    await drawn(house, words)

    (row,) = await house.rows(Judgement)
    question = (await house.rows(Interaction, Interaction.decision.is_not(None)))[0]
    assert (row.interaction_id, row.decision, row.verdict) == (question.id, decision, None)
    assert len(row.candidates) <= 3
    assert first is None or row.candidates[0] in {first, "delivery"}


@pytest.mark.parametrize("words", ["hello", "thank you", "???", "/start", "/agent"])
async def test_what_is_no_question_is_never_drawn(house: House, words: str) -> None:
    """Greetings would make the bot look better than it is."""
    await drawn(house, words)

    assert await house.how_many(Judgement) == 0


async def test_words_for_an_agent_are_not_drawn(house: House) -> None:
    """The bot decided nothing there."""
    await drawn(house, "elephants inside")
    await house.customer("ana0").says("refund please")

    assert await house.how_many(Judgement) == 1


async def test_only_the_configured_share_is_drawn(house: House) -> None:
    """The dice decide, and nothing about the question does."""
    draws(house, chance=0.1)
    await house.customer().says("refund please")
    assert await house.how_many(Judgement) == 0

    draws(house, chance=0.0999)
    await house.customer().says("refund please")
    assert await house.how_many(Judgement) == 1


async def test_nobody_is_asked_where_the_shop_wants_none(tmp_path: Path) -> None:
    """With judge_per_week = 0 nothing is drawn, and /judge says so."""
    async with open_house(tmp_path, KNOWLEDGE__JUDGE_SHARE="0.1", KNOWLEDGE__JUDGE_PER_WEEK="0") as house:
        wei = await drawn(house, "refund please")

        assert await house.how_many(Judgement) == 0
        assert await wei.says("/judge") == ["There is nothing to judge just now. Thank you."]


async def test_one_tap_judges_and_the_next_question_follows(house: House) -> None:
    """The question, its candidates by title, none of these, skip; then thanks."""
    wei = await drawn(house, "refund please", "how do I track my order")

    (first,) = await wei.says("/judge")
    assert "“refund please”" in first
    assert wei.labels[0] == "Refunds"
    assert wei.labels[-2:] == ["None of these", "Skip"]
    (second,) = await wei.presses("Refunds")
    assert "“how do I track my order”" in second
    assert await wei.presses("None of these") == ["Thank you. That is all for now."]

    assert [(row.verdict, row.right_slug) for row in await house.rows(Judgement)] == [
        ("article", "refund"),
        ("none", None),
    ]
    async with house.app.records.read() as work:
        assert {right for _confidence, right in await learning.judged(work)} == {True, False}


async def test_a_skipped_question_counts_for_nothing(house: House) -> None:
    wei = await drawn(house, "refund please")
    await wei.says("/judge")

    await wei.presses("Skip")

    async with house.app.records.read() as work:
        assert await learning.judged(work) == []
    assert await wei.says("/judge") == ["There is nothing to judge just now. Thank you."]


async def test_the_first_verdict_stands_whoever_taps_later(house: House) -> None:
    """An old message with buttons changes nothing any more."""
    wei = await drawn(house, "refund please", "cancel my order please")
    await wei.says("/judge")
    right, none = wei.button("Refunds"), wei.button("None of these")

    await wei.does(press=right)
    await wei.does(press=none)

    assert (await house.rows(Judgement))[0].right_slug == "refund"


async def test_two_colleagues_are_not_asked_the_same_at_once(house: House) -> None:
    wei = await drawn(house, "refund please")
    mia = await house.colleague("Mia")
    await wei.says("/judge")

    assert await mia.says("/judge") == ["There is nothing to judge just now. Thank you."]


async def test_nobody_judges_more_than_their_weeks_share(house: House) -> None:
    """Five a week, and a week later five more."""
    wei = await drawn(house, *["refund please"] * 7)
    await wei.says("/judge")
    for _ in range(5):
        await wei.presses("Refunds")

    assert wei.words[-1] == "Thank you. That is all for now."
    house.hands.move(days=7, seconds=1)
    (heard,) = await wei.says("/judge")
    assert "“refund please”" in heard


async def test_reading_a_drawn_question_is_in_the_audit_log(house: House) -> None:
    """It is somebody's words, looked at by somebody who had no ticket with them; the entry holds no words."""
    wei = await drawn(house, "refund please")
    await wei.says("/judge")

    (entry,) = await house.rows(AuditEntry, AuditEntry.act == "judgement.read")
    assert entry.staff_id is not None
    assert "refund please" not in f"{entry.subject}{entry.detail}"


async def test_after_a_ticket_is_resolved_there_is_a_gentle_offer_to_judge(house: House) -> None:
    """Only when there is something to judge."""
    wei = await drawn(house, "elephants inside")
    await wei.says("/claim 1")

    heard = await wei.says("/resolve")

    assert heard[-1] == "Do you have a moment to judge how the bot answered?"
    (question,) = await wei.presses("Judge one")
    assert "“elephants inside”" in question
    await wei.presses("Skip")
    ana = house.customer("late")
    draws(house, chance=1.0)
    await ana.says("elephants inside")
    await wei.says("/claim 2")
    assert (await wei.says("/resolve"))[-1].startswith("#2 is resolved")


async def test_customers_and_marketers_judge_nothing(house: House) -> None:
    await drawn(house, "refund please")
    max_ = await house.colleague("Max", "marketer")

    for person in (max_, house.customer("ana0")):
        assert await person.says("/judge") == ["Your role does not allow this. If it should, ask an admin."]
