"""New customers of a file: their rows are sealed before the transaction opens that writes them."""

from collections.abc import Sequence
from typing import Any

from crm_core import attributes, contacts, customers
from crm_core.drafts import CustomerDraft, Terms
from crm_core.identities import SHOP
from crm_core.models import (
    AttributeValue,
    Consent,
    Contact,
    ContactKind,
    Customer,
    CustomerTag,
    Identity,
    NameToken,
    Purpose,
    Stage,
)
from crm_core.numbers import next_numbers
from crm_core.proofs import email_blind, phone_blind
from crm_core.rules import names
from crm_core.storage.bulk import Rows
from crm_core.storage.ids import new_id
from crm_core.work import Work


class NewRows:
    """The rows of new customers, in every table; their numbers come when they are written."""

    def __init__(self, work: Work, drafts: Sequence[CustomerDraft], terms: Terms) -> None:
        self._work = work
        self._terms = terms
        self._customers: list[tuple[Any, ...]] = []  # without their numbers
        self._contacts = Rows(
            Contact.__table__,
            *("id", "customer_id", "kind", "value", "blind", "label", "main", "created_at"),
        )
        self._tokens = Rows(NameToken.__table__, "token", "customer_id")
        self._tags = Rows(CustomerTag.__table__, "customer_id", "tag")
        self._attributes = Rows(
            AttributeValue.__table__, "customer_id", "attribute_id", "text", "number", "sealed", "at"
        )
        self._identities = Rows(
            Identity.__table__, "id", "channel", "external_id", "chat", "customer_id", "language", "created_at"
        )
        self._consents = Rows(Consent.__table__, "id", "customer_id", "purpose", "granted", "source", "at")
        for draft in drafts:
            self._add(draft)

    async def write(self, work: Work) -> None:
        """Number the customers, and insert everything."""
        if not self._customers:
            return
        first = await next_numbers(work, "customer", len(self._customers))
        await work.session.flush()
        rows = Rows(
            Customer.__table__,
            *("number", "id", "key", "name", "named", "birthday", "birth_day", "company", "language", "time_zone"),
            *("stage", "source", "created_at"),
        )
        rows.values = [(number, *row) for number, row in enumerate(self._customers, start=first)]
        work.new_keys.update((customer_id, key) for customer_id, key, *_ in self._customers)
        await rows.insert(work.session)
        others = (self._contacts, self._tokens, self._tags, self._attributes, self._identities, self._consents)
        for some in others:
            await some.insert(work.session)

    def _add(self, draft: CustomerDraft) -> None:
        work, terms = self._work, self._terms
        customer_id = new_id()
        key = work.vault.new_customer_key(customer_id)  # told to `Work.new_keys` by the work that writes it
        birthday, language = draft.birthday, draft.language or terms.language
        self._customers.append(
            (
                customer_id,
                key,
                customers.seal_name(work, customer_id, draft.name, key),
                names.EDITION,
                customers.seal_birthday(work, customer_id, birthday, key) if birthday else None,
                f"{birthday:%m-%d}" if birthday else None,
                draft.company or None,
                language,
                draft.time_zone or None,
                Stage.LEAD.value,
                terms.source,
                work.now,
            )
        )
        self._add_contacts(draft, customer_id, key)
        self._add_names(draft, customer_id)
        self._tags.values += [(customer_id, tag) for tag in draft.tags]
        if draft.attributes:
            self._add_attributes(draft, customer_id, key)
        if draft.reference:
            self._identities.values.append((new_id(), SHOP, draft.reference, "", customer_id, language, work.now))
        if draft.consent is not None:
            purpose = Purpose.MARKETING.value
            self._consents.values.append((new_id(), customer_id, purpose, draft.consent, terms.source, work.now))

    def _add_contacts(self, draft: CustomerDraft, customer_id: int, key: bytes) -> None:
        work = self._work
        kinds: set[str] = set()
        for kind, value in draft.contacts:
            contact_id = new_id()
            blind = None
            if kind == ContactKind.EMAIL:
                blind = email_blind(work, value)
            elif kind == ContactKind.PHONE:
                blind = phone_blind(work, value)
            sealed = contacts.seal(work, contact_id, value, key, customer_id)
            self._contacts.values.append(
                (contact_id, customer_id, kind.value, sealed, blind, "", kind not in kinds, work.now)
            )
            kinds.add(kind)

    def _add_names(self, draft: CustomerDraft, customer_id: int) -> None:
        all_names = [draft.name, *(value for kind, value in draft.further if kind == ContactKind.NAME)]
        self._tokens.values += [(token, customer_id) for token in customers.name_tokens(self._work, all_names)]

    def _add_attributes(self, draft: CustomerDraft, customer_id: int, key: bytes) -> None:
        for name, value in draft.attributes:
            attribute = self._terms.attributes[name]
            sealed = attributes.seal(self._work, attribute.id, customer_id, value, key) if attribute.personal else None
            clear = None if attribute.personal else value
            text = clear if isinstance(clear, str) else None
            number = clear if isinstance(clear, float) else None
            self._attributes.values.append((customer_id, attribute.id, text, number, sealed, self._work.now))
