"""What the shop sold: orders with their lines, states, payments and refunds."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references
from crm_core.storage.types import Sealed


class OrderState(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    PAID = "paid"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


NOT_BOUGHT = (OrderState.CANCELLED, OrderState.RETURNED)  # such orders count for nothing


class Order(Base):
    """An order from another system, known by source and external reference."""

    __tablename__ = "shop_order"
    __table_args__ = (
        UniqueConstraint("source", "external_ref"),
        Index("ix_shop_order_customer_id", "customer_id", "placed_at", "state"),
        Index("ix_shop_order_placed_at", "placed_at", "customer_id", "state"),
        # What somebody spent is summed from the index alone.
        Index("ix_shop_order_money", "customer_id", "currency", "state", "total_minor"),
        Index("ix_shop_order_external_ref", "external_ref"),
        Index("ix_shop_order_tracking", "tracking"),
    )
    id: Mapped[Id]
    source: Mapped[Word]
    external_ref: Mapped[Name]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"))
    state: Mapped[Word]  # an OrderState; orders of earlier versions may hold another word. When: `OrderEvent`
    total_minor: Mapped[int]
    currency: Mapped[Word]
    placed_at: Mapped[datetime]
    tracking: Mapped[Name | None]
    carrier: Mapped[Name | None]


class OrderLine(Base):
    """One product of an order."""

    __tablename__ = "order_line"
    __table_args__ = (
        Index("ix_order_line_product", "product", "order_id"),
        Index("ix_order_line_sku", "sku", "order_id"),
    )
    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(references("shop_order.id", ondelete="CASCADE"), index=True)
    product: Mapped[Name]
    sku: Mapped[Name]
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]


class OrderEvent(Base):
    """When an order came to a state."""

    __tablename__ = "order_event"
    __table_args__ = (UniqueConstraint("order_id", "state", "at"),)
    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(references("shop_order.id", ondelete="CASCADE"))
    state: Mapped[Word]
    at: Mapped[datetime]


class PaymentKind(StrEnum):
    """Which way money went."""

    PAYMENT = "payment"
    REFUND = "refund"


class Payment(Base):
    """Money of an order that was paid or given back, in minor units of the order's currency, above zero."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("order_id", "external_ref"),
        Index("ix_payment_kind", "kind", "order_id", "amount_minor"),
    )
    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(references("shop_order.id", ondelete="CASCADE"))
    kind: Mapped[Word]
    amount_minor: Mapped[int]
    external_ref: Mapped[Name]
    at: Mapped[datetime]


class OrderApart(Base):
    """An order whose customer is not on record yet, sealed whole under the house key until they are."""

    __tablename__ = "order_apart"
    __table_args__ = (UniqueConstraint("source", "external_ref"),)
    id: Mapped[Id]
    source: Mapped[Word]
    external_ref: Mapped[Name]
    body: Mapped[bytes] = mapped_column(Sealed)  # JSON
    email_blind: Mapped[Word | None] = mapped_column(index=True)
    phone_blind: Mapped[Word | None] = mapped_column(index=True)
    at: Mapped[datetime]
