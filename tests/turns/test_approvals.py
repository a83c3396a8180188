"""What nobody does alone: a second person agrees, or where there is none the PIN is asked."""

from dataclasses import replace

import pytest

from crm_core import pins, staff
from crm_core.models import Approval, AuditEntry, Campaign, Inbox, Interaction, Role, Staff
from tests.builders import House, Person

_PIN = "sesame-42"
_OVER = "This question is over: it was answered, used or is older than 24 hours."


async def admins(house: House, *names: str) -> list[Person]:
    return [await house.colleague(name, "admin") for name in names]


async def role_of(house: House, name: str) -> str:
    (found,) = await house.rows(Staff, Staff.name == name)
    return str(found.role)


async def audited(house: House, prefix: str) -> list[str]:
    return [one.act for one in await house.rows(AuditEntry, AuditEntry.act.startswith(prefix))]


async def with_pin(person: Person, pin: str = _PIN) -> Person:
    await person.says("/pin")
    assert await person.says(pin) == ["Your PIN is set."]
    return person


async def wants(person: Person, name: str, role: str) -> list[str]:
    """Ask for somebody's other role."""
    await person.says(f"/staff role {name} {role}")
    return await person.presses("Change the role")


# ---- a second person ----


async def test_a_role_changes_once_another_admin_agrees_and_the_asker_does_it(house: House) -> None:
    ada, bea = await admins(house, "Ada", "Bea")
    await house.colleague("Wei")

    (heard,) = await wants(ada, "Wei", "supervisor")
    assert heard.startswith("A second person has to agree to this, and is asked: Bea.")
    assert bea.words[-1] == "Ada wants to make Wei supervisor. Do you agree?"
    assert await role_of(house, "Wei") == "agent"

    assert await bea.presses("I agree") == ["Noted: you agree. Who asked does it now."]
    assert await role_of(house, "Wei") == "agent"
    assert await ada.presses("Do it now") == ["Wei is supervisor from now on."]
    assert await role_of(house, "Wei") == "supervisor"


async def test_what_was_agreed_to_is_done_once(house: House) -> None:
    """Pressed again, or by somebody else, the button does nothing."""
    ada, bea = await admins(house, "Ada", "Bea")
    await house.colleague("Wei")
    await wants(ada, "Wei", "supervisor")
    await bea.presses("I agree")
    await ada.presses("Do it now")
    async with house.app.records.write() as work:
        (wei,) = await staff.named(work, "Wei")
        wei.role = Role.AGENT

    assert await ada.presses("Do it now") == [_OVER]
    assert await role_of(house, "Wei") == "agent"


async def test_who_does_not_agree_ends_it(house: House) -> None:
    ada, bea = await admins(house, "Ada", "Bea")
    await house.colleague("Wei")
    await wants(ada, "Wei", "admin")

    await bea.presses("I do not agree")

    assert ada.words[-1] == "Bea does not agree that you make Wei admin."
    assert await bea.presses("I agree") == [_OVER]
    assert await role_of(house, "Wei") == "agent"


async def test_after_a_day_the_question_is_over(house: House) -> None:
    """For who is asked, and for who was allowed."""
    ada, bea = await admins(house, "Ada", "Bea")
    await house.colleague("Wei")
    await wants(ada, "Wei", "supervisor")
    await bea.presses("I agree")
    await wants(ada, "Wei", "marketer")
    house.hands.move(hours=24, seconds=1)

    assert await bea.presses("I agree") == [_OVER]
    assert await ada.presses("Do it now") == [_OVER]
    assert await role_of(house, "Wei") == "agent"


async def test_two_colleagues_do_not_agree_to_each_others_role(house: House) -> None:
    """Bea agreed to Cem's role, so Cem does not agree to hers: not for ninety days."""
    ada, bea, cem = await admins(house, "Ada", "Bea", "Cem")
    await wants(ada, "Cem", "admin")
    await bea.presses("I agree")
    await ada.presses("Do it now")

    await wants(ada, "Bea", "supervisor")

    assert "Ada wants to make Bea supervisor. Do you agree?" not in cem.words
    assert ada.words[-1].startswith("A second person has to agree to this, and who could may not")
    house.hands.move(days=91)
    await wants(ada, "Bea", "supervisor")
    assert cem.words[-1] == "Ada wants to make Bea supervisor. Do you agree?"


async def test_an_answer_from_before_counts_when_the_button_is_pressed_later(house: House) -> None:
    """Cem is asked about Bea first; before he answers, she agrees to his role: he may not any more."""
    ada, bea, cem = await admins(house, "Ada", "Bea", "Cem")
    await wants(ada, "Bea", "supervisor")
    asked = cem.button("I agree")
    await wants(ada, "Cem", "admin")
    await bea.presses("I agree")

    (heard,) = [one.text for one in await cem.does(press=asked)]

    assert heard.startswith("This colleague agreed to your role not long ago")


async def test_whom_it_is_about_is_not_asked(house: House) -> None:
    """With two admins, one who is to lose the role does not decide: the other gives a PIN."""
    ada, bea = await admins(house, "Ada", "Bea")
    heard = len(bea.words)
    await with_pin(ada)

    await wants(ada, "Bea", "agent")
    await ada.says(_PIN)

    assert len(bea.words) == heard
    assert await ada.presses("Do it now") == ["Bea is agent from now on."]


async def test_a_supervisor_agrees_to_what_others_do_and_not_to_what_only_admins_do(house: House) -> None:
    (ada,) = await admins(house, "Ada")
    boss = await house.colleague("Boss", "supervisor")
    await house.colleague("Wei")
    heard = len(boss.words)

    assert (await wants(ada, "Wei", "marketer"))[0].startswith("Nobody else is here to agree")
    assert len(boss.words) == heard


async def test_who_was_agreed_with_and_lost_the_role_does_it_no_more(house: House) -> None:
    ada, bea = await admins(house, "Ada", "Bea")
    await house.colleague("Wei")
    await wants(ada, "Wei", "supervisor")
    await bea.presses("I agree")
    async with house.app.records.write() as work:
        (one,) = await staff.named(work, "Ada")
        one.role = Role.AGENT

    assert (await ada.presses("Do it now"))[0].startswith("Your role does not allow this")
    assert await role_of(house, "Wei") == "agent"


async def test_what_waits_is_listed_for_who_may_agree(house: House) -> None:
    ada, bea = await admins(house, "Ada", "Bea")
    await house.colleague("Wei")
    assert await bea.says("/approvals") == ["Nothing waits for you to agree."]
    await wants(ada, "Wei", "supervisor")

    assert await bea.says("/approvals") == ["Ada wants to make Wei supervisor. Do you agree?"]
    assert await ada.says("/approvals") == ["Nothing waits for you to agree."]


# ---- the PIN ----


async def test_alone_an_admin_gives_the_pin(house: House) -> None:
    (ada,) = await admins(house, "Ada")
    await house.colleague("Wei")
    assert (await wants(ada, "Wei", "supervisor"))[0].startswith("Nobody else is here to agree, so this needs your PIN")
    await with_pin(ada)

    assert await wants(ada, "Wei", "supervisor") == ["Nobody else is here to agree, so write your PIN."]
    assert await ada.says(_PIN) == ["That is right. The button does it, once."]
    assert await ada.presses("Do it now") == ["Wei is supervisor from now on."]
    (row,) = await house.rows(Approval)
    assert (row.accepted, row.decided_by) == (True, None)


async def test_the_pin_is_written_down_nowhere(house: House) -> None:
    """Neither when it is chosen, nor right, nor wrong: the talk has dots, and the raw update is empty."""
    (ada,) = await admins(house, "Ada")
    await house.colleague("Wei")
    await with_pin(ada)
    await wants(ada, "Wei", "supervisor")
    for words in ("not-my-pin", _PIN):
        await ada.says(words)
    await ada.says(f"/pin {_PIN}")
    await ada.says(_PIN)

    talk = await house.talk_of("ada")
    assert [text for kind, text in talk if "sesame" in text or "not-my-pin" in text] == []
    assert talk.count(("command", "•••")) == 4
    assert ("command", "/pin •••") in talk
    assert {one.raw for one in await house.rows(Inbox)} <= {None, b""}
    assert await house.how_many(Interaction) > 0


async def test_five_wrong_pins_lock_it_for_a_quarter_of_an_hour(house: House) -> None:
    """Not even the right one is taken then; afterwards it is."""
    (ada,) = await admins(house, "Ada")
    await house.colleague("Wei")
    await with_pin(ada)
    await wants(ada, "Wei", "supervisor")
    for _ in range(4):
        assert await ada.says("wrong-one") == ["That is not your PIN. Please try again."]
    assert await ada.says("wrong-one") == ["Too many wrong PINs. In 15 minutes you can try again."]

    assert (await ada.says(_PIN))[0].startswith("Too many wrong PINs.")
    assert (await ada.says("/pin"))[0].startswith("Too many wrong PINs.")
    assert await house.how_many(Approval) == 0
    assert (await audited(house, "pin."))[-1] == "pin.locked"
    house.hands.move(minutes=15, seconds=1)
    await wants(ada, "Wei", "supervisor")
    assert await ada.says(_PIN) == ["That is right. The button does it, once."]


async def test_pins_guessed_by_two_accounts_at_once_are_counted_together(house: House) -> None:
    """Ten tries that are hashed at the same moment are five tries."""
    (ada,) = await admins(house, "Ada")
    await house.colleague("Wei")
    await with_pin(ada)
    phone = house.customer("ada-phone")
    async with house.app.records.write() as work:
        (one,) = await staff.named(work, "Ada")
        token = staff.invite_again(work, one)
    await phone.says(f"/start {token}")
    await wants(ada, "Wei", "supervisor")
    await wants(phone, "Wei", "supervisor")

    for number in range(5):
        house.put(ada.incoming(text=f"wrong-{number}"))
        house.put(phone.incoming(text=f"wrong-{number}"))
    house.put(phone.incoming(text=_PIN))
    await house.settle()

    assert (await audited(house, "pin.")).count("pin.wrong") == 5
    assert await house.how_many(Approval) == 0


@pytest.mark.parametrize("weak", ["12345", "aaaaaaa", "ababab", "", "x" * 65])
def test_a_weak_pin_is_none(weak: str) -> None:
    assert not pins.is_pin(weak)


async def test_a_weak_pin_is_not_taken(house: House) -> None:
    (ada,) = await admins(house, "Ada")
    await ada.says("/pin")

    assert (await ada.says("1111111"))[0].startswith("That is no PIN")
    assert await ada.says(_PIN) == ["Your PIN is set."]


async def test_another_pin_is_chosen_only_with_the_one_there_is(house: House) -> None:
    (ada,) = await admins(house, "Ada")
    await with_pin(ada)

    await ada.says("/pin")
    assert await ada.says("not-mine-at-all") == ["That is not your PIN. Please try again."]
    assert (await ada.says(_PIN))[0].startswith("Write the PIN that you want")
    assert await ada.says("other-pin-7") == ["Your PIN is set."]


async def test_words_of_long_after_are_no_pin(house: House) -> None:
    (ada,) = await admins(house, "Ada")
    await ada.says("/pin")
    house.hands.move(minutes=16)

    assert await ada.says(_PIN) == ["That took longer than 15 minutes. Please begin again."]
    assert [one.pin_hash for one in await house.rows(Staff)] == [None]


async def test_no_pin_is_asked_for_in_a_group(house: House) -> None:
    ada = await house.colleague("Ada", "admin", group="desk")

    assert (await ada.says("/pin"))[0].startswith("A PIN belongs in your private chat")


def test_the_hash_holds_no_pin_and_fits_its_column() -> None:
    stored = pins.hash_pin(_PIN, 64)

    assert _PIN not in stored
    assert len(stored) <= 190
    assert pins.is_right(_PIN, stored)
    assert not pins.is_right(_PIN + " ", stored)


# ---- campaigns ----


async def planned(house: House, marketer: Person, recipients: int) -> list[str]:
    for number in range(recipients):
        await house.customer(f"c{number}").says("/subscribe")
    await marketer.says("/campaign_new")
    await marketer.says("Spring tea is here.")
    await marketer.presses("Skip this language")
    await marketer.presses("Everybody who agreed")
    return await marketer.presses("Send now")


async def test_a_large_campaign_waits_until_a_second_person_agrees(house: House) -> None:
    """From so many recipients on; who planned it lets it go."""

    house.serve(replace(house.app.shop, broadcast_needs_second_from=2))
    max_, boss = await house.colleague("Max", "marketer"), await house.colleague("Boss", "supervisor")

    heard = await planned(house, max_, 2)
    await house.ring("campaigns")

    assert heard[0] == "Campaign 1 would reach so many that it waits."
    assert boss.words[-1] == "Max wants to send campaign 1. Do you agree?"
    assert [one.state for one in await house.rows(Campaign)] == ["approving"]
    assert "Spring tea is here." not in house.customer("c0").words

    await boss.presses("I agree")
    await max_.presses("Do it now")
    await house.ring("campaigns")
    assert "Spring tea is here." in house.customer("c0").words


async def test_a_small_campaign_waits_for_nobody(house: House) -> None:
    max_ = await house.colleague("Max", "marketer")

    heard = await planned(house, max_, 2)

    assert heard[0].startswith("Campaign 1 starts at")


async def test_a_campaign_that_waits_is_neither_resumed_nor_forgotten(house: House) -> None:

    house.serve(replace(house.app.shop, broadcast_needs_second_from=1))
    max_ = await house.colleague("Max", "marketer")
    await planned(house, max_, 1)

    assert "waits for a second person to agree" in (await max_.says("/resume 1"))[0]
    assert "waits for a second person to agree" in (await max_.says("/campaigns"))[0]
    await max_.says("/cancel 1")
    assert [one.state for one in await house.rows(Campaign)] == ["cancelled"]


async def test_alone_a_marketer_gives_the_pin_for_a_large_campaign(house: House) -> None:
    """The dialogue of the campaign ends where that of the PIN begins."""
    house.serve(replace(house.app.shop, broadcast_needs_second_from=1))
    max_ = await with_pin(await house.colleague("Max", "marketer"))

    heard = await planned(house, max_, 1)

    assert heard == [
        "Campaign 1 would reach so many that it waits.",
        "Nobody else is here to agree, so write your PIN.",
    ]
    await max_.says(_PIN)
    await max_.presses("Do it now")
    await house.ring("campaigns")
    assert "Spring tea is here." in house.customer("c0").words
