"""What a file says of a customer or an order, and what holds for a whole import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from crm_core.models import Attribute, ContactKind
from crm_core.rules.attributes import Value
from crm_core.rules.orders import OrderDraft, OrderLineDraft, PaymentDraft


class CustomerDraft(NamedTuple):
    """A customer as a file has them, every value in normal form; what is empty is left as it is."""

    email: str = ""
    phone: str = ""
    reference: str = ""  # the shop's own number
    name: str = ""
    language: str = ""
    time_zone: str = ""
    company: str = ""
    birthday: date | None = None
    address: str = ""
    further: tuple[tuple[ContactKind, str], ...] = ()  # contacts beside the main ones
    tags: tuple[str, ...] = ()
    consent: bool | None = None
    attributes: tuple[tuple[str, Value], ...] = ()  # by key, as `rules.attributes.check` gave them

    @property
    def contacts(self) -> list[tuple[ContactKind, str]]:
        """Every contact, the main one of each kind before the others."""
        main = ((ContactKind.EMAIL, self.email), (ContactKind.PHONE, self.phone), (ContactKind.ADDRESS, self.address))
        return [*[one for one in main if one[1]], *self.further]


class OrderOnFile(NamedTuple):
    """An order as a file has it; whose it is, is said by a reference, an e-mail address or a phone number."""

    source: str
    external_ref: str
    state: str
    total_minor: int
    currency: str
    placed_at: datetime
    email: str = ""
    phone: str = ""
    reference: str = ""
    state_at: datetime | None = None
    tracking: str = ""
    carrier: str = ""
    lines: tuple[OrderLineDraft, ...] | None = None  # None leaves them as they are
    events: tuple[tuple[str, datetime], ...] = ()
    payments: tuple[PaymentDraft, ...] = ()

    @property
    def owner(self) -> str:
        """Whose it is, as the file says it."""
        return self.email or self.phone or self.reference

    @property
    def rows(self) -> int:
        """How many rows it is."""
        return 1 + len(self.lines or ()) + len(self.events) + len(self.payments)

    def of(self, customer_id: int) -> OrderDraft:
        """The order with its customer, 0 for nobody yet."""
        return OrderDraft(
            source=self.source,
            external_ref=self.external_ref,
            customer_id=customer_id,
            state=self.state,
            total_minor=self.total_minor,
            currency=self.currency,
            placed_at=self.placed_at,
            state_at=self.state_at,
            tracking=self.tracking,
            carrier=self.carrier,
            lines=self.lines,
            events=self.events,
            payments=self.payments,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for a whole import of customers: where it comes from, and what its values mean."""

    source: str
    language: str  # of new customers whose own is not known
    country: str = ""  # whose phone numbers those without a country are
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
