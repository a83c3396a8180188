"""Synonyms: groups per language, within bounds, no word in two of them."""

from typing import Any

import pytest

from crm_core import articles, synonyms
from crm_core.models import AuditEntry, SynonymGroup
from crm_core.rules.knowledge import KnowledgeRefused
from tests.builders import House


async def groups(house: House) -> dict[str, list[tuple[str, ...]]]:
    async with house.app.records.read() as work:
        return await synonyms.groups(work)


async def test_groups_are_kept_for_each_language_and_move_the_mark(house: House) -> None:
    async with house.app.records.read() as work:
        before = await articles.version(work)

    async with house.app.records.write() as work:
        await synonyms.add(work, "en", ["parcel", " package ", "Parcel"], 7)
        await synonyms.add(work, "en", ["cash on delivery", "COD"], 7)
        await synonyms.add(work, "zh", ["快递", "包裹"], 8)
        assert work.synonyms == {"en", "zh"}

    async with house.app.records.read() as work:
        assert await articles.version(work) != before
    assert await groups(house) == {"en": [("Parcel", "package"), ("cash on delivery", "COD")], "zh": [("快递", "包裹")]}
    assert [one.subject for one in await house.rows(AuditEntry, AuditEntry.act == "synonyms.change")] == [
        "synonyms:en", "synonyms:en", "synonyms:zh",
    ]  # fmt: skip


async def test_replacing_the_groups_of_a_language_leaves_the_others_alone(house: House) -> None:
    async with house.app.records.write() as work:
        await synonyms.add(work, "zh", ["快递", "包裹"], 8)
        await synonyms.replace(work, "en", [["parcel", "package"], ["refund", "money back"]], 7)
    async with house.app.records.write() as work:
        assert await synonyms.replace(work, "en", [["refund", "money back"]], 7) == 1

    assert await groups(house) == {"en": [("refund", "money back")], "zh": [("快递", "包裹")]}


async def test_a_removed_group_is_gone_and_cannot_be_removed_twice(house: House) -> None:
    async with house.app.records.write() as work:
        row = await synonyms.add(work, "en", ["parcel", "package"], 7)
    async with house.app.records.write() as work:
        assert (await synonyms.remove(work, row.id, 7)).words == ["parcel", "package"]
        with pytest.raises(KnowledgeRefused) as caught:
            await synonyms.remove(work, row.id, 7)

    assert caught.value.key == "synonyms_gone"
    assert await groups(house) == {}


@pytest.mark.parametrize(
    ("words", "key", "values"),
    [
        ([], "synonyms_few", {"word": ""}),
        (["parcel", "PARCEL ", ""], "synonyms_few", {"word": "PARCEL"}),
        ([f"word{n}" for n in range(21)], "synonyms_many_words", {"word": "word0", "length": 21, "most": 20}),
        (["parcel", "x" * 61], "synonyms_long_word", {"word": "x" * 60 + "…", "length": 61, "most": 60}),
        (["parcel", "ＲＥＦＵＮＤ"], "synonyms_known", {"word": "ＲＥＦＵＮＤ"}),
    ],
)
async def test_a_group_out_of_bounds_is_refused_in_words_and_nothing_is_lost(
    house: House, words: list[str], key: str, values: dict[str, Any]
) -> None:
    async with house.app.records.write() as work:
        await synonyms.add(work, "en", ["refund", "money back"], 7)

    for verb in (
        lambda work: synonyms.add(work, "en", words, 7),
        lambda work: synonyms.replace(work, "en", [["refund", "money"], words], 7),
    ):
        async with house.app.records.write() as work:
            with pytest.raises(KnowledgeRefused) as caught:
                await verb(work)
        assert (caught.value.key, caught.value.values) == (key, values)

    assert await groups(house) == {"en": [("refund", "money back")]}


async def test_no_language_has_more_than_five_hundred_groups(house: House) -> None:
    many = [[f"left{n}", f"right{n}"] for n in range(500)]
    async with house.app.records.write() as work:
        assert await synonyms.replace(work, "en", many, 7) == 500
        with pytest.raises(KnowledgeRefused):
            await synonyms.add(work, "en", ["one", "more"], 7)
        with pytest.raises(KnowledgeRefused):
            await synonyms.replace(work, "en", [*many, ["one", "more"]], 7)

    assert await house.how_many(SynonymGroup) == 500
