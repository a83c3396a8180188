"""`invite`: a token that works once, with the words and the link by which it is used."""

import pytest

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


@pytest.mark.parametrize("role", ["customer", "boss", "Agent", ""])
def test_other_roles_are_refused_with_the_list(shop: ShopFolder, role: str) -> None:
    """Nothing is made for a role that is none."""
    ran = shop.does("invite", "--role", role)

    assert ran.code == 2
    assert "is not one of agent, supervisor, marketer, admin." in ran.err
    assert not shop.database.exists()
