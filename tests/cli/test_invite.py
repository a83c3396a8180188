"""`invite`: a token that works once, with the words and the link by which it is used."""

import pytest

from crm_core import staff
from crm_core.models import Invite, Staff
from tests.builders import House
from tests.cli.conftest import ShopFolder


def test_an_invite_names_the_token_the_link_and_the_words_for_telegram(shop: ShopFolder) -> None:
    """A script gets all three, and until when."""
    shop.configure('[web]\nbase_url = "https://help.example.com/"\n[knowledge]\narticles = "articles.jsonl"\n')

    found = shop.does("invite", "--role", "agent", "--name", " Wei  Lin ", "--json").json

    assert found.keys() == {"role", "name", "token", "link", "start", "expires_at"}
    assert (found["role"], found["name"]) == ("agent", "Wei Lin")
    assert found["link"] == f"https://help.example.com/desk/enter/{found['token']}"
    assert found["start"] == f"/start {found['token']}"


def test_a_person_reads_the_same(shop: ShopFolder) -> None:
    """Without the web there is no link; without a name the role stands in."""
    ran = shop.does("invite", "--role", "marketer")

    assert ran.lines[0].startswith("An invite for Marketer (marketer), good once until ")
    assert [line.split()[0] for line in ran.lines[1:]] == ["token", "Telegram"]


def test_the_token_makes_its_bearer_staff(shop: ShopFolder) -> None:
    """What the command printed is what the bot takes; on record it is hashed."""
    token = shop.does("invite", "--role", "supervisor", "--name", "Jo", "--json").json["token"]

    async def redeem(house: House) -> tuple[str, str, str]:
        await house.customer("jo").says(f"/start {token}")
        (jo,) = await house.rows(Staff)
        (invite,) = await house.rows(Invite)
        return jo.name, jo.role, invite.token_hash

    name, role, stored = shop.with_house(redeem)

    assert (name, role) == ("Jo", "supervisor")
    assert token not in stored


def test_a_known_colleague_is_named_in_any_case(shop: ShopFolder) -> None:
    """The link is for who they are; nobody new is made."""

    async def join(house: House) -> None:
        await house.colleague("Wei Lin", "supervisor")

    async def come_in(house: House) -> list[str]:
        return await house.customer("wei-phone").says(f"/start {found['token']}", external_id="after the restart")

    shop.with_house(join)
    found = shop.does("invite", "--colleague", "wei  LIN", "--json").json

    assert (found["role"], found["name"]) == ("supervisor", "Wei Lin")
    assert shop.with_house(come_in)[0].startswith("Welcome, Wei Lin. You are signed in as supervisor.")
    assert len(shop.with_house(lambda house: house.rows(Staff))) == 1


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Bo", "No colleague is called 'Bo'. On the staff: Jo (agent), jo (marketer)."),
        ("Jo", "2 colleagues are called 'Jo'. They are: Jo (agent), jo (marketer)."),
        ("Eve", "No colleague is called 'Eve'. On the staff: Jo (agent), jo (marketer)."),
    ],
)
def test_a_colleague_who_is_not_there_or_not_the_only_one_is_refused(shop: ShopFolder, name: str, problem: str) -> None:
    """The error says who is there; whoever has left is not."""

    async def join(house: House) -> None:
        for number, (called, role) in enumerate((("Jo", "agent"), ("jo", "marketer"), ("Eve", "agent"))):
            async with house.app.records.write() as work:
                token = staff.invite(work, role, called)
            await house.customer(f"account-{number}").says(f"/start {token}")
        async with house.app.records.write() as work:
            for one in await staff.everybody(work):
                one.revoked_at = work.now if one.name == "Eve" else None

    shop.with_house(join)
    ran = shop.does("invite", "--colleague", name)

    assert ran.code == 1
    assert problem in " ".join(ran.err.split())
    assert len(shop.with_house(lambda house: house.rows(Invite))) == 3


@pytest.mark.parametrize(
    "given", [(), ("--colleague", "Wei", "--role", "admin"), ("--colleague", "Wei", "--name", "W")]
)
def test_it_must_be_clear_whom_an_invite_is_for(shop: ShopFolder, given: tuple[str, ...]) -> None:
    """Somebody new has a role, somebody known keeps theirs."""
    ran = shop.does("invite", *given)

    assert ran.code == 2
    assert "colleague" in ran.err


@pytest.mark.parametrize("role", ["customer", "boss", "Agent"])
def test_other_roles_are_refused_with_the_list(shop: ShopFolder, role: str) -> None:
    """Nothing is made for a role that is none."""
    ran = shop.does("invite", "--role", role)

    assert ran.code == 2
    assert "is not one of agent, supervisor, marketer, admin." in ran.err
    assert not shop.database.exists()
