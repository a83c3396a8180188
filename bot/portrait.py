"""A customer's record in words: the card, one entry of the timeline, and how fields and values are called."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale

from bot.rendering import visitor_code
from bot.texts import Texts
from crm_core import attributes
from crm_core.attributes import Held
from crm_core.contacts import Reach
from crm_core.models import AttributeKind, ContactKind, Customer, Kind, OrderState, PaymentKind
from crm_core.record import Card
from crm_core.rules.orders import money
from crm_core.rules.record import masked
from crm_core.timeline import Entry, What

_PREVIEW = 200  # characters of what was said or noted
_HIDDEN = "•••"
_REACHING = (ContactKind.PHONE, ContactKind.EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom the words are for: their language, and the zone in which they read times."""

    texts: Texts
    language: str
    zone: str

    def say(self, key: str, /, **values: Any) -> str:
        """A sentence in the reader's language."""
        return self.texts.say(self.language, key, **values)

    def day(self, at: datetime) -> str:
        """A day in the reader's zone."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d}"

    def time(self, at: datetime) -> str:
        """A minute in the reader's zone."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"

    def called(self, customer: Customer, name: str) -> str:
        """What staff call somebody: their name, or "Visitor 7Q2"."""
        return name or self.say("visitor", code=visitor_code(customer.id))

    def tongue(self, code: str) -> str:
        """A language's name in the reader's language, or its code."""
        names = Locale(self.texts.spoken(self.language)).languages
        return str(names.get(code, code))

    def field(self, field: str, labels: dict[str, str] | None = None) -> str:
        """What a field of the record is called; `labels` are those of attributes, by key."""
        if field.startswith("attribute:"):
            key = field.removeprefix("attribute:")
            return (labels or {}).get(key, key)
        return self.say(f"field-{field.replace('_', '-')}")

    def value(self, held: Held) -> str:
        """What somebody has in an attribute."""
        if held.attribute.kind == AttributeKind.YES_NO:
            return self.say("value-yes" if held.value == "yes" else "value-no")
        return attributes.shown(held.value)


def card_text(reader: Reader, card: Card, *, revealed: bool = False) -> str:
    """The card with its title in the first line; without `revealed` nobody can be reached by what it says."""
    customer = card.customer
    number = str(customer.number or "")
    lines = [reader.say("customer-title", name=reader.called(customer, card.name), number=number)]
    stage = reader.say(f"stage-{customer.stage.replace('_', '-')}")
    lines.append(reader.say("customer-stage", stage=stage, day=reader.day(card.stage_since)))
    lines += _contacts(reader, card, revealed)
    facts = [("language", reader.tongue(customer.language)), ("time_zone", customer.time_zone or "")]
    facts += [("birthday", card.birthday.isoformat() if card.birthday else ""), ("company", customer.company or "")]
    facts += [("owner", card.owner), ("tag", ", ".join(card.tags))]
    lines += [_line(reader, reader.field(field), value) for field, value in facts if value]
    for held in card.attributes:
        value = _HIDDEN if held.attribute.personal and not revealed else reader.value(held)
        lines.append(_line(reader, attributes.label_of(held.attribute, reader.language), value))
    lines += _dealings(reader, card)
    if card.notes:
        lines += ["", reader.say("customer-notes", count=card.note_count)]
        lines += [note_line(reader, note.at, note.by, note.body, _PREVIEW) for note in card.notes[:2]]
    return "\n".join(lines)


def _line(reader: Reader, name: str, value: str) -> str:
    return reader.say("customer-line", field=name, value=value)


def _contacts(reader: Reader, card: Card, revealed: bool) -> list[str]:
    lines = []
    if further := card.of_kind(ContactKind.NAME):
        lines.append(_line(reader, reader.field("further_name"), ", ".join(one.value for one in further)))
    lines += [
        _line(reader, reader.field(kind), ", ".join(reach(reader, one, revealed) for one in there))
        for kind in _REACHING
        if (there := card.of_kind(kind))
    ]
    addresses = card.of_kind(ContactKind.ADDRESS)
    if addresses and revealed:
        lines += [_line(reader, reader.field("address"), one.value) for one in addresses]
    elif addresses:
        lines.append(reader.say("customer-addresses", count=len(addresses)))
    return lines


def reach(reader: Reader, one: Reach, revealed: bool) -> str:
    """A contact, masked unless it is revealed, with what is to be known of it."""
    marks = [one.label] if one.label else []
    marks += [reader.say("contact-verified")] if one.verified_at else []
    value = one.value if revealed else masked(one.kind, one.value)
    return f"{value} ({', '.join(marks)})" if marks else value


def _dealings(reader: Reader, card: Card) -> list[str]:
    lines = []
    if card.bought.orders:
        total = " + ".join(money(one.value_minor, one.currency, reader.language) for one in card.bought.spent)
        last = reader.day(card.bought.last_at) if card.bought.last_at else ""
        lines.append(reader.say("customer-orders", count=card.bought.orders, total=total, day=last))
    if "marketing" in card.consents:
        granted, at = card.consents["marketing"]
        lines.append(reader.say("customer-consent-yes" if granted else "customer-consent-no", day=reader.day(at)))
    if card.tickets:
        numbers = ", ".join(f"#{one.number}" for one in card.tickets)
        lines.append(reader.say("customer-tickets", numbers=numbers, count=len(card.tickets)))
    if card.last_contact is not None:
        lines.append(reader.say("customer-last-contact", at=reader.time(card.last_contact)))
    return lines


def note_line(reader: Reader, at: datetime, by: str, body: str, most: int) -> str:
    """One note, cut at `most` characters."""
    text = body if len(body) <= most else f"{body[:most]}…"
    return reader.say("customer-note", at=reader.day(at), by=by or reader.say("by-nobody"), text=text)


def entry_text(reader: Reader, entry: Entry, labels: dict[str, str], hidden: frozenset[str]) -> str:
    """What happened, in one line without its time; `hidden` are the keys of personal attributes."""
    return _SAYERS[entry.what](reader, entry, labels, hidden)


_Labels = dict[str, str]
_Hidden = frozenset[str]


def _talk(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    text = entry.text.replace("\n", " ")
    shown = text if len(text) <= _PREVIEW else f"{text[:_PREVIEW]}…"
    by = entry.by or reader.say("by-nobody")
    if entry.kind == Kind.AGENT:
        return reader.say("timeline-agent", text=shown, by=by)
    if entry.kind == Kind.NOTE:
        return reader.say("timeline-note", text=shown, by=by)
    return reader.say(f"timeline-{entry.kind.replace('_', '-')}", text=shown)


def _ticket(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    by = entry.by or reader.say("by-nobody")
    key = f"timeline-ticket-{entry.kind.replace('_', '-')}"
    return reader.say(key, number=str(entry.number), by=by, stars=entry.text)


def _ordered(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    total = money(entry.minor, entry.currency, reader.language)
    return reader.say("timeline-ordered", order=entry.text, total=total)


def _order(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    known = entry.kind in list(OrderState)
    state = reader.say(f"order-state-{entry.kind}") if known else entry.kind
    return reader.say("timeline-order", order=entry.text, state=state)


def _payment(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    key = "timeline-refund" if entry.kind == PaymentKind.REFUND else "timeline-payment"
    return reader.say(key, order=entry.text, total=money(entry.minor, entry.currency, reader.language))


def _consent(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    return reader.say("timeline-consent-yes" if entry.granted else "timeline-consent-no")


def _change(reader: Reader, entry: Entry, labels: _Labels, hidden: _Hidden) -> str:
    field = reader.field(entry.kind, labels)
    before, after = (_shown(entry.kind, value, hidden) for value in (entry.before, entry.after))
    by = entry.by or reader.say("by-nobody")
    if not before:
        return reader.say("timeline-set", field=field, after=after, by=by)
    if not after:
        return reader.say("timeline-emptied", field=field, before=before, by=by)
    return reader.say("timeline-change", field=field, before=before, after=after, by=by)


def _shown(field: str, value: str, hidden: _Hidden) -> str:
    """A value as it stands in the timeline: nobody can be reached by it."""
    kind = field.removeprefix("main_")
    if not value:
        return ""
    if kind in (*_REACHING, ContactKind.ADDRESS):
        return masked(kind, value)
    return _HIDDEN if kind.removeprefix("attribute:") in hidden else value


def _stage(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    before, after = (reader.say(f"stage-{stage.replace('_', '-')}") for stage in (entry.before, entry.after))
    return reader.say("timeline-stage", before=before, after=after)


def _merge(reader: Reader, entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    key = "timeline-merge" if entry.kind == "merged" else "timeline-merge-undone"
    return reader.say(key, number=str(entry.number or ""))


def _created(reader: Reader, _entry: Entry, _labels: _Labels, _hidden: _Hidden) -> str:
    return reader.say("timeline-created")


_SAYERS = {
    What.TALK: _talk,
    What.TICKET: _ticket,
    What.ORDERED: _ordered,
    What.ORDER: _order,
    What.PAYMENT: _payment,
    What.CONSENT: _consent,
    What.CHANGE: _change,
    What.STAGE: _stage,
    What.MERGE: _merge,
    What.NOTE: _talk,
    What.CREATED: _created,
}
