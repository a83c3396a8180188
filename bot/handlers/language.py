"""The language of a conversation: /language offers the shop's languages, a button or `/language zh` chooses."""

from bot.handlers.start import language_buttons
from bot.message import Button, Reply
from bot.turn import Handler, Turn


async def choose(turn: Turn) -> list[Reply]:
    """Set the language when one is named, else offer them."""
    wanted = str(turn.pressed.args["language"]) if turn.pressed else turn.argument.lower()
    if wanted not in turn.shop.texts.languages:
        return [Reply(text=turn.say("language-which"), buttons=_all(turn))]
    turn.identity.language = wanted
    if turn.customer is not None:
        turn.customer.language = wanted
    if turn.staff is not None:
        turn.work.menus.add((turn.identity.channel, turn.identity.chat))
    return [Reply(text=turn.say("language-set"))]


def _all(turn: Turn) -> tuple[tuple[Button, ...], ...]:
    own = Button(label=turn.say("language-name"), act="language", args={"language": turn.language})
    return ((own, *language_buttons(turn)),)


HANDLER = Handler(name="language", commands={"/language": ("language", choose)}, acts={"language": choose})
