"""The customer's record at the desk: search, card, timeline and changes as JSON, for colleagues who may."""

import json
from typing import Any, Protocol

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.portrait import Reader, entry_text, reach
from bot.record_words import CONTACT_FIELDS, Do, Edit, apply
from bot.turn import Shop
from bot.web.guard import STAFF_COOKIE, principal_of, same_origin
from bot.web.house import Staff
from crm_core import attributes, audit, denials, finding, record, staff, timeline, touching
from crm_core.attributes import Held
from crm_core.conversations import name_of
from crm_core.models import Attribute, AttributeKind, ContactKind, Customer
from crm_core.record import FIELDS, By, Card
from crm_core.rules import access
from crm_core.rules.access import Principal
from crm_core.rules.orders import money
from crm_core.rules.record import RecordRefused
from crm_core.storage.ids import read_id
from crm_core.work import Records, Work

_LARGEST = 32_768  # bytes of a change
_LISTED = 8
_HIDDEN = "•••"
_REACHED_BY = (ContactKind.PHONE, ContactKind.EMAIL, ContactKind.ADDRESS)


class House(Protocol):
    """Who says which colleague a session belongs to."""

    async def staff(self, token: str | None) -> Staff | None:
        """The colleague of this session, None when it is unknown or over."""


class Parts(Protocol):
    """What the record needs of the running application."""

    records: Records
    shop: Shop


def add_to(pages: FastAPI, house: House, app: Parts, *, base_url: str = "") -> None:
    """Put the record beside the desk's pages."""
    desk = RecordDesk(house, app, base_url)
    pages.add_route("/desk/customers", desk.find)
    pages.add_route("/desk/customers/{number}", desk.show)
    pages.add_route("/desk/customers/{number}", desk.change, methods=["POST"])
    pages.add_route("/desk/customers/{number}/timeline", desk.events)


class RecordDesk:
    """The routes; every one asks who is there and what they may do, and every look is an audit entry."""

    def __init__(self, house: House, app: Parts, base_url: str) -> None:
        self._house = house
        self._records = app.records
        self._app = app
        self._base_url = base_url

    async def find(self, request: Request) -> Response:
        """Customers for a few words: number, name and company of each."""
        member = await self._member(request, "customer.show")
        reader = self._reader(request)
        async with self._records.write() as work:
            words = request.query_params.get("words", "")
            found = await finding.find(work, words, self._app.shop.country, _LISTED)
            ids = [one.id for one in found]
            within = await touching.customers_within(work, self._principal(member), "customer.show", ids)
            found = [one for one in found if one.id in within]
            audit.enter(work, int(member.id), "customer.find", "customers", count=len(found))
            lines = [await _line(work, reader, one) for one in found]
        return JSONResponse({"customers": lines})

    async def show(self, request: Request) -> Response:
        """A card; with `reveal` what is masked otherwise."""
        revealed = request.query_params.get("reveal") == "1"
        member = await self._member(request, "customer.reveal" if revealed else "customer.show")
        async with self._records.write() as work:
            customer = await self._customer(work, request, member)
            return await self._card(work, request, member, customer, revealed=revealed)

    async def events(self, request: Request) -> Response:
        """A page of the timeline, and the cursor of the one before."""
        member = await self._member(request, "customer.timeline")
        reader = self._reader(request)
        async with self._records.write() as work:
            customer = await self._customer(work, request, member)
            audit.enter(work, int(member.id), "customer.timeline", f"customer:{customer.number}")
            page = await timeline.page(work, customer, request.query_params.get("before", ""))
            known = await attributes.listed(work, archived=True)
            labels = {one.key: attributes.label_of(one, reader.language) for one in known}
            hidden = frozenset(one.key for one in known if one.personal)
            entries = [
                {"at": one.at.isoformat(), "text": entry_text(reader, one, labels, hidden)} for one in page.entries
            ]
        return JSONResponse({"entries": entries, "older": page.older})

    async def change(self, request: Request) -> Response:
        """Change one field; the card as it is then, or why not (409)."""
        if not same_origin(request.headers, self._base_url):
            raise HTTPException(403)
        member = await self._member(request, "customer.edit")
        wanted = await _body(request)
        reader = self._reader(request)
        try:
            async with self._records.write() as work:
                customer = await self._customer(work, request, member)
                await self._apply(work, customer, wanted, By(staff_id=int(member.id), source="desk"))
                return await self._card(work, request, member, customer, revealed=False)
        except RecordRefused as refused:
            values = {
                name: value if name in {"length", "most"} else str(value) for name, value in refused.values.items()
            }
            sentence = reader.say(refused.key.replace("_", "-"), **values)
            return JSONResponse({"refused": sentence}, 409)

    async def _apply(self, work: Work, customer: Customer, wanted: dict[str, str], by: By) -> None:
        do, field, text = Do(wanted["do"]), wanted["field"], wanted["text"]
        contact_id = read_id(wanted["contact"])
        if contact_id is None:
            await apply(work, customer, Edit(do=do, field=field, text=text), by, self._app.shop.country)
        elif do == Do.REMOVE:
            await record.remove_contact(work, customer, contact_id, by)
        elif do == Do.MAIN:
            await record.make_main(work, customer, contact_id, by)
        else:
            country = self._app.shop.country
            await record.change_contact(work, customer, contact_id, text, by, country=country)

    async def _member(self, request: Request, act: str) -> Staff:
        member = await self._house.staff(request.cookies.get(STAFF_COOKIE))
        if member is None:
            raise HTTPException(403)
        if not access.may(member.roles[0], act):
            async with self._records.write() as work:
                await denials.deny(work, int(member.id), f"staff:{member.id}", act)
            raise HTTPException(403)
        return member

    def _principal(self, member: Staff) -> Principal:
        return principal_of(member, self._app.shop.agents_see)

    async def _customer(self, work: Work, request: Request, member: Staff) -> Customer:
        """Who is asked for: the same answer for a number that nobody has and for somebody out of reach."""
        number = read_id(request.path_params["number"])
        found = await record.by_number(work, number) if number is not None else None
        principal = self._principal(member)
        if found is None or not await touching.may_touch_customer(work, principal, "customer.show", found.id):
            raise HTTPException(404)
        return found

    def _reader(self, request: Request) -> Reader:
        texts = self._app.shop.texts
        language = texts.spoken(request.query_params.get("language", "")[:40])
        return Reader(texts=texts, language=language, zone=self._app.shop.zone)

    async def _card(
        self, work: Work, request: Request, member: Staff, customer: Customer, *, revealed: bool
    ) -> Response:
        try:
            card = await record.card(work, customer)
        except RecordRefused:
            raise HTTPException(404) from None
        act = "customer.reveal" if revealed else "customer.show"
        audit.enter(work, int(member.id), act, f"customer:{customer.number}")
        colleagues = [one.name for one in await staff.on_the_desk(work)]
        known = list(await attributes.listed(work))
        return JSONResponse(_as_json(self._reader(request), card, known, colleagues, revealed=revealed))


async def _line(work: Work, reader: Reader, customer: Customer) -> dict[str, Any]:
    stage = reader.say(f"stage-{customer.stage.replace('_', '-')}")
    name = reader.called(customer, await name_of(work, customer))
    return {"number": customer.number, "name": name, "about": " · ".join(filter(None, (stage, customer.company)))}


async def _body(request: Request) -> dict[str, str]:
    """The change that was asked for: texts only, and an act that there is."""
    raw = await request.body()
    try:
        found = json.loads(raw) if len(raw) <= _LARGEST else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise HTTPException(400)
    wanted = {name: found.get(name, "") for name in ("do", "field", "text", "contact")}
    fields = {*FIELDS, *CONTACT_FIELDS, "tag", "note"}
    if not all(isinstance(one, str) for one in wanted.values()) or wanted["do"] not in list(Do):
        raise HTTPException(400)
    if wanted["field"] not in fields and not wanted["field"].startswith("attribute:"):
        raise HTTPException(400)
    single = wanted["field"] in FIELDS or wanted["field"].startswith("attribute:")
    if single != (wanted["do"] in (Do.SET, Do.EMPTY)) and not wanted["contact"]:
        raise HTTPException(400)
    return wanted


def _as_json(
    reader: Reader, card: Card, known: list[Attribute], colleagues: list[str], *, revealed: bool
) -> dict[str, Any]:
    customer = card.customer
    return {
        "number": customer.number,
        "revealed": revealed,
        "hidden": any(one.kind in _REACHED_BY for one in card.contacts)
        or any(one.attribute.personal for one in card.attributes),
        "stage": reader.say("customer-stage", stage=_stage(reader, customer), day=reader.day(card.stage_since)),
        "fields": [*_own_fields(reader, card, colleagues), *_attributes(reader, card, known, revealed)],
        "contacts": [
            {
                "id": str(one.id),
                "field": "further_name" if one.kind == ContactKind.NAME else one.kind,
                "label": reader.field("further_name" if one.kind == ContactKind.NAME else one.kind),
                "value": reach(reader, one, revealed or one.kind == ContactKind.NAME),
                "text": one.value if revealed or one.kind == ContactKind.NAME else "",
                "main": one.main,
            }
            for one in card.contacts
        ],
        "kinds": [{"field": field, "label": reader.field(field)} for field in CONTACT_FIELDS],
        "tags": card.tags,
        "notes": [{"at": one.at.isoformat(), "by": one.by, "text": one.body} for one in card.notes],
        "orders": _orders(reader, card),
    }


def _stage(reader: Reader, customer: Customer) -> str:
    return reader.say(f"stage-{customer.stage.replace('_', '-')}")


def _orders(reader: Reader, card: Card) -> str:
    if not card.bought.orders or card.bought.last_at is None:
        return ""
    total = " + ".join(money(one.value_minor, one.currency, reader.language) for one in card.bought.spent)
    return reader.say("customer-orders", count=card.bought.orders, total=total, day=reader.day(card.bought.last_at))


def _own_fields(reader: Reader, card: Card, colleagues: list[str]) -> list[dict[str, Any]]:
    customer = card.customer
    values = {
        "name": card.name,
        "language": customer.language,
        "time_zone": customer.time_zone or "",
        "birthday": card.birthday.isoformat() if card.birthday else "",
        "company": customer.company or "",
        "owner": card.owner,
    }
    tongues = dict.fromkeys((*reader.texts.languages, customer.language))
    options = {
        "language": [[one, reader.tongue(one)] for one in tongues],
        "owner": [["", ""], *([one, one] for one in colleagues)],
    }
    shown = {**values, "language": reader.tongue(customer.language)}
    return [
        _field(field, reader.field(field), shown[field], values[field], options.get(field, []), "text")
        | ({"kind": "date"} if field == "birthday" else {})
        for field in FIELDS
    ]


def _attributes(reader: Reader, card: Card, known: list[Attribute], revealed: bool) -> list[dict[str, Any]]:
    held = {one.attribute.id: one for one in card.attributes}
    return [_attribute(reader, one, held.get(one.id), revealed) for one in known]


def _attribute(reader: Reader, attribute: Attribute, held: Held | None, revealed: bool) -> dict[str, Any]:
    label = attributes.label_of(attribute, reader.language)
    masked = attribute.personal and not revealed
    shown = "" if held is None else _HIDDEN if masked else reader.value(held)
    text = "" if held is None or masked else attributes.shown(held.value)
    options: list[list[str]] = []
    if attribute.kind == AttributeKind.CHOICE:
        options = [["", ""], *([str(one), str(one)] for one in attribute.choices)]
    elif attribute.kind == AttributeKind.YES_NO:
        options = [["", ""], ["yes", reader.say("value-yes")], ["no", reader.say("value-no")]]
    kind = {AttributeKind.DATE: "date", AttributeKind.NUMBER: "number"}.get(AttributeKind(attribute.kind), "text")
    return _field(f"attribute:{attribute.key}", label, shown, text, options, kind)


def _field(field: str, label: str, value: str, text: str, options: list[list[str]], kind: str) -> dict[str, Any]:
    return {"field": field, "label": label, "value": value, "text": text, "options": options, "kind": kind}
