"""What an outbox row says: the words of its interaction, or a card, copy or campaign text rendered at the claim."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from bot.message import Attachment, Button, Delivery, Key, Reply
from bot.tell import alert_desk, keyboard, person_of, tell
from bot.turn import Shop
from crm_core import campaigns, conversations, follow_ups, outbox, tickets
from crm_core.models import (
    Attachment as AttachmentRow,
)
from crm_core.models import (
    Campaign,
    Customer,
    Identity,
    Interaction,
    Kind,
    Lane,
    Outbox,
    OutboxState,
    Staff,
    Ticket,
)
from crm_core.work import Work

_HISTORY = 6  # interactions on a card
_PREVIEW = 160  # characters of each
_LONGEST = 3500  # characters of a copy: with its title it fits every channel …
_LONGEST_CAPTION = 700  # … and beside a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The words of a delivery before they are handed to a channel."""

    text: str
    titled: bool = False
    buttons: dict[str, Any] | None = None
    attachment: Attachment | None = None
    edits: str = ""


Loaded = dict[int, tuple[Interaction, AttachmentRow | None]]
_words = (
    select(Interaction, AttachmentRow, Customer)
    .outerjoin(AttachmentRow, AttachmentRow.interaction_id == Interaction.id)
    .outerjoin(Customer, Customer.id == Interaction.customer_id)
    .where(Interaction.id.in_(bindparam("ids", expanding=True)))
)


async def load(work: Work, rows: Sequence[Outbox]) -> Loaded:
    """The interactions behind these rows with their attachments, and their customers' keys at hand: one statement."""
    ids = [row.interaction_id for row in rows if row.interaction_id is not None]
    if not ids:
        return {}
    loaded: Loaded = {}
    for interaction, attachment, customer in (await work.session.execute(_words, {"ids": ids})).all():
        loaded[interaction.id] = (interaction, attachment)
        if customer is not None:
            work.remember(customer)
    return loaded


async def render(work: Work, shop: Shop, row: Outbox, loaded: Loaded) -> Rendered | None:
    """What `row` says now; None when there is nothing to say any more (the ticket is gone, the campaign cancelled)."""
    if row.interaction_id is None:
        if row.subject is None:
            return None
        kind, _, number = row.subject.partition(":")
        return await _RENDERERS[kind](work, shop, row, int(number))
    if row.interaction_id not in loaded:
        return None
    interaction, file = loaded[row.interaction_id]
    if await _is_erased(work, interaction.customer_id):
        return None
    text = await conversations.body_of(work, interaction)
    attachment = await attachment_of(work, file, interaction.customer_id) if file is not None else None
    if row.lane == Lane.COPY:
        return await _copy(work, shop, row, interaction, text, attachment)
    return Rendered(text=text, titled=interaction.titled, buttons=row.buttons, attachment=attachment)


def delivery(row: Outbox, rendered: Rendered) -> Delivery:
    """The message as a channel takes it; the quiet question above the buttons becomes its last line."""
    keys, text = [], rendered.text
    if rendered.buttons is not None:
        index = 0
        for line in rendered.buttons["rows"]:
            keys.append(
                tuple(
                    Key(label=one["label"], data=f"{row.token}.{index + n}", url=one.get("url", ""))
                    for n, one in enumerate(line)
                )
            )
            index += len(line)
        if rendered.buttons["prompt"]:
            text = f"{text}\n\n{rendered.buttons['prompt']}"
    return Delivery(
        outbox_id=row.id,
        chat=row.chat,
        text=text,
        titled=rendered.titled,
        keys=tuple(keys),
        attachment=rendered.attachment,
        edits=rendered.edits,
    )


async def attachment_of(work: Work, row: AttachmentRow, customer_id: int | None) -> Attachment:
    """An attachment as channels know it; the reference names its channel when it is not our own file."""
    return Attachment(
        kind="photo" if row.kind == "photo" else "document",
        ref=row.ref if row.ref.startswith("file:") else f"{row.channel}|{row.ref}",
        file_name=await conversations.file_name_of(work, row, customer_id),
        mime=row.mime,
        size=row.size,
    )


async def _reader(work: Work, row: Outbox) -> tuple[Identity | None, str]:
    """Who reads the row (None for a group) and in which language."""
    identity = await work.session.scalar(
        select(Identity).where(Identity.channel == row.channel, Identity.chat == row.chat).limit(1)
    )
    return identity, identity.language if identity else ""


async def called(work: Work, shop: Shop, language: str, customer_id: int) -> str:
    """What staff call a customer: the name, or "Visitor 7Q2"."""
    customer = await work.session.get(Customer, customer_id)
    name = await conversations.name_of(work, customer) if customer else ""
    return name or shop.texts.say(language, "visitor", code=visitor_code(customer_id))


def visitor_code(customer_id: int) -> str:
    """A short code by which staff tell nameless visitors apart."""
    return f"{customer_id % 46656:X}"[-3:]


async def _copy(
    work: Work, shop: Shop, row: Outbox, interaction: Interaction, text: str, attachment: Attachment | None
) -> Rendered | None:
    ticket = await work.session.get(Ticket, interaction.ticket_id) if interaction.ticket_id else None
    if ticket is None:
        return None
    _identity, language = await _reader(work, row)
    name = await called(work, shop, language, ticket.customer_id)
    title = shop.texts.say(language, "copy-title", number=str(ticket.number), name=name)
    most = _LONGEST_CAPTION if attachment else _LONGEST
    shown = text if len(text) <= most else f"{text[:most]}…\n{shop.texts.say(language, 'copy-cut')}"
    return Rendered(text=f"{title}\n{shown}", titled=True, attachment=attachment)


async def _is_erased(work: Work, customer_id: int | None) -> bool:
    """Whether something was a customer's who is erased by now: nobody is told anything of them any more."""
    return customer_id is not None and await work.key_of(customer_id) is None


async def _card(work: Work, shop: Shop, row: Outbox, ticket_id: int) -> Rendered | None:
    ticket = await work.session.get(Ticket, ticket_id)
    if ticket is None or await _is_erased(work, ticket.customer_id):
        return None
    identity, language = await _reader(work, row)
    text = await ticket_card(work, shop, ticket, language, identity.staff_id if identity else None)
    return Rendered(text=text, titled=True, buttons=keyboard(card_buttons(shop, ticket, language, identity)))


async def _reminder(work: Work, shop: Shop, row: Outbox, ticket_id: int) -> Rendered | None:
    ticket = await work.session.get(Ticket, ticket_id)
    if ticket is None or ticket.assignee_id is not None or not ticket.active:
        return None
    identity, language = await _reader(work, row)
    minutes = tickets.minutes_waiting(ticket, work.now)
    text = shop.texts.say(language, "card-reminder", number=str(ticket.number), minutes=minutes)
    card = await ticket_card(work, shop, ticket, language, None)
    return Rendered(
        text=f"{text}\n\n{card}", titled=True, buttons=keyboard(card_buttons(shop, ticket, language, identity))
    )


def card_buttons(
    shop: Shop, ticket: Ticket, language: str, identity: Identity | None
) -> tuple[tuple[Button, ...], ...]:
    """What can be done with a ticket from its card."""

    def button(key: str, act: str) -> Button:
        return Button(label=shop.texts.say(language, key), act=act, args={"ticket": ticket.number})

    looks = (button("button-why", "ticket.why"), button("button-teach", "knowledge.teach"))
    if not ticket.active:
        return (looks,)
    if ticket.assignee_id is None:
        return ((button("button-claim", "ticket.claim"),), looks[:1])
    if identity is not None and ticket.assignee_id == identity.staff_id:
        return ((button("button-resolve", "ticket.resolve"), button("button-hand-on", "ticket.hand_on")), looks)
    return (looks,)


async def ticket_card(work: Work, shop: Shop, ticket: Ticket, language: str, reader: int | None) -> str:
    """A ticket for an agent: who, since when, the last messages, and what the bot tried."""

    def say(key: str, **values: Any) -> str:
        return shop.texts.say(language, key, **values)

    name = await called(work, shop, language, ticket.customer_id)
    title = say("card-title", number=str(ticket.number), name=name)
    holder = await work.session.get(Staff, ticket.assignee_id) if ticket.assignee_id else None
    if holder is None:
        state = say("card-nobody") if ticket.active else say("card-done")
    else:
        state = say("card-yours", name=name) if holder.id == reader else say("card-has", name=holder.name)
    lines = [title, state, say("card-reason", reason=say(f"reason-{ticket.reason.replace('_', '-')}"))]
    history = await conversations.latest(work, ticket.conversation_id, 30)
    shown = [one for one in history if one.kind not in (Kind.EVENT, Kind.PRESS)][-_HISTORY:]
    for one in shown:
        body = (await conversations.body_of(work, one)).replace("\n", " ")
        who = {Kind.MESSAGE: name, Kind.NOTE: say("card-note")}.get(Kind(one.kind), say("card-us"))
        lines.append(f"{who}: {body[:_PREVIEW]}{'…' if len(body) > _PREVIEW else ''}")
    tried = [one for one in history if one.article_id][-3:]
    if tried:
        titles = []
        for one in tried:
            article = shop.articles.find(one.article_id or "", language)
            titles.append(article.title or article.id if article else one.article_id or "")
        lines.append(say("card-tried", titles=" · ".join(titles)))
    elsewhere = [one for one in history if one.kind == Kind.EVENT and one.reason == "other_language"]
    if elsewhere and elsewhere[-1].ticket_id == ticket.id:
        lines.append(say("card-other-language", title=await conversations.body_of(work, elsewhere[-1])))
    return "\n".join(lines)


async def _doubt(work: Work, shop: Shop, row: Outbox, outbox_id: int) -> Rendered | None:
    """Tells an agent that their words were not confirmed, and asks whether to send them once more."""
    held = await work.session.get(Outbox, outbox_id)
    if held is None or held.interaction_id is None or held.state not in (OutboxState.IN_DOUBT, OutboxState.FAILED):
        return None
    interaction = await work.session.get_one(Interaction, held.interaction_id)
    if await _is_erased(work, interaction.customer_id):
        return None
    ticket = await work.session.get(Ticket, interaction.ticket_id) if interaction.ticket_id else None
    _identity, language = await _reader(work, row)
    body = await conversations.body_of(work, interaction)
    key = "doubt" if held.state == OutboxState.IN_DOUBT else "not-delivered"
    text = shop.texts.say(language, key, number=str(ticket.number) if ticket else "", text=body[:_PREVIEW])
    button = Button(
        label=shop.texts.say(language, "button-resend"), act="ticket.resend", args={"interaction": str(interaction.id)}
    )
    return Rendered(text=text, buttons=keyboard(((button,),)))


async def _recipient(work: Work, _shop: Shop, _row: Outbox, recipient_id: int) -> Rendered | None:
    text = await campaigns.text_for(work, recipient_id)
    return Rendered(text=text) if text else None


async def _follow_up(work: Work, shop: Shop, row: Outbox, follow_up_id: int) -> Rendered | None:
    found = await follow_ups.find(work, follow_up_id)
    if found is None:
        return None
    _identity, language = await _reader(work, row)
    return Rendered(text=shop.texts.say(language, f"follow-up-{found.kind.replace('_', '-')}", shop=shop.name))


async def _progress(work: Work, shop: Shop, row: Outbox, campaign_id: int) -> Rendered | None:
    """How a campaign stands, edited in place: the newest copy in this chat is changed rather than a new one sent."""
    campaign = await campaigns.get(work, campaign_id)
    if campaign is None:
        return None
    _identity, language = await _reader(work, row)
    text = await campaign_card(work, shop, campaign, language)
    edits = await _earlier_copy(work, row)
    buttons = keyboard(campaign_buttons(shop, campaign, language))
    return Rendered(text=text, titled=True, buttons=buttons, edits=edits)


async def _earlier_copy(work: Work, row: Outbox) -> str:
    earlier = await work.session.scalar(
        select(Outbox.id)
        .where(
            Outbox.subject == row.subject,
            Outbox.channel == row.channel,
            Outbox.chat == row.chat,
            Outbox.state == OutboxState.SENT,
        )
        .order_by(Outbox.id)
        .limit(1)
    )
    return await outbox.message_of(work, earlier) or "" if earlier else ""


async def campaign_card(work: Work, shop: Shop, campaign: Campaign, language: str) -> str:
    """A campaign's state and figures in words."""
    figures = await campaigns.figures_of(work, campaign)
    say = shop.texts.say
    lines = [
        say(language, "campaign-title", number=str(campaign.number), state=say(language, f"campaign-{campaign.state}")),
        say(language, "campaign-progress", sent=figures.sent, total=figures.included, waiting=figures.waiting),
    ]
    if campaign.reason is not None:
        lines.append(say(language, "campaign-held"))
    if figures.in_doubt:
        lines.append(say(language, "campaign-in-doubt", count=figures.in_doubt))
    if figures.failed:
        lines.append(say(language, "campaign-failed", count=figures.failed))
    if figures.expired:
        lines.append(say(language, "campaign-expired", count=figures.expired))
    if figures.cancelled:
        lines.append(say(language, "campaign-stopped", count=figures.cancelled))
    for reason, count in sorted(figures.left_out.items()):
        why = say(language, f"left-out-{reason.replace('_', '-')}")
        lines.append(say(language, "campaign-left-out", reason=why, count=count))
    return "\n".join(lines)


def campaign_buttons(shop: Shop, campaign: Campaign, language: str) -> tuple[tuple[Button, ...], ...]:
    """What can be done with a campaign in its state."""
    acts = {
        "approving": ("cancel",),
        "scheduled": ("cancel",),
        "running": ("pause", "cancel"),
        "paused": ("resume", "cancel"),
    }.get(campaign.state, ())
    row = tuple(
        Button(
            label=shop.texts.say(language, f"button-{act}"), act=f"campaign.{act}", args={"campaign": campaign.number}
        )
        for act in acts
    )
    return (row,) if row else ()


_Renderer = Callable[[Work, Shop, Outbox, int], Awaitable[Rendered | None]]
_RENDERERS: dict[str, _Renderer] = {
    "card": _card,
    "reminder": _reminder,
    "doubt": _doubt,
    "recipient": _recipient,
    "followup": _follow_up,
    "progress": _progress,
}


@dataclass(frozen=True, slots=True)
class Reminder:
    """Words the reminder of an unclaimed ticket: to the desk each time, to the customer once."""

    shop: Shop

    async def __call__(self, work: Work, ticket: Ticket, tell_customer: bool) -> None:
        """Queue it."""
        await alert_desk(work, self.shop, ticket, "reminder")
        if tell_customer:
            identity, conversation = await person_of(work, ticket.conversation_id)
            text = self.shop.texts.say(identity.language, "ticket-takes-longer", number=str(ticket.number))
            await tell(work, identity, conversation, Reply(text=text))
