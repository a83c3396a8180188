"""The customer's record in the agent's chat: finding it, its card and timeline, and changing it by line or dialogue."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.handlers.agent import sees_threads, ticket_here
from bot.message import Button, Reply
from bot.portrait import Reader, card_text, entry_text, note_line, reach
from bot.record_words import CONTACT_FIELDS, Do, Edit, apply, as_edit, called, read_edit
from bot.turn import Handler, Turn
from crm_core import attributes, audit, contacts, finding, record, timeline, touching
from crm_core.conversations import name_of
from crm_core.models import Attribute, ContactKind, Customer, Dialogue, Kind, Ticket
from crm_core.record import FIELDS, By
from crm_core.rules import access
from crm_core.rules.record import RecordRefused
from crm_core.storage.ids import read_id

_KIND = "customer"  # of the dialogue
_STALE = timedelta(minutes=15)  # after which words are no answer to it any more
_HITS = 8
_NOTES = 10
_TAG_BUTTONS = 8
_NOTE_PREVIEW = 1_000
_ME = ("me", "我")  # as the name of who looks after somebody


def _reader(turn: Turn) -> Reader:
    return Reader(texts=turn.shop.texts, language=turn.language, zone=turn.shop.zone)


def _by(turn: Turn) -> By:
    assert turn.staff is not None
    return By(staff_id=turn.staff.id, source="desk" if turn.incoming.channel in turn.work.pulled else "chat")


def _refused(turn: Turn, refused: RecordRefused) -> Reply:
    values = {name: value if name in {"length", "most"} else str(value) for name, value in refused.values.items()}
    return turn.reply(refused.key.replace("_", "-"), **values)


# ---- whose record ----


async def command(turn: Turn) -> list[Reply]:
    """`/customer`: whose ticket this is; `/customer 12` or words that find somebody; with field and value: a change."""
    if not turn.argument:
        customer = await _of_ticket(turn)
        return [await _card(turn, customer)] if customer is not None else [turn.reply("customer-which")]
    known = await called(turn.work)
    first, _, rest = turn.argument.partition(" ")
    number = read_id(first.removeprefix("#"))
    if number is not None and rest:
        if (edit := read_edit(rest, known)) is not None:
            customer = await _seen(turn, await record.by_number(turn.work, number))
            return await _edit_by_line(turn, customer, edit) if customer else [_unknown(turn, f"#{number}")]
    elif number is None and (edit := read_edit(turn.argument, known)) is not None:
        customer = await _of_ticket(turn)
        if customer is not None:
            return await _edit_by_line(turn, customer, edit)
    return await _search(turn, turn.argument)


async def _of_ticket(turn: Turn) -> Customer | None:
    """The customer of the ticket of this thread, of the answered copy, or in hand."""
    ticket = await ticket_here(turn)
    if ticket is None and turn.staff is not None and turn.staff.hand_ticket_id and not turn.incoming.group:
        ticket = await turn.work.session.get(Ticket, turn.staff.hand_ticket_id)
    if ticket is None:
        return None
    return await _seen(turn, await turn.work.session.get(Customer, ticket.customer_id))


async def _seen(turn: Turn, customer: Customer | None) -> Customer | None:
    """Who this customer is by now, if this colleague may see them, else None."""
    kept = await record.kept(turn.work, customer) if customer is not None else None
    if kept is None or not await touching.may_touch_customer(turn.work, turn.principal, "customer.show", kept.id):
        return None
    return kept


async def _search(turn: Turn, words: str) -> list[Reply]:
    assert turn.staff is not None
    found = await finding.find(turn.work, words, turn.shop.country, _HITS + 1)
    within = await touching.customers_within(turn.work, turn.principal, "customer.show", [one.id for one in found])
    found = [one for one in found if one.id in within]
    if not found:
        return [_unknown(turn, words)]
    if len(found) == 1:
        return [await _card(turn, found[0])]
    audit.enter(turn.work, turn.staff.id, "customer.find", "customers", count=len(found))
    shown = found[:_HITS]
    title = turn.say("customer-found-many" if len(found) > _HITS else "customer-found", count=len(shown))
    lines = [title, *[await _hit(turn, one) for one in shown]]
    rows = tuple((_to(one, f"#{one.number or one.id}", "customer.show"),) for one in shown)
    return [Reply(text="\n".join(lines), titled=True, buttons=rows)]


def _unknown(turn: Turn, words: str) -> Reply:
    return turn.reply("customer-none", words=words[:60])


async def _hit(turn: Turn, customer: Customer) -> str:
    reader = _reader(turn)
    return turn.say(
        "customer-hit",
        number=str(customer.number or customer.id),
        name=reader.called(customer, await name_of(turn.work, customer)),
        stage=turn.say(f"stage-{customer.stage.replace('_', '-')}"),
        company=customer.company or "",
    )


def _to(customer: Customer, label: str, act: str, **more: Any) -> Button:
    return Button(label=label, act=act, args={"customer": str(customer.id), **more})


async def _pressed(turn: Turn) -> Customer | None:
    assert turn.pressed is not None
    written = read_id(str(turn.pressed.args["customer"]))
    return await _seen(turn, await turn.work.session.get(Customer, written) if written is not None else None)


# ---- looking ----


async def show(turn: Turn) -> list[Reply]:
    """The card of one of those who were found."""
    customer = await _pressed(turn)
    return [await _card(turn, customer)] if customer is not None else [turn.reply("button-unknown")]


async def reveal(turn: Turn) -> list[Reply]:
    """The card with phone numbers, addresses and the like in full; that somebody looked is written down."""
    customer = await _pressed(turn)
    return [await _card(turn, customer, revealed=True)] if customer is not None else [turn.reply("button-unknown")]


async def _card(turn: Turn, customer: Customer, *, revealed: bool = False) -> Reply:
    assert turn.staff is not None
    try:
        card = await record.card(turn.work, customer)
    except RecordRefused as refused:
        return _refused(turn, refused)
    act = "customer.reveal" if revealed else "customer.show"
    audit.enter(turn.work, turn.staff.id, act, f"customer:{customer.number or customer.id}")
    text = card_text(_reader(turn), card, revealed=revealed)
    hidden = any(one.kind != ContactKind.NAME for one in card.contacts)
    hidden |= any(one.attribute.personal for one in card.attributes)
    return Reply(text=text, titled=True, buttons=_card_buttons(turn, customer, card.tickets, hidden and not revealed))


def _card_buttons(
    turn: Turn, customer: Customer, open_tickets: list[Ticket], hidden: bool
) -> tuple[tuple[Button, ...], ...]:
    def button(key: str, act: str) -> Button:
        return _to(customer, turn.say(key), act)

    looks = (button("button-timeline", "customer.timeline"), button("button-notes", "customer.notes"))
    changes = (button("button-edit-customer", "customer.edit"), button("button-tags", "customer.tags"))
    tickets = tuple(
        Button(
            label=turn.say("button-ticket", number=str(one.number)), act="ticket.history", args={"ticket": one.number}
        )
        for one in open_tickets[:3]
    )
    reveals = ((button("button-reveal", "customer.reveal"),),) if hidden else ()
    may_erase = access.may(turn.role, "customer.ask_erase")
    rights = (
        button("button-export-customer", "customer.export"),
        button("button-erase-customer", "customer.ask_erase"),
    )
    return (*reveals, looks, changes, *((tickets,) if tickets else ()), *((rights,) if may_erase else ()))


async def events(turn: Turn) -> list[Reply]:
    """A page of the timeline, and the way to what was before."""
    assert turn.staff is not None
    assert turn.pressed is not None
    customer = await _pressed(turn)
    if customer is None:
        return [turn.reply("button-unknown")]
    audit.enter(turn.work, turn.staff.id, "customer.timeline", f"customer:{customer.number or customer.id}")
    found = await timeline.page(turn.work, customer, str(turn.pressed.args.get("before", "")))
    if not found.entries:
        return [turn.reply("timeline-none")]
    known = await attributes.listed(turn.work, archived=True)
    labels = {one.key: attributes.label_of(one, turn.language) for one in known}
    hidden = frozenset(one.key for one in known if one.personal)
    reader = _reader(turn)
    name = reader.called(customer, await name_of(turn.work, customer))
    title = turn.say("timeline-title", name=name, number=str(customer.number or customer.id))
    lines = [f"{reader.time(one.at)}  {entry_text(reader, one, labels, hidden)}" for one in found.entries]
    older = ((_to(customer, turn.say("button-older"), "customer.timeline", before=found.older),),)
    return [Reply(text="\n".join((title, *lines)), titled=True, buttons=older if found.older else ())]


async def notes(turn: Turn) -> list[Reply]:
    """The newest notes about a customer, and the way to add one."""
    assert turn.staff is not None
    customer = await _pressed(turn)
    if customer is None or customer.key is None:
        return [turn.reply("button-unknown")]
    audit.enter(turn.work, turn.staff.id, "customer.notes", f"customer:{customer.number or customer.id}")
    found = await record.notes(turn.work, customer, _NOTES)
    reader = _reader(turn)
    lines = [turn.say("customer-notes", count=len(found))]
    lines += [note_line(reader, one.at, one.by, one.body, _NOTE_PREVIEW // max(len(found) // 3, 1)) for one in found]
    add = _to(customer, turn.say("button-add-note"), "customer.edit", field="note")
    return [Reply(text="\n".join(lines), titled=True, buttons=((add,),))]


async def tags(turn: Turn) -> list[Reply]:
    """The tags of a customer, each with a way to take it off, and the way to add one."""
    customer = await _pressed(turn)
    if customer is None or customer.key is None:
        return [turn.reply("button-unknown")]
    card = await record.card(turn.work, customer)
    lines = [turn.say("customer-tags", count=len(card.tags))]
    if card.tags:
        lines.append(", ".join(card.tags))
    rows = [
        (_to(customer, turn.say("button-remove-tag", tag=one), "customer.edit", field="untag", place=place),)
        for place, one in enumerate(card.tags[:_TAG_BUTTONS])
    ]
    rows.append((_to(customer, turn.say("button-add-tag"), "customer.edit", field="tag"),))
    return [Reply(text="\n".join(lines), titled=True, buttons=tuple(rows))]


# ---- changing ----


async def _labels(turn: Turn) -> dict[str, str]:
    return {one.key: attributes.label_of(one, turn.language) for one in await attributes.listed(turn.work)}


async def _edit_by_line(turn: Turn, customer: Customer, edit: Edit) -> list[Reply]:
    """What was written goes to the customer's record; of the line only what it was about is kept with the staff."""
    if not access.may(turn.role, "customer.edit"):
        return [turn.reply("not-allowed")]
    await turn.file(Kind.COMMAND, text=f"/customer #{customer.number or customer.id} {edit.field}")
    return await _apply(turn, customer, edit)


async def _apply(turn: Turn, customer: Customer, edit: Edit) -> list[Reply]:
    try:
        key = await _change(turn, customer, edit)
    except RecordRefused as refused:
        return [_refused(turn, refused)]
    if sees_threads(turn):
        return []
    field = _reader(turn).field(edit.field, await _labels(turn)) if edit.field else ""
    return [
        Reply(
            text=turn.say(key, number=str(customer.number or customer.id), field=field),
            buttons=((_to(customer, turn.say("button-card"), "customer.show"),),),
        )
    ]


async def _change(turn: Turn, customer: Customer, edit: Edit) -> str:
    """Do it; the key of what to say then. Raises RecordRefused."""
    if edit.field == "owner" and edit.text in _ME and turn.staff is not None:
        edit = replace(edit, text=turn.staff.name)
    return await apply(turn.work, customer, edit, _by(turn), turn.shop.country)


# ---- the dialogue ----


async def edit_press(turn: Turn) -> list[Reply]:
    """Which field; then its value is asked for, or a contact is taken away or made the main one at once."""
    assert turn.pressed is not None
    args = turn.pressed.args
    if "drop" in args:
        if turn.dialogue is not None and turn.dialogue.kind == _KIND:
            await turn.work.session.delete(turn.dialogue)
        return [turn.reply("customer-left")]
    customer = await _pressed(turn)
    if customer is None:
        return [turn.reply("button-unknown")]
    try:
        record.check_open(customer)
    except RecordRefused as refused:
        return [_refused(turn, refused)]
    if turn.incoming.group or turn.incoming.thread.startswith("ticket:"):
        return [turn.reply("customer-edit-by-line")]
    field = str(args.get("field", ""))
    if not field:
        return [await _which_field(turn, customer)]
    if field == "untag":
        return await _untag(turn, customer, int(args["place"]))
    if "contact" in args:
        return await _press_contact(turn, customer, field, str(args["do"]), int(args["contact"]))
    if args.get("do") == Do.EMPTY:
        return await _finish(turn, customer, Edit(do=Do.EMPTY, field=field))
    return [await _ask(turn, customer, field)]


async def _which_field(turn: Turn, customer: Customer) -> Reply:
    reader, labels = _reader(turn), await _labels(turn)
    fields = ["name", *CONTACT_FIELDS, *FIELDS[1:], *(f"attribute:{key}" for key in labels)]
    buttons = [_to(customer, reader.field(one, labels), "customer.edit", field=one) for one in fields]
    rows = tuple(tuple(buttons[place : place + 2]) for place in range(0, len(buttons), 2))
    return Reply(text=turn.say("customer-edit-what"), buttons=rows)


async def _untag(turn: Turn, customer: Customer, place: int) -> list[Reply]:
    """Take off the tag that stood at this place, unless the tags have changed since."""
    assert turn.pressed is not None
    there = (await record.card(turn.work, customer)).tags
    word = there[place] if place < len(there) else ""
    if turn.pressed.label != turn.say("button-remove-tag", tag=word):
        return [turn.reply("contact-gone")]
    return await _apply(turn, customer, Edit(do=Do.REMOVE, field="tag", text=word))


async def _press_contact(turn: Turn, customer: Customer, field: str, do: str, contact_id: int) -> list[Reply]:
    there = [one for one in await contacts.of(turn.work, customer.id) if one.id == contact_id]
    if not there:
        return [turn.reply("contact-gone")]
    return await _finish(turn, customer, Edit(do=Do(do), field=field, text=there[0].value))


async def _finish(turn: Turn, customer: Customer, edit: Edit) -> list[Reply]:
    if turn.dialogue is not None and turn.dialogue.kind == _KIND:
        await turn.work.session.delete(turn.dialogue)
    return await _apply(turn, customer, edit)


async def _ask(turn: Turn, customer: Customer, field: str) -> Reply:
    """Ask for the value; the next plain words are it."""
    if turn.dialogue is None:
        turn.dialogue = Dialogue(conversation_id=turn.conversation.id)
        turn.work.session.add(turn.dialogue)
    turn.dialogue.kind, turn.dialogue.step = _KIND, "value"
    turn.dialogue.answers = {"customer": str(customer.id), "field": field}
    turn.dialogue.updated_at = turn.work.now
    reader, labels = _reader(turn), await _labels(turn)
    number, called = str(customer.number or customer.id), reader.field(field, labels)
    lines = [turn.say("customer-ask-value", field=called, number=number)]
    rows: list[tuple[Button, ...]] = []
    if field in CONTACT_FIELDS:
        for place, one in enumerate(await _of_kind(turn, customer, CONTACT_FIELDS[field]), start=1):
            main = turn.say("contact-main") if one.main else ""
            lines.append(f"{place}. {reach(reader, one, one.kind == ContactKind.NAME)} {main}".rstrip())
            rows.append(_contact_buttons(turn, customer, field, place, one))
    elif field in FIELDS or field.startswith("attribute:"):
        lines += await _how(turn, field)
        if field != "language":
            rows.append((_to(customer, turn.say("button-empty"), "customer.edit", field=field, do=Do.EMPTY),))
    rows.append((_to(customer, turn.say("button-leave"), "customer.edit", drop=True),))
    return Reply(text="\n".join(lines), buttons=tuple(rows))


async def _of_kind(turn: Turn, customer: Customer, kind: ContactKind) -> list[contacts.Reach]:
    return [one for one in await contacts.of(turn.work, customer.id) if one.kind == kind]


def _contact_buttons(turn: Turn, customer: Customer, field: str, place: int, one: contacts.Reach) -> tuple[Button, ...]:
    def button(key: str, do: Do) -> Button:
        label = turn.say(key, place=place)
        return _to(customer, label, "customer.edit", field=field, contact=str(one.id), do=do)

    remove = button("button-remove-contact", Do.REMOVE)
    return (remove,) if one.main or one.kind == ContactKind.NAME else (remove, button("button-main-contact", Do.MAIN))


async def _how(turn: Turn, field: str) -> list[str]:
    """How a value of this field is written, where that is not plain."""
    if field == "birthday":
        return [turn.say("customer-how-day")]
    attribute = await attributes.by_key(turn.work, field.removeprefix("attribute:")) if ":" in field else None
    return [_how_attribute(turn, attribute)] if attribute is not None else []


def _how_attribute(turn: Turn, attribute: Attribute) -> str:
    return turn.say(f"customer-how-{attribute.kind.replace('_', '-')}", choices=", ".join(map(str, attribute.choices)))


async def talk(turn: Turn) -> list[Reply] | None:
    """The value that a dialogue asked for; after a while words are no answer to it any more."""
    dialogue = turn.dialogue
    if turn.staff is None or dialogue is None or dialogue.kind != _KIND:
        return None
    if turn.incoming.group or await ticket_here(turn) is not None:
        return None  # talk among colleagues, or an answer to a customer
    customer = await _seen(turn, await turn.work.session.get(Customer, int(dialogue.answers["customer"])))
    if turn.work.now - dialogue.updated_at > _STALE or customer is None:
        await turn.work.session.delete(dialogue)
        turn.dialogue = None
        return None
    if not access.may(turn.role, "customer.edit"):
        return [turn.reply("not-allowed")]
    field = str(dialogue.answers["field"])
    await turn.file(Kind.COMMAND, text=f"/customer #{customer.number or customer.id} {field}")
    edit = as_edit(field, turn.text)
    try:
        key = await _change(turn, customer, edit)
    except RecordRefused as refused:
        return [_refused(turn, refused)]  # the dialogue waits for a better one
    await turn.work.session.delete(dialogue)
    name = _reader(turn).field(field, await _labels(turn))
    done = turn.say(key, number=str(customer.number or customer.id), field=name)
    return [Reply(text=done, buttons=((_to(customer, turn.say("button-card"), "customer.show"),),))]


HANDLER = Handler(
    name="customer",
    commands={"/customer": ("customer.show", command)},
    acts={
        "customer.show": show,
        "customer.reveal": reveal,
        "customer.timeline": events,
        "customer.notes": notes,
        "customer.tags": tags,
        "customer.edit": edit_press,
    },
    talk=talk,
)
