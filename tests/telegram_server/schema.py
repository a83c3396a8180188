"""The methods of the Bot API that Frontdesk calls, with their parameters and the types of these."""

import json
import re
from typing import Any

from tests.telegram_server.state import Refusal

_MESSAGE = {
    "chat_id": "int!",
    "message_thread_id": "int",
    "disable_notification": "bool",
    "protect_content": "bool",
    "reply_parameters": "object",
    "link_preview_options": "object",
    "reply_markup": "object",
}
_CAPTION = {"caption": "text", "caption_entities": "list"}
_EDIT = {"chat_id": "int!", "message_id": "int!", "reply_markup": "object"}
_COMMANDS = {"scope": "object", "language_code": "text"}

# An exclamation mark means required. Anything else that is sent is a mistake of ours: parse_mode is one on purpose.
METHODS: dict[str, dict[str, str]] = {
    "getMe": {},
    "getUpdates": {"offset": "int", "limit": "int", "timeout": "int", "allowed_updates": "list"},
    "setWebhook": {"url": "text!", "allowed_updates": "list", "secret_token": "text", "max_connections": "int"},
    "deleteWebhook": {"drop_pending_updates": "bool"},
    "getWebhookInfo": {},
    "sendMessage": {"text": "text!", "entities": "list", **_MESSAGE},
    "sendPhoto": {"photo": "file!", **_CAPTION, **_MESSAGE},
    "sendDocument": {"document": "file!", **_CAPTION, **_MESSAGE},
    "sendChatAction": {"chat_id": "int!", "message_thread_id": "int", "action": "text!"},
    "editMessageText": {"text": "text!", "entities": "list", "link_preview_options": "object", **_EDIT},
    "editMessageCaption": {**_CAPTION, **_EDIT},
    "editMessageReplyMarkup": _EDIT,
    "deleteMessage": {"chat_id": "int!", "message_id": "int!"},
    "answerCallbackQuery": {
        "callback_query_id": "text!",
        "text": "text",
        "show_alert": "bool",
        "url": "text",
        "cache_time": "int",
    },
    "setMyCommands": {"commands": "list!", **_COMMANDS},
    "getMyCommands": _COMMANDS,
    "deleteMyCommands": _COMMANDS,
    "getFile": {"file_id": "text!"},
}
_BY_LOWER_CASE = {name.lower(): name for name in METHODS}


def method_named(name: str) -> str:
    """The method's own spelling; names are accepted in any case, as by the real server."""
    try:
        return _BY_LOWER_CASE[name.lower()]
    except KeyError:
        raise Refusal(404, "Not Found") from None


def check(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters in their types, or a Refusal that names the first wrong one."""
    known = METHODS[method]
    for name, value in given.items():
        # An upload may stand under a name of its own that an attach:// address points to.
        if name not in known and not isinstance(value, bytes):
            raise Refusal(400, f"Bad Request: unknown parameter {name} of {method}")
    for name, kind in known.items():
        if kind.endswith("!") and name not in given:
            what = "message text is empty" if name == "text" else f"parameter {name} is required"
            raise Refusal(400, f"Bad Request: {what}")
    return {name: _typed(name, value, known.get(name, "file").rstrip("!")) for name, value in given.items()}


def _typed(name: str, value: Any, kind: str) -> Any:
    if isinstance(value, str) and kind in {"int", "bool", "object", "list"}:
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal(400, f"Bad Request: can't parse {name}") from None
    types: dict[str, type | tuple[type, ...]] = {
        "int": int, "bool": bool, "object": dict, "list": list, "text": str, "file": (str, bytes),
    }  # fmt: skip
    if not isinstance(value, types[kind]) or (kind == "int" and isinstance(value, bool)):
        raise Refusal(400, f"Bad Request: {name} must be of type {kind}")
    return value


def check_text(text: str, entities: list[Any], limit: int, what: str) -> None:
    """Refuse a text that is too long, or entities that do not lie within it; offsets count UTF-16 units."""
    if len(text) > limit:
        raise Refusal(400, f"Bad Request: {what} is too long")
    units = text.encode("utf-16-le")
    for entity in entities:
        if not isinstance(entity, dict) or not {"type", "offset", "length"} <= entity.keys():
            raise Refusal(400, "Bad Request: can't parse MessageEntity")
        start, length = entity["offset"], entity["length"]
        if not isinstance(start, int) or not isinstance(length, int):
            raise Refusal(400, "Bad Request: can't parse MessageEntity")
        end = start + length
        if start < 0 or end <= start or end * 2 > len(units):
            raise Refusal(400, "Bad Request: ENTITY_BOUNDS_INVALID")
        try:
            units[start * 2 : end * 2].decode("utf-16-le")
        except UnicodeDecodeError:
            raise Refusal(400, "Bad Request: entity begins or ends in the middle of a UTF-16 symbol") from None


def check_keyboard(markup: dict[str, Any]) -> None:
    """Refuse anything but an inline keyboard of at most 100 buttons with 1-64 bytes of data each."""
    if set(markup) != {"inline_keyboard"}:
        raise Refusal(400, "Bad Request: only inline keyboards are used here")
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > 100:
        raise Refusal(400, "Bad Request: reply markup is too long")
    for button in buttons:
        if not str(button.get("text", "")).strip():
            raise Refusal(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        data = button.get("callback_data")
        if set(button) - {"text", "callback_data", "url"} or (data is None) == ("url" not in button):
            raise Refusal(400, "Bad Request: BUTTON_TYPE_INVALID")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")


def check_commands(parameters: dict[str, Any]) -> str:
    """Refuse commands that Telegram would refuse; return the key of their scope and language."""
    commands = parameters.get("commands", [])
    if len(commands) > 100:
        raise Refusal(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "")):
            raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= 256:
            raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    scope = parameters.get("scope", {"type": "default"})
    plain = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
    if scope.get("type") not in plain and not (scope.get("type") == "chat" and "chat_id" in scope):
        raise Refusal(400, "Bad Request: can't parse BotCommandScope")
    language = parameters.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise Refusal(400, "Bad Request: invalid language code specified")
    return f"{scope['type']}:{scope.get('chat_id', '')}:{language}"
