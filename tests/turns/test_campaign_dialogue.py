"""Planning a campaign in a dialogue: texts, audience, a dry run that adds up, a test to oneself, and when."""

import pytest
from sqlalchemy import select

from bot.handlers.campaign import read_time
from crm_core import consents, customers, saved_segments
from crm_core.models import Campaign, CampaignRecipient, Customer, Dialogue, Identity, Segment
from tests.builders import House, Person


async def audience(house: House) -> None:
    """Seven customers, of whom one can be written to in each language."""
    people = {
        name: house.customer(name, "zh" if name == "li" else "en") for name in ("ana", "li", "bob", "cleo", "dan")
    }
    for person in people.values():
        await person.says("你好" if person.language == "zh" else "hello")
    for name in ("ana", "li", "cleo", "dan"):
        await people[name].says("/subscribe")
    await people["ana"].does(reachable=True)
    await people["dan"].does(reachable=False)
    await people["cleo"].says("/stop")
    async with house.app.records.write() as work:
        imported = customers.create(work, language="en", name="Imported", source="import")
        consents.give(work, imported.id, True, "import")
        erased = customers.create(work, language="en", name="Gone", source="import")
        erased.key = None
        (ana,) = await house.rows(Identity, Identity.external_id == "ana")
        customers.tag(work, ana.customer_id, ["tea"])


async def to_review(max_: Person) -> str:
    """Go through the dialogue up to the review; returns it."""
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.says("春茶到了。")
    (review,) = await max_.presses("Everybody who agreed")
    return review


async def test_the_whole_dialogue_in_english(house: House) -> None:
    """A question at a time; at the end the plan is confirmed."""
    max_ = await house.colleague("Max", "marketer")

    assert await max_.says("/campaign_new") == ["Please write the message in English."]
    assert max_.labels == ["Skip this language", "Drop it"]
    assert await max_.says("Spring teas are here.") == ["Please write the message in 中文."]
    (asked,) = await max_.says("春茶到了。")
    assert asked.startswith("Who should get it?")
    assert max_.labels == ["Everybody who agreed", "Who reads English", "Who reads 中文", "Drop it"]
    (review,) = await max_.presses("Everybody who agreed")
    assert review.startswith("0 people would get it (all)")
    assert "Spring teas are here." in review
    assert "春茶到了。" in review
    assert max_.labels == ["Send a test to me", "Send now", "Choose a time", "Drop it"]
    assert await max_.presses("Choose a time") == ["When shall it start? For example 2026-12-01 09:30 (UTC)."]
    assert await max_.says("2026-12-01 09:30") == ["Campaign 1 starts at 2026-12-01 09:30 (UTC)."]
    assert (await house.campaign()).state == "scheduled"
    assert await house.how_many(Dialogue) == 0


async def test_the_whole_dialogue_in_chinese(house: House) -> None:
    """The marketer's language is the dialogue's, whatever languages the texts are in."""
    mei = await house.colleague("Mei", "marketer", "zh")

    heard = await mei.says("/campaign_new")
    heard += await mei.says("Spring teas are here.")
    heard += await mei.says("春茶到了。")
    heard += await mei.says("language:zh")
    heard += await mei.presses("选择时间")
    heard += await mei.says("2026-12-01 09：30")

    assert all(any("\u4e00" <= one <= "\u9fff" for one in words.splitlines()[0]) for words in heard)
    assert (await house.campaign()).audience == "language:zh"


async def test_the_dry_run_says_who_would_get_it_and_why_everybody_else_would_not(house: House) -> None:
    """The rows add up to the audience."""
    max_ = await house.colleague("Max", "marketer")
    await audience(house)

    lines = (await to_review(max_)).splitlines()

    assert lines[:6] == [
        "2 people would get it (all)",
        "Left out, erased: 1",
        "Left out, has no chat with us: 1",
        "Left out, did not agree: 1",
        "Left out, opted out: 1",
        "Left out, cannot be reached: 1",
    ]
    figures = [int(line.rpartition(" ")[2]) for line in lines[1:6]]
    assert 2 + sum(figures) == await house.how_many(Customer) == 7


@pytest.mark.parametrize(
    ("audience_of", "first"),
    [
        ("tag:tea", "One person would get it (tag:tea)"),
        ("language:zh", "One person would get it (language:zh)"),
        ("tag: nobody", "0 people would get it (tag:nobody)"),
    ],
)
async def test_an_audience_may_be_a_language_or_a_tag(house: House, audience_of: str, first: str) -> None:
    """Written in a line."""
    max_ = await house.colleague("Max", "marketer")
    await audience(house)
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.says("春茶到了。")

    assert (await max_.says(audience_of))[0].splitlines()[0] == first


async def test_without_a_text_in_their_language_people_are_left_out(house: House) -> None:
    """Nobody gets a message they cannot read."""
    max_ = await house.colleague("Max", "marketer")
    await audience(house)
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.presses("Skip this language")

    (review,) = await max_.presses("Everybody who agreed")

    assert "Left out, no text in their language: 1" in review


async def test_a_test_goes_to_the_marketer_alone(house: House) -> None:
    """Every text as it will be read; nothing is planned by it."""
    max_ = await house.colleague("Max", "marketer")
    await audience(house)
    before = len(house.memory.heard)
    await to_review(max_)

    heard = await max_.presses("Send a test to me")

    assert heard[:2] == ["Spring teas are here.", "春茶到了。"]
    assert {one.chat for one in house.memory.heard[before:]} == {"max"}
    assert await house.how_many(Campaign) == 0


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("2020-01-01 09:00", "2020-01-01 09:00 is over."),
        ("tomorrow", "I cannot read “tomorrow” as a time."),
        ("", "I cannot read “”"),
        ("2026-13-45 99:00", "I cannot read"),
        ("9999-12-31 23:59", "9999-12-31 23:59 is more than a year away."),
        ("0001-01-01 00:00", "0001-01-01 00:00 is over."),
    ],
)
async def test_a_time_that_is_none_is_asked_for_again(house: House, words: str, heard: str) -> None:
    """The dialogue stays where it was."""
    max_ = await house.colleague("Max", "marketer")
    await to_review(max_)
    await max_.presses("Choose a time")

    assert (await max_.says(words))[0].startswith(heard)
    assert (await max_.says("2026-12-01 09:30"))[0].startswith("Campaign 1 starts")


async def test_after_choosing_a_time_the_buttons_of_the_review_still_work(house: House) -> None:
    """One may change one's mind and send now."""
    max_ = await house.colleague("Max", "marketer")
    await to_review(max_)
    await max_.presses("Choose a time")

    assert (await max_.presses("Send now"))[0].startswith("Campaign 1")


def test_a_time_is_read_in_the_shops_zone_or_its_own() -> None:
    """Full-width colons and slashes are as good as any."""
    shanghai = read_time("2026-12-01 09:30", "Asia/Shanghai")
    own = read_time("2026-12-01T01:30+00:00", "Asia/Shanghai")

    assert shanghai == own == read_time("2026/12/01 09：30", "Asia/Shanghai")
    assert read_time("soon", "UTC") is None


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("", "Please write the message as text."),
        ("x" * 4001, "That is 4,001 characters; a message takes 4,000."),
    ],
)
async def test_a_text_that_no_channel_takes_is_asked_for_again(house: House, words: str, heard: str) -> None:
    """The dialogue stays where it was."""
    max_ = await house.colleague("Max", "marketer")
    await max_.says("/campaign_new")

    assert (await max_.says(words))[0].startswith(heard)
    assert await max_.says("Spring teas are here.") == ["Please write the message in 中文."]


async def test_a_long_text_is_shown_in_part_by_the_review_and_whole_by_the_test(house: House) -> None:
    """The review itself must fit into one message."""
    max_ = await house.colleague("Max", "marketer")
    await max_.says("/campaign_new")
    await max_.says("x" * 4000)
    await max_.says("茶" * 4000)

    (review,) = await max_.says("all")

    assert len(review) < 4000
    assert (await max_.presses("Send a test to me"))[0] == "x" * 4000


async def test_a_campaign_without_any_text_begins_again(house: House) -> None:
    """Both languages skipped."""
    max_ = await house.colleague("Max", "marketer")
    await max_.says("/campaign_new")
    await max_.presses("Skip this language")

    assert await max_.presses("Skip this language") == [
        "A campaign needs a text in at least one language.",
        "Please write the message in English.",
    ]


@pytest.mark.parametrize("words", ["language:fr", "tag:", "all:x"])
async def test_an_unknown_audience_is_asked_for_again(house: House, words: str) -> None:
    """With what can be written."""
    max_ = await house.colleague("Max", "marketer")
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.presses("Skip this language")

    assert (await max_.says(words))[0].startswith(f"I do not know the audience “{words}”.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("everybody", "At character 1, “everybody”: there is no such field."),
        ("tag tea and", "At the end: the name of a field belongs here."),
        ("segment loyal", "At character 9, “loyal”: there is no segment called “loyal”."),
    ],
)
async def test_a_question_that_cannot_be_asked_is_asked_for_again(house: House, words: str, said: str) -> None:
    """With its place, and what can be written."""
    max_ = await house.colleague("Max", "marketer")
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.presses("Skip this language")

    (answer,) = await max_.says(words)

    assert answer.splitlines() == [
        said, "Who should get it? For example: all, tag tea, segment loyal and not segment recent.",
    ]  # fmt: skip
    assert (await max_.says("tag tea"))[0].startswith("0 people would get it (tag tea)\nThat is: tag is “tea”.")


async def test_an_audience_may_be_any_question(house: House) -> None:
    """Include and exclude saved segments; the dry run says what it means and who is left out."""
    max_ = await house.colleague("Max", "marketer")
    await audience(house)
    async with house.app.records.write() as work:
        await saved_segments.save(work, "readers", "language in (en, zh)", None)
        await saved_segments.save(work, "tea", "tag tea", None)
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.says("春茶到了。")

    (review,) = await max_.says("segment readers AND not segment tea")

    assert review.splitlines()[:3] == [
        "One person would get it (segment readers and not segment tea)",
        "That is: in the segment is “readers” and not (in the segment is “tea”).",
        "Left out, erased: 1",
    ]
    await max_.presses("Send now")
    await house.ring("campaigns")
    drawn = [one.customer_id for one in await house.rows(CampaignRecipient)]
    (ana,) = await house.rows(Identity, Identity.external_id == "ana")
    assert len(drawn) == 6
    assert ana.customer_id not in drawn


async def test_a_campaign_whose_audience_is_gone_is_paused_and_says_so(house: House) -> None:
    """It does not go to somebody else, and it does not stop the others."""
    max_ = await house.colleague("Max", "marketer")
    await audience(house)
    async with house.app.records.write() as work:
        await saved_segments.save(work, "tea", "tag tea", None)
    await max_.says("/campaign_new")
    await max_.says("Spring teas are here.")
    await max_.presses("Skip this language")
    await max_.says("segment tea")
    await max_.presses("Send now")
    async with house.app.records.write() as work:
        (row,) = (await work.session.scalars(select(Segment))).all()
        row.text = "attribute.gone = 1"

    await house.ring("campaigns")

    assert (await house.campaign()).state == "paused"
    assert await house.how_many(CampaignRecipient) == 0
    assert "Paused: its audience cannot be asked for any more." in (await max_.says("/report 1"))[0]
    async with house.app.records.write() as work:
        await saved_segments.save(work, "tea", "tag tea", None)
    await max_.says("/resume 1")
    await house.ring("campaigns")
    assert await house.how_many(CampaignRecipient) == 1


async def test_a_dialogue_can_be_dropped_and_its_buttons_say_so_afterwards(house: House) -> None:
    """Nothing is left of it."""
    max_ = await house.colleague("Max", "marketer")
    await to_review(max_)
    now = max_.button("Send now")

    assert await max_.presses("Drop it") == ["Dropped. Nothing was sent."]
    assert (await max_.does(press=now))[0].text == "This step is over. /campaign_new begins again."
    assert await house.how_many(Campaign) == 0


async def test_a_button_of_an_earlier_step_changes_nothing(house: House) -> None:
    """Skip, pressed when the audience is asked for."""
    max_ = await house.colleague("Max", "marketer")
    await max_.says("/campaign_new")
    skip = max_.button("Skip this language")
    await max_.says("Spring teas are here.")
    await max_.says("春茶到了。")

    await max_.does(press=skip)

    assert (await max_.presses("Everybody who agreed"))[0].startswith("0 people would get it")


async def test_send_now_pressed_twice_plans_one_campaign(house: House) -> None:
    """The second press finds the dialogue ended."""
    max_ = await house.colleague("Max", "marketer")
    await to_review(max_)
    now = max_.button("Send now")
    house.put(max_.incoming(press=now))
    house.put(max_.incoming(press=now))

    await house.settle()

    assert await house.how_many(Campaign) == 1


async def test_an_admin_who_plans_a_campaign_still_answers_a_customer(house: House) -> None:
    """An answer to a customer's copy is for the customer, not for the campaign."""
    sue, ana = await house.colleague("Sue", "admin"), house.customer()
    await ana.does(text="elephants allowed inside", name="Ana")
    await sue.says("/claim 1")
    await ana.says("he is called Otto")
    copy = f"m{len(house.memory.heard)}"
    await sue.says("/campaign_new")

    assert await sue.says("Otto is welcome.", reply_to=copy) == ["Sent to Ana (#1)."]
    assert await sue.says("Spring teas are here.") == ["Please write the message in 中文."]
