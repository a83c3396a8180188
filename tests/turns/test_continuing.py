"""One person in two places: links that work once, for the right people, and numbers that were shown to be theirs."""

import pytest

from crm_core import contacts, customers, staff
from crm_core.identities import is_link
from crm_core.models import (
    Contact,
    ContactKind,
    Customer,
    Identity,
    IdentityLink,
    Interaction,
    Kind,
    Merge,
    MergeSuggestion,
    Ticket,
)
from tests.builders import House, Person


async def token_of(house: House, person: Person) -> str:
    """The token in the link that somebody asked for."""
    house.app.shop.elsewhere["telegram"] = "https://t.me/test_shop_bot?start="
    await person.says("/continue")
    url = next(key.url for row in person.heard[-1].keys for key in row if key.url)
    assert url.startswith("https://t.me/test_shop_bot?start=")
    return url.partition("=")[2]


async def owner(house: House, sender: str) -> Customer:
    """Whose identity this is."""
    (identity,) = await house.rows(Identity, Identity.external_id == sender)
    (customer,) = await house.rows(Customer, Customer.id == identity.customer_id)
    assert isinstance(customer, Customer)
    return customer


async def test_a_visitor_goes_on_elsewhere_as_the_same_customer(house: House) -> None:
    """Both chats are told, both identities are one customer, and each has shown whose it is."""
    web, phone = house.customer("web"), house.customer("phone", "zh")
    await web.says("how long does delivery take?")
    token = await token_of(house, web)
    assert is_link(token)
    assert len(token) <= 64

    (heard,) = await phone.says(f"/start {token}")

    assert "另一个聊天" in heard
    assert web.words[-1].startswith("We know each other from another chat, too")
    assert (await owner(house, "web")).id == (await owner(house, "phone")).id
    assert [one.proof for one in await house.rows(Identity)] == ["link", "link"]
    assert (await house.talk_of("phone"))[0] == ("message", "/start")
    assert token not in str(await house.rows(IdentityLink))


async def test_after_joining_each_chat_hears_its_own_answers(house: House) -> None:
    """A ticket from one chat is answered there; what is asked in the other is answered in the other."""
    web, phone = house.customer("web"), house.customer("phone")
    await web.says("hello there")
    await phone.says(f"/start {await token_of(house, web)}")
    wei = await house.colleague("Wei")
    await web.says("/agent")
    await wei.says(f"/claim {(await house.ticket()).number}")
    before = len(phone.words)

    await wei.says("I am looking into it")

    assert web.words[-1] == "I am looking into it"
    assert len(phone.words) == before
    assert "3 to 5" in "".join(await phone.says("how long does delivery take?"))


async def test_words_from_before_are_still_read_by_the_desk(house: House) -> None:
    """They stay sealed for who it was then."""
    old, new = house.customer("old"), house.customer("new")
    await old.says("the lid of my teapot is broken")
    await new.says("hello")
    token = await token_of(house, old)
    await new.says(f"/start {token}")
    wei = await house.colleague("Wei")

    await wei.says(f"/claim {(await house.ticket()).number}")
    await wei.says("We send you a new one.")

    assert "the lid of my teapot is broken" in "".join(wei.words)
    assert old.words[-1] == "We send you a new one."
    assert ("message", "the lid of my teapot is broken") in await house.talk_of("old")
    assert ("message", "hello") in await house.talk_of("new")
    assert {one.customer_id for one in await house.rows(Ticket)} == {(await owner(house, "old")).id}


@pytest.mark.parametrize("token", ["link_" + "x" * 32, "link_" + "-" * 32])
async def test_a_forged_link_changes_nothing(house: House, token: str) -> None:
    (heard,) = await house.customer("eve").says(f"/start {token}")

    assert heard.startswith("This link has been used, has expired, or does not exist.")
    assert await house.how_many(Merge) == 0


async def test_an_expired_link_changes_nothing(house: House) -> None:
    """Half an hour and a second."""
    token = await token_of(house, house.customer("web"))
    house.hands.move(minutes=30, seconds=1)

    (heard,) = await house.customer("phone").says(f"/start {token}")

    assert heard.startswith("This link has been used, has expired, or does not exist.")
    assert await house.how_many(Merge) == 0
    assert (await house.rows(IdentityLink))[0].used_at is None


async def test_links_that_nobody_can_follow_any_more_are_removed(house: House) -> None:
    """Not a moment before they are over."""
    await token_of(house, house.customer("web"))
    house.hands.move(minutes=29)
    await house.ring("suggestions")
    assert await house.how_many(IdentityLink) == 1

    house.hands.move(minutes=40)
    await house.ring("suggestions")

    assert await house.how_many(IdentityLink) == 0


async def test_of_many_who_follow_a_link_at_once_one_is_taken_for_its_maker(house: House) -> None:
    """In one batch; the others hear a plain sentence."""
    token = await token_of(house, house.customer("web"))
    people = [house.customer(f"phone-{number}") for number in range(5)]

    for person in people:
        house.put(person.incoming(text=f"/start {token}"))
    await house.settle()

    assert await house.how_many(Merge) == 1
    assert sum(person.words[-1].startswith("We know each other") for person in people) == 1
    assert sum(person.words[-1].startswith("This link has been used") for person in people) == 4


async def test_who_has_something_to_lose_is_asked_first(house: House) -> None:
    """A link that somebody else sent joins nothing by being opened."""
    eve, ana = house.customer("eve"), house.customer("ana")
    await ana.says("/subscribe")
    token = await token_of(house, eve)

    (heard,) = await ana.says(f"/start {token}")

    assert heard.startswith("Did you ask for this link yourself a moment ago?")
    assert await house.how_many(Merge) == 0

    assert (await ana.presses("Yes, that was me"))[0].startswith("We know each other from another chat")
    assert await house.how_many(Merge) == 1
    assert (await ana.presses("Yes, that was me"))[0].startswith("This link has been used")


async def test_nobody_else_can_press_the_answer_of_who_was_asked(house: House) -> None:
    ana, eve = house.customer("ana"), house.customer("eve")
    await ana.says("/subscribe")
    await ana.says(f"/start {await token_of(house, house.customer('web'))}")

    (heard,) = [one.text for one in await eve.does(press=ana.button("Yes, that was me"))]

    assert "Yes" not in heard
    assert await house.how_many(Merge) == 0


async def test_the_maker_cannot_follow_their_own_link_in_the_same_place(house: House) -> None:
    web = house.customer("web")
    token = await token_of(house, web)

    (heard,) = await web.says(f"/start {token}")

    assert heard == "You are there already. This link is for another place."


async def test_a_colleague_is_never_joined_with_a_customer(house: House) -> None:
    """Neither by following a link nor by asking for one."""
    token = await token_of(house, house.customer("web"))
    wei = await house.colleague("Wei")

    assert await wei.says(f"/start {token}") == ["Links of customers are not for staff accounts."]
    assert await wei.says("/continue") == ["Your role does not allow this. If it should, ask an admin."]
    assert await house.how_many(Merge) == 0


async def test_who_was_joined_has_a_past_and_cannot_become_staff(house: House) -> None:
    """Or the record of both would go with the account that becomes a colleague's."""
    web, phone = house.customer("web"), house.customer("phone")
    await web.says("hello there")
    await phone.says(f"/start {await token_of(house, web)}")
    async with house.app.records.write() as work:
        invite = staff.invite(work, "agent", "Wei")

    (heard,) = await phone.says(f"/start {invite}")

    assert heard.startswith("This account has already written to us as a customer")
    assert ("message", "hello there") in await house.talk_of("web")


async def test_with_nowhere_to_go_it_says_so(house: House) -> None:
    (heard,) = await house.customer("web").says("/continue")

    assert heard == "There is no other place to go on just now. I am here."
    assert await house.how_many(IdentityLink) == 0


async def test_a_turn_of_the_same_batch_counts_for_the_joined_customer(house: House) -> None:
    """Opting out in the very moment in which the two chats are joined is not lost on the record that is left."""
    web, phone = house.customer("web"), house.customer("phone")
    await phone.says("hello")
    house.hands.move(minutes=1)
    token = await token_of(house, web)

    house.put(phone.incoming(text=f"/start {token}"))
    house.put(web.incoming(text="/stop"))
    await house.settle()

    async with house.app.records.read() as work:
        customer = (await owner(house, "web")).id
        assert await customers.consented(work, [customer]) == {customer: False}


async def test_a_shared_number_is_verified_and_suggests_whoever_has_it_too(house: House) -> None:
    """The record of an import has the same number, written otherwise; nothing is merged."""
    async with house.app.records.write() as work:
        imported = customers.create(work, language="en", name="Ana", source="import", number=900)
        contacts.add(work, imported, ContactKind.PHONE, "0049 151 12345678")
    ana = house.customer("ana")

    (heard,) = [one.text for one in await ana.does(phone="+4915112345678")]

    assert heard == "Thank you. We know now that this number is yours."
    (contact,) = await house.rows(Contact, Contact.verified_at.is_not(None))
    assert contact.customer_id == (await owner(house, "ana")).id
    (suggestion,) = await house.rows(MergeSuggestion)
    assert {suggestion.first_id, suggestion.second_id} == {imported.id, contact.customer_id}
    assert suggestion.reason == "phone"
    assert await house.how_many(Merge) == 0
    (said,) = await house.rows(Interaction, Interaction.kind == Kind.MESSAGE)
    assert b"15112345678" not in said.body


async def test_the_same_number_shared_twice_is_one_contact(house: House) -> None:
    ana = house.customer("ana")

    await ana.does(phone="+4915112345678")
    await ana.does(phone="+4915112345678")

    assert await house.how_many(Contact) == 1
