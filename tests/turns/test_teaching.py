"""Teaching in the thread: an agent proposes a wording or an article, somebody approves, the next customer gets it."""

from dataclasses import replace

import pytest

from crm_core.models import Article, ArticleVersion, AuditEntry, Proposal
from tests.builders import House, Person

_ODD = "elephants allowed inside"


async def taught(house: House) -> tuple[Person, Person, Person]:
    """An agent with a claimed ticket, a supervisor and the customer."""
    wei, mia = await house.colleague("Wei"), await house.colleague("Mia", "supervisor")
    ana = house.customer()
    await ana.says(_ODD)
    await wei.says("/claim 1")
    return wei, mia, ana


async def learnt(house: House) -> None:
    """What was approved is what the next customer gets."""
    await house.app.book.refresh(house.app.records)


async def test_a_wording_goes_from_the_ticket_to_the_next_customer(house: House) -> None:
    """Two taps by the agent, one by a second person, and the bot answers what it could not."""
    wei, mia, _ana = await taught(house)

    (which,) = await wei.presses("Teach the bot")
    assert f"“{_ODD}”" in which
    (proposed,) = await wei.presses("Add to “Delivery times”")
    assert proposed.startswith("Proposed for “delivery”.")
    assert mia.words[-1] == "Wei proposes something for the articles: /proposals"
    (shown,) = await mia.says("/proposals")
    assert shown == f"Wei proposes a wording for “Delivery times” (delivery):\n“{_ODD}”"
    (approved,) = await mia.presses("Approve")
    assert approved.startswith("Approved: “delivery” knows it from now on.")
    assert wei.words[-1] == "Your proposal for “delivery” is approved. Thank you."
    assert house.app.articles_stirred.is_set(), "this process need not wait until it looks for changes again"

    await learnt(house)
    (heard,) = await house.customer("bo").says(_ODD)
    assert heard.startswith("Delivery takes 3 to 5 working days.")


async def test_nothing_is_learnt_before_somebody_approved(house: House) -> None:
    wei, _mia, _ana = await taught(house)
    await wei.presses("Teach the bot")
    await wei.presses("Add to “Delivery times”")

    await learnt(house)

    (heard,) = await house.customer("bo").says(_ODD)
    assert "Your ticket is #2" in heard


async def test_the_agent_may_change_the_wording_before_it_is_proposed(house: House) -> None:
    """A customer's name in the question need not enter an article."""
    wei, mia, _ana = await taught(house)

    await wei.says("/learn delivery   are elephants\nallowed ")
    (shown,) = await mia.says("/proposals")

    assert shown.endswith("“are elephants allowed”")


async def test_a_number_names_the_ticket_even_with_another_in_hand(house: House) -> None:
    """/learn 2 means ticket 2, not the one in hand."""
    wei, mia, _ana = await taught(house)
    await house.customer("bo").says("zebras welcome too")

    (which,) = await wei.says("/learn 2")
    assert which.startswith("#2, the customer wrote:\n“zebras welcome too”")
    await wei.says("/learn #2 refund")
    (shown,) = await mia.says("/proposals")
    assert shown.endswith("“zebras welcome too”")


async def test_a_new_article_is_made_from_the_agents_answer(house: House) -> None:
    """The question becomes its phrasing, the agent's words its answer."""
    wei, mia, _ana = await taught(house)
    await wei.says("Elephants may come in on Sundays.")

    await wei.says("/learn")
    await wei.presses("New article from the answer")
    (shown,) = await mia.says("/proposals")
    assert shown == (
        "Wei proposes a new article, “elephants allowed inside” (elephants-allowed-inside):\n"
        "“elephants allowed inside”\nElephants may come in on Sundays."
    )
    await mia.presses("Approve")
    await learnt(house)

    (heard,) = await house.customer("bo").says("are elephants allowed inside?")
    assert heard.startswith("Elephants may come in on Sundays.")


async def test_a_new_article_may_be_written_by_hand(house: House) -> None:
    """The question on the first line, the answer below, as many lines as it takes."""
    wei, mia, _ana = await taught(house)

    await wei.says("/learn new May elephants come in?\nOn Sundays.\n\nWith an adult.")
    await mia.says("/proposals")
    await mia.presses("Approve")

    (made,) = await house.rows(Article, Article.slug == "may-elephants-come-in")
    assert (made.language, made.phrasings, made.answer) == (
        "en",
        ["May elephants come in?"],
        "On Sundays.\n\nWith an adult.",
    )


async def test_a_chinese_question_becomes_a_chinese_article(house: House) -> None:
    """The language is the question's, not the agent's."""
    wei, mia = await house.colleague("Wei"), await house.colleague("Mia", "supervisor")
    await house.customer("li", "zh").says("你们卖大象吗")

    await wei.says("/learn 1 new 你们卖大象吗\n不卖。")
    await mia.says("/proposals")
    await mia.presses("Approve")
    await learnt(house)

    (heard,) = await house.customer("wu", "zh").says("你们卖大象吗")
    assert heard.startswith("不卖。")


async def test_one_does_not_approve_ones_own_where_a_second_person_is_wanted(house: House) -> None:
    """Neither by a button nor by an old one pressed again."""
    wei, _mia, _ana = await taught(house)
    await wei.says("/learn delivery")

    (shown,) = await wei.says("/proposals")

    assert shown.endswith("It is your own; a colleague has to approve it.")
    assert wei.labels == ["Reject"]


async def test_where_the_shop_allows_it_the_same_person_approves_at_once(house: House) -> None:
    wei, _mia, _ana = await taught(house)
    house.serve(replace(house.app.shop, second_person_approves=False))

    await wei.says("/learn delivery")
    (approved,) = await wei.presses("Approve")

    assert approved.startswith("Approved: “delivery” knows it from now on.")
    (version,) = [one for one in await house.rows(ArticleVersion) if one.act == "learnt"]
    assert version.staff_id is not None


async def test_a_rejected_proposal_is_told_and_changes_nothing(house: House) -> None:
    wei, mia, _ana = await taught(house)
    await wei.says("/learn delivery")
    await mia.says("/proposals")
    approve = mia.button("Approve")

    assert await mia.presses("Reject") == ["The proposal for “delivery” is rejected."]

    assert wei.words[-1] == "Your proposal for “delivery” was not taken over."
    assert await mia.does(press=approve)
    assert mia.words[-1] == "This proposal is decided already."
    assert await mia.says("/proposals") == ["Nothing waits for an approval."]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/learn nowhere", "There is no article “nowhere” in English."),
        ("/learn delivery how long does delivery take", "“delivery” knows these words already"),
        ("/learn delivery ???", "There are no words in it."),
        ("/learn delivery " + "x" * 1001, "That is 1001 characters; a phrasing takes 1000."),
        ("/learn new", "“elephants-allowed-inside” has no answer yet."),
        ("/learn #99 delivery", "Which ticket?"),
    ],
)
async def test_what_cannot_be_proposed_is_said_in_words(house: House, command: str, said: str) -> None:
    """Which value, and what to do."""
    wei, _mia, _ana = await taught(house)

    (heard,) = await wei.says(command)

    assert heard.startswith(said)
    assert await house.how_many(Proposal) == 0


async def test_every_step_is_in_the_audit_log_without_words(house: House) -> None:
    """Who read the question, who proposed, who read the proposal, who approved."""
    wei, mia, _ana = await taught(house)
    await wei.presses("Teach the bot")
    await wei.presses("Add to “Delivery times”")
    await mia.says("/proposals")
    await mia.presses("Approve")

    entries = await house.rows(AuditEntry)
    acts = [one.act for one in entries]
    for act in ("knowledge.teach", "proposal.propose", "proposal.read", "proposal.approve"):
        assert act in acts
    assert not [one for one in entries if "elephants" in f"{one.subject}{one.detail}"]


async def test_a_ticket_without_a_question_has_nothing_to_teach(house: House) -> None:
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("/agent")

    (heard,) = await wei.says("/learn 1")

    assert heard.startswith("The bot has looked at no question for #1")
