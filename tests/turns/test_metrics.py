"""Metrics: counts of what is on record, in Prometheus text, for monitors nearby and with nothing about anybody."""

import re
from dataclasses import replace

import httpx2 as httpx
import pytest
from fastapi import FastAPI

from bot.metrics import Figures, add_to, figures_of, text_of
from knowledge_base.calibration import Calibration
from tests.builders import House

_CALIBRATION = Calibration(
    threshold=0.71,
    source="judged",
    target=0.05,
    judged=60,
    wrong=3,
    realised=0.05,
    interval=(0.01, 0.14),
    kept=True,
)


def value(text: bytes, name: str) -> float:
    """The value of one line."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text.decode(), re.MULTILINE)
    assert found is not None, f"{name} is not in\n{text.decode()}"
    return float(found[1])


async def metrics(house: House) -> bytes:
    """What a monitor reads."""
    return text_of(await figures_of(house.app))


async def test_turns_are_counted_by_what_was_decided(house: House) -> None:
    ana = house.customer()
    for words in ("refund please", "refund please", "my parcel", "hello", "/help", "elephants allowed inside"):
        await ana.says(words)

    text = await metrics(house)

    for decision, count in (("answer", 2), ("suggest", 1), ("escalate", 1), ("small_talk", 1), ("no_question", 1)):
        assert value(text, f'frontdesk_turns_total{{decision="{decision}"}}') == count


async def test_what_waits_is_counted(house: House) -> None:
    """A ticket that nobody has, an update that nobody answered yet, an answer that nobody sent yet."""
    ana = house.customer()
    await ana.says("elephants allowed inside")
    house.put(ana.incoming(text="one more thing"))
    await house.take_in()
    house.put(house.customer("bo").incoming(text="refund please"))
    await house.take_in()

    text = await metrics(house)
    assert value(text, "frontdesk_tickets_unclaimed") == 1
    assert value(text, "frontdesk_inbox_waiting") == 2
    assert value(text, "frontdesk_inbox_set_aside") == 0

    await house.answer()
    text = await metrics(house)
    assert value(text, "frontdesk_inbox_waiting") == 0
    assert value(text, 'frontdesk_outbox_rows{state="queued"}') == 1
    await house.settle()
    assert value(await metrics(house), 'frontdesk_outbox_rows{state="queued"}') == 0


async def test_gaps_and_drawn_turns_are_counted(house: House) -> None:
    house.serve(replace(house.app.shop, chance=lambda: 0.0, judge_share=0.1))
    await house.customer().says("elephants allowed inside")
    await house.app.gap_keeper.group()

    text = await metrics(house)

    assert value(text, "frontdesk_gaps_open") == 1
    assert value(text, "frontdesk_judgements_open") == 1
    assert value(text, "frontdesk_articles") == 6


def test_the_threshold_its_source_and_the_realised_rate_are_told() -> None:
    text = text_of(Figures(calibration=_CALIBRATION))

    assert value(text, "frontdesk_answer_threshold") == 0.71
    assert value(text, 'frontdesk_answer_threshold_source{source="judged"}') == 1
    assert value(text, 'frontdesk_answer_threshold_source{source="shipped"}') == 0
    assert value(text, "frontdesk_wrong_answers_wanted") == 0.05
    assert value(text, "frontdesk_wrong_answers_realised") == 0.05
    assert value(text, "frontdesk_judged_turns") == 60


def test_a_rate_of_nothing_is_not_told() -> None:
    """No judged turn yet: zero would be a lie."""
    text = text_of(Figures(calibration=replace(_CALIBRATION, source="shipped", judged=0, wrong=0, realised=None)))

    assert b"frontdesk_wrong_answers_realised" not in text


async def test_a_training_that_failed_is_told_with_its_time(house: House) -> None:
    """One figure to raise an alarm on, and since when."""
    assert value(await metrics(house), "frontdesk_training_failed") == 0
    assert b"frontdesk_training_failed_since" not in await metrics(house)

    since = house.app.book.training_failed_since = house.hands.now

    text = await metrics(house)
    assert value(text, "frontdesk_training_failed") == 1
    assert value(text, "frontdesk_training_failed_since_seconds") == since.timestamp()


async def test_no_word_of_anybody_is_in_it(house: House) -> None:
    wei, ana = await house.colleague("Wei"), house.customer("ana")
    await ana.says("elephants allowed inside")
    await wei.says("/claim 1")

    text = (await metrics(house)).decode()

    assert not re.search("elephants|Wei|ana", text)


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("::1", {}, 200),
        ("203.0.114.9", {}, 404),
        ("2a00:1450::1", {}, 404),
        ("not an address", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "203.0.114.9"}, 404),
        ("127.0.0.1", {"forwarded": "for=10.0.0.1"}, 404),
    ],
)
async def test_only_a_monitor_nearby_reads_it(house: House, address: str, headers: dict[str, str], status: int) -> None:
    """A proxy passes on requests from anywhere, so what it passes on is not nearby."""
    pages = FastAPI()
    add_to(pages, house.app)
    transport = httpx.ASGITransport(app=pages, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        answer = await client.get("/metrics", headers=headers)

    assert answer.status_code == status
    assert (b"frontdesk_inbox_waiting" in answer.content) is (status == 200)
