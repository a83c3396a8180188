"""The strict server is worth relying on: it refuses what Telegram refuses and forgets nothing that took effect."""

import asyncio
import json
import urllib.error
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.telegram_server import TOKEN, TelegramServer
from tests.telegram_server.client import Control, start
from tests.telegram_server.state import Fault


class Bot:
    """A bot that is written with nothing but HTTP."""

    def __init__(self, server: TelegramServer, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.state = server.state
        self._http = http

    async def __call__(self, method: str, /, **parameters: Any) -> Any:
        """The result of a call with a JSON body, or the status and description of its refusal."""
        async with self._http.post(f"{self.server.url}/bot{TOKEN}/{method}", json=parameters) as answer:
            body = await answer.json()
            assert body["ok"] == (answer.status == 200)
            return body["result"] if body["ok"] else (answer.status, body["description"])

    async def ids(self, **parameters: Any) -> list[int]:
        return [update["update_id"] for update in await self("getUpdates", **parameters)]

    async def get(self, path: str) -> int:
        async with self._http.get(self.server.url + path) as answer:
            return answer.status


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with TelegramServer() as server, aiohttp.ClientSession() as http:
        server.state.open_chat(5)
        yield Bot(server, http)


def hello(count: int) -> list[dict[str, Any]]:
    return [{"kind": "text", "user": 5, "text": f"hello {number}"} for number in range(count)]


async def test_updates_come_until_the_offset_confirms_them(bot: Bot) -> None:
    """What is not confirmed comes again; an offset confirms everything below it, once and for all."""
    first, second, third = await bot.state.feed(*hello(3))
    assert await bot.ids() == await bot.ids() == [first, second, third]
    assert await bot.ids(limit=1) == [first]
    assert await bot.ids(offset=second) == [second, third]
    assert await bot.ids() == [second, third]
    assert await bot.ids(offset=third + 1) == []
    assert await bot.ids() == []


async def test_a_negative_offset_forgets_all_but_the_last(bot: Bot) -> None:
    """As documented: updates before those asked for from the end are forgotten."""
    *_, last = await bot.state.feed(*hello(3))
    assert await bot.ids(offset=-1) == [last]
    assert await bot.ids() == [last]


async def test_a_long_poll_ends_with_the_first_update(bot: Bot) -> None:
    """The poll hangs until somebody writes."""
    poll = asyncio.create_task(bot.ids(timeout=50))
    await bot.state.until(lambda: bot.state.polls == 1)
    fed = await bot.state.feed(*hello(1))
    assert await poll == fed


async def test_a_newer_poller_ends_the_older(bot: Bot) -> None:
    """The older one gets 409, the newer one the updates."""
    older = asyncio.create_task(bot("getUpdates", timeout=50))
    await bot.state.until(lambda: bot.state.polls == 1)
    assert await bot.ids() == []
    status, description = await older
    assert (status, "other getUpdates request" in description) == (409, True)


async def test_polling_is_refused_while_a_webhook_is_set(bot: Bot) -> None:
    """Until it is deleted; the updates are kept."""
    fed = await bot.state.feed(*hello(1))
    await bot("setWebhook", url="https://shop.example/hook")
    assert (await bot("getWebhookInfo"))["pending_update_count"] == 1
    assert (await bot("getUpdates"))[0] == 409
    await bot("deleteWebhook")
    assert await bot.ids() == fed


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/bot{TOKEN}/getMe", 200),
        (f"/bot{TOKEN}/GETME", 200),
        (f"/bot{TOKEN}/getEverything", 404),
        ("/bot7000001:wrong/getMe", 401),
        ("/botnonsense/getMe", 404),
        (f"/file/bot{TOKEN}/photos/none", 404),
    ],
)
async def test_tokens_and_method_names(bot: Bot, path: str, status: int) -> None:
    """A wrong token is 401, what is no token or no method is 404; the case of a method's name does not matter."""
    assert await bot.get(path) == status


KEY = {"text": "x", "callback_data": "x"}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "unknown parameter parse_mode": ("sendMessage", {"chat_id": 5, "text": "*x*", "parse_mode": "Markdown"}),
    "parameter chat_id is required": ("sendMessage", {"text": "x"}),
    "message text is empty": ("sendMessage", {"chat_id": 5, "text": " \n "}),
    "message is too long": ("sendMessage", {"chat_id": 5, "text": "😀" * 4097}),
    "message caption is too long": ("sendPhoto", {"chat_id": 5, "photo": "x", "caption": "x" * 1025}),
    "chat not found": ("sendMessage", {"chat_id": 404, "text": "x"}),
    "chat_id must be of type int": ("sendMessage", {"chat_id": [5], "text": "x"}),
    "BUTTON_DATA_INVALID": (
        "sendMessage",
        {"chat_id": 5, "text": "x", "reply_markup": {"inline_keyboard": [[KEY | {"callback_data": "是" * 22}]]}},
    ),
    "ENTITY_BOUNDS_INVALID": (
        "sendMessage",
        {"chat_id": 5, "text": "x😀", "entities": [{"type": "bold", "offset": 0, "length": 4}]},
    ),
    "middle of a UTF-16 symbol": (
        "sendMessage",
        {"chat_id": 5, "text": "x😀", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
    ),
    "wrong file identifier": ("sendDocument", {"chat_id": 5, "document": "nothing"}),
    "message to edit not found": ("editMessageText", {"chat_id": 5, "message_id": 9, "text": "x"}),
    "wrong parameter action": ("sendChatAction", {"chat_id": 5, "action": "juggling"}),
    "query is too old": ("answerCallbackQuery", {"callback_query_id": "9"}),
    "BOT_COMMAND_INVALID": ("setMyCommands", {"commands": [{"command": "Help", "description": "x"}]}),
    "limit is 1 to 100": ("getUpdates", {"limit": 101}),
}


@pytest.mark.parametrize("words", REFUSED)
async def test_what_is_wrong_is_refused_in_words(bot: Bot, words: str) -> None:
    """400 with the reason, and without any effect."""
    method, parameters = REFUSED[words]
    status, description = await bot(method, **parameters)
    assert (status, words in description) == (400, True), description
    assert bot.state.log == []


async def test_an_edit_drops_the_keyboard_and_must_change_something(bot: Bot) -> None:
    """As Telegram does: what is not repeated is gone, and the same again is an error."""
    keyboard = {"inline_keyboard": [[KEY]]}
    message = await bot("sendMessage", chat_id=5, text="x", reply_markup=keyboard)
    edit = {"chat_id": 5, "message_id": message["message_id"], "text": "y"}
    assert "reply_markup" not in await bot("editMessageText", **edit)
    status, description = await bot("editMessageText", **edit)
    assert (status, "message is not modified" in description) == (400, True)
    status, description = await bot("editMessageCaption", chat_id=5, message_id=message["message_id"], caption="z")
    assert (status, "no caption in the message" in description) == (400, True)


async def test_message_ids_count_per_chat(bot: Bot) -> None:
    """Whoever takes a message id for unique is found out."""
    bot.state.open_chat(6)
    ids = [(await bot("sendMessage", chat_id=chat, text="x"))["message_id"] for chat in (5, 6, 5)]
    assert ids == [1, 1, 2]


async def test_limits_are_kept_when_asked_for() -> None:
    """The second message to a person within a second is too many, and the answer says how long to wait."""
    async with TelegramServer(limits=True) as server, aiohttp.ClientSession() as http:
        server.state.open_chat(5)
        bot = Bot(server, http)
        await bot("sendMessage", chat_id=5, text="x")
        assert await bot("sendMessage", chat_id=5, text="y") == (429, "Too Many Requests: retry after 1")
        assert len(server.state.logged()) == 1


@pytest.mark.parametrize(("kind", "effects"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_call_takes_effect_or_not(bot: Bot, kind: str, effects: int) -> None:
    """The caller sees the same in both cases; the log knows."""
    bot.state.faults.append(Fault(kind=kind))
    with pytest.raises(aiohttp.ClientError):
        await bot("sendMessage", chat_id=5, text="x")
    assert len(bot.state.logged()) == effects
    assert (await bot("sendMessage", chat_id=5, text="x"))["message_id"] == effects + 1


async def test_a_caller_who_gives_up_waiting_has_no_effect(bot: Bot) -> None:
    """A delayed call whose connection is closed meanwhile is not carried out."""
    bot.state.faults.append(Fault(kind="delay", seconds=300.0))
    call = asyncio.create_task(bot("sendMessage", chat_id=5, text="x"))
    await bot.state.until(lambda: not bot.state.faults)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await bot("sendMessage", chat_id=5, text="y")
    assert [entry["text"] for entry in bot.state.logged()] == ["y"]


async def test_form_and_multipart_are_read_like_json(bot: Bot) -> None:
    """Libraries send forms whose nested values are JSON in turn, and uploads as parts."""
    url = f"{bot.server.url}/bot{TOKEN}"
    form = {"chat_id": "5", "text": "x", "entities": json.dumps([{"type": "bold", "offset": 0, "length": 1}])}
    parts = aiohttp.FormData({"chat_id": "5", "photo": "attach://here"})
    parts.add_field("here", b"\xff\xd8", filename="a.jpg")
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/sendMessage", data=form) as answer:
            assert (await answer.json())["result"]["entities"][0]["length"] == 1
        async with http.post(f"{url}/sendPhoto", data=parts) as answer:
            photo = (await answer.json())["result"]["photo"][-1]
        file = await bot("getFile", file_id=photo["file_id"])
        async with http.get(f"{bot.server.url}/file/bot{TOKEN}/{file['file_path']}") as answer:
            assert await answer.read() == b"\xff\xd8"


# as a process


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with start("--log", str(tmp_path / "log")) as started:
        yield started


async def test_a_process_is_fed_and_asked_over_http(control: Control, tmp_path: Path) -> None:
    """Thousands of updates in one call; the log is served, and stands in the file as well."""
    assert len(control.feed(*hello(3000))) == 3000
    assert control.state()["pending"] == 3000
    control.open_chats(6)
    control.fault("status", status=502)
    url = f"{control.url}/bot{control.token}/sendMessage"
    async with aiohttp.ClientSession() as http:
        for _ in range(2):
            async with http.post(url, json={"chat_id": 6, "text": "你好"}) as answer:
                await answer.read()

    assert control.state()["answers"] == {"sendMessage 502": 1, "sendMessage 200": 1}
    [entry] = control.wait(1)
    assert (entry["method"], entry["chat"], entry["text"], entry["message_id"]) == ("sendMessage", 6, "你好", 1)
    assert [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()] == control.log() == [entry]


def test_waiting_for_what_does_not_come_ends(control: Control) -> None:
    """A test that waits in vain is told so instead of hanging."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        control.wait(1, seconds=0.01)
    assert refused.value.code == 408
    refused.value.close()


def test_a_start_parameter_that_no_link_can_carry_is_refused(control: Control) -> None:
    """People cannot send what Telegram would not have let them."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        control.feed({"kind": "text", "user": 5, "text": "/start not a token"})
    assert refused.value.code == 400
    refused.value.close()
