"""A campaign is killed again and again while it is sent: nobody hears it twice, nobody is silently left out."""

import json
import random
from collections import Counter

import pytest
from sqlalchemy import select

from crm_core import consents, customers
from crm_core.models import Campaign, CampaignRecipient, Customer, Identity, Interaction, Kind, Outbox
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
from tests.faults.process import LIBRARIES, Frontdesk, kills, pause, until
from tests.telegram_server.client import Control

KILLS = 20
RECIPIENTS = 1000
UNDER_WAY = 30  # the most that may be under way when the process dies (bot/courier.py)
_FIRST = 20_000
_NO_CONSENT = 7  # people who were never asked


def _write_down_customers(desk: Frontdesk, server: Control) -> None:
    """People who wrote long ago; all but a few agreed to marketing."""
    chats = [str(_FIRST + n) for n in range(RECIPIENTS + _NO_CONSENT)]

    async def meet(work: Work) -> None:
        for chat in chats:
            _identity, customer, _conversation = await customers.welcome(
                work, channel=desk.channel, external_id=chat, chat=chat, language="en", name=f"Customer {chat}"
            )
            await work.session.flush()
            if int(chat) < _FIRST + RECIPIENTS:
                consents.give(work, customer.id, granted=True, source="test")

    desk.change(meet)
    server.open_chats(*map(int, chats))


@pytest.mark.fault
@pytest.mark.timeout(400)
def test_a_campaign_killed_twenty_times_reaches_everybody_once_or_says_whom_it_may_have_missed(
    server: Control, make_desk: MakeDesk, chance: random.Random
) -> None:
    """A thousand recipients, twenty kills, both libraries in turn: nobody twice, nobody missed, doubts are listed."""
    desk = make_desk(server, sending={"per_second": 100, "per_chat_per_second": 1000})
    _write_down_customers(desk, server)
    desk.command("campaign", "send", "--yes", "--audience", "all", "--text-en", "The new teas are here.")
    deaths = kills(KILLS)
    at_each = []
    for death in range(deaths):
        before = len(server.log())
        desk.start(LIBRARIES[death % 2], command=death < 2)
        server.wait(_sends(server) + 1, seconds=60)
        pause(chance.uniform(0.02, 0.35))
        desk.kill()
        at_each.append(len(server.log()) - before)
        assert desk.look(_state) == "running", f"the campaign had ended before kill {death + 1}"
    desk.start()
    until(lambda: not desk.unfinished and desk.look(_state) == "done", "the campaign is done", 120)
    assert desk.ask_to_leave()[0] == 0
    _compare(desk, server, deaths)
    print(f"{deaths} kills, calls in each life {at_each}")  # noqa: T201
    assert "Traceback" not in desk.logs


def _sends(server: Control) -> int:
    return sum(entry["method"] == "sendMessage" for entry in server.log())


async def _state(work: Work) -> str:
    return (await work.session.scalars(select(Campaign.state))).one()


def _compare(desk: Frontdesk, server: Control, deaths: int) -> None:
    """Hold every recipient's standing on record against what arrived in their chat."""
    heard = Counter(str(entry["chat_id"]) for entry in server.log() if entry["method"] == "sendMessage")
    standing = desk.look(_standing)
    words = desk.look(_on_record)
    states = Counter(standing.values())
    listed = json.loads(desk.command("campaign", "show", "1", "--json"))
    in_doubt = {chat for chat, state in standing.items() if state == "in_doubt"}
    print(f"recipients {dict(states)}; in doubt but arrived: {sum(heard[chat] for chat in in_doubt)}")  # noqa: T201

    assert not [chat for chat, times in heard.items() if times > 1], "somebody heard it twice"
    assert len(standing) == RECIPIENTS + _NO_CONSENT
    assert set(states) <= {"sent", "in_doubt", "no_consent"}, states
    assert states["no_consent"] == _NO_CONSENT
    assert not [chat for chat, state in standing.items() if state == "sent" and not heard[chat]], (
        "sent, but never heard"
    )
    missed = [chat for chat, state in standing.items() if state == "in_doubt" and not heard[chat]]
    assert len(heard) + len(missed) == RECIPIENTS, "somebody neither heard it nor is listed as in doubt"
    assert states["in_doubt"] <= deaths * UNDER_WAY
    assert listed["figures"]["sent"] == states["sent"]
    assert listed["figures"]["in_doubt"] == states["in_doubt"]
    assert set(listed["in_doubt"]) == desk.look(lambda work: _customers_of(work, in_doubt))
    assert words == {chat for chat, state in standing.items() if state == "sent"}, "what was sent is on record, once"


async def _standing(work: Work) -> dict[str, str]:
    """Per chat, how the one recipient row stands."""
    statement = (
        select(Identity.chat, CampaignRecipient.excluded, Outbox.state)
        .join(Customer, Customer.id == Identity.customer_id)
        .outerjoin(CampaignRecipient, CampaignRecipient.customer_id == Customer.id)
        .outerjoin(Outbox, Outbox.id == CampaignRecipient.outbox_id)
    )
    return {row[0]: row[1] or row[2] or "nowhere" for row in (await work.session.execute(statement)).all()}


async def _on_record(work: Work) -> set[str]:
    """The chats whose conversation holds the campaign's words; each must do so once."""
    statement = (
        select(Outbox.chat)
        .join(Interaction, Interaction.id == Outbox.interaction_id)
        .where(Interaction.kind == Kind.CAMPAIGN)
    )
    chats = (await work.session.scalars(statement)).all()
    assert len(chats) == len(set(chats))
    return set(chats)


async def _customers_of(work: Work, chats: set[str]) -> set[str]:
    statement = select(Identity.customer_id).where(Identity.chat.in_(chats))
    return {str(one) for one in (await work.session.scalars(statement)).all()}
