"""Identities: one-time links to go on elsewhere as the same customer, signed logins, verified phones."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from crm_core import audit, contacts, customers, merging, suggestions
from crm_core.models import ContactKind, Customer, Identity, IdentityLink, UsedNonce
from crm_core.numbers import next_number
from crm_core.rules.contacts import is_email, is_phone, phone_forms
from crm_core.rules.lifecycle import Lifecycle
from crm_core.rules.merging import older_first
from crm_core.storage.ids import new_id
from crm_core.work import Work

LINK_TERM: Final = timedelta(minutes=30)
NONCE_KEPT: Final = timedelta(hours=1)  # beyond the expiry of its login, whatever a clock shows
SHOP: Final = (
    "shop"  # the channel of identities that are the shop's own references of its customers: nobody is met there
)
_LINK = re.compile(r"link_[A-Za-z0-9_-]{32}")  # never as long as an invite


class LoginFailed(Exception):
    """Nobody is let in by this login: `key` is "login_refused", or "login_other" for a visitor who is somebody else."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class LinkRefused(Exception):
    """This link does not hold; `key` names the sentence in the texts, nothing was changed."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def is_link(word: str) -> bool:
    """Whether a start parameter is a one-time link, good or bad, and no invite."""
    return bool(_LINK.fullmatch(word))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# ---- one-time links ----


def make_link(work: Work, identity: Identity) -> str:
    """A token of 37 characters by which this customer goes on elsewhere, within half an hour; stored hashed."""
    token = f"link_{secrets.token_urlsafe(24)}"
    work.session.add(
        IdentityLink(id=new_id(), token_hash=_hash(token), identity_id=identity.id, expires_at=work.now + LINK_TERM)
    )
    return token


async def link_of(work: Work, token: str) -> IdentityLink | None:
    """The link of a token while it can be followed."""
    row = await work.session.scalar(select(IdentityLink).where(IdentityLink.token_hash == _hash(token)))
    return row if row is not None and row.used_at is None and row.expires_at > work.now else None


async def may_follow(work: Work, link: IdentityLink | None, identity: Identity) -> Identity:
    """Whose link it is; raises LinkRefused or MergeRefused when this identity cannot go on as that customer."""
    maker = await work.session.get(Identity, link.identity_id) if link is not None else None
    if link is None or maker is None or link.used_at is not None or link.expires_at <= work.now:
        raise LinkRefused("link_unknown")
    if maker.staff_id is not None or identity.staff_id is not None:
        raise LinkRefused("link_staff")
    if maker.id == identity.id:
        raise LinkRefused("link_same_place")
    kept, other = await _both(work, maker, identity)
    if kept.id != other.id:
        await merging.check(work, kept, other)
    return maker


async def follow(work: Work, link: IdentityLink | None, identity: Identity, lifecycle: Lifecycle) -> Identity:
    """Use a link up: its maker and this identity are one customer from now on; returns the maker's identity.

    One winner, however many try. Raises LinkRefused or MergeRefused and changes nothing then.
    """
    await work.session.flush()
    maker = await may_follow(work, link, identity)
    assert link is not None
    taken = await work.session.execute(
        update(IdentityLink)
        .where(IdentityLink.id == link.id, IdentityLink.used_at.is_(None), IdentityLink.expires_at > work.now)
        .values(used_at=work.now, used_by=identity.id)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult
        raise LinkRefused("link_unknown")
    kept, other = await _both(work, maker, identity)
    if kept.id != other.id:
        await merging.merge(work, kept, other, "link", None, lifecycle)
    for one in (maker, identity):
        prove(work, one, "link")
    audit.enter(work, None, "identity.link", f"identity:{identity.id}", made_by=maker.id)
    return maker


async def _both(work: Work, maker: Identity, identity: Identity) -> tuple[Customer, Customer]:
    first = await work.session.get_one(Customer, maker.customer_id)
    second = await work.session.get_one(Customer, identity.customer_id)
    return older_first(first, second)


async def clear_links(work: Work, limit: int = 500) -> int:
    """Remove links that nobody can follow any more; returns how many."""
    old = select(IdentityLink.id).where(IdentityLink.expires_at < work.now - LINK_TERM).limit(limit)
    ids = (await work.session.scalars(old)).all()
    if ids:
        await work.session.execute(delete(IdentityLink).where(IdentityLink.id.in_(ids)))
    return len(ids)


def prove(work: Work, identity: Identity, proof: str) -> None:
    """Write down how we know whose an identity is; the first proof stays."""
    if identity.proof is None:
        identity.proof, identity.proven_at = proof, work.now


# ---- signed logins ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What the shop's own site says, under its signature, of who is logged in there."""

    reference: str  # the shop's own name for this customer, never an e-mail address
    nonce: str
    expires_at: datetime
    name: str = ""
    email: str = ""
    phone: str = ""


async def log_in(
    work: Work, login: Login, channel: str, address: str, language: str, lifecycle: Lifecycle, country: str = ""
) -> Identity:
    """Let the identity of a visitor be the shop's customer from now on. Raises LoginFailed, and changes nothing then.

    A visitor whom the shop knows as somebody else already cannot become another: "login_other". `country` is whose
    the phone number is when it does not say.
    """
    await _use_up(work, login)
    visitor = await _identity(work, channel, address)
    known = await _identity(work, SHOP, login.reference)
    if visitor is not None and visitor.staff_id is not None:
        raise LoginFailed("login_refused")
    customer = await _logged_in(work, login, visitor, known, language, lifecycle)
    if visitor is None:
        visitor, _conversation = customers.add_identity(
            work, channel, address, address, language, customer_id=customer.id
        )
    prove(work, visitor, "login")
    await work.session.flush()
    await _take_facts(work, customer, login, country)
    audit.enter(work, None, "identity.login", f"identity:{visitor.id}", customer=customer.number)
    return visitor


async def _use_up(work: Work, login: Login) -> None:
    nonce_hash = _hash(f"login:{login.nonce}")
    if await work.session.get(UsedNonce, nonce_hash) is not None:
        raise LoginFailed("login_refused")
    work.session.add(UsedNonce(nonce_hash=nonce_hash, expires_at=login.expires_at))


async def _identity(work: Work, channel: str, external_id: str) -> Identity | None:
    statement = select(Identity).where(Identity.channel == channel, Identity.external_id == external_id)
    return await work.session.scalar(statement)


async def _logged_in(
    work: Work,
    login: Login,
    visitor: Identity | None,
    known: Identity | None,
    language: str,
    lifecycle: Lifecycle,
) -> Customer:
    mine = await work.session.get(Customer, visitor.customer_id) if visitor is not None else None
    theirs = await work.session.get(Customer, known.customer_id) if known is not None else None
    for one in (mine, theirs):
        if one is not None and one.key is None:
            raise LoginFailed("login_refused")
    if mine is not None and theirs is not None:
        if mine.id != theirs.id:
            if await _is_somebody(work, mine, login.reference):
                raise LoginFailed("login_other")
            await merging.merge(work, theirs, mine, "login", None, lifecycle)
        return theirs
    if mine is not None and await _is_somebody(work, mine, login.reference):
        raise LoginFailed("login_other")
    customer = theirs or mine or await _new(work, login, language)
    if known is None:
        work.session.add(
            Identity(
                id=new_id(), channel=SHOP, external_id=login.reference, chat="", customer_id=customer.id,
                language=language, created_at=work.now, proof="login", proven_at=work.now,
            )
        )  # fmt: skip
    work.remember(customer)
    return customer


async def _is_somebody(work: Work, customer: Customer, reference: str) -> bool:
    """Whether the shop knows this customer under another reference: two people at one browser, say."""
    statement = select(Identity.id).where(
        Identity.customer_id == customer.id, Identity.channel == SHOP, Identity.external_id != reference
    )
    return await work.session.scalar(statement.limit(1)) is not None


async def _new(work: Work, login: Login, language: str) -> Customer:
    number = await next_number(work, "customer")
    return customers.create(work, language=language, name=login.name, source="chat", number=number)


async def _take_facts(work: Work, customer: Customer, login: Login, country: str) -> None:
    """The shop's word on name, e-mail and phone, where the record has none or not these."""
    if customer.name is None and login.name:
        customer.name = customers.seal_name(work, customer.id, login.name, customer.key)
        await customers.index_names(work, customer)
    if is_email(login.email):
        await _verified(work, customer, ContactKind.EMAIL, login.email.strip(), country)
        for one in await contacts.by_email(work, login.email):
            await suggestions.suggest(work, customer, one, "email")
    if is_phone(login.phone):
        await verify_phone(work, customer, login.phone, country)


async def clear_nonces(work: Work, limit: int = 500) -> int:
    """Remove used nonces of logins that have expired long since; returns how many."""
    old = select(UsedNonce.nonce_hash).where(UsedNonce.expires_at < work.now - NONCE_KEPT).limit(limit)
    hashes = (await work.session.scalars(old)).all()
    if hashes:
        await work.session.execute(delete(UsedNonce).where(UsedNonce.nonce_hash.in_(hashes)))
    return len(hashes)


# ---- verified phones ----


async def verify_phone(work: Work, customer: Customer, phone: str, country: str = "") -> None:
    """A number that is surely this customer's; whoever else has it may be the same person, which somebody decides."""
    await _verified(work, customer, ContactKind.PHONE, phone.strip(), country)
    for one in await contacts.by_phone(work, phone, country):
        await suggestions.suggest(work, customer, one, "phone")


async def _verified(work: Work, customer: Customer, kind: ContactKind, value: str, country: str) -> None:
    await work.session.flush()
    if kind == ContactKind.PHONE:
        forms = {work.vault.blind(form, "phone") for form in phone_forms(value, country)}
    else:
        forms = {contacts.blind_of(work, kind, value) or ""}
    rows = [row for row in await contacts.rows_of(work, [customer.id]) if row.kind == kind]
    same = next((row for row in rows if row.blind in forms), None)
    if same is None:
        main = not any(row.main for row in rows)
        contacts.add(work, customer, kind, value, country=country, main=main, verified=True)
    elif same.verified_at is None:
        same.verified_at = work.now
    await work.session.flush()
