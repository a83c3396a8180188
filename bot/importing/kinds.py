"""What differs between customers, orders and messages when they are imported."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from bot.importing.reading import How
from bot.importing.runs import APART, Checked, Kind, Verdict, Wishes
from bot.texts import Texts
from crm_core import histories, orders, orders_apart
from crm_core.drafts import CustomerDraft, OrderOnFile, Terms
from crm_core.histories import Past, PastMessage
from crm_core.imports import ADDED, CHANGED, REFUSED, SAME, Plan, Taken, change_customer, plan_customers
from crm_core.newcomers import NewRows
from crm_core.orders_apart import Stray
from crm_core.proofs import Clash, Person, owners_of
from crm_core.rules.orders import OrderRefused
from crm_core.work import Work

_CHANGED_WEIGHS: Final = 60  # rows: a changed customer is some statements, not one of many
_NEW_CHAT_WEIGHS: Final = 24  # rows: the customer, the words of the name, the identity and the conversation
_COMMAND_LINE: Final = "en"  # its language

# ---- customers ----

_CLASHES: Final = {
    "erased_person": "{reference} was erased, and an import brings nobody back",
    "two_people": "it names {numbers}, who are two customers on record",
    "shared_phone": "several customers have the phone number {phone}, and the row names nothing else",
    "contact_many": "the customer would have more than {most} contacts of a kind",
    "tag_many": "the customer would have more than {most} tags",
}


def _clash(clash: Clash) -> str:
    return _CLASHES[clash.key].format(**clash.values)


class Customers(Kind[CustomerDraft]):
    """Customers, known by the shop's reference, by e-mail address, and by phone number where there is nothing else."""

    name = "customers"

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._ready: NewRows | None = None

    async def look(self, work: Work | None, drafts: Sequence[CustomerDraft]) -> list[Verdict]:
        if work is None:
            return [Verdict(ADDED) for _ in drafts]
        plans = await plan_customers(work, drafts, self._terms)
        return [self._verdict(plan) for plan in plans]

    def _verdict(self, plan: Plan) -> Verdict:
        if plan.clash is not None:
            return Verdict(REFUSED, _clash(plan.clash))
        weight = {ADDED: _rows_of(plan.draft), CHANGED: _CHANGED_WEIGHS}.get(plan.what, 1)
        return Verdict(plan.what, "", weight, plan.kept_out)

    def prepare(self, work: Work, some: Sequence[Checked[CustomerDraft]]) -> None:
        self._ready = NewRows(work, [one.draft for one in some if one.what == ADDED], self._terms)

    async def write(self, work: Work, some: Sequence[Checked[CustomerDraft]], taken: Taken) -> list[str]:
        expected = [one.what == ADDED for one in some]
        plans = await plan_customers(work, [one.draft for one in some], self._terms)
        ready = self._ready
        if ready is None or [plan.what == ADDED for plan in plans] != expected:
            # Somebody came to be on record since the file was checked.
            ready = NewRows(work, [plan.draft for plan in plans if plan.what == ADDED], self._terms)
        await ready.write(work)
        refused = []
        for one, plan in zip(some, plans, strict=True):
            if plan.what == CHANGED:
                await change_customer(work, plan, self._terms)
            taken.count("bad" if plan.clash is not None else plan.what)
            taken.kept_out += plan.kept_out and plan.clash is None
            if plan.clash is not None:
                refused.append(f"{one.place}: {_clash(plan.clash)}.")
        return refused


def _rows_of(draft: CustomerDraft) -> int:
    """About how many rows a new customer is: with tokens of names, some more than are counted."""
    names = draft.name.count(" ") + 4 if draft.name.isascii() else min(12, 3 * len(draft.name) + 3)
    return 2 + names + len(draft.contacts) + len(draft.tags) + len(draft.attributes)


# ---- orders ----


class Orders(Kind[OrderOnFile]):
    """Orders, known by source and reference."""

    name = "orders"

    def __init__(self, how: How, wishes: Wishes) -> None:
        self._country = how.manner.country
        self._apart = wishes.keep_apart

    async def look(self, work: Work | None, drafts: Sequence[OrderOnFile]) -> list[Verdict]:
        if work is None:
            return [Verdict(APART) if self._apart else Verdict(REFUSED, self._unknown(one)) for one in drafts]
        return await self._take(work, drafts, write=False)

    async def write(self, work: Work, some: Sequence[Checked[OrderOnFile]], taken: Taken) -> list[str]:
        refused = []
        for one, verdict in zip(some, await self._take(work, [one.draft for one in some], write=True), strict=True):
            taken.count("bad" if verdict.what == REFUSED else verdict.what)
            if verdict.what == REFUSED:
                refused.append(f"{one.place}: {verdict.why}.")
        return refused

    async def _take(self, work: Work, found: Sequence[OrderOnFile], *, write: bool) -> list[Verdict]:
        owners = await owners_of(work, found)
        verdicts: dict[int, Verdict] = {}
        theirs: dict[int, OrderOnFile] = {}
        strays: dict[int, OrderOnFile] = {}
        drafts = []
        for place, (one, owner) in enumerate(zip(found, owners, strict=True)):
            if isinstance(owner, Clash):
                verdicts[place] = Verdict(REFUSED, f"order {one.external_ref}: {_clash(owner)}")
            elif isinstance(owner, Person):
                theirs[place] = one
                drafts.append(one.of(owner.id))
            elif self._apart:
                strays[place] = one
            else:
                verdicts[place] = Verdict(REFUSED, self._unknown(one))
        outcomes = await orders.upsert_many(work, drafts, write=write, alive=True)
        for place, outcome in zip(theirs, outcomes, strict=True):
            verdicts[place] = self._verdict(theirs[place], outcome.what, outcome.refused)
        if strays:
            kept = await self._keep(work, strays.values(), write=write)
            verdicts |= dict(zip(strays, kept, strict=True))
        return [verdicts[place] for place in range(len(found))]

    async def _keep(self, work: Work, some: Iterable[OrderOnFile], *, write: bool) -> list[Verdict]:
        strays = [Stray(order=one.of(0), email=one.email, phone=one.phone, reference=one.reference) for one in some]
        kept = await orders_apart.keep(work, strays, country=self._country, write=write)
        words: Mapping[str, str] = {ADDED: APART, CHANGED: APART}
        return [
            Verdict(REFUSED, self._why(one.refused)) if one.refused else Verdict(words.get(one.what, one.what))
            for one in kept
        ]

    def _verdict(self, one: OrderOnFile, what: str, refused: OrderRefused | None) -> Verdict:
        if refused is not None:
            return Verdict(REFUSED, self._why(refused))
        return Verdict(what, "", 1 if what == SAME else one.rows)

    @staticmethod
    def _why(refused: OrderRefused) -> str:
        return _texts().say(_COMMAND_LINE, refused.key.replace("_", "-"), **refused.values).rstrip(".")

    @staticmethod
    def _unknown(one: OrderOnFile) -> str:
        return f"order {one.external_ref} is of {one.owner}, who is no customer on record"


@cache
def _texts() -> Texts:
    return Texts((_COMMAND_LINE,))


# ---- chat histories ----


class History(Kind[PastMessage]):
    """Messages, known by chat, number and time."""

    name = "history"

    def __init__(self, past: Past) -> None:
        self._past = past

    async def look(self, work: Work | None, drafts: Sequence[PastMessage]) -> list[Verdict]:
        if work is None:
            return [Verdict(ADDED) for _ in drafts]
        found = await histories.take(work, drafts, self._past, write=False)
        return [
            Verdict(REFUSED, f"its time is {one.at:%Y-%m-%d %H:%M} UTC, which is still to come")
            if one.at > work.now
            else Verdict(what, "", _NEW_CHAT_WEIGHS if one.opens else 1)
            for one, what in zip(drafts, found, strict=True)
        ]

    async def write(self, work: Work, some: Sequence[Checked[PastMessage]], taken: Taken) -> list[str]:
        for what in await histories.take(work, [one.draft for one in some], self._past, write=True):
            taken.count(what)
        return []
