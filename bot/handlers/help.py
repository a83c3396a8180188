"""What can be said here: /help lists the commands of whoever asks, in their language."""

from bot import handlers
from bot.message import Reply
from bot.texts import Texts
from bot.turn import Handler, Turn
from crm_core.models import Role
from crm_core.rules import access

HIDDEN = ("/resend",)  # what buttons send; nobody types it


def menu(texts: Texts, language: str, role: Role, *, goes_on: bool) -> list[tuple[str, str]]:
    """The commands that this role may use, each with its line of help; `goes_on`: there is somewhere else to go on."""
    hidden = HIDDEN if goes_on else (*HIDDEN, "/continue")
    return [
        (name, texts.say(language, _line_of(name)))
        for name, (act, _answer) in handlers.COMMANDS.items()
        if access.may(role, act) and name not in hidden
    ]


def _line_of(command: str) -> str:
    """The text key of a command's line; "help-customer" and "help-staff" are the heads of the lists."""
    word = command.removeprefix("/").replace("_", "-")
    return f"help-{word}-command" if word in {"customer", "staff"} else f"help-{word}"


async def show(turn: Turn) -> list[Reply]:
    """The list of commands."""
    goes_on = bool(turn.shop.beside(turn.identity.channel))
    offered = menu(turn.shop.texts, turn.language, turn.role, goes_on=goes_on)
    lines = [f"{name} — {line}" for name, line in offered]
    head = turn.say("help-staff" if turn.staff else "help-customer", shop=turn.shop.name)
    buttons = () if turn.staff else ((turn.button("button-person", "ask.person"),),)
    return [Reply(text="\n".join((head, "", *lines)), buttons=buttons)]


HANDLER = Handler(name="help", commands={"/help": ("help", show)})
