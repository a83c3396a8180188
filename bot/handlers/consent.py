"""Consent to marketing: /subscribe is the opt-in, /stop (or 退订, "unsubscribe") the opt-out, which counts at once."""

from sqlalchemy import select

from bot.message import Reply
from bot.turn import Handler, Turn
from crm_core import customers, outbox
from crm_core.models import Conversation

_STOP_WORDS = frozenset({"stop", "unsubscribe", "退订", "td", "t", "取消订阅"})


async def talk(turn: Turn) -> list[Reply] | None:
    """A bare word that means "no more of these" on any channel."""
    return await stop(turn) if turn.staff is None and means_stop(turn) else None


def means_stop(turn: Turn) -> bool:
    """Whether somebody says /stop or a word for it: that is heard even from who writes too fast."""
    return turn.command == "/stop" or turn.text.strip(" .!。！").casefold() in _STOP_WORDS


async def subscribe(turn: Turn) -> list[Reply]:
    """Opt in."""
    assert turn.customer is not None
    customers.give_consent(turn.work, turn.customer.id, True, "chat")
    return [turn.reply("consent-given", shop=turn.shop.name)]


async def stop(turn: Turn) -> list[Reply]:
    """Opt out: what still waits in the outbox stops in this transaction."""
    assert turn.customer is not None
    customers.give_consent(turn.work, turn.customer.id, False, "chat")
    own = await turn.work.session.scalars(select(Conversation.id).where(Conversation.customer_id == turn.customer.id))
    await outbox.cancel_marketing(turn.work, own.all())
    return [turn.reply("consent-withdrawn", shop=turn.shop.name)]


HANDLER = Handler(
    name="consent",
    commands={"/subscribe": ("consent.subscribe", subscribe), "/stop": ("consent.stop", stop)},
    acts={"consent.subscribe": subscribe, "consent.stop": stop},
    talk=talk,
)
