"""The first words: /start welcomes a customer, or makes somebody staff who brings an invite."""

from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import staff
from crm_core.models import Interaction, Kind, Staff
from sqlalchemy import select


async def start(turn: Turn) -> list[Reply]:
    """Welcome; `/start <token>` redeems an invite for somebody without a past as a customer."""
    if turn.argument and turn.staff is None:
        await turn.file(text="/start")  # The token is spent and is nobody's to read again.
        return await _join(turn)
    return [welcome(turn)]


def welcome(turn: Turn) -> Reply:
    """The greeting, with the way to a person and the other languages."""
    if turn.staff is not None:
        return turn.reply("welcome-staff", name=turn.staff.name, role=turn.say(f"role-{turn.staff.role}"))
    return Reply(
        text=turn.say("welcome", shop=turn.shop.name),
        buttons=((turn.button("button-person", "ask.person"),), language_buttons(turn)),
    )


def language_buttons(turn: Turn) -> tuple[Button, ...]:
    """One button for each other language of the shop, in its own words."""
    return tuple(
        Button(label=turn.shop.texts.say(one, "language-name"), act="language", args={"language": one})
        for one in turn.shop.texts.languages
        if one != turn.language
    )


async def _join(turn: Turn) -> list[Reply]:
    """An identity is a customer's or a staff member's, never both: who has written as a customer stays one."""
    session = turn.work.session
    if not turn.new:
        spoken = await session.scalar(
            select(Interaction.id)
            .where(Interaction.conversation_id == turn.conversation.id, Interaction.kind == Kind.MESSAGE)
            .where(Interaction.id != (turn.interaction.id if turn.interaction else 0))
            .limit(1)
        )
        if spoken is not None or turn.ticket is not None:
            return [turn.reply("invite-is-customer")]
    member = await staff.use_invite(turn.work, turn.argument[:200], turn.identity.id)
    if member is None:
        return [turn.reply("invite-unknown")]
    await _become(turn, member)
    turn.work.menus.add((turn.identity.channel, turn.identity.chat))
    return [welcome(turn)]


async def _become(turn: Turn, member: Staff) -> None:
    """Move a fresh identity from the empty customer it began as to the staff member; the customer is gone with it."""
    customer, old = turn.customer, turn.interaction
    session = turn.work.session
    await session.flush()
    turn.identity.customer_id = None
    turn.identity.staff_id = member.id
    turn.conversation.customer_id = None
    if old is not None:
        old.customer_id = None
        old.kind = Kind.COMMAND
        old.staff_id = member.id
        old.body = turn.work.vault.seal("/start", f"interaction.body:{old.id}", None)
    await session.flush()
    if customer is not None:
        await session.delete(customer)
    turn.staff, turn.customer = member, None


HANDLER = Handler(name="start", commands={"/start": ("start", start)})
