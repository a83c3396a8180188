"""Reports about customers in the chat: a picture with its caption, for those who may read them, in both languages."""

import io
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.app import load_file
from bot.message import Delivery
from bot.plotting import HEIGHT, LETTERS, WIDTH, draw, scale, short, spread
from crm_core import customers, saved_segments
from crm_core.models import (
    Attachment,
    AuditEntry,
    Customer,
    Identity,
    Interaction,
    Kind,
    Lane,
    RfmScore,
    Stage,
    StoredFile,
)
from crm_core.reports import Chart, Series
from crm_core.storage.ids import new_id
from tests.builders import House, Person, open_house

NAMES = ("needs", "relationships", "at-risk", "rfm", "replies")
TITLES = {
    "needs": ("What customers asked about", "客户问了什么"),
    "relationships": ("Where customers stand", "客户处于哪个阶段"),
    "at-risk": ("One customer is at risk", "1 位客户有流失风险"),
    "rfm": ("How recently", "客户最近一次购买"),
    "replies": ("How long customers waited", "客户等了多久"),
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, KNOWLEDGE__JUDGE_SHARE="0") as opened:
        yield opened


async def busy(house: House) -> None:
    """Questions, a ticket that Wei answers, and a customer at risk with a score."""
    wei = await house.colleague("Wei")
    ana = house.customer()
    await ana.says("refund please")
    await ana.says("/agent")
    house.hands.move(minutes=5)
    await wei.says("/claim 1")
    await wei.says("Hello Ana")
    async with house.app.records.write() as work:
        someone = customers.create(work, language="en", name="Ben", source="import", number=77)
        someone.stage = Stage.AT_RISK
        work.session.add(RfmScore(customer_id=someone.id, recency=1, frequency=5, money=3, at=work.now))


async def asks(person: Person, words: str) -> Delivery:
    (heard,) = await person.does(text=words)
    return heard


async def bytes_of(house: House, heard: Delivery) -> bytes:
    assert heard.attachment is not None
    return await load_file(house.app.records, house.app.files, house.app.channels, heard.attachment)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_report_is_told_in_both_languages(house: House, language: str) -> None:
    await busy(house)
    mei = await house.colleague("Mei", "supervisor")
    await mei.says(f"/language {language}")

    told = {name: await asks(mei, f"/report {name}") for name in NAMES}

    for name, heard in told.items():
        assert TITLES[name][language == "zh"] in heard.text
        assert heard.titled
        assert len(heard.text) <= 1000
        if name != "at-risk":
            picture = Image.open(io.BytesIO(await bytes_of(house, heard)))
            assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
    assert told["at-risk"].attachment is None
    assert "#77" in told["at-risk"].text
    assert "Ben" not in told["at-risk"].text


async def test_a_shop_where_nothing_happened_gets_words_and_no_picture(house: House) -> None:
    mei = await house.colleague("Mei", "supervisor")

    for name in NAMES:
        heard = await asks(mei, f"/report {name}")
        assert heard.attachment is None
        assert "Nothing yet." in heard.text
    assert await house.how_many(StoredFile) == 0


async def test_a_caption_says_what_the_letters_are(house: House) -> None:
    ana = house.customer()
    for words in ("refund please", "I want my money back", "where is my order"):
        await ana.says(words)
    mei = await house.colleague("Mei", "marketer")

    heard = await asks(mei, "/report needs 7")

    assert heard.text.splitlines() == [
        "What customers asked about in the last 7 days",
        "3 questions, in the same time before 0. Without an answer: 0",
        "A: Refunds, 2 (before 0)",
        "B: Tracking, 1 (before 0)",
    ]


async def test_long_titles_leave_room_for_all_letters(house: House) -> None:
    """Five topics with the longest titles there may be still fit into a caption."""
    for number in range(8):
        async with house.app.records.write() as work:
            work.session.add(
                Interaction(
                    id=new_id(), conversation_id=(await known(house)), customer_id=1, rev=1, kind=Kind.REPLY,
                    body=b"", article_id=f"{number}" + "x" * 180, at=work.now,
                )
            )  # fmt: skip
    mei = await house.colleague("Mei", "supervisor")

    heard = await asks(mei, "/report needs")

    assert [line[0] for line in heard.text.splitlines()[2:7]] == list(LETTERS[:5])
    assert len(heard.text) <= 1000


async def known(house: House) -> int:
    ana = house.customer()
    if not await house.how_many(Customer):
        await ana.says("hello")
    return int((await house.rows(Interaction))[0].conversation_id)


async def test_who_may_read_which(house: House) -> None:
    await busy(house)
    whole = set(NAMES)
    for role, may in {"agent": {"needs"}, "supervisor": whole, "marketer": whole, "admin": whole}.items():
        colleague = await house.colleague(f"Mei the {role}", role)

        assert {name for name in NAMES if TITLES[name][0] in (await asks(colleague, f"/report {name}")).text} == may


async def test_a_customer_gets_no_report(house: House) -> None:
    ana = house.customer()

    assert await ana.says("/report needs") == ["Your role does not allow this. If it should, ask an admin."]
    assert await house.how_many(StoredFile) == 0


@pytest.mark.parametrize(("role", "may"), [("supervisor", True), ("marketer", False)])
async def test_who_may_open_a_record_is_told_how(house: House, role: str, may: bool) -> None:
    await busy(house)

    heard = await asks(await house.colleague("Mei", role), "/report at-risk")

    assert ("/customer 77" in heard.text) is may


async def test_looking_at_who_is_at_risk_is_an_audit_entry(house: House) -> None:
    await busy(house)
    mei = await house.colleague("Mei", "supervisor")
    await mei.says("/report needs")
    await mei.says("/report at-risk")

    entries = await house.rows(AuditEntry, AuditEntry.act.startswith("report."))
    assert [(one.act, one.detail) for one in entries] == [("report.at_risk", {"customers": 1})]


async def test_odd_numbers_of_days_are_no_trouble(house: House) -> None:
    mei = await house.colleague("Mei", "supervisor")

    for words in ("/report needs 0", "/report needs 99999", "/report NEEDS  7", "/report needs 1" + "0" * 60):
        assert "What customers asked about" in (await asks(mei, words)).text


async def test_a_report_may_be_of_a_part_of_the_customers(house: House) -> None:
    """By a question, or by the name of a saved segment; a question that cannot be read is said to be so, and where."""
    await house.customer("ana").says("refund please")
    await house.customer("li", "zh").says("怎么退款")
    mei = await house.colleague("Mei", "supervisor")
    async with house.app.records.write() as work:
        await saved_segments.save(work, "readers", "language = zh", None)

    by_question = (await asks(mei, "/report needs 7 language = zh")).text.splitlines()
    by_name = (await asks(mei, "/report needs readers")).text.splitlines()
    wrong = await asks(mei, "/report needs 7 languge = zh")

    assert by_question[1:] == [
        "Only customers of this segment: language = zh",
        "One question, in the same time before 0. Without an answer: 0",
        "A: 退款, 1 (before 0)",
    ]
    assert by_name[2:] == by_question[2:]
    assert "languge" in wrong.text
    assert "language" in wrong.text
    assert wrong.attachment is None


async def test_a_picture_is_an_automatic_reply(house: House) -> None:
    """Its words and its delivery are those of every reply; the bytes are sealed and its colleague's own."""
    await busy(house)
    mei = await house.colleague("Mei", "supervisor")
    await asks(mei, "/report relationships")

    (row,) = await house.rows(StoredFile)
    (attachment,) = await house.rows(Attachment)
    interaction = (await house.rows(Interaction, Interaction.id == attachment.interaction_id))[0]
    outbox = [one for one in await house.outbox(Lane.REPLY) if one.interaction_id == interaction.id]
    assert (attachment.ref, attachment.channel, attachment.kind) == (f"file:{row.id}", "memory", "photo")
    assert (interaction.kind, [one.state for one in outbox]) == (Kind.REPLY, ["sent"])
    assert b"PNG" not in (house.app.files.folder / str(row.id)).read_bytes()


async def test_a_round_of_cleaning_that_was_cut_off_is_finished_by_the_next(house: House) -> None:
    """The bytes were gone, the row was not."""
    await busy(house)
    await asks(await house.colleague("Mei", "supervisor"), "/report relationships")
    house.hands.move(days=31)
    (row,) = await house.rows(StoredFile)
    house.app.files.remove([row.id])
    await house.ring("cleaning")

    assert await house.how_many(StoredFile) == 0


async def test_pictures_go_after_thirty_days_and_uploads_stay(house: House) -> None:
    await busy(house)
    mei = await house.colleague("Mei", "supervisor")
    heard = await asks(mei, "/report relationships")
    async with house.app.records.write() as work:
        (identity,) = await house.rows(Identity, Identity.external_id == "ana")
        upload = await house.app.files.keep(
            work, identity, file_name="spout.jpg", kind="photo", mime="image/jpeg", data=b"spout"
        )
    house.hands.move(days=29)
    await house.ring("cleaning")
    assert await bytes_of(house, heard)

    house.hands.move(days=2)
    await house.ring("cleaning")

    assert await house.how_many(Attachment) == 0
    assert [row.id for row in await house.rows(StoredFile)] == [upload.id]
    assert [file.name for file in house.app.files.folder.iterdir()] == [str(upload.id)]
    assert [words for kind, words in await house.talk_of("mei") if kind == Kind.REPLY][-1] == heard.text


# ---- drawing ----


_VALUES = st.lists(st.none() | st.floats(0, 1e7), min_size=1, max_size=12)


@settings(max_examples=25)
@given(values=st.lists(_VALUES, max_size=5), kind=st.sampled_from(["lines", "bars", "grid"]))
def test_whatever_a_chart_holds_it_is_drawn(values: list[list[float | None]], kind: str) -> None:
    places = max(map(len, values), default=1)
    rows = [(*one, *[None] * (places - len(one))) for one in values]
    days = tuple(f"2026-11-{number + 1:02d}" for number in range(places))
    chart = Chart(kind, days, tuple(Series(str(number), row) for number, row in enumerate(rows)))  # type: ignore[arg-type]

    assert Image.open(io.BytesIO(draw(chart))).size == (WIDTH, HEIGHT)


@given(st.floats(0, 1e12))
def test_a_scale_reaches_what_it_measures(most: float) -> None:
    ticks = scale(most)

    assert ticks[0] == 0
    assert ticks[-1] >= most
    assert 2 <= len(ticks) <= 6
    assert len({short(tick) for tick in ticks}) == len(ticks)


@given(st.lists(st.floats(40, 536), min_size=1, max_size=8))
def test_letters_stand_apart_and_in_order(ends: list[float]) -> None:
    wanted = dict(enumerate(ends))
    found = spread(wanted, 40, 536)

    places = sorted(found.values())
    assert all(later - at >= 29.9 for at, later in pairwise(places))
    assert places[0] >= 40 - 0.1
    assert places[-1] <= 536
