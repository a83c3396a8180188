"""Finding customers: by number, order, phone, e-mail or tag exactly, by name in words, pinyin or initials."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select, union_all, update
from sqlalchemy.orm import aliased

from crm_core import contacts
from crm_core.contacts import value_of
from crm_core.conversations import name_of
from crm_core.customers import name_tokens
from crm_core.models import Contact, ContactKind, Customer, CustomerTag, NameToken, Order
from crm_core.rules import names
from crm_core.rules.contacts import is_email, is_phone, normal_email, phone_forms
from crm_core.rules.record import plain
from crm_core.storage.ids import read_id
from crm_core.work import Work

NAMED_AT_ONCE: Final = 20  # customers whose names get their tokens in one transaction: with 25 tokens each 500 rows
_LONGEST = 200  # characters of a question that are looked at
_MOST_WORDS = 8
_CANDIDATES = 50  # namesakes of whom the nearest are shown
_TAG_MARKS = ("tag:", "标签:")


async def find(work: Work, query: str, country: str = "", limit: int = 10) -> list[Customer]:
    """Whom these words mean, at most `limit`, exact hits first, then the names most like the words.

    The words are a number (#12), an order's number, a phone number, an e-mail address, `tag:tea`, or words of a name,
    all of which must fit. Nobody who was erased is found; who was merged away is found as whoever they were merged
    into. `country` is whose phone number it is when it does not say.
    """
    words = unicodedata.normalize("NFKC", plain(query[:_LONGEST]))
    found = await _load(work, await _exactly(work, words, country, limit))
    if len(found) < limit and _may_be_name(words):
        named = await _load(work, await _by_name(work, words))
        found += sorted((one for one in named if one not in found), key=await _likeness(work, words, named))
    return found[:limit]


def _may_be_name(words: str) -> bool:
    return not (words.startswith("#") or is_email(words) or _tag_in(words) or is_phone(words))


def _tag_in(words: str) -> str:
    """The tag that was asked for, "" for none."""
    for mark in _TAG_MARKS:
        if words.lower().startswith(mark):
            return words[len(mark) :].strip().lstrip("#")
    return ""


async def _exactly(work: Work, words: str, country: str, limit: int) -> list[int]:
    """The ids of customers whom these words mean exactly, the strongest first."""
    parts = [statement.limit(limit) for statement in _exact_statements(work, words, country)]
    if not parts:
        return []
    rows = union_all(*(select(part.subquery()) for part in parts)).subquery()
    statement = select(rows.c.customer_id).order_by(rows.c.place, rows.c.customer_id.desc())
    return list((await work.session.scalars(statement)).all())


def _exact_statements(work: Work, words: str, country: str) -> list[Select[Any]]:
    if tag := _tag_in(words):
        spellings = {tag, tag.lower(), tag.capitalize()}
        return [_ids(CustomerTag.customer_id, 4, CustomerTag.tag.in_(spellings))]
    found: list[Select[Any]] = []
    number = read_id(words.removeprefix("#"))
    if number is not None:
        found.append(_ids(Customer.id, 0, Customer.number == number))
    if words and " " not in words:
        refs = {words, words.upper(), words.removeprefix("#"), words.removeprefix("#").upper()}
        found.append(_ids(Order.customer_id, 1, Order.external_ref.in_(refs - {""})))
    if is_email(words):
        blinds = [work.vault.blind(normal_email(words), "email")]
        found.append(_ids(Contact.customer_id, 2, Contact.blind.in_(blinds), Contact.kind == ContactKind.EMAIL))
    if is_phone(words):
        blinds = [work.vault.blind(form, "phone") for form in phone_forms(words, country)]
        found.append(_ids(Contact.customer_id, 3, Contact.blind.in_(blinds), Contact.kind == ContactKind.PHONE))
    return found


def _ids(column: Any, place: int, *where: ColumnElement[bool]) -> Select[Any]:
    statement = select(column.label("customer_id"), literal(place).label("place")).where(*where)
    return statement.order_by(column.desc())


async def _by_name(work: Work, words: str) -> list[int]:
    """The newest of the customers who have every one of these words among their names."""
    tokens = list(dict.fromkeys(work.vault.token(word) for word in names.words_of(words)[:_MOST_WORDS]))
    if not tokens:
        return []
    if len(tokens) > 1:
        tokens = await _rarest_first(work, tokens)
    statement = select(NameToken.customer_id).where(NameToken.token == tokens[0])
    for token in tokens[1:]:
        other = aliased(NameToken)
        same = (other.token == token) & (other.customer_id == NameToken.customer_id)
        statement = statement.where(select(other.token).where(same).exists())
    newest = statement.order_by(NameToken.customer_id.desc()).limit(_CANDIDATES)
    return list((await work.session.scalars(newest)).all())


async def _rarest_first(work: Work, tokens: Sequence[int]) -> list[int]:
    """Wide is the search for a common surname, narrow the one that begins with the given name."""
    statement = select(NameToken.token, func.count()).where(NameToken.token.in_(tokens)).group_by(NameToken.token)
    counts: dict[int, int] = {row[0]: row[1] for row in (await work.session.execute(statement)).all()}
    return sorted(tokens, key=lambda token: counts.get(token, 0))


async def _load(work: Work, ids: Collection[int]) -> list[Customer]:
    """These customers in this order, as who they are now, each once."""
    known: dict[int, Customer] = {}
    wanted = set(ids)
    while wanted:
        rows = (await work.session.scalars(select(Customer).where(Customer.id.in_(wanted)))).all()
        known |= {row.id: row for row in rows}
        wanted = {row.merged_into for row in rows if row.merged_into is not None} - known.keys()
    found: dict[int, Customer] = {}
    for one in ids:
        seen: set[int] = set()
        customer = known[one]
        while customer.merged_into is not None and customer.id not in seen:
            seen.add(customer.id)
            customer = known[customer.merged_into]
        if customer.key is not None:
            work.remember(customer)
            found[customer.id] = customer
    return list(found.values())


async def _likeness(work: Work, words: str, found: Sequence[Customer]) -> Any:
    """How to sort namesakes: who is called exactly so, then who came last."""
    wanted = sorted(names.words_of(words))
    exact = {one.id for one in found if sorted(names.words_of(await name_of(work, one))) == wanted}

    def place(one: Customer) -> tuple[bool, int]:
        return one.id not in exact, -one.id

    return place


# ---- name tokens of an earlier edition ----


async def any_to_name(work: Work) -> bool:
    """Whether somebody's names have no tokens, or those of an earlier edition."""
    return await work.session.scalar(_to_name(0).limit(1)) is not None


async def name_some(work: Work, after: int) -> int | None:
    """Make the name tokens of the next customers past this id anew; the last one's id, None when all are done."""
    found = (await work.session.scalars(_to_name(after).limit(NAMED_AT_ONCE))).all()
    if not found:
        return None
    ids = [one.id for one in found]
    for one in found:
        work.remember(one)
    all_names = {one.id: [await name_of(work, one)] for one in found}
    for row in await contacts.rows_of(work, ids):
        if row.kind == ContactKind.NAME:
            all_names[row.customer_id].append(await value_of(work, row))
    tokens = [
        {"token": token, "customer_id": customer_id}
        for customer_id, some in all_names.items()
        for token in name_tokens(work, some)
    ]
    await work.session.execute(delete(NameToken).where(NameToken.customer_id.in_(ids)))
    if tokens:
        await work.session.execute(insert(NameToken), tokens)
    await work.session.execute(update(Customer).where(Customer.id.in_(ids)).values(named=names.EDITION))
    return ids[-1]


def _to_name(after: int) -> Select[Customer]:
    return (
        select(Customer)
        .where(Customer.id > after, Customer.named < names.EDITION, Customer.key.is_not(None))
        .order_by(Customer.id)
    )
