"""Attributes: fields of the customer's record that the operator defines, and what customers have in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from crm_core import audit
from crm_core.models import Attribute, AttributeKind, AttributeValue, Customer
from crm_core.rules.attributes import Value, check, check_choices, check_key, shown
from crm_core.rules.record import RecordRefused, plain
from crm_core.storage.ids import new_id
from crm_core.work import Work

__all__ = [
    "Held", "archive", "by_key", "check", "clear", "define", "label_of", "listed", "of", "put", "read", "seal", "shown",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a customer has in an attribute, in clear."""

    attribute: Attribute
    value: Value


async def listed(work: Work, *, archived: bool = False) -> Sequence[Attribute]:
    """The attributes in the order in which they were defined; archived ones only when asked for."""
    statement = select(Attribute).order_by(Attribute.id)
    if not archived:
        statement = statement.where(Attribute.archived_at.is_(None))
    return (await work.session.scalars(statement)).all()


async def by_key(work: Work, key: str) -> Attribute | None:
    """The attribute with this key, archived or not."""
    return await work.session.scalar(select(Attribute).where(Attribute.key == key))


async def define(
    work: Work,
    key: str,
    kind: str,
    *,
    labels: Mapping[str, str],
    choices: Sequence[str] = (),
    personal: bool = False,
    staff_id: int | None = None,
) -> Attribute:
    """Add an attribute, bring back an archived one, or change labels and choices of one that is there.

    What kind it is and whether it is personal stays as it is while customers have values in it.
    """
    check_key(key)
    if kind not in list(AttributeKind):
        raise RecordRefused("attribute_bad_kind", kind=kind[:40], kinds=", ".join(AttributeKind))
    chosen = check_choices(choices) if kind == AttributeKind.CHOICE else []
    known = await by_key(work, key)
    if known is not None and (known.kind, known.personal) != (kind, personal) and await _in_use(work, known):
        raise RecordRefused("attribute_in_use", attribute=key)
    row = known or Attribute(id=new_id(), key=key, created_at=work.now)
    row.kind, row.personal = kind, personal
    row.labels = {language: plain(label) for language, label in labels.items() if plain(label)}
    row.choices = chosen
    row.archived_at = None
    work.session.add(row)
    audit.enter(work, staff_id, "attribute.define", f"attribute:{key}", kind=str(kind), personal=personal)
    return row


async def _in_use(work: Work, attribute: Attribute) -> bool:
    statement = select(AttributeValue.customer_id).where(AttributeValue.attribute_id == attribute.id).limit(1)
    return await work.session.scalar(statement) is not None


async def archive(work: Work, key: str, staff_id: int | None = None) -> Attribute:
    """Offer an attribute no longer; what customers have in it is kept."""
    row = await by_key(work, key)
    if row is None or row.archived_at is not None:
        raise RecordRefused("attribute_unknown", attribute=key[:40])
    row.archived_at = work.now
    audit.enter(work, staff_id, "attribute.archive", f"attribute:{key}")
    return row


def label_of(attribute: Attribute, language: str) -> str:
    """What people read of an attribute: its label in their language, in any, or its key."""
    labels = attribute.labels
    return str(labels.get(language) or next(iter(labels.values()), attribute.key))


def seal(work: Work, attribute_id: int, customer_id: int, value: Value, key: bytes | None) -> bytes:
    """Seal a value of a personal attribute for its place."""
    return work.vault.seal(shown(value), f"attribute_value.sealed:{customer_id}.{attribute_id}", key, customer_id)


async def put(work: Work, customer: Customer, attribute: Attribute, value: Value) -> None:
    """Let a customer have this value, as `check` gave it, in an attribute."""
    row = await work.session.get(AttributeValue, (customer.id, attribute.id))
    if row is None:
        row = AttributeValue(customer_id=customer.id, attribute_id=attribute.id)
        work.session.add(row)
    row.text = row.number = row.sealed = None
    row.at = work.now
    if attribute.personal:
        row.sealed = seal(work, attribute.id, customer.id, value, customer.key)
    elif isinstance(value, float):
        row.number = value
    else:
        row.text = value


async def clear(work: Work, customer: Customer, attribute: Attribute) -> None:
    """Let a customer have nothing in an attribute."""
    await work.session.execute(
        delete(AttributeValue).where(
            AttributeValue.customer_id == customer.id, AttributeValue.attribute_id == attribute.id
        )
    )


async def read(work: Work, row: AttributeValue, kind: str) -> Value:
    """A value in clear."""
    if row.sealed is None:
        return row.number if row.number is not None else row.text or ""
    key = await work.key_of(row.customer_id)
    place = f"attribute_value.sealed:{row.customer_id}.{row.attribute_id}"
    text = work.vault.open(row.sealed, place, key, row.customer_id)
    return float(text) if kind == AttributeKind.NUMBER else text


async def of(work: Work, customer_ids: Collection[int]) -> dict[int, list[Held]]:
    """What these customers have in attributes that are not archived, in the order of the attributes."""
    statement = (
        select(AttributeValue, Attribute)
        .join(Attribute, Attribute.id == AttributeValue.attribute_id)
        .where(AttributeValue.customer_id.in_(customer_ids), Attribute.archived_at.is_(None))
        .order_by(Attribute.id)
    )
    found: dict[int, list[Held]] = {customer_id: [] for customer_id in customer_ids}
    for row, attribute in (await work.session.execute(statement)).all():
        if await work.key_of(row.customer_id) is not None:
            found[row.customer_id].append(Held(attribute=attribute, value=await read(work, row, attribute.kind)))
    return found
