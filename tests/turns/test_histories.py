"""Imported histories and live talk: one conversation in the order of its times, and no reader is fooled."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.importing.runs import Wishes
from bot.imports import import_history
from crm_core import conversations, gaps
from crm_core.histories import Past
from crm_core.imports import Taken
from crm_core.models import Conversation, Customer, Identity, Interaction, Kind, Outbox, Ticket
from crm_core.reports import answers
from crm_core.storage.vault import VaultError
from tests.builders import House

PAST = Past(channel="memory", language="en")
OLD = datetime(2025, 5, 4, 8, 0, tzinfo=UTC)


async def take_in(house: House, folder: Path, person: str, *said: tuple[bool, str, datetime]) -> Taken:
    """Import a chat with somebody at the memory channel; by the person or not, what, when."""
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": str(int(at.timestamp())),
            "from_id": f"user{person if theirs else 77}",
            "text": text,
        }
        for number, (theirs, text, at) in enumerate(said, 1)
    ]
    file = folder / "result.json"
    export = {"name": "Ana", "type": "personal_chat", "id": int(person), "messages": messages}
    file.write_text(json.dumps(export), encoding="utf-8")
    return (await import_history(house.app.records, file, PAST, Wishes())).taken


async def words(house: House) -> list[str]:
    """What was said in the only conversation of a customer, in the order of the pages that show it."""
    (talk,) = await house.rows(Conversation, Conversation.customer_id.is_not(None))
    async with house.app.records.read() as work:
        rows = await conversations.latest(work, talk.id, 50)
        return [await conversations.body_of(work, one) for one in rows]


async def test_who_has_a_history_goes_on_in_the_same_conversation(house: House, tmp_path: Path) -> None:
    """They can be written to from their first words on, which tell their language, too."""
    taken = await take_in(house, tmp_path, "4001", (True, "hello", OLD), (False, "hi", OLD + timedelta(seconds=1)))
    assert taken.added == 2
    (identity,) = await house.rows(Identity)
    assert identity.unreachable_at is not None

    ana = house.customer("4001")
    heard = await ana.says("配送要多久")

    (customer,), (identity,) = await house.rows(Customer), await house.rows(Identity)
    assert (identity.customer_id, identity.unreachable_at, identity.language) == (customer.id, None, "zh")
    assert (await words(house))[:3] == ["hello", "hi", "配送要多久"]
    assert "配送需要三到五个工作日" in heard[0]


async def test_older_words_stand_before_newer_ones_and_the_last_contact_stays(house: House, tmp_path: Path) -> None:
    """Pages and cards order by id, which grows with the time; readers past their cursor see what came."""
    ana = house.customer("4001")
    await ana.says("how long does delivery take")
    (before,) = await house.rows(Conversation)
    spoken = await words(house)

    await take_in(house, tmp_path, "4001", *[(n % 2 == 0, f"old {n}", OLD) for n in range(5)])

    assert await words(house) == [*(f"old {n}" for n in range(5)), *spoken]
    (after,) = await house.rows(Conversation)
    assert after.last_in_at == before.last_in_at
    async with house.app.records.read() as work:
        rows = await conversations.since(work, after.id, before.last_rev, None, 50)
        assert [await conversations.body_of(work, one) for one, _outbox in rows] == [f"old {n}" for n in range(5)]
    assert len(await house.rows(Customer)) == 1


async def test_the_last_contact_moves_forward(house: House, tmp_path: Path) -> None:
    """To what the customer said last, not the shop."""
    await take_in(house, tmp_path, "4001", (True, "a", OLD), (False, "b", OLD + timedelta(days=1)))
    (talk,) = await house.rows(Conversation)
    assert (talk.last_in_at, talk.created_at) == (OLD, OLD)


async def test_what_staff_said_is_passed_over(house: House, tmp_path: Path) -> None:
    """An identity is a customer's or a colleague's."""
    await house.colleague("4001")
    before = await house.how_many(Interaction)

    taken = await take_in(house, tmp_path, "4001", (True, "lunch?", OLD))

    assert (taken.added, taken.passed) == (0, 1)
    assert (await house.how_many(Interaction), await house.how_many(Customer)) == (before, 0)


async def test_who_was_erased_is_not_written_to_again(house: House, tmp_path: Path) -> None:
    """Their words would be sealed under the house key."""
    await house.customer("4001").says("how long does delivery take")
    async with house.app.records.write() as work:
        (customer,) = await house.rows(Customer)
        (await work.session.get_one(Customer, customer.id)).key = None
    before = await house.how_many(Interaction)

    taken = await take_in(house, tmp_path, "4001", (True, "hello", OLD))

    assert (taken.added, taken.passed) == (0, 1)
    assert await house.how_many(Interaction) == before


async def test_words_are_sealed_under_the_key_of_their_customer(house: House, tmp_path: Path) -> None:
    """Erasing the customer makes them unreadable."""
    await take_in(house, tmp_path, "4001", (True, "hello", OLD), (False, "hi", OLD))
    (customer,) = await house.rows(Customer)
    async with house.app.records.write() as work:
        (await work.session.get_one(Customer, customer.id)).key = None
    async with house.app.records.read() as work:
        said = await house.rows(Interaction)
        assert {one.customer_id for one in said} == {customer.id}
        assert await conversations.words_of(work, [one.id for one in said]) == {}
        for one in said:
            with pytest.raises(VaultError):
                work.vault.open(one.body, f"interaction.body:{one.id}", None, customer.id)


async def test_nobody_hears_of_it_and_nothing_learns_from_it(house: House, tmp_path: Path) -> None:
    """No ticket, nothing to send, no gap, no answered question, no follow-up, however new the history is."""
    now = house.hands.now
    said = [(n % 2 == 0, "where is my parcel from the moon", now - timedelta(days=8, minutes=-n)) for n in range(6)]
    await take_in(house, tmp_path, "4001", *said)
    await house.ring("follow_ups")

    assert [await house.how_many(table) for table in (Ticket, Outbox)] == [0, 0]
    rows = await house.rows(Interaction)
    assert {one.kind for one in rows} == {Kind.MESSAGE, Kind.AGENT}
    assert all((one.decision, one.ticket_id, one.staff_id) == (None, None, None) for one in rows)
    async with house.app.records.read() as work:
        assert await gaps.ungrouped(work, now - timedelta(days=30), 50) == []
        assert not await conversations.has_asked(work, rows[0].conversation_id, timedelta(days=30))
        found = await answers.make(work, now - timedelta(days=30))
        assert not any(row[1] for row in found.rows)
