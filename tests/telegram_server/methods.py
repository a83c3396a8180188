"""What each method does to the state; every refusal is worded as the real server words it."""

import time
from typing import Any

from tests.telegram_server.schema import check_commands, check_keyboard, check_text
from tests.telegram_server.state import SENDS, Refusal, State, document_fields, photo_fields

PHOTO_LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024


async def call(state: State, method: str, given: dict[str, Any]) -> Any:
    """Carry out one method other than getUpdates, and log it; raises Refusal when it has no effect."""
    if method in SENDS:
        return await _message(state, method, given)
    done, result = _other(state, method, given)
    if done:
        await state.note(method, given)
    return result


async def _message(state: State, method: str, given: dict[str, Any]) -> dict[str, Any]:
    if "text" in given and not given["text"].strip():
        raise Refusal(400, "Bad Request: message text is empty")
    check_text(given.get("text", ""), given.get("entities", []), 4096, "message")
    check_text(given.get("caption", ""), given.get("caption_entities", []), 1024, "message caption")
    if "reply_markup" in given:
        check_keyboard(given["reply_markup"])
    if method.startswith("edit"):
        message = _edit(state, method, given)
    else:
        media = {kind: _media(state, given, kind) for kind in ("photo", "document") if kind in given}
        state.chat_to_send(given["chat_id"])
        message = state.new_message(given["chat_id"], dict(state.bot)) | _content(given)
        for kind, stored in media.items():
            message |= photo_fields(stored) if kind == "photo" else document_fields(stored)
        state.chats[given["chat_id"]].messages[message["message_id"]] = message
    await state.note(method, given, chat=given["chat_id"], message_id=message["message_id"])
    return message


def _content(given: dict[str, Any]) -> dict[str, Any]:
    kept = ("text", "entities", "caption", "caption_entities", "reply_markup")
    return {key: given[key] for key in kept if key in given}


def _edit(state: State, method: str, given: dict[str, Any]) -> dict[str, Any]:
    chat = state.chat_to_send(given["chat_id"])
    old = chat.messages.get(given["message_id"])
    if old is None:
        raise Refusal(400, "Bad Request: message to edit not found")
    if old["from"]["id"] != state.bot["id"]:
        raise Refusal(400, "Bad Request: message can't be edited")
    has_text = "text" in old
    if method != "editMessageReplyMarkup" and has_text != (method == "editMessageText"):
        what = "caption" if has_text else "text"
        raise Refusal(400, f"Bad Request: there is no {what} in the message to edit")
    # An edit states the keyboard anew: one that is not repeated is gone.
    dropped = ("reply_markup",) if method == "editMessageReplyMarkup" else tuple(_content(old))
    new = {key: value for key, value in old.items() if key not in dropped} | _content(given)
    if {**old, "edit_date": 0} == {**new, "edit_date": 0}:
        raise Refusal(
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
            " as a current content and reply markup of the message",
        )
    chat.messages[given["message_id"]] = new = new | {"edit_date": int(time.time())}
    return new


def _media(state: State, given: dict[str, Any], kind: str) -> dict[str, Any]:
    value = given[kind]
    if isinstance(value, str) and value.startswith("attach://"):
        value = given.get(value.removeprefix("attach://"), value)
    if isinstance(value, str):
        stored = state.files.get(value)
        if stored is None:
            raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        if stored["kind"] != kind:
            raise Refusal(400, f"Bad Request: can't use file of type {stored['kind']} as {kind}")
        return stored
    if not value:
        raise Refusal(400, "Bad Request: file must be non-empty")
    if len(value) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
        raise Refusal(413, "Request Entity Too Large")
    return state.keep_file(kind, value, value.name)


def _other(state: State, method: str, given: dict[str, Any]) -> tuple[bool, Any]:
    """Whether something changed, and the result."""
    match method:
        case "getMe":
            return False, {**state.bot, "can_join_groups": True, "supports_inline_queries": False}
        case "getWebhookInfo":
            pending = len(state.updates)
            return False, {"url": state.webhook, "has_custom_certificate": False, "pending_update_count": pending}
        case "setWebhook" | "deleteWebhook":
            state.webhook = given.get("url", "")
            if given.get("drop_pending_updates"):
                state.updates.clear()
            return True, True
        case "sendChatAction":
            if given["action"] not in {"typing", "upload_photo", "upload_document"}:
                raise Refusal(400, "Bad Request: wrong parameter action in request")
            state.chat_to_send(given["chat_id"])
            return True, True
        case "deleteMessage":
            if state.open_chat(given["chat_id"]).messages.pop(given["message_id"], None) is None:
                raise Refusal(400, "Bad Request: message to delete not found")
            return True, True
        case "answerCallbackQuery":
            return True, _answer_press(state, given)
        case "getFile":
            return False, _file(state, given["file_id"])
        case _:
            return _commands(state, method, given)


def _answer_press(state: State, given: dict[str, Any]) -> bool:
    if len(given.get("text", "")) > 200:
        raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
    if given["callback_query_id"] not in state.presses:
        description = "query is too old and response timeout expired or query ID is invalid"
        raise Refusal(400, f"Bad Request: {description}")
    return True


def _file(state: State, file_id: str) -> dict[str, Any]:
    stored = state.files.get(file_id)
    if stored is None:
        raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    if stored["file_size"] > DOWNLOAD_LIMIT:
        raise Refusal(400, "Bad Request: file is too big")
    return {key: stored[key] for key in ("file_id", "file_unique_id", "file_size", "file_path")}


def _commands(state: State, method: str, given: dict[str, Any]) -> tuple[bool, Any]:
    key = check_commands(given)
    scope = given.get("scope", {})
    if "chat_id" in scope and int(scope["chat_id"]) not in state.chats:
        raise Refusal(400, "Bad Request: chat not found")
    if method == "getMyCommands":
        return False, state.commands.get(key, [])
    if method == "deleteMyCommands":
        state.commands.pop(key, None)
    else:
        state.commands[key] = given["commands"]
    return True, True
