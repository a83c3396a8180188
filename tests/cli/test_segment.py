"""`segment …`: questions tried, saved, counted, sampled; what is wrong is said with its place."""

import pytest

from crm_core import customers
from crm_core.models import AuditEntry
from crm_core.work import Records
from tests.builders import House
from tests.cli.conftest import ShopFolder


async def three_customers(records: Records) -> None:
    """Two who speak Chinese, one of them with a tag."""
    async with records.write() as work:
        people = [
            customers.create(work, language=language, name=name, source="import", number=number)
            for number, (name, language) in enumerate((("Ana", "en"), ("林夏", "zh"), ("Bo", "zh")), 1)
        ]
        customers.tag(work, people[1].id, ["tea"])


@pytest.fixture
def street(shop: ShopFolder) -> ShopFolder:
    """A shop with three customers."""
    shop.with_records(three_customers)
    return shop


def test_a_segment_is_saved_shown_counted_sampled_and_deleted(street: ShopFolder) -> None:
    assert street.does("segment", "list").out == "There are no segments yet.\n"
    assert (
        street.does("segment", "save", "tea people", "tag tea").out
        == "The segment 'tea people' is saved: 1 customer now.\n"
    )
    assert street.does("segment", "save", "others", 'language = zh and not segment "tea people"', "--json").json == {
        "segment": "others", "text": 'language = zh and not segment "tea people"', "customers": 1,
    }  # fmt: skip
    assert street.does("segment", "list", "--json").json[1] == {"segment": "tea people", "text": "tag tea"}
    assert street.does("segment", "show", "tea people").lines == ["tag tea", "That is: tag is “tea”.", "1 customer"]
    assert street.does("segment", "count", "others").out == "1 customer\n"
    assert street.does("segment", "count", "language = zh", "--json").json == {"customers": 2}
    assert street.does("segment", "sample", "tea people").lines == [
        "number  name  language  stage",
        "2       林夏  zh        lead",
    ]
    assert street.does("segment", "sample", "all", "--size", "1", "--json").json == [
        {"number": 3, "name": "Bo", "language": "zh", "stage": "lead"}
    ]
    assert "needs the segment" in street.does("segment", "delete", "tea people").err
    assert street.does("segment", "rename", "others", "rest").out == "The segment is called 'rest' now.\n"
    assert street.does("segment", "delete", "rest").out == "The segment 'rest' is deleted.\n"

    async def entries(house: House) -> list[str]:
        return [one.act for one in await house.rows(AuditEntry)]

    acts = street.with_house(entries)
    assert acts.count("segment.sample") == 2
    assert {"segment.save", "segment.rename", "segment.delete"} <= set(acts)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["count", "spnet > 5 CNY"], "At character 1, “spnet”: there is no such field. Did you mean “spent”?\n"),
        (["save", "x", "tag a or"], "At the end: the name of a field belongs here.\n"),
        (["save", "a:b", "tag a"], "“a:b” cannot be the name of a segment."),
        (["show", "loyal"], "There is no segment 'loyal'; `frontdesk segment list` shows them.\n"),
        (["delete", "loyal"], "There is no segment called “loyal”.\n"),
        (["rename", "loyal", "x"], "There is no segment called “loyal”.\n"),
        (["sample", "segment loyal"], "At character 9, “loyal”: there is no segment called “loyal”.\n"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(street: ShopFolder, args: list[str], said: str) -> None:
    ran = street.does("segment", *args)

    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_a_campaign_goes_to_a_segment_without_another(street: ShopFolder) -> None:
    """Include and exclude; a segment that it needs stays."""
    street.does("segment", "save", "chinese", "language = zh")
    street.does("segment", "save", "tea", "tag tea")
    args = ("campaign", "send", "--audience", "segment chinese and not segment tea", "--text-zh", "春茶到了。", "--yes")

    planned = street.does(*args, "--json").json

    assert (planned["audience"], planned["excluded"]) == ("segment chinese and not segment tea", {"no_consent": 1})
    assert street.does("segment", "delete", "tea").err == "Campaign 1 still needs the segment “tea”.\n"
    street.does("campaign", "cancel", "1")
    assert street.does("segment", "delete", "tea").code == 0
