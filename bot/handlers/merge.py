"""Records that may be one person: /merge lists suggestions or previews two customers, buttons merge and take apart."""

from babel.dates import format_date

from bot.merge_words import preview_words
from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import merging, record, suggestions, touching, unmerging
from crm_core.merging import MergeRefused
from crm_core.models import Customer, Merge, MergeSuggestion
from crm_core.rules.merging import UNDO_TERM
from crm_core.storage.ids import read_id

_SHOWN = 3  # suggestions at once


async def merge(turn: Turn) -> list[Reply]:
    """`/merge` lists what may be one person, `/merge 12 15` previews 15 as part of 12, `/merge undo 12` parts them."""
    words = turn.argument.replace("#", " ").split()
    if not words:
        return await _suggested(turn)
    if len(words) == 2 and words[0].casefold() in ("undo", "撤销"):
        return await _undo_newest(turn, words[1])
    if len(words) != 2:
        return [turn.reply("merge-how")]
    found = [await _numbered(turn, word) for word in words]
    unknown = [word for word, one in zip(words, found, strict=True) if one is None]
    if unknown:
        return [turn.reply("merge-unknown", number=unknown[0][:20])]
    return [await _preview(turn, *(one for one in found if one is not None))]


async def _numbered(turn: Turn, word: str) -> Customer | None:
    number = read_id(word)
    return await _seen(turn, await merging.numbered(turn.work, number)) if number else None


async def _seen(turn: Turn, customer: Customer | None) -> Customer | None:
    """The customer if this colleague may touch who they are by now, else None."""
    kept = await record.kept(turn.work, customer) if customer is not None else None
    if kept is None or not await touching.may_touch_customer(turn.work, turn.principal, "merge", kept.id):
        return None
    return customer


async def _suggested(turn: Turn) -> list[Reply]:
    found = [
        (row, first, second)
        for row, first, second in await suggestions.waiting(turn.work, _SHOWN)
        if await _seen(turn, first) is not None and await _seen(turn, second) is not None
    ]
    if not found:
        return [turn.reply("merge-none")]
    replies = []
    for row, first, second in found:
        because = turn.say(f"merge-because-{row.reason}")
        replies.append(await _preview(turn, first, second, because=because, suggestion=row.id))
    return replies


async def _preview(turn: Turn, kept: Customer, other: Customer, *, because: str = "", suggestion: int = 0) -> Reply:
    assert turn.staff is not None
    try:
        found = await merging.preview(turn.work, kept, other, turn.staff.id)
    except MergeRefused as refused:
        return _refused(turn, refused)
    lines = preview_words(turn.say, found, because)
    pair = {"kept": kept.id, "other": other.id}
    swapped = {"kept": other.id, "other": kept.id}
    first = [turn.button("button-merge", "merge.do", **pair), turn.button("button-merge-swap", "merge.show", **swapped)]
    rows: tuple[tuple[Button, ...], ...] = (tuple(first),)
    if suggestion:
        rows += ((turn.button("button-merge-no", "merge.decline", suggestion=suggestion),),)
    return Reply(text="\n".join(lines), buttons=rows, titled=True)


def _number(customer: Customer) -> str:
    return str(customer.number or "?")


async def show(turn: Turn) -> list[Reply]:
    """The preview the other way round."""
    pair = await _pair(turn)
    return [await _preview(turn, *pair)] if pair else [turn.reply("merge-gone")]


async def do(turn: Turn) -> list[Reply]:
    """Merge the two that were previewed."""
    assert turn.staff is not None
    pair = await _pair(turn)
    if pair is None:
        return [turn.reply("merge-gone")]
    try:
        row = await merging.merge(turn.work, *pair, "person", turn.staff.id, turn.shop.lifecycle)
    except MergeRefused as refused:
        return [_refused(turn, refused)]
    undo_button = turn.button("button-merge-undo", "merge.undo", merge=row.id)
    until = format_date((row.at + UNDO_TERM).date(), "long", locale=turn.language)
    return [turn.reply("merge-done", (undo_button,), kept=_number(pair[0]), other=_number(pair[1]), until=until)]


async def _pair(turn: Turn) -> tuple[Customer, Customer] | None:
    assert turn.pressed is not None
    args = turn.pressed.args
    kept = await _seen(turn, await turn.work.session.get(Customer, int(args["kept"])))
    other = await _seen(turn, await turn.work.session.get(Customer, int(args["other"])))
    return (kept, other) if kept is not None and other is not None else None


async def decline(turn: Turn) -> list[Reply]:
    """Two different people."""
    assert turn.pressed is not None
    assert turn.staff is not None
    row = await turn.work.session.get(MergeSuggestion, int(turn.pressed.args["suggestion"]))
    people = [await turn.work.session.get(Customer, one) for one in (row.first_id, row.second_id)] if row else []
    if not people or None in [await _seen(turn, one) for one in people]:
        return [turn.reply("merge-gone")]
    declined = await suggestions.decline(turn.work, int(turn.pressed.args["suggestion"]), turn.staff.id)
    return [turn.reply("merge-declined" if declined else "merge-gone")]


async def undo(turn: Turn) -> list[Reply]:
    """Take apart what a button's merge joined."""
    assert turn.pressed is not None
    return await _undo(turn, await merging.get(turn.work, int(turn.pressed.args["merge"])))


async def _undo_newest(turn: Turn, word: str) -> list[Reply]:
    customer = await _numbered(turn, word)
    if customer is None:
        return [turn.reply("merge-unknown", number=word[:20])]
    return await _undo(turn, await merging.newest(turn.work, customer.id))


async def _undo(turn: Turn, row: Merge | None) -> list[Reply]:
    assert turn.staff is not None
    if row is None or await _seen(turn, await turn.work.session.get(Customer, row.kept_id)) is None:
        return [turn.reply("merge-nothing-to-undo")]
    try:
        other = await unmerging.undo(turn.work, row, turn.staff.id, turn.shop.lifecycle)
    except MergeRefused as refused:
        return [_refused(turn, refused)]
    kept = await turn.work.session.get_one(Customer, row.kept_id)
    return [turn.reply("merge-undone", kept=_number(kept), other=_number(other))]


def _refused(turn: Turn, refused: MergeRefused) -> Reply:
    values = {name: str(value) for name, value in refused.values.items()}
    return turn.reply(refused.key.replace("_", "-"), **values)


HANDLER = Handler(
    name="merge",
    commands={"/merge": ("merge", merge)},
    acts={"merge.show": show, "merge.do": do, "merge.decline": decline, "merge.undo": undo},
)
