"""A campaign on its way: consent, cap, quiet hours and open tickets are asked when it is sent; nobody twice."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels import NotSent, Refused, Unconfirmed
from bot.channels.memory import Memory
from crm_core import campaigns, follow_ups, orders
from crm_core.follow_ups import FollowUpKind
from crm_core.models import AuditEntry, Campaign, CampaignRecipient, FollowUp, Identity, Lane, Outbox
from tests.builders import Hands, House, Person, Trouble, open_house

_TEXT = "Spring teas are here."


async def subscribers(house: House, *names: str) -> list[Person]:
    """People who agreed."""
    people = [house.customer(name) for name in names]
    for person in people:
        house.put(person.incoming(text="/subscribe"))
    await house.settle()
    return people


async def plan(house: House, texts: dict[str, str] | None = None, **later: float) -> int:
    """A campaign to all, planned by whoever is staff first; returns its number."""
    async with house.app.records.write() as work:
        campaign = await campaigns.plan(
            work,
            texts=texts or {"en": _TEXT},
            audience="all",
            starts_at=work.now + timedelta(**later),
            staff_id=None,
        )
        return campaign.number


async def run(house: House, rounds: int = 3) -> None:
    """Let the alarm ring a few times."""
    for _ in range(rounds):
        await house.ring("campaigns")


def copies(*people: Person) -> list[int]:
    """How often each of these people got the message."""
    return [person.words.count(_TEXT) for person in people]


async def report(house: House) -> campaigns.Figures:
    """The figures of the only campaign."""
    async with house.app.records.read() as work:
        return await campaigns.figures_of(work, await house.campaign())


async def test_everybody_who_agreed_gets_it_once_and_it_is_on_their_record(house: House) -> None:
    """However often the alarm rings."""
    people = await subscribers(house, "ana", "bob")
    stranger = house.customer("cleo")
    await stranger.says("hello")
    await plan(house)

    await run(house, 5)

    assert copies(*people, stranger) == [1, 1, 0]
    assert (await house.talk_of("ana"))[-1] == ("campaign", _TEXT)
    assert (await house.campaign()).state == "done"
    figures = await report(house)
    assert (figures.sent, figures.included, figures.excluded) == (2, 2, {"no_consent": 1})


async def test_each_reads_it_in_their_own_language(house: House) -> None:
    """Who reads a language that has no text is left out."""
    (ana,) = await subscribers(house, "ana")
    li = house.customer("li", "zh")
    await li.says("/subscribe")
    await plan(house, {"zh": "春茶到了。"})

    await run(house)

    assert li.words[-1] == "春茶到了。"
    assert copies(ana) == [0]
    assert (await report(house)).excluded == {"no_text": 1}


async def test_it_starts_at_its_time_and_not_before(house: House) -> None:
    """A row says when; the alarm only looks."""
    people = await subscribers(house, "ana")
    await plan(house, hours=2)

    await run(house)
    assert copies(*people) == [0]
    house.hands.move(hours=2)
    await run(house)
    assert copies(*people) == [1]


@pytest.mark.parametrize("words", ["/stop", "退订", "unsubscribe", "STOP."])
async def test_an_opt_out_stops_what_is_queued_in_the_same_transaction(house: House, words: str) -> None:
    """Between the queueing and the sending, the customer says no."""
    (ana, bob) = await subscribers(house, "ana", "bob")
    await plan(house)
    Trouble(house.memory, NotSent("refused"), strikes=lambda one: one.chat == "ana" and one.text == _TEXT)
    await run(house)

    house.put(ana.incoming(text=words))
    await house.answer()

    (mine,) = await house.rows(Outbox, Outbox.lane == Lane.CAMPAIGN, Outbox.chat == "ana")
    assert (mine.state, mine.reason) == ("suppressed", "no_consent")
    house.hands.move(minutes=5)
    await run(house)
    assert copies(ana, bob) == [0, 1]
    figures = await report(house)
    assert (figures.suppressed, figures.sent) == ({"no_consent": 1}, 1)


async def test_consent_is_asked_again_at_the_claim(house: House) -> None:
    """Somebody who opted out after the recipients were drawn and before they were queued is not written to."""
    (ana,) = await subscribers(house, "ana")
    await plan(house)
    async with house.app.records.write() as work:
        campaign = await work.session.get_one(Campaign, (await house.campaign()).id)
        campaigns.start(work, campaign)
        await campaigns.materialise(work, campaign, await campaigns.to_draw(work, campaign, "UTC"))
    await ana.says("/stop")

    await run(house)

    assert copies(ana) == [0]
    (row,) = await house.outbox(Lane.CAMPAIGN)
    assert (row.state, row.reason) == ("suppressed", "no_consent")


async def test_nobody_gets_more_than_the_weekly_cap(house: House) -> None:
    """Three a week by default; the fourth is suppressed, and a week later there is room again."""
    (ana,) = await subscribers(house, "ana")
    for _ in range(4):
        await plan(house)
        await run(house)

    assert copies(ana) == [3]
    assert [row.reason for row in await house.outbox(Lane.CAMPAIGN)][-1] == "weekly_cap"
    house.hands.move(days=7)
    await plan(house)
    await run(house)
    assert copies(ana) == [4]


async def test_quiet_hours_wait_and_the_message_leaves_when_they_are_over(tmp_path: Path) -> None:
    """Nobody is woken, and nobody is forgotten."""
    async with open_house(tmp_path, MARKETING__QUIET_HOURS="21:00-09:00") as house:
        people = await subscribers(house, "ana")
        house.hands.now = house.hands.now.replace(hour=23)
        await plan(house)

        await run(house)
        assert copies(*people) == [0]
        house.hands.move(hours=9)
        await run(house)
        assert copies(*people) == [0]
        house.hands.move(hours=1, minutes=1)
        await run(house)
        assert copies(*people) == [1]


async def test_an_open_ticket_waits(house: House) -> None:
    """Nobody is advertised to while they wait for help."""
    wei = await house.colleague("Wei")
    (ana,) = await subscribers(house, "ana")
    await ana.says("/agent")
    await plan(house)

    await run(house)
    assert copies(ana) == [0]
    await wei.says("/claim 1")
    await wei.says("/resolve")
    house.hands.move(minutes=6)
    await run(house)
    assert copies(ana) == [1]


@pytest.mark.parametrize(("column", "reason"), [("blocked_at", "blocked"), ("unreachable_at", "unreachable")])
async def test_who_became_blocked_or_unreachable_meanwhile_is_not_written_to(
    house: House, column: str, reason: str
) -> None:
    """Decided at the claim, with its reason in the report."""
    (ana,) = await subscribers(house, "ana")
    await plan(house)
    async with house.app.records.write() as work:
        campaign = await work.session.get_one(Campaign, (await house.campaign()).id)
        campaigns.start(work, campaign)
        await campaigns.materialise(work, campaign, await campaigns.to_draw(work, campaign, "UTC"))
        await work.session.flush()
        identity = await work.session.get_one(Identity, (await house.rows(Identity))[0].id)
        setattr(identity, column, work.now)

    await run(house)

    assert copies(ana) == [0]
    assert (await report(house)).suppressed == {reason: 1}


async def test_a_message_in_doubt_is_never_repeated_but_counted_and_listed(house: House) -> None:
    """After a time-out and after a crash."""
    ana, bob, cleo = await subscribers(house, "ana", "bob", "cleo")
    await plan(house)
    Trouble(house.memory, Unconfirmed("time-out"), "crash", arrives=True, strikes=lambda one: one.chat != "cleo")

    await run(house)
    house.crash_sender()
    await run(house)

    assert copies(ana, bob, cleo) == [1, 1, 1]
    figures = await report(house)
    assert (figures.sent, figures.in_doubt, figures.waiting) == (1, 2, 0)
    async with house.app.records.read() as work:
        assert len(await campaigns.in_doubt(work, await house.campaign())) == 2
    assert (await house.campaign()).state == "done"


async def test_a_failed_message_is_counted(house: House) -> None:
    """The channel refused it for good."""
    await subscribers(house, "ana")
    await plan(house)
    Trouble(house.memory, Refused("bad request"))

    await run(house)

    assert (await report(house)).failed == 1


async def test_what_could_not_leave_within_three_days_expires(house: House) -> None:
    """A spring offer in summer helps nobody."""
    (ana,) = await subscribers(house, "ana")
    await ana.says("/agent")
    await plan(house)
    await run(house)
    house.hands.move(days=3, minutes=1)

    await run(house)

    assert copies(ana) == [0]
    assert (await report(house)).expired == 1


async def test_pause_resume_and_cancel_from_the_chat(house: House) -> None:
    """Paused, nothing leaves; resumed, it goes on; cancelled, it is over. Each is an audit entry."""
    max_ = await house.colleague("Max", "marketer")
    people = await subscribers(house, "ana", "bob")
    await plan(house)
    Trouble(house.memory, NotSent("refused"), NotSent("refused"), strikes=lambda one: one.text == _TEXT)
    await run(house)

    assert (await max_.says("/pause 1"))[0].startswith("Campaign 1: paused")
    assert max_.labels == ["Go on", "Cancel it"]
    house.hands.move(minutes=5)
    await run(house)
    assert copies(*people) == [0, 0]

    assert (await max_.presses("Go on"))[0].startswith("Campaign 1: running")
    await run(house)
    assert copies(*people) == [1, 1]
    assert await max_.says("/cancel 1") == ["Campaign 1 is done; that does not go with it."]
    acts = [one.act for one in await house.rows(AuditEntry)]
    assert [act for act in acts if act.startswith("campaign")] == ["campaign.send", "campaign.pause", "campaign.resume"]


async def test_a_cancelled_campaign_sends_nothing_more_and_says_how_much_did_not_leave(house: House) -> None:
    """What left stays sent; a scheduled one can be cancelled, too."""
    max_ = await house.colleague("Max", "marketer")
    people = await subscribers(house, "ana", "bob")
    await plan(house)
    Trouble(house.memory, NotSent("refused"), strikes=lambda one: one.text == _TEXT)
    await run(house)

    (heard,) = await max_.says("/cancel 1")

    assert heard.splitlines() == ["Campaign 1: cancelled", "Sent 1 of 2, 0 waiting", "Cancelled before they left: 1"]
    house.hands.move(minutes=5)
    await run(house)
    assert sum(copies(*people)) == 1
    await plan(house, hours=1)
    assert (await max_.says("/cancel 2"))[0].startswith("Campaign 2: cancelled")


async def test_campaigns_are_listed_and_reported(house: House) -> None:
    """With what can be done next; a number that is none is asked for."""
    max_ = await house.colleague("Max", "marketer")
    assert await max_.says("/campaigns") == ["There are no campaigns yet."]
    await subscribers(house, "ana")
    await plan(house)
    await run(house)
    await plan(house, hours=1)

    assert await max_.says("/campaigns") == ["Campaigns\nCampaign 2: scheduled\nCampaign 1: done"]
    assert await max_.says("/report 1") == ["Campaign 1: done\nSent 1 of 1, 0 waiting"]
    for words in ("/report", "/report 99", "/report x", "/pause"):
        assert (await max_.says(words))[0].startswith("Which campaign?")
    assert await max_.says("/resume 1") == ["Campaign 1 is done; that does not go with it."]


async def test_progress_is_one_message_that_is_edited_in_place(house: House) -> None:
    """Whoever planned it sees it grow, and at the end the final figures."""
    max_ = await house.colleague("Max", "marketer")
    await subscribers(house, "ana", "bob")
    await max_.says("/campaign_new")
    await max_.says(_TEXT)
    await max_.presses("Skip this language")
    await max_.presses("Everybody who agreed")
    await max_.presses("Send now")

    await run(house)
    house.hands.move(seconds=11)
    await run(house)

    progress = [one for one in max_.heard if one.text.startswith("Campaign 1: ")]
    assert progress[-1].text == "Campaign 1: done\nSent 2 of 2, 0 waiting"
    assert progress[0].edits == ""
    first = f"m{house.memory.heard.index(progress[0]) + 1}"
    assert {one.edits for one in progress[1:]} == {first}


async def test_a_restart_in_the_middle_repeats_nobody_and_forgets_nobody(tmp_path: Path) -> None:
    """Rows, not a timer, say what is still to do."""
    memory, hands = Memory(), Hands()
    names = [f"c{number}" for number in range(12)]
    async with open_house(tmp_path, memory, hands) as house:
        await subscribers(house, *names)
        await plan(house)
        Trouble(memory, *["crash"] * 3, strikes=lambda one: one.chat in {"c3", "c4", "c5"})
        await run(house, 1)
    async with open_house(tmp_path, memory, hands) as house:
        await run(house)

        people = [house.customer(name) for name in names]
        assert copies(*people) == [0 if name in {"c3", "c4", "c5"} else 1 for name in names]
        figures = await report(house)
        assert (figures.sent, figures.in_doubt) == (9, 3)


async def test_a_stop_between_drawing_and_sending_loses_nobody(tmp_path: Path) -> None:
    """More people than one batch draws, and the process ends after the first batch."""
    memory, hands = Memory(), Hands()
    names = [f"c{number}" for number in range(campaigns.BATCH + 10)]
    async with open_house(tmp_path, memory, hands) as house:
        await subscribers(house, *names)
        await plan(house)
        async with house.app.records.write() as work:
            campaign = await work.session.get_one(Campaign, (await house.campaign()).id)
            campaigns.start(work, campaign)
            await campaigns.materialise(work, campaign, await campaigns.to_draw(work, campaign, "UTC"))
            await work.session.flush()
        assert await house.how_many(CampaignRecipient) == campaigns.BATCH
    async with open_house(tmp_path, memory, hands) as house:
        await run(house)

        assert {tuple(copies(house.customer(name))) for name in names} == {(1,)}
        assert await house.how_many(CampaignRecipient) == len(names)


async def days_after(house: House, days: int) -> None:
    """Let days pass and the alarm ring."""
    house.hands.move(days=days)
    await house.ring("follow_ups")
    await house.ring("follow_ups")


async def test_a_follow_up_comes_some_days_after_a_ticket_was_resolved_once_ever(tmp_path: Path) -> None:
    """To who agreed; who did not is left out with a reason."""
    async with open_house(tmp_path, FOLLOWUPS__AFTER_RESOLVED_DAYS="3") as house:
        wei = await house.colleague("Wei")
        (ana,) = await subscribers(house, "ana")
        bob = house.customer("bob")
        for number, person in enumerate((ana, bob), 1):
            await person.says("/agent")
            await wei.says(f"/claim {number}")
            await wei.says("/resolve")

        await days_after(house, 2)
        assert not [words for words in ana.words if "A few days ago" in words]
        await days_after(house, 1)
        await days_after(house, 1)

        assert sum("A few days ago" in words for words in ana.words) == 1
        assert not [words for words in bob.words if "A few days ago" in words]
        assert (await house.talk_of("ana"))[-1][0] == "follow_up"
        rows = await house.rows(FollowUp)
        assert [one.excluded for one in rows] == [None, "no_consent"]


async def test_a_follow_up_comes_after_a_first_contact_without_an_order(tmp_path: Path) -> None:
    """Once; an opt-out before it leaves stops it, and an open ticket holds it back."""
    async with open_house(tmp_path, FOLLOWUPS__AFTER_FIRST_CONTACT_DAYS="3") as house:
        wei = await house.colleague("Wei")
        ana, bob, cleo, dan = await subscribers(house, "ana", "bob", "cleo", "dan")
        await dan.says("/agent")
        async with house.app.records.write() as work:
            (buyer,) = await house.rows(Identity, Identity.external_id == "cleo")
            await orders.upsert(
                work,
                source="shop",
                external_ref="1",
                customer_id=buyer.customer_id,
                state="paid",
                total_minor=990,
                currency="EUR",
                placed_at=work.now,
                lines=(),
            )
            assert not await follow_ups.any_due(work, FollowUpKind.AFTER_FIRST_CONTACT, 3)
        house.hands.move(days=3)
        async with house.app.records.write() as work:
            await follow_ups.materialise(work, FollowUpKind.AFTER_FIRST_CONTACT, 3)
        house.put(bob.incoming(text="/stop"))
        await house.answer()

        await days_after(house, 0)
        await days_after(house, 1)

        got = [sum("asked Test Shop something" in words for words in one.words) for one in (ana, bob, cleo, dan)]
        assert got == [1, 0, 0, 0]
        await wei.says("/claim 1")
        await wei.says("/resolve")
        house.hands.move(minutes=6)
        await house.settle()
        assert "asked Test Shop something" in dan.words[-1]
