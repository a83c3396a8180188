"""A sealed value opens in the row, the column and under the customer it was sealed for, and nowhere else."""

import random
from collections.abc import Sequence

from crm_core import contacts, customers, sealed, secrets
from crm_core.models import ContactKind, Customer
from crm_core.sealed import SealedValue
from crm_core.storage.ids import new_id
from crm_core.storage.vault import Vault, VaultError
from tests.builders import House

MOVES = 1_000
_EACH = 12  # invented values of every column, beside those that the talk left


def opens(value: SealedValue, vault: Vault) -> bool:
    try:
        value.open(vault)
    except VaultError:
        return False
    return True


def invented(vault: Vault, owners: Sequence[Customer], chance: random.Random) -> list[SealedValue]:
    """Values of every sealed column, of several customers and of the house, as its verbs would seal them."""
    made = []
    for column in sealed.columns():
        for _ in range(_EACH):
            owner = chance.choice([*owners, None])
            row = {one.name: new_id() for one in column.table.primary_key}
            key, owner_id = (owner.key, owner.id) if owner else (None, None)
            value = vault.seal(f"words {new_id()}", column.place(row), key, owner_id or 0)
            made.append(SealedValue(column, column.place(row), value, key, owner_id))
    return made


async def left_by_a_talk(house: House) -> list[SealedValue]:
    """What stands on record after some talk, and one value each of what a talk does not leave."""
    ana, bob = house.customer("ana"), house.customer("bob")
    for person, name in ((ana, "Ana"), (bob, "Bob")):
        await person.does(text="where is my order", name=name)
        await person.sends_photo("the spout is broken")
        await person.says("thank you")
    async with house.app.records.write() as work:
        for customer in await house.rows(Customer):
            one = await work.session.get_one(Customer, customer.id)
            contacts.add(work, one, ContactKind.EMAIL, f"c{customer.id}@example.org")
        customers.create(work, language="zh", name="王小明", source="test")
        for name in ("telegram.token", "web.login_secret"):
            await secrets.put(work, name, f"swordfish {name}")
    found = []
    async with house.app.records.read() as work:
        for column in sealed.columns():
            found += [value async for value in sealed.values(work.session, column)]
    return found


async def test_of_a_thousand_values_moved_to_another_row_column_or_customer_none_opens(house: House) -> None:
    chance, vault = random.Random(4), house.app.records.vault
    stored = await left_by_a_talk(house)
    values = stored + invented(vault, await house.rows(Customer), chance)
    assert len({value.column.table.name for value in stored}) >= 5
    assert all(opens(value, vault) for value in values)
    moved = 0

    for _ in range(MOVES):
        one, other = chance.sample(values, 2)
        fresh = Vault.from_file(house.app.settings.key_file) if chance.random() < 0.1 else vault
        there = SealedValue(other.column, other.place, one.value, other.key, other.owner)
        keeps_place = SealedValue(one.column, one.place, one.value, other.key, other.owner)
        takes_key = SealedValue(other.column, other.place, one.value, one.key, other.owner)
        moved += opens(there, fresh)
        moved += opens(takes_key, fresh)
        moved += opens(keeps_place, fresh) if one.owner != other.owner else 0

    assert moved == 0


async def test_a_customers_wrapped_key_opens_nothing_in_another_customers_row(house: House) -> None:
    """Not even in a process that has just used it for its owner."""
    await left_by_a_talk(house)
    ana, bob, *_ = await house.rows(Customer)
    vault = house.app.records.vault
    assert ana.key is not None
    assert ana.name is not None
    assert vault.open(ana.name, f"customer.name:{ana.id}", ana.key, ana.id) == "Ana"

    for place in (f"customer.name:{ana.id}", f"customer.name:{bob.id}"):
        assert not opens(SealedValue(next(sealed.columns()), place, ana.name, ana.key, bob.id), vault)
