"""What the shop sold: orders and their lines."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references


class Order(Base):
    """An order from another system, known by source and external reference."""

    __tablename__ = "shop_order"
    __table_args__ = (UniqueConstraint("source", "external_ref"),)
    id: Mapped[Id]
    source: Mapped[Word]
    external_ref: Mapped[Name]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    state: Mapped[Word]
    total_minor: Mapped[int]
    currency: Mapped[Word]
    placed_at: Mapped[datetime]


class OrderLine(Base):
    """One product of an order."""

    __tablename__ = "order_line"
    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(references("shop_order.id", ondelete="CASCADE"), index=True)
    product: Mapped[Name]
    sku: Mapped[Name]
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]
