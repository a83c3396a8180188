"""Raw updates in, Incoming out.

Both libraries name an update's fields as the Bot API does, so one reading serves both. python-telegram-bot does not
check types, hence the checks here: what one library refuses the other refuses too.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.channels import RawUpdate, Undecodable
from bot.channels.telegram.api import FILE_LIMIT
from bot.message import Attachment, Incoming

# Media that we do not take, in the order of asking: an animation also says document, a venue also says location.
UNSUPPORTED = (
    "animation", "sticker", "voice", "video_note", "video", "live_photo", "audio", "venue", "location", "contact",
    "poll", "dice", "game", "story", "paid_media", "checklist", "rich_message", "invoice",
)  # fmt: skip
_COMMAND_FOR = re.compile(r"(/\w+)@(\w+)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def raw_update(update: Any) -> RawUpdate | None:
    """Key and sender of one update, read without any library; None when it has no key at all."""
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        return None
    return RawUpdate(external_id=str(update["update_id"]), sender=_raw_sender(update), raw=json.dumps(update))


def _raw_sender(update: dict[str, Any]) -> str:
    for event in update.values():
        for who in ("from", "chat"):
            person = event.get(who) if isinstance(event, dict) else None
            if isinstance(person, dict) and isinstance(person.get("id"), int):
                return str(person["id"])
    return ""


def decode(raw: str, parse: Callable[[dict[str, Any]], Any], channel: str, username: str) -> Incoming:
    """Read one raw update; what says nothing to us (service messages, other bots) gives an Incoming without content.

    Raises Undecodable. `username` is the bot's own name, "" while it is not known.
    """
    try:
        data = _load(raw)
        return _incoming(parse(data), str(data["update_id"]), channel, username)
    except Undecodable:
        raise
    # ValueError includes the libraries' validation errors; the rest is what python-telegram-bot lets through.
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise Undecodable(type(error).__name__) from error


def _load(raw: str) -> dict[str, Any]:
    data = json.loads(raw)
    if _SURROGATE.search(raw):
        # Lone halves of a surrogate pair would make aiogram refuse the whole message: they become U+FFFD.
        text = json.dumps(data, ensure_ascii=False)
        data = json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    if not isinstance(data, dict):
        raise Undecodable("not_an_update")
    return data


def _incoming(update: Any, external_id: str, channel: str, username: str) -> Incoming:
    if update.message is not None:
        fields = _message(update.message, username)
    elif update.callback_query is not None:
        fields = _press(update.callback_query)
    elif update.my_chat_member is not None:
        fields = _membership(update.my_chat_member)
    else:
        fields = {"sender": "", "chat": ""}
    return Incoming(channel=channel, external_id=external_id, **fields)


def _message(message: Any, username: str) -> dict[str, Any]:
    fields = _who(message.from_user, message.chat) | {"message_id": _id(message.message_id)}
    if isinstance(message.date, datetime) and message.date.timestamp() > 0:
        fields["sent_at"] = message.date.astimezone(UTC)
    if message.migrate_to_chat_id:
        return fields | {"new_chat": _id(message.migrate_to_chat_id)}
    if message.from_user is not None and message.from_user.is_bot:
        return fields  # two bots that answer each other would never stop
    return fields | _content(message, username)


def _content(message: Any, username: str) -> dict[str, Any]:
    text = _text(message.text) or _text(message.caption)
    addressed = _COMMAND_FOR.match(text)
    if addressed and username and addressed[2].casefold() != username.casefold():
        return {}  # a command for another bot of the same group
    if addressed:
        text = addressed[1] + text[addressed.end() :]
    if phone := _own_phone(message):
        return {"phone": phone}
    fields: dict[str, Any] = {"text": text, "unsupported": _unsupported(message)}
    if not fields["unsupported"]:
        fields["attachment"] = _attachment(message)
    replied = message.reply_to_message
    # In a forum every message "replies" to the one that made its topic, unless it answers another.
    if replied is not None and not replied.forum_topic_created:
        fields["reply_to"] = _id(replied.message_id)
    return fields


def _own_phone(message: Any) -> str:
    """The number in a contact that somebody shared of themselves, in private, at first hand; others prove nothing."""
    contact, sender = message.contact, message.from_user
    if contact is None or sender is None or message.chat.type != "private" or message.forward_origin is not None:
        return ""
    if contact.user_id is None or contact.user_id != sender.id:
        return ""
    number = _text(contact.phone_number)
    return number if number.startswith("+") else f"+{number}"


def _unsupported(message: Any) -> str:
    kind = next((kind for kind in UNSUPPORTED if getattr(message, kind, None)), "")
    too_large = message.photo and _largest(message.photo) is None
    return kind or ("large_photo" if too_large else "")


def _attachment(message: Any) -> Attachment | None:
    if photo := _largest(message.photo or ()):
        return Attachment(kind="photo", ref=_text(photo.file_id), mime="image/jpeg", size=_size(photo.file_size))
    document = message.document
    if document is None:
        return None
    return Attachment(
        kind="document",
        ref=_text(document.file_id),
        file_name=_text(document.file_name),
        mime=_text(document.mime_type),
        size=_size(document.file_size),
    )


def _largest(sizes: Any) -> Any:
    fitting = [size for size in sizes if (size.file_size or 0) <= FILE_LIMIT]
    return max(fitting, key=lambda size: size.width * size.height, default=None)


def _press(query: Any) -> dict[str, Any]:
    message = query.message  # None when the button is too old or belongs to an inline message
    fields = _who(query.from_user, message.chat if message is not None else None)
    fields |= {"press": _text(query.data), "press_id": _text(query.id)}
    if message is not None:
        fields["message_id"] = _id(message.message_id)
    return fields


def _membership(change: Any) -> dict[str, Any]:
    fields = _who(change.from_user, change.chat)
    if change.chat.type == "private":
        fields["reachable"] = {"member": True, "kicked": False}.get(change.new_chat_member.status)
    return fields


def _who(user: Any, chat: Any) -> dict[str, Any]:
    sender = _id(user.id) if user is not None else ""
    return {
        "sender": sender or _id(chat.id),
        "chat": _id(chat.id) if chat is not None else sender,
        "language": _text(user.language_code).lower() if user is not None else "",
        "name": _text(user.full_name) if user is not None else "",
        "group": chat is not None and chat.type != "private",
    }


def _id(value: object) -> str:
    if not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise Undecodable("not_an_id")
    return str(value)


def _size(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Undecodable("not_text")
    return value
