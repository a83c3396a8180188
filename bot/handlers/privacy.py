"""What somebody may ask for about their own data: /privacy shows what is kept, gives it out, or has it erased."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.message import Attachment, Button, Reply
from bot.portrait import Reader
from bot.turn import Handler, Turn
from crm_core import audit, consents, erasing, personal_export, record
from crm_core.files import EXPORT, Laid
from crm_core.models import Customer
from crm_core.personal import person, summary
from crm_core.rules.consent import covers
from crm_core.storage.ids import read_id

_MOST = 45_000_000  # bytes of files in an archive for the chat: no channel takes much more than 50 MB
_MIME = "application/zip"


def _reader(turn: Turn) -> Reader:
    return Reader(texts=turn.shop.texts, language=turn.language, zone=turn.shop.zone)


async def show(turn: Turn) -> list[Reply]:
    """What is kept of whoever asks, what they agreed to and when, and what they can do about it."""
    assert turn.customer is not None
    reader = _reader(turn)
    kept = await summary(turn.work, await person(turn.work, turn.customer.id))
    lines = [turn.say("privacy-title", shop=turn.shop.name)]
    lines.append(turn.say("privacy-since", day=reader.day(turn.customer.created_at), number=str(turn.customer.number)))
    lines += [turn.say(f"privacy-{what}", count=count) for what, count in kept.items() if count]
    lines.append("")
    standing = await consents.standing(turn.work, turn.customer.id)
    for one in standing:
        key = "privacy-consent-yes" if one.granted else "privacy-consent-no"
        lines.append(turn.say(key, day=reader.day(one.at), place=_place(turn, one.channel)))
    if not standing:
        lines.append(turn.say("privacy-consent-none"))
    agreed = covers({one.channel for one in standing if one.granted}, turn.identity.channel)
    marketing = ("button-stop", "consent.stop") if agreed else ("button-subscribe", "consent.subscribe")
    rows = (
        (turn.button("button-export-me", "privacy.export"),),
        (turn.button(*marketing),),
        (turn.button("button-erase-me", "privacy.ask_erase"),),
    )
    return [Reply(text="\n".join(lines), titled=True, buttons=rows)]


def _place(turn: Turn, channel: str | None) -> str:
    if not channel:
        return turn.say("place-everywhere")
    return turn.say(f"place-{channel.partition(':')[0]}")


# ---- giving it out ----


async def look_up_own(turn: Turn) -> Callable[[], Awaitable[Laid]] | None:
    """Everything of whoever asks."""
    return await _look_all_up(turn, turn.customer) if turn.customer is not None else None


async def look_up_theirs(turn: Turn) -> Callable[[], Awaitable[Laid]] | None:
    """Everything of a customer, once a second person or the PIN said that it may be handed out."""
    customer = await _pressed(turn)
    if customer is None or customer.key is None or turn.pressed is None or "approval" not in turn.pressed.args:
        return None
    return await _look_all_up(turn, customer)


async def _look_all_up(turn: Turn, customer: Customer) -> Callable[[], Awaitable[Laid]]:
    """All is read ahead of the transaction, then packed and laid down in a thread, sealed for whom it is about."""
    work, store, owner = turn.work, turn.shop.files, customer.id
    export = await personal_export.collect(work, customer)
    files, room = [], _MOST
    for one in export.files:
        room -= one.size
        if room > 0:
            files.append(one)
    read = await personal_export.read_files(work, store, files)
    vault, key, now = work.vault, await work.key_of(owner), work.now

    def make() -> Laid:
        return store.lay(vault, personal_export.packed(export, read, now), key, owner)

    return lambda: asyncio.to_thread(make)


async def give_out(turn: Turn) -> list[Reply]:
    """The archive, for seven days."""
    assert turn.customer is not None
    audit.enter(turn.work, None, "privacy.export", f"customer:{turn.customer.number}")
    return [await _archive(turn, "privacy-export")]


async def staff_give_out(turn: Turn) -> list[Reply]:
    """The same for a colleague, from the card."""
    assert turn.staff is not None
    customer = await _pressed(turn)
    if customer is None or customer.key is None:
        return [turn.reply("erase-already")]
    number = str(customer.number or customer.id)
    audit.enter(turn.work, turn.staff.id, "customer.export", f"customer:{number}")
    return [await _archive(turn, "customer-export", number=number)]


async def _archive(turn: Turn, key: str, /, **values: str) -> Reply:
    assert isinstance(turn.found, Laid)
    name = personal_export.NAME
    row = await turn.shop.files.keep(turn.work, turn.identity, file_name=name, kind=EXPORT, mime=_MIME, data=turn.found)
    file = Attachment(kind="document", ref=f"file:{row.id}", file_name=name, mime=_MIME, size=row.size)
    return Reply(text=turn.say(key, **values), attachment=file)


# ---- erasing ----


async def ask_erase(turn: Turn) -> list[Reply]:
    """What is going to happen, and whether they mean it."""
    yes = turn.button("button-erase-me-yes", "privacy.erase")
    no = turn.button("button-erase-no", "privacy.keep")
    return [turn.reply("erase-sure", (yes,), (no,), shop=turn.shop.name)]


async def erase(turn: Turn) -> list[Reply]:
    """They mean it: the tombstone is on disk when they read that it is done within a minute."""
    assert turn.customer is not None
    asked = await erasing.ask(turn.work, turn.shop.tombstones, turn.customer, erasing.CUSTOMER, None)
    return [turn.reply("erase-asked" if asked else "erase-already")]


async def keep(turn: Turn) -> list[Reply]:
    """They do not."""
    return [turn.reply("erase-kept")]


# ---- the same for staff ----


async def staff_ask_erase(turn: Turn) -> list[Reply]:
    """From the card: who is to be erased, and whether that is meant."""
    customer = await _pressed(turn)
    if customer is None or customer.key is None:
        return [turn.reply("erase-already")]
    number = str(customer.number or customer.id)
    yes = Button(label=turn.say("button-erase-yes", number=number), act="customer.erase", args=_args(customer))
    no = turn.button("button-erase-no", "customer.keep")
    return [turn.reply("erase-customer-sure", (yes,), (no,), number=number)]


async def staff_erase(turn: Turn) -> list[Reply]:
    """A colleague has somebody erased."""
    assert turn.staff is not None
    customer = await _pressed(turn)
    if customer is None:
        return [turn.reply("button-unknown")]
    asked = await erasing.ask(turn.work, turn.shop.tombstones, customer, "staff", turn.staff.id)
    key = "erase-customer-asked" if asked else "erase-already"
    return [turn.reply(key, number=str(customer.number or customer.id))]


def _args(customer: Customer) -> dict[str, str]:
    return {"customer": str(customer.id)}


async def _pressed(turn: Turn) -> Customer | None:
    assert turn.pressed is not None
    written = read_id(str(turn.pressed.args.get("customer", "")))
    found = await turn.work.session.get(Customer, written) if written is not None else None
    return await record.kept(turn.work, found) if found is not None else None


HANDLER = Handler(
    name="privacy",
    commands={"/privacy": ("privacy", show), "/deletemydata": ("privacy.ask_erase", ask_erase)},
    acts={
        "privacy.export": give_out,
        "privacy.ask_erase": ask_erase,
        "privacy.erase": erase,
        "privacy.keep": keep,
        "customer.export": staff_give_out,
        "customer.ask_erase": staff_ask_erase,
        "customer.erase": staff_erase,
        "customer.keep": keep,
    },
    ahead={"privacy.export": look_up_own, "customer.export": look_up_theirs},
)
