"""`campaign …`: the dry run says who, sending asks first, and a campaign can be looked at and stopped."""

from typing import Any

import pytest

from crm_core import consents, customers, outbox
from crm_core.models import AuditEntry, Campaign, CampaignRecipient, Outbox, OutboxState
from crm_core.work import Records
from scheduler import JOBS
from tests.builders import House
from tests.cli.conftest import ShopFolder

SEND = ("campaign", "send", "--audience", "all", "--text-en", "Spring tea is here.")


async def two_customers(records: Records) -> None:
    """Ana agreed to marketing, Bo did not say."""
    async with records.write() as work:
        for name in ("ana", "bo"):
            _, customer, _ = await customers.welcome(
                work, channel="memory", external_id=name, chat=name, language="en", name=name
            )
            if name == "ana":
                consents.give(work, customer.id, granted=True, source="command")


@pytest.fixture
def street(shop: ShopFolder) -> ShopFolder:
    """A shop with two customers."""
    shop.with_records(two_customers)
    return shop


def test_a_dry_run_says_who_would_get_it_and_why_others_would_not(street: ShopFolder) -> None:
    """Nothing is planned."""
    ran = street.does(*SEND, "--dry-run")

    assert ran.lines == ["1 person would get it (all).", "  left out, did not agree: 1"]
    assert street.does("campaign", "list").out == "There are no campaigns yet.\n"
    assert street.does(*SEND, "--dry-run", "--json").json == {
        "audience": "all", "included": 1, "excluded": {"no_consent": 1},
    }  # fmt: skip


def test_without_a_terminal_a_campaign_needs_a_yes(street: ShopFolder) -> None:
    """A script has to say that it means it."""
    ran = street.does(*SEND, words="y\n")

    assert ran.code == 1
    assert "--yes is needed" in ran.err
    assert street.does("campaign", "list", "--json").json == []


def test_a_planned_campaign_is_taken_up_by_the_running_process(street: ShopFolder) -> None:
    """The row is all that the scheduler needs; who planned it is on record as the command line."""
    planned = street.does(*SEND, "--yes", "--json").json

    assert (planned["campaign"], planned["state"], planned["included"]) == (1, "scheduled", 1)

    async def serve(house: House) -> tuple[list[str], Any]:
        house.hands.now = (await house.rows(Campaign))[0].starts_at
        await house.ring("campaigns")
        await house.ring("campaigns")
        entries = [entry.staff_id for entry in await house.rows(AuditEntry) if entry.act == "campaign.send"]
        return [one.text for one in house.customer("ana").heard], entries

    heard, entries = street.with_house(serve)

    assert heard[-1] == "Spring tea is here."
    assert entries == [None]
    shown = street.does("campaign", "show", "1", "--json").json
    assert (shown["figures"]["sent"], shown["figures"]["excluded"]) == (1, {"no_consent": 1})
    assert street.does("campaign", "show", "1").lines[1:] == [
        "  sent 1 of 1, 0 waiting, 0 under way",
        "  left out, did not agree: 1",
    ]


def test_who_may_or_may_not_have_got_it_is_listed(street: ShopFolder) -> None:
    """A delivery in doubt is shown with the customer's id."""
    street.does(*SEND, "--yes")

    async def lose_the_answer(house: House) -> str:
        house.hands.now = (await house.rows(Campaign))[0].starts_at
        await house.app.clock.ring(next(job for job in JOBS if job.name == "campaigns"))
        async with house.app.records.write() as work:
            (row,) = [one for one in await house.rows(Outbox) if one.state == OutboxState.QUEUED]
            row = await work.session.get_one(Outbox, row.id)
            outbox.settle(work, row, OutboxState.IN_DOUBT, "crash")
        (ana,) = [one for one in await house.rows(CampaignRecipient) if one.outbox_id is not None]
        return str(ana.customer_id)

    ana = street.with_house(lose_the_answer)

    assert street.does("campaign", "show", "1", "--json").json["in_doubt"] == [ana]
    assert street.does("campaign", "show", "1").lines[-1] == f"  these customers: {ana}"
    deliveries = street.does("report", "deliveries", "--days", "3650", "--json").json["rows"]
    assert [row["messages"] for row in deliveries if row["in_doubt"]] == [1]


def test_a_campaign_can_be_paused_resumed_and_cancelled(street: ShopFolder) -> None:
    """What its state does not allow is refused in words."""
    street.does(*SEND, "--yes", "--at", "2099-01-01 09:00")

    refused = street.does("campaign", "pause", "1")
    cancelled = street.does("campaign", "cancel", "1", "--json")

    assert (refused.code, refused.err) == (1, "Campaign 1 is scheduled; that does not go with it.\n")
    assert cancelled.json == {"campaign": 1, "state": "cancelled"}
    assert street.does("campaign", "list").lines[1].split()[:3] == ["1", "cancelled", "all"]


def test_an_unknown_campaign_is_named(street: ShopFolder) -> None:
    """Showing and changing say the same."""
    for act in ("show", "pause", "resume", "cancel"):
        ran = street.does("campaign", act, "7")
        assert (ran.code, ran.err) == (1, "There is no campaign 7; `frontdesk campaign list` shows them.\n")
    assert street.does("campaign", "show", str(2**70)).code == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--audience", "all"], "A campaign needs a text in at least one language."),
        (["--audience", "dogs", "--text-en", "x"], "At character 1, “dogs”: there is no such field."),
        (["--audience", "tag tea and", "--text-en", "x"], "At the end: the name of a field belongs here."),
        (["--audience", "language:fr", "--text-en", "x"], "I do not know the audience “language:fr”."),
        (["--audience", "all", "--text-en", "x" * 4001], "That is 4,001 characters; a message takes 4,000."),
        (["--audience", "all", "--text-en", "x", "--at", "soon"], "I cannot read “soon” as a time."),
        (["--audience", "all", "--text-en", "x", "--at", "2020-01-01 09:00"], "2020-01-01 09:00 is over."),
    ],
    ids=["no text", "audience", "question", "language", "long", "time", "past"],
)
def test_what_cannot_be_planned_is_said_in_words(street: ShopFolder, args: list[str], said: str) -> None:
    """The same words as in the chat."""
    ran = street.does("campaign", "send", *args, "--yes")

    assert ran.code == 1
    assert said in ran.err
    assert street.does("campaign", "list", "--json").json == []


def test_a_text_in_a_language_that_the_shop_does_not_speak_is_refused(street: ShopFolder) -> None:
    """Nobody would get it."""
    street.configure('[shop]\nlanguages = ["en"]\n[web]\nenabled = false\n[knowledge]\narticles = "articles.jsonl"\n')

    ran = street.does("campaign", "send", "--audience", "all", "--text-zh", "春茶到了", "--yes")

    assert (ran.code, ran.err) == (1, "--text-zh is of no use: the shop speaks en ([shop] languages).\n")
