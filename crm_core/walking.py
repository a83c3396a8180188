"""Walks through the customers on record, some at a time, and how far each walk came."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from crm_core.models import Customer, Meta
from crm_core.work import Work


async def next_customers(work: Work, cursor: int, most: int, *fit: ColumnElement[bool]) -> Sequence[int]:
    """The ids of the next customers past the cursor who fit; nobody who was erased or merged away."""
    on_record = (Customer.key.is_not(None), Customer.merged_into.is_(None))
    statement = select(Customer.id).where(Customer.id > cursor, *on_record, *fit).order_by(Customer.id).limit(most)
    return (await work.session.scalars(statement)).all()


async def noted(work: Work, name: str) -> str:
    """What was noted last under this name, "" for nothing."""
    return await work.session.scalar(select(Meta.value).where(Meta.name == name)) or ""


async def note(work: Work, name: str, value: str) -> None:
    """Note something under a name, in place of what stood there."""
    found = await work.session.get(Meta, name)
    if found is None:
        work.session.add(Meta(name=name, value=value))
        await work.session.flush()
    else:
        found.value = value
