"""While sending is paused nothing leaves and nothing is lost; a copied live file pauses it by itself."""

from crm_core import sending
from crm_core.models import AuditEntry
from tests.builders import House


async def _pause(house: House) -> None:
    async with house.app.records.write() as work:
        await sending.pause(work, "asked")


async def _resume(house: House) -> None:
    async with house.app.records.write() as work:
        await sending.resume(work)


async def _paused(house: House) -> str | None:
    async with house.app.records.read() as work:
        return await sending.paused(work)


async def test_what_is_answered_meanwhile_leaves_in_order_afterwards(house: House) -> None:
    ana, ben = house.customer(), house.customer("ben")
    await _pause(house)

    assert await ana.says("how long does delivery take") == []
    assert await ben.says("how do I get a refund") == []
    assert await ana.says("how do I cancel my order") == []
    await _resume(house)
    await house.settle()

    assert [one.split("\n")[0] for one in ana.words] == [
        "Delivery takes 3 to 5 working days.",
        "You can cancel until it leaves.",
    ]
    assert len(ben.words) == 1


async def test_pausing_twice_keeps_the_first_reason_and_every_act_is_on_record(house: House) -> None:
    await _pause(house)
    async with house.app.records.write() as work:
        await sending.pause(work, "restored")

    assert await _paused(house) == "asked"
    await _resume(house)
    assert await _paused(house) is None
    acts = [one.act for one in await house.rows(AuditEntry, AuditEntry.act.startswith("sending."))]
    assert acts == ["sending.pause", "sending.pause", "sending.resume"]


async def test_more_than_500_messages_are_dropped_in_small_steps(house: House) -> None:
    await _pause(house)
    people = [house.customer(f"c{n}") for n in range(260)]
    for _ in range(2):
        for person in people:
            house.put(person.incoming(text="how long does delivery take"))
        await house.settle()
    counts: list[int] = []
    while not counts or counts[-1]:
        async with house.app.records.write() as work:
            counts.append(await sending.drop(work))

    assert counts == [500, 20, 0]
    await _resume(house)
    await house.settle()
    assert house.memory.heard == []
