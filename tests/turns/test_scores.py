"""RFM scores: fifths of everybody who bought, reckoned once a night, resumed where a night was cut short."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core import customers, orders, saved_segments, scores
from crm_core.models import PaymentKind, RfmScore
from crm_core.rules.orders import OrderDraft, PaymentDraft
from tests.builders import House


async def buyers(house: House, *counts: int, currency: str = "EUR") -> list[int]:
    """Customers with so many orders of 10 each, each later than the one before; returns their ids."""
    async with house.app.records.write() as work:
        people = [customers.create(work, language="en", name="", source="import").id for _ in counts]
        drafts = [
            OrderDraft(
                source="shop", external_ref=f"{person}-{number}", customer_id=person, state="paid", total_minor=1000,
                currency=currency, placed_at=work.now - timedelta(days=100 - place),
            )
            for place, (person, count) in enumerate(zip(people, counts, strict=True))
            for number in range(count)
        ]  # fmt: skip
        await orders.upsert_many(work, drafts)
    return people


async def scored(house: House) -> dict[int, tuple[int, int, int]]:
    return {one.customer_id: (one.recency, one.frequency, one.money) for one in await house.rows(RfmScore)}


async def test_each_fifth_gets_its_score_and_equals_share_one(house: House) -> None:
    """The two who bought twice are equal in how often and how much, not in how lately."""
    people = await buyers(house, 1, 2, 2, 4, 5)

    await house.ring("scores")

    found = await scored(house)
    assert [found[one] for one in people] == [(1, 1, 1), (2, 2, 2), (3, 2, 2), (4, 4, 4), (5, 5, 5)]
    async with house.app.records.read() as work:
        assert await saved_segments.count(work, "recency >= 4 and frequency >= 4 and money = 5", "UTC") == 1


async def test_what_came_back_counts_for_nothing(house: House) -> None:
    """A returned order, and money that was given back."""
    people = await buyers(house, 1, 1, 1, 1, 1)
    async with house.app.records.write() as work:
        back = [
            OrderDraft(
                source="shop", external_ref=f"{one}-0", customer_id=one, state=state, total_minor=1000, currency="EUR",
                placed_at=work.now, payments=paid,
            )
            for one, state, paid in (
                (people[0], "returned", ()),
                (people[1], "paid", (
                    PaymentDraft(kind=PaymentKind.PAYMENT, amount_minor=1000, external_ref="1", at=work.now),
                    PaymentDraft(kind=PaymentKind.REFUND, amount_minor=500, external_ref="2", at=work.now),
                )),
            )
        ]  # fmt: skip
        await orders.upsert_many(work, back)

    await house.ring("scores")

    found = await scored(house)
    assert people[0] not in found
    assert found[people[1]][2] == 1
    assert {found[one][2] for one in people[2:]} == {2}


async def test_a_night_is_reckoned_once_and_the_next_one_forgets_who_counts_no_more(house: House) -> None:
    """What is bought during the day counts from the next night on."""
    (first,) = await buyers(house, 1)
    await house.ring("scores")
    (second,) = await buyers(house, 1)
    await house.ring("scores")
    assert set(await scored(house)) == {first}

    async with house.app.records.write() as work:
        gone = OrderDraft(
            source="shop", external_ref=f"{first}-0", customer_id=first, state="cancelled", total_minor=1000,
            currency="EUR", placed_at=work.now,
        )  # fmt: skip
        await orders.upsert_many(work, [gone])
    house.hands.move(days=1)
    await house.ring("scores")

    assert set(await scored(house)) == {second}


async def test_a_walk_that_was_cut_short_goes_on_behind_its_cursor(house: House) -> None:
    """Whoever was scored before the process ended is not scored again."""
    people = await buyers(house, 1, 2, 3)
    async with house.app.records.write() as work:
        await scores.write(work, {people[0]: scores.Score(4, 4, 4)})
        await scores.remember(work, scores.Walk(scores.night_of(work.now, "UTC"), people[0]))

    await house.ring("scores")

    found = await scored(house)
    assert set(found) == set(people)
    assert found[people[0]] == (4, 4, 4)


async def test_currencies_are_not_compared_with_each_other(house: House) -> None:
    """A thousand yen is not more than a hundred euros."""
    europe = await buyers(house, 1, 2, 3, 4, 5)
    japan = await buyers(house, 5, 4, 3, 2, 1, currency="JPY")

    await house.ring("scores")

    found = await scored(house)
    assert [found[one][2] for one in europe] == [1, 2, 3, 4, 5]
    assert [found[one][2] for one in japan] == [5, 4, 3, 2, 1]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_a_better_value_never_has_a_lower_score(values: list[int]) -> None:
    """Equal values are equal, the best is above the worst when there is one, and a score is 1 to 5."""
    ordered = sorted(values)
    borders = [ordered[max(-(-len(values) * fifth // 5) - 1, 0)] for fifth in range(1, 5)]
    found = [scores.score_of(value, borders) for value in ordered]

    assert found == sorted(found)
    assert set(found) <= {1, 2, 3, 4, 5}
    assert found[0] == 1


@pytest.mark.parametrize(("hour", "night"), [(2, "2026-11-17"), (4, "2026-11-18")])
async def test_the_day_begins_at_three_in_the_night(house: House, hour: int, night: str) -> None:
    """Where the shop is."""
    assert str(scores.night_of(house.hands.now.replace(hour=hour), "UTC")) == night
    assert str(scores.night_of(house.hands.now.replace(hour=20), "Asia/Shanghai")) == "2026-11-19"
