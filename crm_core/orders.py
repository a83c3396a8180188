"""Orders from other systems, known by source and external reference."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from crm_core.models import Order, OrderLine
from crm_core.storage.ids import new_id
from crm_core.work import Work


async def upsert(
    work: Work,
    *,
    source: str,
    external_ref: str,
    customer_id: int,
    state: str,
    total_minor: int,
    currency: str,
    placed_at: datetime,
    lines: Sequence[dict[str, Any]],
) -> bool:
    """Store an order or bring it up to date; True when it was new. Money is in minor units of `currency`."""
    order = await work.session.scalar(select(Order).where(Order.source == source, Order.external_ref == external_ref))
    new = order is None
    if order is None:
        order = Order(id=new_id(), source=source, external_ref=external_ref)
        work.session.add(order)
    else:
        await work.session.execute(delete(OrderLine).where(OrderLine.order_id == order.id))
    order.customer_id = customer_id
    order.state = state
    order.total_minor = total_minor
    order.currency = currency
    order.placed_at = placed_at
    work.session.add_all(OrderLine(id=new_id(), order_id=order.id, **line) for line in lines)
    return new
