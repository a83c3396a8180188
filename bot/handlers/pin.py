"""The PIN of a colleague: setting it, and giving it where nobody else is there to agree. It is written down nowhere."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import ceil
from typing import Any

from bot.message import Button, Reply
from bot.turn import Handler, Shop, Turn
from crm_core import approvals, pins
from crm_core.models import Approval, Dialogue, Kind, Staff

_KIND = "pin"  # of the dialogue; its steps are "old" (before a new one), "new" and "act"
_STALE = timedelta(minutes=15)  # after which words are no PIN any more
_HIDDEN = "•••"
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pin")  # each takes 64 MiB while it hashes


async def command(turn: Turn) -> list[Reply]:
    """`/pin`: choose one, or another after giving the one there is."""
    assert turn.staff is not None
    if turn.argument:
        await turn.file(Kind.COMMAND, text=f"/pin {_HIDDEN}")
    if turn.incoming.group:
        return [turn.reply("pin-in-private")]
    if (locked := _locked(turn)) is not None:
        return locked
    if turn.staff.pin_hash is None:
        return _stand(turn, "new", "pin-choose")
    return _stand(turn, "old", "pin-old")


async def ask(turn: Turn, act: str, args: dict[str, Any]) -> list[Reply]:
    """Ask for the PIN before an act; the next words are it."""
    assert turn.staff is not None
    if turn.incoming.group:
        return [turn.reply("pin-in-private")]
    if turn.staff.pin_hash is None:
        return [turn.reply("pin-missing")]
    if (locked := _locked(turn)) is not None:
        return locked
    return _stand(turn, "act", "pin-ask", act=act, args=args)


def _locked(turn: Turn) -> list[Reply] | None:
    assert turn.staff is not None
    until = pins.locked_until(turn.work, turn.staff)
    if until is None:
        return None
    return [turn.reply("pin-locked", minutes=ceil((until - turn.work.now).total_seconds() / 60))]


def _stand(turn: Turn, step: str, key: str, **answers: Any) -> list[Reply]:
    if turn.dialogue is None:
        turn.dialogue = Dialogue(conversation_id=turn.conversation.id)
        turn.work.session.add(turn.dialogue)
    turn.dialogue.kind, turn.dialogue.step = _KIND, step
    turn.dialogue.answers = answers
    turn.dialogue.updated_at = turn.work.now
    return [turn.reply(key, (turn.button("button-leave", "pin"),), shortest=pins.SHORTEST)]


async def leave(turn: Turn) -> list[Reply]:
    """No PIN after all."""
    if turn.dialogue is not None and turn.dialogue.kind == _KIND:
        await turn.work.session.delete(turn.dialogue)
    return [turn.reply("pin-left")]


async def look(turn: Turn) -> Callable[[], Awaitable[Any]] | None:
    """Hash what was said, with no transaction open: (the PIN's hash at that time, whether it was right), or a hash."""
    dialogue, colleague = turn.dialogue, turn.staff
    if dialogue is None or colleague is None or not _expected(turn) or _is_stale(turn, dialogue):
        return None
    words, stored, memory = turn.text.strip(), colleague.pin_hash, turn.shop.pin_memory_kib
    if dialogue.step == "new":
        return (lambda: _in_thread(pins.hash_pin, words, memory)) if pins.is_pin(words) else None
    if stored is None or pins.locked_until(turn.work, colleague) is not None:
        return None
    return lambda: _compared(words[: pins.LONGEST + 1], stored)


async def _compared(words: str, stored: str) -> tuple[str, bool]:
    return stored, await _in_thread(pins.is_right, words, stored)


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function, *arguments)


def _expected(turn: Turn) -> bool:
    """Whether words said here now are the PIN that was asked for."""
    here = not (turn.incoming.group or turn.incoming.thread.startswith("ticket:"))
    return here and turn.dialogue is not None and turn.dialogue.kind == _KIND


def _is_stale(turn: Turn, dialogue: Dialogue) -> bool:
    return turn.work.now - dialogue.updated_at > _STALE


async def talk(turn: Turn) -> list[Reply] | None:
    """The PIN that was asked for. What was said is written down as three dots, right or wrong."""
    dialogue = turn.dialogue
    if turn.staff is None or dialogue is None or not _expected(turn):
        return None
    await turn.file(Kind.COMMAND, text=_HIDDEN)
    if _is_stale(turn, dialogue):
        await turn.work.session.delete(dialogue)
        return [turn.reply("pin-over")]
    return await (_choose(turn) if dialogue.step == "new" else _check(turn, turn.staff, dialogue))


async def _choose(turn: Turn) -> list[Reply]:
    assert turn.staff is not None
    if not isinstance(turn.found, str):
        return [turn.reply("pin-weak", shortest=pins.SHORTEST)]
    pins.set_pin(turn.work, turn.staff, turn.found)
    await turn.work.session.delete(turn.dialogue)
    return [turn.reply("pin-set")]


async def _check(turn: Turn, colleague: Staff, dialogue: Dialogue) -> list[Reply]:
    if (locked := _locked(turn)) is not None:
        return locked
    right = turn.found == (colleague.pin_hash, True)
    if not pins.tried(turn.work, colleague, right=right):
        return _locked(turn) or [turn.reply("pin-wrong")]
    if dialogue.step == "old":
        return _stand(turn, "new", "pin-choose")
    row = approvals.grant(turn.work, dialogue.answers["act"], dialogue.answers["args"], colleague.id)
    await turn.work.session.delete(dialogue)
    return [turn.reply("pin-right", (go_button(turn.shop, turn.language, row),))]


def go_button(shop: Shop, language: str, row: Approval) -> Button:
    """The button that does what was agreed to, once."""
    return Button(
        label=shop.texts.say(language, "button-do-it"), act=row.act, args={**row.args, "approval": str(row.id)}
    )


HANDLER = Handler(
    name="pin",
    commands={"/pin": ("pin", command)},
    acts={"pin": leave},
    ahead={"pin.talk": look},
    talk=talk,
)
