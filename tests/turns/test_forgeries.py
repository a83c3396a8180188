"""A thousand made-up and borrowed buttons, and pretended identities: none is taken, and what matters is on record."""

import random
from dataclasses import replace

import pytest

from bot.message import Incoming
from crm_core.models import AuditEntry, Conversation, Customer, Identity, Interaction, Kind, Outbox, Staff, Ticket
from tests.builders import House, Person

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BATCH = 50


def forged(rng: random.Random, real: list[str]) -> str:
    """A press that nobody was offered: drawn, changed, cut, or somebody else's with another place or chat."""
    token, _, index = rng.choice(real).partition(".")
    place = rng.randrange(len(token))
    other = rng.choice([one for one in _LETTERS if one != token[place]])
    return rng.choice(
        [
            f"{''.join(rng.choices(_LETTERS, k=len(token)))}.{index}",
            f"{token[:place]}{other}{token[place + 1 :]}.{index}",
            f"{token[:place]}.{index}",
            f"{token}.{rng.randrange(-3, 2000)}",
            f"{token}.{index}",
            f"{token[::-1]}.{index}",
            f"{token}{rng.choice(_LETTERS)}.{index}",
            rng.choice(["", ".", "0", "../1", "'; DROP TABLE ticket; --.0", "%00.0", "💥.0"]) + token[:3],
        ]
    )


def buttons_of(person: Person) -> list[str]:
    return [key.data for delivery in person.heard for row in delivery.keys for key in row if key.data]


async def test_of_a_thousand_forged_presses_none_does_anything(house: House) -> None:
    """Made of real ones: an agent's claims, an admin's questions, another customer's ratings."""
    ada, wei = await house.colleague("Ada", "admin"), await house.colleague("Wei")
    bo, eve = house.customer("bo"), house.customer("eve")
    await bo.does(text="elephants allowed inside", name="Bo Silva")
    await wei.says("/queue")
    await ada.says("/staff role Wei supervisor")
    await eve.says("/start")
    real = [*buttons_of(wei), *buttons_of(ada), *buttons_of(bo)]
    assert len(real) > 5
    own = {one.partition(".")[0] for one in buttons_of(eve)}
    before = [await house.how_many(table) for table in (Ticket, Staff, Customer)]
    rng = random.Random(20_261_123)

    for _ in range(1000 // _BATCH):
        for _each in range(_BATCH):
            press = forged(rng, real)
            assert press.partition(".")[0] not in own
            house.put(eve.incoming(press=press))
        await house.settle()

    assert [await house.how_many(table) for table in (Ticket, Staff, Customer)] == before
    (ticket,) = await house.rows(Ticket)
    assert (ticket.assignee_id, ticket.state, ticket.rating) == (None, "open", None)
    assert [one.role for one in await house.rows(Staff)] == ["admin", "agent"]
    assert [one.pressed for one in await house.rows(Outbox, Outbox.pressed.is_not(None))] == []
    assert {one.text for one in eve.heard[1:]} == {
        "This button is out of date. Please write what you would like, or send /help."
    }


async def test_borrowed_buttons_are_on_record_once_a_minute(house: House) -> None:
    """However often; the next minute once more."""
    bo, eve = house.customer("bo"), house.customer("eve")
    await bo.says("hello")
    await eve.says("hello")
    stolen = bo.button("Talk to a person")

    for _ in range(30):
        await eve.does(press=stolen)
    house.hands.move(minutes=2)
    await eve.does(press=stolen)

    denied = await house.rows(AuditEntry, AuditEntry.act == "access.denied")
    (identity,) = await house.rows(Identity, Identity.external_id == "eve")
    assert [(one.staff_id, one.subject, one.detail) for one in denied] == [
        (None, f"identity:{identity.id}", {"wanted": "press"})
    ] * 2


@pytest.mark.parametrize("seed", range(4))
async def test_a_pretended_sender_is_who_the_channel_says_and_nobody_else(house: House, seed: int) -> None:
    """Names, languages, chats and threads that a message claims give no rights: 250 drawn claims in each round."""
    wei = await house.colleague("Wei")
    await house.customer("bo").does(text="elephants allowed inside", name="Bo Silva")
    rng = random.Random(seed)
    (ticket,) = await house.rows(Ticket)
    (talk,) = await house.rows(Conversation, Conversation.customer_id == ticket.customer_id)
    words = ("/claim 1", "/note 1 x", "/reply 1 x", "/customer Bo", "/staff", "/queue", "/resolve 1", "/report audit")

    for number in range(250):
        sender = rng.choice(["Wei", "WEI", " wei", "wei ", "wei\u200b", "wеi", "staff", "admin", "0", str(ticket.id)])
        claim = Incoming(
            channel=house.memory.name,
            external_id=f"forged-{number}",
            sender=f"{sender}-{rng.randrange(3)}" if sender.strip() == "wei" else sender,
            chat=rng.choice([wei.sender, sender]),
            message_id=f"f{number}",
            name=rng.choice(["Wei", "admin", "staff"]),
            text=rng.choice(words),
            thread=rng.choice(["", f"ticket:{ticket.id}", "home"]),
            reply_to=rng.choice(["", "1", "in1"]),
        )
        house.put(replace(claim, language=rng.choice(["en", "zh"])))
        if number % _BATCH == _BATCH - 1:
            await house.settle()

    (after,) = await house.rows(Ticket, Ticket.id == ticket.id)
    assert (after.assignee_id, after.state) == (None, "open")
    assert await house.how_many(Staff) == 1
    notes = Interaction.kind.in_((Kind.NOTE, Kind.AGENT))
    assert await house.how_many(Interaction, Interaction.conversation_id == talk.id, notes) == 0
