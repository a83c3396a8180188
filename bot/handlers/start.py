"""The first words: /start welcomes a customer, or lets in as staff who brings an invite."""

from bot.handlers import link
from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import conversations, customers, identities, staff
from crm_core.models import Customer, Kind, Staff

_STARTS = 20  # who pressed Start more often than this is not looked at any closer


async def start(turn: Turn) -> list[Reply]:
    """Welcome; `/start <token>` redeems an invite for somebody without a past as a customer, or follows a link."""
    if identities.is_link(turn.argument):
        await turn.file(text="/start")
        return await link.arrive(turn)
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
    assert turn.customer is not None
    if not turn.new and await _has_a_past(turn, turn.customer):
        return [turn.reply("invite-is-customer")]
    member = await staff.use_invite(turn.work, turn.argument[:200], turn.identity.id)
    if member is None:
        return [turn.reply("invite-unknown")]
    await _become(turn, turn.customer, member)
    turn.work.menus.add((turn.identity.channel, turn.identity.chat))
    return [welcome(turn)]


async def _has_a_past(turn: Turn, customer: Customer) -> bool:
    """Whether somebody has done more as a customer than to press Start, which Telegram makes everybody do."""
    if turn.ticket is not None or await customers.has_dealings(turn.work, customer.id):
        return True
    said = await conversations.said_by(turn.work, turn.conversation.id, _STARTS + 1)
    words = [await conversations.body_of(turn.work, one) for one in said if one.kind == Kind.MESSAGE]
    return len(words) < len(said) or len(said) > _STARTS or any(not one.startswith("/start") for one in words)


async def _become(turn: Turn, customer: Customer, member: Staff) -> None:
    """Move an identity from the empty customer it began as to the staff member; the customer is gone with it."""
    session = turn.work.session
    await session.flush()
    for one in await conversations.latest(turn.work, turn.conversation.id, 100):
        words = await conversations.body_of(turn.work, one)
        one.customer_id = None
        one.kind = Kind.COMMAND if one.kind == Kind.MESSAGE else one.kind
        one.staff_id = member.id if one.kind == Kind.COMMAND else None
        one.body = conversations.seal_body(turn.work, one.id, words, None, None)
    turn.identity.customer_id = None
    turn.identity.staff_id = member.id
    turn.conversation.customer_id = None
    await session.flush()
    await session.delete(customer)
    turn.staff, turn.customer = member, None


HANDLER = Handler(name="start", commands={"/start": ("start", start)})
