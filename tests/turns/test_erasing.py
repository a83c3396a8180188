"""Erasing: who asks to be forgotten is, everywhere, whatever interrupts it, and stays so."""


from crm_core.models import Customer, Erasure, Identity, Interaction
from tests.builders import House


async def test_a_customer_who_confirms_is_erased_within_a_minute(house: House) -> None:
    """The goodbye arrives, the key is gone, and nothing that was said can be read."""
    ana = house.customer()
    await ana.does(text="my name is CANARY", name="CANARY")
    await ana.says("/deletemydata")
    heard = await ana.presses("Yes, forget me for good")
    assert heard[0].startswith("It is under way")

    await house.ring("erasing")

    (row,) = await house.rows(Erasure)
    assert row.finished_at is not None
    (customer,) = await house.rows(Customer)
    assert customer.key is None
    assert {one.body for one in await house.rows(Interaction)} == {b""}
    assert [one.external_id for one in await house.rows(Identity)] == [f"erased:{(await house.rows(Identity))[0].id}"]
