"""Roles change and colleagues leave: from that commit on, everywhere, and never so that nobody is left."""

import pytest

from crm_core import staff
from crm_core.models import Identity, Lane, Outbox, OutboxState, Role, Staff, Ticket, WebSession
from crm_core.staff import StaffRefused
from tests.builders import House, Person

_ODD = "elephants allowed inside"
_NOT_ALLOWED = ["Your role does not allow this. If it should, ask an admin."]


async def change(house: House, name: str, role: str, by: str | None = None) -> None:
    async with house.app.records.write() as work:
        (one,) = await staff.named(work, name)
        asker = (await staff.named(work, by))[0].id if by else None
        await staff.change_role(work, one, role, asker)


async def revoke(house: House, name: str) -> None:
    async with house.app.records.write() as work:
        (one,) = await staff.named(work, name)
        await staff.revoke(work, one, None)


async def with_ticket(house: House) -> tuple[Person, Person]:
    """Wei has Ana's ticket."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.does(text=_ODD, name="Ana Silva")
    await wei.says("/claim 1")
    return wei, ana


async def test_who_was_let_go_can_do_nothing_any_more_with_words_or_with_buttons(house: House) -> None:
    wei, _ana = await with_ticket(house)
    resolve = wei.button("Resolve")

    await revoke(house, "Wei")

    for words in ("/queue", "/note 1 x", "hello", "/customer 1", "/pin", "/staff"):
        assert await wei.says(words) == _NOT_ALLOWED
    assert [one.text for one in await wei.does(press=resolve)] == _NOT_ALLOWED
    (ticket,) = await house.rows(Ticket)
    assert ticket.state != "resolved"


async def test_a_press_in_the_same_batch_as_the_leaving_counts_for_nothing(house: House) -> None:
    """The admin's button and the leaver's words wait at the same moment."""
    ada = await house.colleague("Ada", "admin")
    wei, _ana = await with_ticket(house)
    await ada.says("/pin")
    await ada.says("sesame-42")
    await ada.says("/staff revoke Wei")
    await ada.presses("Remove")
    await ada.says("sesame-42")

    house.put(ada.incoming(press=ada.button("Do it now")))
    house.put(wei.incoming(text="/resolve 1"))
    await house.settle()

    assert ada.words[-1].startswith("Wei is no colleague any more.")
    (ticket,) = await house.rows(Ticket)
    assert (ticket.state, ticket.assignee_id) == ("open", None)
    assert wei.words[-1] == _NOT_ALLOWED[0]


async def test_their_tickets_wait_for_others_who_are_reminded(house: House) -> None:
    await with_ticket(house)
    ben = await house.colleague("Ben")

    await revoke(house, "Wei")
    house.hands.move(minutes=11)
    await house.ring("unclaimed")

    (ticket,) = await house.rows(Ticket)
    assert ticket.assignee_id is None
    assert "#1" in ben.words[-1]
    assert "Ana Silva" in (await ben.says("/queue"))[0]


async def test_what_still_waits_for_them_is_not_sent(house: House) -> None:
    """A copy of the customer's words that was on its way."""
    wei, ana = await with_ticket(house)
    house.put(ana.incoming(text="my account number is 12345"))
    await house.answer()

    await revoke(house, "Wei")
    await house.settle()

    assert "12345" not in "".join(wei.words)
    waiting = await house.rows(Outbox, Outbox.chat == "wei", Outbox.lane == Lane.COPY)
    assert OutboxState.QUEUED not in {one.state for one in waiting}
    assert "suppressed" in {one.state for one in waiting}


async def test_a_ticket_that_is_opened_again_goes_to_whoever_is_there(house: House) -> None:
    """Not to a colleague who has left since, and they hear nothing of it."""
    wei, ana = await with_ticket(house)
    ben = await house.colleague("Ben")
    await wei.says("/resolve 1")
    await revoke(house, "Wei")
    heard = len(wei.words)

    await ana.says("one more thing about elephants")

    (ticket,) = await house.rows(Ticket)
    assert ticket.assignee_id is None
    assert len(wei.words) == heard
    assert "#1" in ben.words[-1]


async def test_an_agent_who_becomes_marketer_gives_the_tickets_back(house: House) -> None:
    wei, _ana = await with_ticket(house)

    await change(house, "Wei", Role.MARKETER)

    (ticket,) = await house.rows(Ticket)
    assert ticket.assignee_id is None
    assert await wei.says("/queue") == _NOT_ALLOWED
    assert (await wei.says("/campaigns"))[0] != _NOT_ALLOWED[0]


async def test_their_sessions_end(house: House) -> None:
    await with_ticket(house)
    async with house.app.records.write() as work:
        (wei,) = await staff.named(work, "Wei")
        identity = next(one for one in await house.rows(Identity) if one.staff_id == wei.id)
        staff.open_session(work, identity.id)

    await revoke(house, "Wei")

    assert await house.how_many(WebSession) == 0


async def test_the_last_admin_stays(house: House) -> None:
    """Neither let go nor made anything else; with a second one both may be."""
    await house.colleague("Ada", "admin")
    for attempt in (revoke(house, "Ada"), change(house, "Ada", "agent")):
        with pytest.raises(StaffRefused, match="staff_last_admin"):
            await attempt

    await house.colleague("Bea", "admin")
    await change(house, "Ada", "agent")
    assert {one.name: one.role for one in await house.rows(Staff)} == {"Ada": "agent", "Bea": "admin"}


async def test_nobody_changes_their_own_role(house: House) -> None:
    await house.colleague("Ada", "admin")
    await house.colleague("Bea", "admin")

    with pytest.raises(StaffRefused, match="staff_own"):
        await change(house, "Ada", "agent", by="Ada")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("/staff role Wei owner", "owner is no role."),
        ("/staff role Eve agent", "There is no colleague called Eve."),
        ("/staff revoke Eve", "There is no colleague called Eve."),
        ("/staff revoke", "There is no colleague called ."),
        ("/staff team Wei tea", "Wei is in team tea."),
        ("/staff team Wei", "Wei is in no team."),
        ("/staff 角色 Wei 主管", "主管 is no role."),
        ("/staff nonsense", "2 colleagues"),
        ("/staff role", "2 colleagues"),
    ],
)
async def test_what_an_admin_writes_is_answered_in_words(house: House, words: str, says: str) -> None:
    ada = await house.colleague("Ada", "admin")
    await house.colleague("Wei")

    assert (await ada.says(words))[0].startswith(says)


async def test_in_chinese_the_words_are_chinese(house: House) -> None:
    ada = await house.colleague("Ada", "admin", language="zh")
    await house.colleague("Wei")

    assert await ada.says("/staff 角色 Wei 主管") == ["Wei现在是客服。要改为主管吗？"]
    assert await ada.says("/staff 小组 Wei 茶") == ["Wei已加入茶组。"]
