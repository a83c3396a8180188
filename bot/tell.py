"""Saying something to somebody: the words become an interaction and an outbox row in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bot.message import Button, Reply
from bot.turn import Shop, filed
from crm_core import outbox, staff
from crm_core.conversations import Words, record
from crm_core.models import Conversation, Identity, Interaction, Kind, Lane, Role, Staff, Ticket
from crm_core.work import Work


def keyboard(rows: Sequence[Sequence[Button]], prompt: str = "") -> dict[str, Any] | None:
    """Rows of buttons as the outbox stores them; None without buttons."""
    if not rows:
        return None
    return {
        "prompt": prompt,
        "rows": [[_stored(one) for one in row] for row in rows],
    }


def _stored(button: Button) -> dict[str, Any]:
    stored: dict[str, Any] = {"label": button.label, "act": button.act, "args": button.args}
    return {**stored, "url": button.url} if button.url else stored


async def tell(
    work: Work,
    identity: Identity,
    conversation: Conversation,
    reply: Reply,
    words: Words | None = None,
    lane: Lane = Lane.REPLY,
    chat: str = "",
) -> Interaction:
    """Say `reply` to the person of a conversation; `words` adds what else is known about it."""
    known = words or Words(kind=Kind.REPLY, text="")
    file = filed(reply.attachment, identity.channel) if reply.attachment is not None else known.attachment
    said = replace(known, text=reply.text, titled=reply.titled, attachment=file)
    interaction = await record(work, conversation, said)
    queue_words(work, identity, interaction, lane, keyboard(reply.buttons, reply.prompt), chat)
    return interaction


def queue_words(
    work: Work,
    identity: Identity,
    interaction: Interaction,
    lane: Lane,
    buttons: dict[str, Any] | None = None,
    chat: str = "",
) -> None:
    """Put words that are written down already into the outbox of the person they are for."""
    outbox.queue(
        work,
        channel=identity.channel,
        chat=chat or identity.chat,
        lane=lane,
        conversation_id=interaction.conversation_id,
        interaction_id=interaction.id,
        thread=interaction.thread,
        buttons=buttons,
    )


async def person_of(work: Work, conversation_id: int) -> tuple[Identity, Conversation]:
    """The identity and conversation behind a conversation id."""
    statement = (
        select(Identity, Conversation)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .where(Conversation.id == conversation_id)
    )
    row = (await work.session.execute(statement)).one()
    return row[0], row[1]


async def alert_desk(work: Work, shop: Shop, ticket: Ticket, kind: str = "card") -> None:
    """Tell whoever works tickets about one that waits: the staff group if there is one, else each agent's private chat.

    Agents on a pulled channel see it in their list, which is derived from the tickets. `kind` is "card" or "reminder".
    """
    subject = f"{kind}:{ticket.id}"
    thread = f"ticket:{ticket.id}"
    if shop.staff_group is not None:
        channel, chat = shop.staff_group
        outbox.queue(
            work, channel=channel, chat=chat, lane=Lane.COPY, conversation_id=None, subject=subject, thread=thread
        )
        return
    for member in await staff.on_the_desk(work, ticket.team):
        await outbox.queue_for_staff(work, member.id, subject=subject, thread=thread)


async def copy_to_assignee(work: Work, ticket: Ticket, interaction: Interaction) -> None:
    """Bring a customer's words to the agent who has the ticket, on every push channel the agent uses."""
    if ticket.assignee_id is not None:
        await outbox.queue_for_staff(
            work, ticket.assignee_id, interaction_id=interaction.id, thread=f"ticket:{ticket.id}"
        )


async def show_card(work: Work, staff_id: int, ticket: Ticket) -> None:
    """Send an agent the card of a ticket on every push channel they use."""
    await outbox.queue_for_staff(work, staff_id, subject=f"card:{ticket.id}", thread=f"ticket:{ticket.id}")


async def tell_admins(work: Work, shop: Shop, key: str, **values: str) -> None:
    """Say something to the operators in their own chats."""
    statement = (
        select(Identity, Conversation)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .join(Staff, Staff.id == Identity.staff_id)
        .where(Staff.role == Role.ADMIN, Staff.revoked_at.is_(None))
    )
    for identity, conversation in (await work.session.execute(statement)).all():
        await tell(work, identity, conversation, Reply(text=shop.texts.say(identity.language, key, **values)))


async def tell_colleague(work: Work, shop: Shop, staff_id: int, key: str, **values: str) -> None:
    """Say something to a staff member in every chat of theirs."""
    for identity, conversation in await chats_of(work, staff_id):
        await tell(work, identity, conversation, Reply(text=shop.texts.say(identity.language, key, **values)))


async def chats_of(work: Work, staff_id: int) -> list[tuple[Identity, Conversation]]:
    """Where a colleague talks with the bot; nowhere when they have left."""
    statement = (
        select(Identity, Conversation)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .join(Staff, Staff.id == Identity.staff_id)
        .where(Staff.id == staff_id, Staff.revoked_at.is_(None))
        .order_by(Identity.id)
    )
    return [(row[0], row[1]) for row in (await work.session.execute(statement)).all()]
