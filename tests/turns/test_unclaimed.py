"""Tickets that nobody claims: the desk is reminded again and again, the customer is told once."""

from tests.builders import House

_ODD = "elephants allowed inside"


async def test_the_desk_is_reminded_every_ten_minutes_and_the_customer_told_once(house: House) -> None:
    """The reminder says for how long, and has the card and the button."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says(_ODD)
    await house.ring("unclaimed")
    assert not [words for words in wei.words if "Nobody has claimed" in words]

    for minutes in (10, 20, 30):
        house.hands.move(minutes=10)
        await house.ring("unclaimed")
        await house.ring("unclaimed")
        assert wei.words[-1].startswith(f"Nobody has claimed #1 for {minutes} minutes.")
        assert wei.labels == ["Claim", "Why?"]

    assert sum("Nobody has claimed" in words for words in wei.words) == 3
    assert sum("takes a little longer" in words for words in ana.words) == 1


async def test_a_claimed_ticket_is_not_reminded_of(house: House) -> None:
    """Not even when the reminder was queued already."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says(_ODD)
    await wei.says("/claim 1")
    house.hands.move(minutes=30)

    await house.ring("unclaimed")

    assert not [words for words in wei.words if "Nobody has claimed" in words]
    assert not [words for words in ana.words if "takes a little longer" in words]


async def test_a_ticket_put_back_into_the_queue_waits_its_ten_minutes_again(house: House) -> None:
    """The desk was told a moment ago."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says(_ODD)
    await wei.says("/claim 1")
    house.hands.move(hours=2)
    await wei.says("/handon 1 queue")

    await house.ring("unclaimed")
    assert not [words for words in wei.words if "Nobody has claimed" in words]
    house.hands.move(minutes=10)
    await house.ring("unclaimed")
    assert [words for words in wei.words if "Nobody has claimed" in words]


async def test_an_hour_in_the_queue_in_chinese(house: House) -> None:
    """The customer is told in their language."""
    li = house.customer("li", "zh")
    await li.says("/agent")
    house.hands.move(minutes=11)

    await house.ring("unclaimed")

    assert "您的工单 #1 还在队列中" in li.words[-1]


async def test_a_hundred_unclaimed_tickets_are_all_reminded_of(house: House) -> None:
    """However many there are, none is passed over."""
    wei = await house.colleague("Wei")
    for number in range(105):
        house.put(house.customer(f"c{number}").incoming(text="/agent"))
    await house.settle()
    house.hands.move(minutes=11)

    await house.ring("unclaimed")

    reminded = [words.splitlines()[0] for words in wei.words if words.startswith("Nobody has claimed")]
    assert len(reminded) == 105


async def test_the_longest_wait_comes_first_after_a_reopening_too(house: House) -> None:
    """The queue goes by how long the customer has waited, not by the ticket's age."""
    wei, ana, bob = await house.colleague("Wei"), house.customer(), house.customer("bob")
    await ana.does(text=_ODD, name="Ana")
    await wei.says("/claim 1")
    await wei.says("Welcome!")
    house.hands.move(hours=1)
    await bob.does(text=_ODD, name="Bob")
    house.hands.move(hours=1)
    await ana.says("one more thing")
    await wei.says("/handon 1 queue")

    lines = (await wei.says("/queue"))[0].splitlines()

    assert [line.split(" ")[1] for line in lines[1:]] == ["Bob", "Ana"]
