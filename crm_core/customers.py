"""Customers: welcoming a new one, the names they are found by, tags and consent."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import delete, func, select

from crm_core import contacts
from crm_core.conversations import name_of
from crm_core.models import (
    CampaignRecipient,
    Consent,
    ContactKind,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    NameToken,
    Order,
    Purpose,
    Stage,
    Ticket,
)
from crm_core.numbers import next_number
from crm_core.rules import names
from crm_core.rules.erasing import gone
from crm_core.storage.ids import new_id
from crm_core.work import Work


def create(work: Work, *, language: str, name: str, source: str, number: int | None = None) -> Customer:
    """A new customer with a key of their own, to be found by their name."""
    customer_id = new_id()
    key = work.new_key(customer_id)
    customer = Customer(
        id=customer_id,
        number=number,
        key=key,
        name=seal_name(work, customer_id, name, key),
        named=names.EDITION,
        language=language,
        stage=Stage.LEAD,
        source=source,
        created_at=work.now,
    )
    work.session.add(customer)
    work.session.add_all(NameToken(token=token, customer_id=customer_id) for token in name_tokens(work, [name]))
    work.remember(customer)
    return customer


def seal_name(work: Work, customer_id: int, name: str, key: bytes | None) -> bytes | None:
    """A name sealed for its place; None for none."""
    return work.vault.seal(name, f"customer.name:{customer_id}", key, customer_id) if name else None


def seal_birthday(work: Work, customer_id: int, day: date, key: bytes | None) -> bytes:
    """A birthday sealed for its place."""
    return work.vault.seal(day.isoformat(), f"customer.birthday:{customer_id}", key, customer_id)


def name_tokens(work: Work, all_names: Iterable[str]) -> set[int]:
    """The hashes by which somebody with these names is found."""
    return {work.vault.token(word) for name in all_names for word in names.tokens_of(name)}


async def index_names(work: Work, customer: Customer) -> None:
    """Bring the name tokens of a customer up to their names."""
    reaches = [one.value for one in await contacts.of(work, customer.id) if one.kind == ContactKind.NAME]
    wanted = name_tokens(work, [await name_of(work, customer), *reaches])
    there = set(await work.session.scalars(select(NameToken.token).where(NameToken.customer_id == customer.id)))
    if gone := there - wanted:
        await work.session.execute(
            delete(NameToken).where(NameToken.customer_id == customer.id, NameToken.token.in_(gone))
        )
    work.session.add_all(NameToken(token=token, customer_id=customer.id) for token in wanted - there)
    customer.named = names.EDITION


async def welcome(
    work: Work, *, channel: str, external_id: str, chat: str, language: str, name: str
) -> tuple[Identity, Customer, Conversation]:
    """A person we see for the first time: customer, identity and conversation."""
    number = await next_number(work, "customer")
    customer = create(work, language=language, name=name, source="chat", number=number)
    identity, conversation = add_identity(work, channel, external_id, chat, language, customer_id=customer.id)
    before = select(Identity.blocked_at).where(
        Identity.channel == channel, Identity.external_id == gone_address(work, channel, external_id)
    )
    identity.blocked_at = await work.session.scalar(before)  # nobody unblocks themselves by being erased
    return identity, customer, conversation


def gone_address(work: Work, channel: str, external_id: str) -> str:
    """What stands in the place of this address if whoever had it was erased and is to be known again."""
    return gone(work.vault.blind(f"{channel} {external_id}", "address"))


def add_identity(
    work: Work,
    channel: str,
    external_id: str,
    chat: str,
    language: str,
    *,
    customer_id: int | None = None,
    staff_id: int | None = None,
) -> tuple[Identity, Conversation]:
    """An address of a customer or of a staff member, with its conversation."""
    identity = Identity(
        id=new_id(),
        channel=channel,
        external_id=external_id,
        chat=chat,
        customer_id=customer_id,
        staff_id=staff_id,
        language=language,
        created_at=work.now,
    )
    conversation = Conversation(
        id=new_id(),
        identity_id=identity.id,
        customer_id=customer_id,
        version=0,
        last_rev=0,
        created_at=work.now,
    )
    work.session.add_all((identity, conversation))
    return identity, conversation


async def has_dealings(work: Work, customer_id: int) -> bool:
    """Whether anything but talk here is on record of a customer: ticket, order, consent, another address or record."""
    for table in (Ticket, Order, Consent, CampaignRecipient):
        if await work.session.scalar(select(table.id).where(table.customer_id == customer_id).limit(1)) is not None:
            return True
    merged = select(Customer.id).where(Customer.merged_into == customer_id).limit(1)
    addresses = select(func.count()).select_from(Identity).where(Identity.customer_id == customer_id)
    return await work.session.scalar(merged) is not None or (await work.session.scalar(addresses) or 0) > 1


def tag(work: Work, customer_id: int, tags: Iterable[str]) -> None:
    """Pin words on a new customer."""
    work.session.add_all(CustomerTag(customer_id=customer_id, tag=word) for word in sorted(set(tags)))


async def tags_of(work: Work, customer_id: int) -> list[str]:
    """The words pinned on a customer, in order."""
    statement = select(CustomerTag.tag).where(CustomerTag.customer_id == customer_id).order_by(CustomerTag.tag)
    return list((await work.session.scalars(statement)).all())


async def consented(work: Work, customer_ids: Iterable[int]) -> dict[int, bool]:
    """What each of these customers last said about marketing, for whichever channel; who said nothing is absent."""
    statement = (
        select(Consent.customer_id, Consent.granted)
        .where(Consent.customer_id.in_(list(customer_ids)), Consent.purpose == Purpose.MARKETING)
        .order_by(Consent.id)
    )
    return {row[0]: row[1] for row in (await work.session.execute(statement)).all()}
