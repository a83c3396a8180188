"""Segments in the chat: trying a question, saving it, looking at five of its people, and what refuses to go."""

from datetime import timedelta

import pytest

from crm_core import customers, orders, saved_segments
from crm_core.models import Attribute, AuditEntry, Segment
from crm_core.rules.orders import OrderDraft
from crm_core.saved_segments import SegmentRefused
from crm_core.segments import SegmentError
from crm_core.storage.ids import new_id
from tests.builders import House


async def seven(house: House) -> None:
    """Seven customers: the first four speak Chinese and have a tag, the last one was erased, the sixth merged away."""
    async with house.app.records.write() as work:
        people = [
            customers.create(work, language=language, name=f"Name{place}", source="import", number=100 + place)
            for place, language in enumerate(("zh", "zh", "zh", "en", "en", "en", "en"), 1)
        ]
        for one in people[:4]:
            customers.tag(work, one.id, ["tea"])
        people[5].merged_into = people[4].id
        people[6].key = None


async def test_a_marketer_saves_a_segment_and_sees_five_samples(house: House) -> None:
    """Count, meaning and people first; nothing is saved until the tap."""
    await seven(house)
    max_ = await house.colleague("Max", "marketer")

    (tried,) = await max_.says("/segments everyday: language in (en, zh) and not tag blocked")

    assert tried.splitlines() == [
        "language in (en, zh) and not tag blocked",
        "That is: language is one of “en”, “zh” and not (tag is “blocked”).",
        "5 customers",
        "",
        "For example:",
        "Customer 105 (en, Lead)",
        "Customer 104 (en, Lead)",
        "Customer 103 (zh, Lead)",
        "Customer 102 (zh, Lead)",
        "Customer 101 (zh, Lead)",
    ]
    assert await house.how_many(Segment) == 0
    assert await max_.presses("Save as “everyday”") == ["“everyday” is saved."]
    (listing,) = await max_.says("/segments")
    assert listing.splitlines()[:2] == ["Segments", "everyday: 5 customers"]
    (again,) = await max_.presses("everyday")
    assert again == tried
    acts = [entry.act for entry in await house.rows(AuditEntry) if entry.act.startswith("segment.")]
    assert acts == ["segment.sample", "segment.save", "segment.sample"]


async def test_names_are_opened_for_those_who_may_see_them_and_that_is_on_record(house: House) -> None:
    """Supervisors may look and change nothing; marketers see numbers."""
    await seven(house)
    sue = await house.colleague("Sue", "supervisor")

    (tried,) = await sue.says("/segments tea: tag tea")

    assert "Customer 104 Name4 (en, Lead)" in tried
    assert sue.heard[-1].keys == ()
    (entry,) = [one for one in await house.rows(AuditEntry) if one.act == "segment.sample"]
    assert (entry.subject, entry.detail) == ("segment:tea", {"customers": [104, 103, 102, 101], "named": True})


async def test_agents_and_customers_have_no_segments(house: House) -> None:
    """Denied unless the table says otherwise."""
    wei, ana = await house.colleague("Wei"), house.customer()

    for words in (await wei.says("/segments"), await ana.says("/segments orders >= 0")):
        assert words == [house.app.shop.texts.say("en", "not-allowed")]


async def test_a_question_can_be_tried_without_a_name(house: House) -> None:
    """And in Chinese, with Chinese signs."""
    await seven(house)
    mei = await house.colleague("Mei", "marketer", "zh")

    (tried,) = await mei.says("/segments language = zh 且 tag in （tea、coffee）")

    assert tried.splitlines()[1:3] == ["意思是：语言为 “zh”，并且标签为其中之一：“tea”, “coffee”。", "3 位客户"]
    assert mei.heard[-1].keys == ()


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("loyal: spnet > 5 CNY", "At character 1, “spnet”: there is no such field. Did you mean “spent”?"),
        ("tag tea and", "At the end: the name of a field belongs here."),
        ("loyal:", "At the end: write what the customers have in common"),
        ("loyal", "There is no segment called “loyal”."),
        ("segment loyal", "At character 9, “loyal”: there is no segment called “loyal”."),
        ("loyal: segment loyal", "there is no segment called “loyal”."),
        ("lo/yal: tag tea", "“lo/yal” cannot be the name of a segment."),
        (f"{'x' * 41}: tag tea", "cannot be the name of a segment."),
        ("tag tea " * 300, "a question may have 2,000 characters, this one has"),
    ],
)
async def test_what_cannot_be_asked_is_said_with_its_place(house: House, said: str, heard: str) -> None:
    """Nothing is saved, and nothing is lost."""
    max_ = await house.colleague("Max", "marketer")

    (answer,) = await max_.says(f"/segments {said}")

    assert heard in answer
    assert await house.how_many(Segment) == 0


async def test_a_segment_is_replaced_and_deleted_with_a_tap(house: House) -> None:
    """What it asked before is gone; the one that is needed stays."""
    max_ = await house.colleague("Max", "marketer")
    for said in ("tea: tag tea", "drinks: segment tea or tag coffee"):
        await max_.says(f"/segments {said}")
        await max_.presses(f"Save as “{said.partition(':')[0]}”")

    await max_.says("/segments tea: tag green")
    assert await max_.presses("Replace “tea”") == ["“tea” is saved."]
    await max_.says("/segments tea")
    assert await max_.presses("Delete") == ["The segment “drinks” needs the segment “tea”."]
    await max_.says("/segments drinks")
    assert await max_.presses("Delete") == ["“drinks” is deleted."]
    await max_.says("/segments tea")
    assert await max_.presses("Delete") == ["“tea” is deleted."]
    assert (await max_.presses("Delete"))[0] == "There is no segment called “tea”."


async def test_a_circle_that_arises_before_the_tap_is_refused_at_the_tap(house: House) -> None:
    """Two questions tried, each in terms of the other."""
    max_ = await house.colleague("Max", "marketer")
    await save(house, "a", "tag a")
    await max_.says("/segments b: segment a")
    await max_.presses("Save as “b”")
    await save(house, "c", "tag c")
    await max_.says("/segments a: segment c")
    tapped = max_.button("Replace “a”")
    await save(house, "c", "segment b")

    assert "would ask for itself" in (await max_.does(press=tapped))[0].text


async def save(house: House, name: str, text: str) -> None:
    """Save one as the command line does."""
    async with house.app.records.write() as work:
        await saved_segments.save(work, name, text, None)


async def test_attributes_are_typed_and_personal_ones_are_refused(house: House) -> None:
    """What is on record of them counts from the next question on."""
    async with house.app.records.write() as work:
        for key, kind, choices, personal in (("size", "choice", ["S", "M"], False), ("iban", "text", [], True)):
            work.session.add(
                Attribute(
                    id=new_id(), key=key, kind=kind, labels={}, choices=choices, personal=personal, created_at=work.now
                )
            )
    async with house.app.records.read() as work:
        assert await saved_segments.count(work, "attribute.size = S", "UTC") == 0
        for text, key in (("attribute.size = X", "segment-want-choice"), ("attribute.iban = x", "segment-personal")):
            with pytest.raises(SegmentError) as refused:
                await saved_segments.count(work, text, "UTC")
            assert refused.value.key == key


async def test_a_segment_has_one_name_and_keeps_it_while_something_needs_it(house: House) -> None:
    """Renaming would leave the others asking for nothing."""
    await save(house, "tea", "tag tea")
    await save(house, "drinks", "segment tea")
    async with house.app.records.write() as work:
        for name, new, key in (
            ("tea", "x", "segment-in-segment"),
            ("drinks", "tea", "segment-taken"),
            ("x", "y", "segment-none"),
        ):
            with pytest.raises(SegmentRefused) as refused:
                await saved_segments.rename(work, name, new, None)
            assert refused.value.key == key
        assert (await saved_segments.rename(work, "drinks", "All drinks", None)).name == "All drinks"


async def test_days_are_those_of_the_shop(house: House) -> None:
    """Nine in the evening in Berlin is tomorrow in Shanghai."""
    async with house.app.records.write() as work:
        one = customers.create(work, language="en", name="Ana", source="import")
        await orders.upsert_many(
            work,
            [
                OrderDraft(
                    source="shop", external_ref="1", customer_id=one.id, state="paid", total_minor=100, currency="EUR",
                    placed_at=(work.now - timedelta(days=1)).replace(hour=20), lines=(),
                )
            ],
        )  # fmt: skip
    async with house.app.records.read() as work:
        assert await saved_segments.count(work, "last_order = today", "Asia/Shanghai") == 1
        assert await saved_segments.count(work, "last_order = today", "Europe/Berlin") == 0
        assert await saved_segments.count(work, "spent >= 1 EUR and orders = 1", "UTC") == 1
