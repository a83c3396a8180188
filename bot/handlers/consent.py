"""Consent to marketing: /subscribe is the opt-in, /stop (or 退订, "unsubscribe") the opt-out, which counts at once."""

from sqlalchemy import select

from bot.message import Reply
from bot.turn import Handler, Turn
from crm_core import consents, outbox
from crm_core.models import Conversation
from crm_core.rules.consent import EVERYWHERE

_STOP_WORDS = frozenset({"stop", "unsubscribe", "退订", "td", "t", "取消订阅"})


async def talk(turn: Turn) -> list[Reply] | None:
    """A bare word that means "no more of these" on any channel."""
    return await stop(turn) if turn.staff is None and means_stop(turn) else None


def means_stop(turn: Turn) -> bool:
    """Whether somebody says /stop or a word for it: that is heard even from who writes too fast."""
    return turn.command == "/stop" or turn.text.strip(" .!。！").casefold() in _STOP_WORDS


async def subscribe(turn: Turn) -> list[Reply]:
    """Opt in, for this channel, or by the button below that for all: with the words of ours that they agreed to."""
    assert turn.customer is not None
    everywhere = turn.pressed is not None and bool(turn.pressed.args.get("everywhere"))
    words = turn.say("consent-given-everywhere" if everywhere else "consent-given", shop=turn.shop.name)
    said = await turn.file()
    consents.give(
        turn.work,
        turn.customer.id,
        True,
        "chat",
        channel=EVERYWHERE if everywhere else turn.identity.channel,
        interaction_id=said.id,
        text_digest=await consents.text_of(turn.work, turn.language, words),
    )
    if everywhere or not turn.shop.beside(turn.identity.channel):
        return [Reply(text=words)]
    wider = turn.button("button-subscribe-everywhere", "consent.subscribe", everywhere=True)
    return [Reply(text=words, buttons=((wider,),))]


async def stop(turn: Turn) -> list[Reply]:
    """Opt out, of all channels: what still waits in the outbox stops in this transaction."""
    assert turn.customer is not None
    said = await turn.file()
    consents.give(turn.work, turn.customer.id, False, "chat", channel=turn.identity.channel, interaction_id=said.id)
    own = await turn.work.session.scalars(select(Conversation.id).where(Conversation.customer_id == turn.customer.id))
    await outbox.cancel_marketing(turn.work, own.all())
    return [turn.reply("consent-withdrawn", shop=turn.shop.name)]


HANDLER = Handler(
    name="consent",
    commands={"/subscribe": ("consent.subscribe", subscribe), "/stop": ("consent.stop", stop)},
    acts={"consent.subscribe": subscribe, "consent.stop": stop},
    talk=talk,
)
