"""Learning: staff judge turns drawn at random, and what they propose counts once somebody else approved it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core import articles, conversations, gaps, learning
from crm_core.models import Article, AuditEntry, Customer, Gap, Interaction, Judgement, Kind, Proposal, Staff
from crm_core.rules.knowledge import KnowledgeRefused
from tests.builders import House, open_house

_UNKNOWN = "zebra xylophone"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A shop that draws no turns by itself."""
    async with open_house(tmp_path, KNOWLEDGE__JUDGE_SHARE="0") as opened:
        yield opened


async def question(house: House, words: str = _UNKNOWN, sender: str = "ana") -> Interaction:
    """A customer asks; the question as it is on record."""
    await house.customer(sender).says(words)
    row = (await house.rows(Interaction, Interaction.kind == Kind.MESSAGE))[-1]
    assert isinstance(row, Interaction)
    return row


async def staff(house: House, *names: str) -> list[Staff]:
    for name in names:
        await house.colleague(name)
    return list(await house.rows(Staff))


async def drawn(
    house: House,
    interaction: Interaction,
    candidates: Sequence[str] = ("refund", "track"),
    confidence: float = 0.8,
    decision: str = "answer",
) -> int:
    async with house.app.records.write() as work:
        return learning.draw(
            work, interaction, language="en", decision=decision, confidence=confidence, candidates=candidates
        ).id


async def handed(house: House, staff_id: int, per_week: int = 5) -> int | None:
    async with house.app.records.write() as work:
        row = await learning.next_to_judge(work, staff_id, per_week)
        return row.id if row else None


async def judges(house: House, judgement_id: int, staff_id: int, slug: str | None, *, skipped: bool = False) -> bool:
    async with house.app.records.write() as work:
        return await learning.judge(work, judgement_id, staff_id, slug, skipped=skipped)


# ---- judgements ----


async def test_the_oldest_drawn_turn_is_handed_out_and_no_two_colleagues_have_the_same(house: House) -> None:
    """Not even two whose turns share a transaction; who asks again gets the same one again."""
    first, second = [await drawn(house, await question(house, sender=name)) for name in ("ana", "bo")]

    async with house.app.records.write() as work:
        mine, hers = await learning.next_to_judge(work, 7, 5), await learning.next_to_judge(work, 8, 5)
        assert mine is not None
        assert hers is not None
        assert [mine.id, hers.id] == [first, second]

    assert await handed(house, 7) == first
    assert await handed(house, 9) is None


async def test_what_somebody_left_lying_for_an_hour_is_handed_to_the_next(house: House) -> None:
    first = await drawn(house, await question(house))
    await handed(house, 7)
    assert await handed(house, 8) is None

    house.hands.move(hours=1, seconds=1)

    assert await handed(house, 8) == first
    assert await judges(house, first, 7, "refund")  # the first tap counts, whoever has it


async def test_nobody_is_asked_more_often_than_so_many_times_in_seven_days(house: House) -> None:
    ids = [await drawn(house, await question(house, sender=f"c{n}")) for n in range(4)]
    await judges(house, ids[0], 7, None)
    await judges(house, ids[1], 7, None, skipped=True)

    assert await handed(house, 7, per_week=2) is None
    assert await handed(house, 8, per_week=2) == ids[2]
    house.hands.move(days=7, seconds=1)
    assert await handed(house, 7, per_week=2) == ids[2]


async def test_the_first_verdict_stands(house: House) -> None:
    one = await drawn(house, await question(house))

    assert await judges(house, one, 7, "refund")
    assert not await judges(house, one, 7, "refund")
    assert not await judges(house, one, 8, None)
    assert not await judges(house, one, 8, None, skipped=True)

    (row,) = await house.rows(Judgement)
    assert (row.verdict, row.right_slug, row.staff_id) == ("article", "refund", 7)


@pytest.mark.parametrize(("slug", "key"), [("no-such-article", "article_unknown"), ("refund", "judgement_gone")])
async def test_what_is_not_there_cannot_be_judged(house: House, slug: str, key: str) -> None:
    one = await drawn(house, await question(house))

    with pytest.raises(KnowledgeRefused) as caught:
        await judges(house, one if key == "article_unknown" else one + 1, 7, slug)

    assert caught.value.key == key
    assert [row.verdict for row in await house.rows(Judgement)] == [None]


async def test_the_threshold_is_told_confidence_and_whether_the_first_candidate_was_right(house: House) -> None:
    """Skipped turns and those that nobody judged say nothing; without a candidate nothing was right."""
    cases: list[tuple[Sequence[str], float, str | None, bool]] = [
        (("refund", "track"), 0.9, "refund", False),
        (("refund", "track"), 0.8, "track", False),
        (("refund",), 0.7, None, False),
        ((), 0.0, "delivery", False),
        (("refund",), 0.6, None, True),
    ]
    for number, (candidates, confidence, slug, skipped) in enumerate(cases):
        asked = await question(house, sender=f"c{number}")
        await judges(house, await drawn(house, asked, candidates, confidence), 7, slug, skipped=skipped)
    await drawn(house, await question(house, sender="late"))

    async with house.app.records.read() as work:
        assert await learning.judged(work) == [(0.0, False), (0.7, False), (0.8, False), (0.9, True)]
        assert await learning.judged(work, newest=1) == [(0.0, False)]


async def test_judged_questions_are_given_with_what_is_right_and_can_be_opened(house: House) -> None:
    asked = await question(house, "zebra on the parcel")
    await judges(house, await drawn(house, asked), 7, "track")
    house.hands.move(days=40)
    other = await question(house, sender="bo")
    await judges(house, await drawn(house, other), 7, None)

    async with house.app.records.read() as work:
        recent = await learning.judged_questions(work, house.hands.now.replace(day=1))
        everything = await learning.judged_questions(work, asked.at)
        words = await conversations.words_of(work, [one.interaction_id for one in everything])

    assert [(one.interaction_id, one.right_slug, one.language) for one in recent] == [(other.id, None, "en")]
    assert [one.right_slug for one in everything] == [None, "track"]
    assert words == {asked.id: "zebra on the parcel", other.id: _UNKNOWN}


async def test_an_erased_customers_turn_is_neither_handed_out_nor_opened(house: House) -> None:
    asked = await question(house)
    await drawn(house, asked)
    await proposes(house, asked, "striped horse music")
    async with house.app.records.write() as work:
        (await work.session.scalars(select(Customer))).one().key = None

    assert await handed(house, 7) is None
    async with house.app.records.read() as work:
        assert await conversations.words_of(work, [asked.id]) == {}
        assert await learning.open_proposals(work, 10) == []


# ---- proposals ----


async def proposes(house: House, asked: Interaction, wording: str, slug: str = "refund", by: int = 7) -> int:
    async with house.app.records.write() as work:
        return (await learning.propose_phrasing(work, by, asked, slug, "en", wording)).id


async def approves(house: House, proposal_id: int, by: Staff, *, second_person: bool = True) -> learning.Approval:
    async with house.app.records.write() as work:
        return await learning.approve(work, proposal_id, by, second_person=second_person)


async def refusal(house: House, proposal_id: int, by: Staff, **how: Any) -> str:
    with pytest.raises(KnowledgeRefused) as caught:
        await approves(house, proposal_id, by, **how)
    return caught.value.key


async def phrasings(house: House, slug: str = "refund") -> list[str]:
    return [words for row in await house.rows(Article, Article.slug == slug) for words in row.phrasings]


async def test_an_approved_wording_is_what_the_next_customer_gets(house: House) -> None:
    """Proposed by one, approved by another; nothing counts before that."""
    wei, ling = await staff(house, "Wei", "Ling")
    one = await proposes(house, await question(house), "zebra xylophone please", by=wei.id)
    assert "zebra xylophone please" not in await phrasings(house)

    done = await approves(house, one, ling)
    await house.app.book.refresh(house.app.records)
    heard = await house.customer("bo").says("zebra xylophone please")

    assert (done.kind, done.slug, done.wording, done.changed) == ("phrasing", "refund", "zebra xylophone please", True)
    assert "We refund within 14 days." in heard[0]
    entries = await house.rows(AuditEntry, AuditEntry.act.startswith("proposal."))
    assert [(one.act, one.staff_id) for one in entries] == [
        ("proposal.propose", wei.id), ("proposal.approve", ling.id),
    ]  # fmt: skip


async def test_who_proposed_it_may_not_approve_it_unless_the_shop_allows_that(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    one = await proposes(house, await question(house), "zebra please", by=wei.id)

    assert await refusal(house, one, wei) == "proposal_second_person"
    assert "zebra please" not in await phrasings(house)
    assert (await approves(house, one, wei, second_person=False)).changed


async def test_a_proposal_is_decided_once(house: House) -> None:
    wei, ling = await staff(house, "Wei", "Ling")
    asked = await question(house)
    approved, rejected = await proposes(house, asked, "zebra one"), await proposes(house, asked, "zebra two")
    await approves(house, approved, wei)
    async with house.app.records.write() as work:
        await learning.reject(work, rejected, ling)

    assert await refusal(house, approved, ling) == "proposal_decided"
    assert await refusal(house, rejected, ling) == "proposal_decided"
    assert await refusal(house, 1, ling) == "proposal_gone"
    with pytest.raises(KnowledgeRefused):
        async with house.app.records.write() as work:
            await learning.reject(work, approved, ling)
    assert [words for words in await phrasings(house) if "zebra" in words] == ["zebra one"]
    assert [row.state for row in await house.rows(Proposal)] == ["approved", "rejected"]


async def test_when_two_proposed_the_same_the_second_approval_changes_nothing(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    asked = await question(house)
    first, second = (
        await proposes(house, asked, "zebra please"),
        await proposes(house, asked, "Zebra, please".replace(",", "")),
    )

    assert (await approves(house, first, wei)).changed
    assert not (await approves(house, second, wei)).changed
    assert [words for words in await phrasings(house) if "ebra" in words] == ["zebra please"]


async def test_a_refused_approval_leaves_the_proposal_open(house: House) -> None:
    """Another article learnt the wording meanwhile."""
    (wei,) = await staff(house, "Wei")
    one = await proposes(house, await question(house), "zebra please")
    async with house.app.records.write() as work:
        await articles.add_phrasing(work, "track", "en", "zebra please", wei.id)

    assert await refusal(house, one, wei) == "phrasing_elsewhere"
    assert [row.state for row in await house.rows(Proposal)] == ["open"]


@pytest.mark.parametrize(
    ("slug", "wording", "key"),
    [
        ("nothing", "zebra", "article_unknown"),
        ("refund", " ", "phrasing_empty"),
        ("refund", "word " * 10_000, "phrasing_long"),
        ("refund", "Refund please!", "phrasing_known"),
    ],
)
async def test_what_could_never_be_approved_cannot_be_proposed(house: House, slug: str, wording: str, key: str) -> None:
    asked = await question(house)

    with pytest.raises(KnowledgeRefused) as caught:
        await proposes(house, asked, wording, slug)

    assert caught.value.key == key
    assert await house.how_many(Proposal) == 0


async def test_words_that_wait_for_approval_are_sealed_under_the_customers_key(house: House) -> None:
    """They stand nowhere in clear, and without the customer's key they cannot be opened."""
    asked = await question(house)
    one = await proposes(house, asked, "my zebra arrived late")

    row = (await house.rows(Proposal))[0]
    async with house.app.records.read() as work:
        (shown,) = await learning.open_proposals(work, 10)
        with pytest.raises(Exception, match="vault_does_not_open"):
            work.vault.open(row.wording, f"proposal.wording:{one}", None)
    assert (shown.wording, shown.title, shown.answer) == ("my zebra arrived late", "", "")
    assert row.customer_id == asked.customer_id
    assert b"zebra" not in row.wording


async def new_article(house: House, asked: Interaction, **fields: Any) -> int:
    words = {"language": "en", "title": "Zebra music", "wording": _UNKNOWN, "answer": "We have none.", **fields}
    async with house.app.records.write() as work:
        return (await learning.propose_article(work, 7, asked, **words)).id


async def test_an_approved_article_is_published_and_answers_the_next_customer(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    one = await new_article(house, await question(house))

    done = await approves(house, one, wei)
    await house.app.book.refresh(house.app.records)
    heard = await house.customer("bo").says(_UNKNOWN)

    (row,) = await house.rows(Article, Article.slug == "zebra-music")
    assert (done.kind, done.slug) == ("article", "zebra-music")
    assert (row.state, row.source, row.title, row.phrasings) == ("published", "desk", "Zebra music", [_UNKNOWN])
    assert heard[0].startswith("We have none.")


async def test_an_article_made_in_the_chat_outlives_a_restart(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    await approves(house, await new_article(house, await question(house)), wei)

    await house.app.book.load_configured(house.app.records, house.app.settings.article_paths)

    assert await phrasings(house, "zebra-music") == [_UNKNOWN]


async def test_new_articles_get_slugs_that_nobody_has(house: House) -> None:
    """Not an article, and not a proposal that waits; a Chinese title has no letters for one."""
    asked = await question(house)
    for title in ("Refund", "Zebra", "Zebra!", "斑马", "马", "Zébra  & Co.", "?"):
        await new_article(house, asked, title=title)

    slugs = [row.slug for row in await house.rows(Proposal)]
    assert slugs == ["refund-2", "zebra", "zebra-2", "article", "article-2", "zebra-co", "article-3"]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"answer": " "}, "article_no_answer"),
        ({"answer": "x" * 3_801}, "article_long_answer"),
        ({"wording": "?"}, "phrasing_empty"),
        ({"slug": "refund"}, "article_exists"),
        ({"slug": "x" * 191}, "article_bad_slug"),
    ],
)
async def test_an_article_that_is_not_in_order_cannot_be_proposed(
    house: House, fields: dict[str, Any], key: str
) -> None:
    asked = await question(house)

    with pytest.raises(KnowledgeRefused) as caught:
        await new_article(house, asked, **fields)

    assert caught.value.key == key
    assert await house.how_many(Proposal) == 0


async def test_an_article_that_came_into_being_meanwhile_is_not_overwritten(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    asked = await question(house)
    first, second = [await new_article(house, asked, slug="zebra", answer=words) for words in ("One.", "Two.")]
    await approves(house, first, wei)

    assert await refusal(house, second, wei) == "article_exists"
    assert [row.answer for row in await house.rows(Article, Article.slug == "zebra")] == ["One."]


async def test_the_same_question_does_not_become_two_articles(house: House) -> None:
    """Pressed twice or by two colleagues: the second proposal is refused, and so is proposing it once more."""
    (wei,) = await staff(house, "Wei")
    asked = await question(house)
    first, second = await new_article(house, asked), await new_article(house, asked)
    await approves(house, first, wei)

    assert await refusal(house, second, wei) == "phrasing_elsewhere"
    with pytest.raises(KnowledgeRefused, match="phrasing_elsewhere"):
        await new_article(house, asked)
    assert [row.slug for row in await house.rows(Article, Article.slug.startswith("zebra"))] == ["zebra-music"]


async def test_an_archived_article_leaves_its_words_to_a_new_one(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    asked = await question(house)
    await approves(house, await new_article(house, asked), wei)
    async with house.app.records.write() as work:
        await articles.archive(work, "zebra-music", "en", 7)

    done = await approves(house, await new_article(house, asked), wei)

    assert done.slug == "zebra-music-2"


async def test_approving_a_proposal_closes_the_gap_of_its_question(house: House) -> None:
    (wei,) = await staff(house, "Wei")
    asked = await question(house)
    async with house.app.records.write() as work:
        found = await gaps.ungrouped(work, asked.at, 10)
        await gaps.assign(work, None, found, language="en")

    done = await approves(house, await new_article(house, asked), wei)

    (gap,) = await house.rows(Gap)
    assert done.gap == gap.number == 1
    assert (gap.state, gap.slug, gap.closed_by) == ("closed", "zebra-music", wei.id)
