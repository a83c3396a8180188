"""The sample shop: its customers and orders in an empty database, and links for the people who work there."""

from pathlib import Path

from sqlalchemy import select

import knowledge_base
from bot.imports import read_customers, read_orders
from crm_core import staff
from crm_core.drafts import Terms
from crm_core.imports import Taken, take_customers, take_orders
from crm_core.models import Customer, Meta, Role, Staff
from crm_core.work import Records, Work

_FOLDER = Path(knowledge_base.__file__).parent / "sample"
_SOURCE = "sample"
_LOADED = "sample_loaded"
_AGREED = frozenset({"loyal", "tea-box"})  # the tags of those who agreed to marketing
_PEOPLE = ((Role.AGENT, "Mei"), (Role.SUPERVISOR, "Jonas"), (Role.MARKETER, "Lina"), (Role.ADMIN, "Sam"))


async def load_sample(records: Records) -> bool:
    """Load the sample customers and orders, once and only into a database that never had anybody; True when it did."""
    people = [
        draft._replace(consent=True) if _AGREED & set(draft.tags) else draft
        for draft in read_customers(_FOLDER / "customers.jsonl").values()
    ]
    orders = list(read_orders(_FOLDER / "orders.jsonl", _SOURCE).values())
    async with records.write() as work:
        if not await _is_empty(work):
            return False
        await take_customers(work, people, Terms(source=_SOURCE, language="en"), Taken())
        await work.session.flush()  # the orders look their customers up
        await take_orders(work, orders, Taken(), write=True)
        work.session.add(Meta(name=_LOADED, value=work.now.isoformat()))
    return True


async def _is_empty(work: Work) -> bool:
    for column in (Customer.id, Staff.id):
        if await work.session.scalar(select(column).limit(1)) is not None:
            return False
    return await work.session.get(Meta, _LOADED) is None


async def sample_links(records: Records, base_url: str) -> list[tuple[str, str]]:
    """A one-time link for each kind of colleague: who, and the address to open."""
    async with records.write() as work:
        return [(role.value, f"{base_url}/desk/enter/{staff.invite(work, role, name)}") for role, name in _PEOPLE]
