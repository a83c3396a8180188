"""Whom the proof keys of a file name: the shop's own references, e-mail addresses, and phone numbers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, cast

from sqlalchemy import Table, bindparam, select

from crm_core import customers
from crm_core.identities import SHOP
from crm_core.models import Contact, ContactKind, Customer, Identity
from crm_core.rules.contacts import normal_email
from crm_core.work import Work


class Clash(Exception):
    """A draft contradicts what is on record.

    `key` says why: two_people, shared_phone, erased_person, contact_many or tag_many.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


class Person(NamedTuple):
    """A customer whom a proof key names."""

    id: int
    number: int | None


@dataclass(slots=True)
class People:
    """The customers on record whom references, e-mail addresses and phone numbers name; blinds, not words."""

    by_reference: dict[str, Person] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)  # references of people who were erased
    by_email: dict[str, Person] = field(default_factory=dict)
    by_phone: dict[str, dict[int, Person]] = field(default_factory=dict)
    blinds: dict[tuple[str, str], str] = field(default_factory=dict)  # of what was asked for
    reachable: set[int] = field(default_factory=set)  # those with an e-mail address or a reference


# Made once, of tables instead of mapped classes: an import asks them thousands of times.
_customer, _contact, _identities = (cast(Table, one.__table__) for one in (Customer, Contact, Identity))
_ALIVE = (_customer.c.key.is_not(None), _customer.c.merged_into.is_(None))
_BY_REFERENCES = (
    select(_identities.c.external_id, _customer.c.id, _customer.c.number)
    .join(_customer, _customer.c.id == _identities.c.customer_id)
    .where(_identities.c.channel == SHOP, _identities.c.external_id.in_(bindparam("references", expanding=True)))
    .where(*_ALIVE)
)
_BY_BLINDS = (
    select(_contact.c.blind, _contact.c.kind, _customer.c.id, _customer.c.number)
    .join(_customer, _customer.c.id == _contact.c.customer_id)
    .where(_contact.c.blind.in_(bindparam("blinds", expanding=True)), *_ALIVE)
    .order_by(_customer.c.id.desc())
)


async def people(work: Work, references: Iterable[str], emails: Iterable[str], phones: Iterable[str]) -> People:
    """Whom these name; phones are in normal form. Nobody who was erased or merged away."""
    found = People()
    if wanted := set(references) - {""}:
        asked = {"references": list(wanted)}
        for reference, person_id, number in (await work.session.execute(_BY_REFERENCES, asked)).all():
            found.by_reference[reference] = Person(person_id, number)
        found.erased = await _erased(work, wanted - found.by_reference.keys())
    found.blinds = {("email", email): email_blind(work, email) for email in emails if email}
    found.blinds |= {("phone", phone): phone_blind(work, phone) for phone in phones if phone}
    if found.blinds:
        asked = {"blinds": list(set(found.blinds.values()))}
        for blind, kind, person_id, number in (await work.session.execute(_BY_BLINDS, asked)).all():
            if blind is not None and kind == ContactKind.EMAIL:
                found.by_email[blind] = Person(person_id, number)  # the oldest of several stays
            elif blind is not None and kind == ContactKind.PHONE:
                found.by_phone.setdefault(blind, {})[person_id] = Person(person_id, number)
    if found.by_phone:
        found.reachable = await _reachable(work, {one for some in found.by_phone.values() for one in some})
    return found


async def _erased(work: Work, references: Collection[str]) -> set[str]:
    """Those of these references whose customers were erased."""
    if not references:
        return set()
    gone = {customers.gone_address(work, SHOP, one): one for one in references}
    statement = select(Identity.external_id).where(Identity.channel == SHOP, Identity.external_id.in_(gone))
    return {gone[one] for one in await work.session.scalars(statement)}


async def _reachable(work: Work, ids: Collection[int]) -> set[int]:
    mailed = select(Contact.customer_id).where(Contact.customer_id.in_(ids), Contact.kind == ContactKind.EMAIL)
    numbered = select(Identity.customer_id).where(Identity.customer_id.in_(ids), Identity.channel == SHOP)
    found = [*(await work.session.scalars(mailed)).all(), *(await work.session.scalars(numbered)).all()]
    return {one for one in found if one is not None}


def email_blind(work: Work, email: str) -> str:
    """By which an e-mail address is found."""
    return work.vault.blind(normal_email(email), "email")


def phone_blind(work: Work, phone: str) -> str:
    """By which a phone number in normal form is found."""
    return work.vault.blind(phone, "phone")


def who(found: People, reference: str, emails: Sequence[str], phones: Sequence[str]) -> Person | None:
    """The customer whom these proof keys name, None for somebody new; raises Clash when they name two people.

    The shop's reference and e-mail addresses decide. A phone number may be a household's: it decides only where the
    draft or the customer has neither. A reference of somebody who was erased is nobody's any more.
    """
    if reference in found.erased:
        raise Clash("erased_person", reference=reference)
    named = [found.by_reference.get(reference), *(found.by_email.get(found.blinds["email", one]) for one in emails)]
    people_named = {one.id: one for one in named if one is not None}
    if len(people_named) > 1:
        numbers = sorted(str(one.number or "?") for one in people_named.values())
        raise Clash("two_people", numbers=" and ".join(f"#{one}" for one in numbers))
    if people_named:
        return next(iter(people_named.values()))
    alone = not reference and not emails
    for phone in phones:
        owners = found.by_phone.get(found.blinds["phone", phone], {})
        fitting = [one for one in owners.values() if alone or one.id not in found.reachable]
        if len(fitting) > 1:
            raise Clash("shared_phone", phone=phone)
        if fitting:
            return fitting[0]
    return None


class Addressed(Protocol):
    """What says whose it is: the shop's reference, an e-mail address, a phone number in normal form."""

    @property
    def reference(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...


async def owners_of(work: Work, found: Sequence[Addressed]) -> list[Person | Clash | None]:
    """Whose each of these orders is: a customer, nobody on record, or a clash. Nothing else decides that."""
    known = await people(
        work, [one.reference for one in found], [one.email for one in found], [one.phone for one in found]
    )
    owners: list[Person | Clash | None] = []
    for one in found:
        emails, phones = [one.email] if one.email else [], [one.phone] if one.phone else []
        try:
            owners.append(who(known, one.reference, emails, phones))
        except Clash as clash:
            owners.append(clash)
    return owners
