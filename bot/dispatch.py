"""Who answers: a press goes to its act, a command to its handler, plain words to the first handler that wants them."""

from bot import handlers
from bot.message import Incoming, Reply
from bot.throttle import Pass
from bot.turn import Ahead, Answer, Turn
from crm_core import denials
from crm_core.conversations import touch
from crm_core.models import Interaction, Kind
from crm_core.rules import access

_BUTTONS_LIVE_DAYS = 30


def plain(text: str) -> Reply:
    """A reply of words alone."""
    return Reply(text=text)


def split_command(incoming: Incoming) -> tuple[str, str]:
    """The command and its argument, ("", "") for anything else; `/claim@shop_bot 12` is `/claim` and `12`."""
    if incoming.press or not incoming.text.startswith("/"):
        return "", ""
    word, _, rest = incoming.text.partition(" ")
    if "\n" in word:
        word, _, more = word.partition("\n")
        rest = f"{more} {rest}"
    return word.partition("@")[0].lower(), rest.strip()


def is_free_text(incoming: Incoming) -> bool:
    """Whether these are plain words (not a press, a command, or an update without words)."""
    return bool(incoming.text) and not incoming.press and not incoming.text.startswith("/")


def ahead_of(turn: Turn) -> Ahead | None:
    """What has to be found out before this turn's transaction, for an act that this person may do.

    Plain words in a dialogue are the act "<kind of dialogue>.talk".
    """
    if turn.staff is None and turn.pressed is None:
        return None
    if turn.pressed is not None:
        act = turn.pressed.act
    elif turn.dialogue is not None and not turn.command:
        act = f"{turn.dialogue.kind}.talk"
    else:
        act, _answer = handlers.COMMANDS.get(turn.command, ("", None))
    return handlers.AHEAD.get(act) if access.may(turn.role, act) else None


async def answer(turn: Turn, throttled: Pass) -> list[Reply]:
    """The replies to a turn; what may not be done is refused in words."""
    if turn.staff is None and turn.customer is None:
        return [turn.reply("not-allowed")]  # a colleague who has left
    if throttled is not Pass.ANSWER and turn.staff is None and not handlers.consent.means_stop(turn):
        await turn.file(ticket=turn.ticket)
        return [turn.reply("slow-down")] if throttled is Pass.ASK_TO_SLOW_DOWN else []
    if turn.incoming.press:
        return await _press(turn)
    if turn.command:
        found = handlers.COMMANDS.get(turn.command)
        if found is None:
            return [turn.reply("unknown-command", command=turn.command[:30])]
        return await _allowed(turn, *found)
    if turn.incoming.unsupported:
        await turn.file(text=f"[{turn.incoming.unsupported[:40]}]")
        return [turn.reply("unsupported", kind=turn.incoming.unsupported[:40])]
    for handler in handlers.HANDLERS:
        if handler.talk is not None:
            replies = await handler.talk(turn)
            if replies is not None:
                return replies
    return []


async def _press(turn: Turn) -> list[Reply]:
    pressed = turn.pressed
    if pressed is None or (turn.work.now - pressed.row.created_at).days >= _BUTTONS_LIVE_DAYS:
        await turn.file(Kind.PRESS, text="")
        if turn.borrowed:
            await _deny(turn, "press")
        return [turn.reply("button-unknown")]
    found = handlers.ACTS.get(pressed.act)
    if found is None:
        return [turn.reply("button-unknown")]
    if access.may(turn.role, pressed.act):
        pressed.row.pressed = pressed.index
        await _show_pressed(turn, pressed.row.interaction_id)
    return await _allowed(turn, pressed.act, found)


async def _deny(turn: Turn, act: str) -> None:
    staff_id = turn.staff.id if turn.staff else None
    subject = f"staff:{staff_id}" if staff_id else f"identity:{turn.identity.id}"
    await denials.deny(turn.work, staff_id, subject, act)


async def _show_pressed(turn: Turn, interaction_id: int | None) -> None:
    shown = await turn.work.session.get(Interaction, interaction_id) if interaction_id else None
    if shown is not None:
        await touch(turn.work, shown)


async def _allowed(turn: Turn, act: str, do: Answer) -> list[Reply]:
    if not access.may(turn.role, act):
        await _deny(turn, act)
        return [turn.reply("not-allowed")]
    if access.ACTS[act].step_up:
        assert turn.pressed is not None  # no command does such an act: it offers the button that does
        first = await handlers.approvals.step_up(turn, act, turn.pressed.args)
        if first is not None:
            return first
    return await do(turn)
