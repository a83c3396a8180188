"""Who becomes staff, and what each role may do."""

import pytest

from bot import handlers
from crm_core import staff
from crm_core.models import Customer, Identity, Interaction, Role, Staff
from crm_core.rules import access
from tests.builders import House, Person

_NOT_ALLOWED = "Your role does not allow this. If it should, ask an admin."


async def invite(house: House, role: str = "agent", name: str = "Wei") -> str:
    """A fresh invite."""
    async with house.app.records.write() as work:
        return staff.invite(work, role, name)


@pytest.mark.parametrize("role", ["agent", "supervisor", "marketer", "admin"])
async def test_an_invite_makes_somebody_staff(house: House, role: str) -> None:
    """The account is bound, greeted by name and role, and is no customer."""
    token = await invite(house, role)
    wei = house.customer("wei")

    assert await wei.says(f"/start {token}") == [
        f"Welcome, Wei. You are signed in as {role}. /help shows what you can do here."
    ]

    (member,) = await house.rows(Staff)
    assert (member.name, member.role) == ("Wei", role)
    assert await house.how_many(Customer) == 0


async def test_the_token_is_written_down_nowhere(house: House) -> None:
    """The record says /start; only a hash is stored."""
    token = await invite(house)

    await house.customer("wei").says(f"/start {token}")

    assert (await house.talk_of("wei"))[0] == ("command", "/start")


async def test_who_pressed_start_first_may_still_be_invited(house: House) -> None:
    """Telegram makes everybody press Start, and a mistyped token is no talk of a customer either."""
    wei = house.customer("wei")
    await wei.says("/start")
    await wei.says("/start mistyped")

    heard = await wei.says(f"/start {await invite(house)}")

    assert heard[0].startswith("Welcome, Wei.")
    assert await house.how_many(Customer) == 0
    assert [kind for kind, _ in await house.talk_of("wei")] == ["command", "reply"] * 3


async def test_an_invite_works_once(house: House) -> None:
    """The second account learns that it is used."""
    token = await invite(house)
    await house.customer("wei").says(f"/start {token}")

    (heard,) = await house.customer("eve").says(f"/start {token}")

    assert heard.startswith("This invite has been used, has expired, or does not exist.")
    assert await house.how_many(Staff) == 1


async def test_an_invite_expires_after_a_day(house: House) -> None:
    """A day and a second later nobody becomes staff by it."""
    token = await invite(house)
    house.hands.move(hours=24, seconds=1)

    await house.customer("wei").says(f"/start {token}")

    assert await house.how_many(Staff) == 0


async def test_of_two_who_use_an_invite_at_the_same_moment_one_becomes_staff(house: House) -> None:
    """In one batch or not."""
    token = await invite(house)

    for name in ("wei", "eve", "bob"):
        house.put(house.customer(name).incoming(text=f"/start {token}"))
    await house.settle()

    assert await house.how_many(Staff) == 1
    assert await house.how_many(Identity, Identity.staff_id.is_not(None)) == 1


async def invite_again(house: House, name: str = "Wei") -> str:
    """A fresh invite for a colleague who is known already."""
    async with house.app.records.write() as work:
        (one,) = [one for one in await staff.everybody(work) if one.name == name]
        return staff.invite_again(work, one)


async def test_a_colleague_comes_in_by_a_second_account(house: House) -> None:
    """It is the same colleague, in the role they have by now, and both accounts are theirs."""
    await house.colleague("Wei")
    token = await invite_again(house)
    async with house.app.records.write() as work:
        (wei,) = await staff.everybody(work)
        wei.role = Role.SUPERVISOR
    phone = house.customer("wei-phone")

    (heard,) = await phone.says(f"/start {token}")

    (member,) = await house.rows(Staff)
    assert heard.startswith("Welcome, Wei. You are signed in as supervisor.")
    assert member.role == Role.SUPERVISOR
    assert await house.how_many(Identity, Identity.staff_id == member.id) == 2
    assert await house.how_many(Customer) == 0


async def test_both_accounts_of_a_colleague_work_the_same_tickets(house: House) -> None:
    """Claimed with one, answered with the other; alerts reach both."""
    await house.customer("ana").says("/agent")
    wei, phone = await house.colleague("Wei"), house.customer("wei-phone")
    await phone.says(f"/start {await invite_again(house)}")
    await house.customer("bo").says("/agent")
    assert "#2" in wei.words[-1]
    assert "#2" in phone.words[-1]

    await wei.says("/claim 1")
    await phone.says("/reply #1 Good morning!")

    assert "Good morning!" in house.customer("ana").words


async def test_an_invite_for_a_known_colleague_works_once(house: House) -> None:
    """Whoever brings it second is nobody's colleague."""
    await house.colleague("Wei")
    token = await invite_again(house)
    await house.customer("wei-phone").says(f"/start {token}")

    (heard,) = await house.customer("eve").says(f"/start {token}")

    assert heard.startswith("This invite has been used, has expired, or does not exist.")
    assert await house.how_many(Identity, Identity.staff_id.is_not(None)) == 2


async def test_a_colleague_who_has_left_does_not_come_in_again(house: House) -> None:
    """Not even by an invite that was made before."""
    await house.colleague("Wei")
    token = await invite_again(house)
    async with house.app.records.write() as work:
        (wei,) = await staff.everybody(work)
        wei.revoked_at = work.now

    (heard,) = await house.customer("wei-phone").says(f"/start {token}")

    assert heard.startswith("This invite has been used, has expired, or does not exist.")
    assert await house.how_many(Identity, Identity.staff_id.is_not(None)) == 1


@pytest.mark.parametrize("past", ["refund please", "/agent", "/subscribe", "press"])
async def test_a_customer_cannot_become_staff(house: House, past: str) -> None:
    """Who has dealt with the shop as a customer stays one, and the invite stays good."""
    ana = house.customer()
    if past == "press":
        await ana.says("/start")
        await ana.presses("中文")
        await ana.says("/language en")
    else:
        await ana.says(past)
    token = await invite(house)

    (heard,) = await ana.says(f"/start {token}")

    assert heard.startswith("This account has already written to us as a customer")
    assert await house.how_many(Staff) == 0
    assert (await house.customer("wei").says(f"/start {token}"))[0].startswith("Welcome, Wei.")


async def test_staff_stay_what_they_are_when_they_use_another_invite(house: House) -> None:
    """It is not even spent."""
    wei = await house.colleague("Wei")
    token = await invite(house, "admin", "Root")

    await wei.says(f"/start {token}")

    assert [one.role for one in await house.rows(Staff)] == ["agent"]


async def test_a_colleague_who_has_left_may_do_nothing(house: House) -> None:
    """Neither as staff nor as a customer."""
    wei = await house.colleague("Wei")
    async with house.app.records.write() as work:
        (await work.session.get_one(Staff, (await house.rows(Staff))[0].id)).revoked_at = work.now

    for words in ("/queue", "hello", "refund please", "/subscribe"):
        assert await wei.says(words) == [_NOT_ALLOWED]


async def one_of(house: House, role: Role) -> Person:
    """Somebody with this role."""
    return house.customer("somebody") if role == Role.CUSTOMER else await house.colleague("Somebody", role)


@pytest.mark.parametrize("role", Role)
async def test_every_command_is_allowed_or_refused_as_the_table_says(house: House, role: Role) -> None:
    """Commands of another role are refused in words and do nothing."""
    person = await one_of(house, role)
    for command, (act, _answer) in handlers.COMMANDS.items():
        heard = await person.says(command)
        assert (heard == [_NOT_ALLOWED]) == (role not in access.ACTS[act].roles), command


@pytest.mark.parametrize("role", Role)
async def test_every_button_is_allowed_or_refused_as_the_table_says(house: House, role: Role) -> None:
    """Even a button in one's own chat does only what one's role may do."""
    from bot.message import Button, Reply
    from bot.tell import tell
    from crm_core.models import Conversation

    person = await one_of(house, role)
    await person.says("/start")
    mine = Identity.external_id == person.sender
    args = {
        "ticket": 1, "stars": 5, "helped": True, "article": "refund", "language": "en", "held": "1",
        "interaction": "1", "campaign": 1, "choice": "all", "judgement": "1", "slug": "refund", "question": "1",
        "proposal": "1", "gap": 1, "group": "1", "number": 1, "link": 1, "kept": 1, "other": 1,
        "suggestion": 1, "merge": 1, "customer": 1, "field": "name", "contact": 1,
        "segment": "1", "text": "language = en", "place": 1, "to": "name",
        "approval": "1", "staff": "1", "role": "agent",
    }  # fmt: skip
    for act in handlers.ACTS:
        async with house.app.records.write() as work:
            (identity,) = await house.rows(Identity, mine)
            (conversation,) = await house.rows(Conversation, Conversation.identity_id == identity.id)
            conversation = await work.session.get_one(Conversation, conversation.id)
            button = Button(label="Try it", act=act, args=args)
            await tell(work, identity, conversation, Reply(text="Well?", buttons=((button,),)))
        await house.settle()

        heard = await person.presses("Try it")

        assert (heard == [_NOT_ALLOWED]) == (role not in access.ACTS[act].roles), act


@pytest.mark.parametrize("role", ["marketer"])
async def test_plain_words_of_a_marketer_go_to_nobody(house: House, role: str) -> None:
    """There is no ticket that a marketer could mean."""
    max_ = await house.colleague("Max", role)

    assert await max_.says("hello") == ["/help shows what you can do here."]


@pytest.mark.parametrize("role", Role)
async def test_help_offers_exactly_what_the_role_may_do(house: House, role: Role) -> None:
    """Each command with its line; nowhere else to go on is set up here."""
    person = await one_of(house, role)

    (heard,) = await person.says("/help")

    offered = {line.split(" ")[0] for line in heard.splitlines() if line.startswith("/")}
    allowed = {name for name, (act, _) in handlers.COMMANDS.items() if role in access.ACTS[act].roles}
    assert offered == allowed - {"/resend", "/continue"}


async def test_what_staff_say_is_sealed_with_the_houses_key(house: House) -> None:
    """Their own talk with the bot belongs to no customer."""
    wei = await house.colleague("Wei")
    await wei.says("/queue")

    assert {one.customer_id for one in await house.rows(Interaction)} == {None}
