"""Batches: those who wait at the same moment share a transaction, and each is answered in order."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from crm_core.models import Interaction, Kind
from tests.builders import House


@contextmanager
def counted_commits(house: House) -> Iterator[list[int]]:
    """Counts the write transactions that are committed meanwhile."""
    commits = [0]
    engine = house.app.records.database._writer.sync_engine

    def count(_connection: object) -> None:
        commits[0] += 1

    event.listen(engine, "commit", count)
    try:
        yield commits
    finally:
        event.remove(engine, "commit", count)


async def test_a_hundred_people_are_answered_in_a_few_transactions(house: House) -> None:
    """One to take in, two to answer, and a few to deliver, not four hundred."""
    people = [house.customer(f"c{number}") for number in range(100)]
    for person in people:
        house.put(person.incoming(text="hello"))

    with counted_commits(house) as commits:
        await house.answer()
    assert commits[0] <= 3

    with counted_commits(house) as commits:
        await house.settle()
    assert commits[0] <= 8
    assert {len(person.heard) for person in people} == {1}


async def test_each_person_is_answered_in_the_order_of_their_messages(house: House) -> None:
    """Five messages each of twenty people, all waiting at once."""
    people = [house.customer(f"c{number}") for number in range(20)]
    for number in range(5):
        for person in people:
            house.put(person.incoming(text=f"/language fr {number}"))

    await house.settle()

    for person in people:
        said = [words for kind, words in await house.talk_of(person.sender) if kind == "message"]
        assert said == [f"/language fr {number}" for number in range(5)]
        talk = [kind for kind, _ in await house.talk_of(person.sender)]
        assert talk == ["message", "reply"] * 5
        assert len(person.heard) == 5


async def test_one_turn_alone_takes_three_transactions(house: House) -> None:
    """Taken in, answered, claimed; what is settled afterwards shares the next claim."""
    ana = house.customer()
    await ana.says("hello")
    house.put(ana.incoming(text="hello"))

    with counted_commits(house) as commits:
        await house.answer()

    assert commits[0] == 2
    assert await house.how_many(Interaction, Interaction.kind == Kind.MESSAGE) == 2
