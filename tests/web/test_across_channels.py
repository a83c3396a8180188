"""From one channel to another: files and unconfirmed words between Telegram, the desk page and the web chat."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.builders import settings_in
from tests.telegram_server import TOKEN, TelegramServer
from tests.telegram_server.state import JPEG, Fault, State
from tests.web.conftest import Page
from tests.web.records_served import RealServed, over_records

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
PDF = b"%PDF-1.7 an invoice"
ANA, WEI = 5, 6


@dataclass
class Shop:
    """A shop on both channels, with Telegram's side of the wire."""

    served: RealServed
    telegram: State

    async def says(self, user: int, kind: str = "text", **fields: Any) -> None:
        """Somebody writes on Telegram."""
        await self.telegram.feed({"user": user, "kind": kind, **fields})

    async def shown(self, user: int, words: str, method: str = "") -> dict[str, Any]:
        """What Telegram was told to show somebody: the message that holds these words."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [one for one in self.telegram.logged(method) if one["chat"] == user and words in _words(one)]
            return bool(found)

        await self.telegram.until(there)
        return found[0]

    async def agent_joins(self) -> None:
        """Wei works at Telegram."""
        await self.says(WEI, text=f"/start {await self.served.invite(name='Wei')}")
        await self.shown(WEI, "Welcome, Wei.")

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[tuple[httpx2.AsyncClient, Page]]:
        """An agent's browser, and the desk page in it."""
        async with self.served.client() as browser:
            await browser.post(f"/desk/enter/{await self.served.invite()}")
            async with self.served.page("/desk/socket", browser.cookies["frontdesk_staff"], {}) as page:
                yield browser, page


@pytest.fixture(params=["aiogram", "python-telegram-bot"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    """The web pages and a Telegram bot, both over the same records."""
    async with TelegramServer() as server:
        environment = {
            "WEB__ENABLED": "true",
            "TELEGRAM__ENABLED": "true",
            "TELEGRAM__TOKEN": TOKEN,
            "TELEGRAM__LIBRARY": request.param,
            "TELEGRAM__API_BASE": server.url,
            "SENDING__PER_CHAT_PER_SECOND": "1000",
        }
        async with over_records(settings_in(tmp_path, **environment)) as served:
            yield Shop(served, server.state)


def _words(entry: dict[str, Any]) -> str:
    return str(entry.get("text") or entry.get("caption") or "")


async def _open_ticket(page: Page) -> str:
    while True:
        for thread in (await page.hear("threads"))["threads"]:
            if thread["group"] == "queue":
                await page.send(type="open", thread=thread["id"], cursor=0)
                return str(thread["id"])


async def _attachment(page: Page, thread: str, kind: str) -> dict[str, Any]:
    while True:
        frame = await page.hear("messages")
        for message in frame["messages"] if frame["thread"] == thread else ():
            file = message["attachment"]
            if file and file["kind"] == kind:
                return dict(file)


async def test_a_telegram_customers_files_open_on_the_desk(shop: Shop) -> None:
    """Photo and document stand in the thread; their bytes are fetched from Telegram when they are opened."""
    async with shop.desk() as (browser, page):
        await shop.says(ANA, "photo", text="The spout is broken")
        thread = await _open_ticket(page)
        photo = await _attachment(page, thread, "photo")
        await shop.says(ANA, "document", name="发票.pdf", content=base64.b64encode(PDF).decode())
        document = await _attachment(page, thread, "document")
        seen, saved = await browser.get(photo["url"]), await browser.get(document["url"])

    assert (seen.content, seen.headers["content-type"]) == (JPEG, "image/jpeg")
    assert (document["file_name"], saved.content) == ("发票.pdf", PDF)
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf")


async def test_a_file_that_telegram_no_longer_has_is_not_here(shop: Shop) -> None:
    """The thread stays readable; opening the file says that it is gone."""
    async with shop.desk() as (browser, page):
        await shop.says(ANA, "photo", text="The spout is broken")
        photo = await _attachment(page, await _open_ticket(page), "photo")
        shop.telegram.files.clear()

        assert (await browser.get(photo["url"])).status_code == 404


async def test_the_desks_photo_reaches_a_telegram_customer(shop: Shop) -> None:
    """It leaves as an upload with the words as its caption, and is confirmed in the thread."""
    async with shop.desk() as (browser, page):
        await shop.says(ANA, text="/agent")
        thread = await _open_ticket(page)
        kept = (await browser.post("/desk/upload", files={"file": ("teapot.png", PNG)})).json()
        say = {"type": "say", "thread": thread, "mode": "reply", "text": "Like this one?", "attachment": kept["ref"]}
        await page.send(client_id="d-1", **say)
        sent = await shop.shown(ANA, "Like this one?")
        while (await page.hear_text("Like this one?", thread))["state"] != "sent":
            pass

    assert sent["method"] == "sendPhoto"
    assert [file["content"] for file in shop.telegram.files.values()] == [PNG]


async def test_a_telegram_agent_gets_a_telegram_customers_files_by_their_id(shop: Shop) -> None:
    """Nothing is fetched and uploaded again: Telegram has the file."""
    await shop.agent_joins()
    await shop.says(ANA, "photo", text="The spout is broken")
    await shop.shown(WEI, "#1")
    await shop.says(WEI, text="/claim 1")
    await shop.shown(ANA, "Wei")
    await shop.says(ANA, "photo", text="And the lid")
    photo = await shop.shown(WEI, "And the lid", "sendPhoto")
    await shop.says(ANA, "document", text="Here is the invoice", name="invoice.pdf")
    document = await shop.shown(WEI, "Here is the invoice", "sendDocument")

    assert (photo["photo"], document["document"]) == ("photo-000002", "document-000003")
    assert len(shop.telegram.files) == 3


async def test_a_web_customers_file_reaches_a_telegram_agent(shop: Shop) -> None:
    """The bytes are ours, so they are uploaded, under the name that the customer gave them."""
    await shop.agent_joins()
    async with shop.served.client() as ana:
        await ana.get("/chat")
        kept = (await ana.post("/chat/upload", files={"file": ("invoice.pdf", PDF)})).json()
        async with shop.served.page("/chat/socket", ana.cookies["frontdesk_visitor"]) as page:
            await page.send(type="say", client_id="c-1", text="/agent")
            while (await page.hear("standing"))["owner"] != "queue":
                pass
            await shop.says(WEI, text="/claim 1")
            while (await page.hear("standing"))["owner"] != "agent":
                pass
            await page.send(type="say", client_id="c-2", text="My invoice", attachment=kept["ref"])
            sent = await shop.shown(WEI, "My invoice", "sendDocument")

    assert sent["chat"] == WEI
    assert [(file["file_name"], file["content"]) for file in shop.telegram.files.values()] == [("invoice.pdf", PDF)]


async def test_a_reports_picture_reaches_a_colleague_wherever_they_ask(shop: Shop) -> None:
    """On Telegram it is a photo with a caption; at the desk it stands in their own talk, and nobody else opens it."""
    await shop.says(ANA, text="How long does delivery take?")
    await shop.says(WEI, text=f"/start {await shop.served.invite(name='Wei')}")
    await shop.shown(WEI, "Welcome, Wei.")
    await shop.says(WEI, text="/report needs")
    sent = await shop.shown(WEI, "What customers asked about", "sendPhoto")
    assert sent["caption_entities"][0]["type"] == "bold"
    (uploaded,) = shop.telegram.files.values()
    assert (uploaded["file_name"], uploaded["content"][:8]) == ("needs.png", PNG[:8])

    async with shop.desk() as (browser, page), shop.served.client() as other:
        await other.get("/chat")
        await page.send(type="say", client_id="d-1", thread="home", text="/report needs")
        picture = await _attachment(page, "home", "photo")
        seen = await browser.get(picture["url"])
        assert (seen.content, seen.headers["content-type"]) == (uploaded["content"], "image/png")
        assert (await other.get(picture["url"])).status_code == 404


async def _state(page: Page, thread: str, words: str, state: str) -> str:
    """The id of the message with these words, once its delivery stands so."""
    while (message := await page.hear_text(words, thread))["state"] != state:
        pass
    return str(message["id"])


@pytest.mark.parametrize(
    ("fault", "state", "copies"),
    [
        (Fault(kind="drop_after"), "in_doubt", 2),
        (Fault(kind="status", status=403, description="Forbidden: bot was blocked by the user"), "failed", 1),
    ],
)
async def test_the_desk_sends_unconfirmed_words_again_only_when_told_to(
    shop: Shop, fault: Fault, state: str, copies: int
) -> None:
    """What may have arrived, and what surely did not, says so in the thread; a person sends it once more."""
    async with shop.desk() as (_browser, page):
        await shop.says(ANA, text="/agent")
        thread = await _open_ticket(page)
        await page.send(type="say", client_id="d-1", thread=thread, text="/claim")
        await shop.shown(ANA, "taking care")
        shop.telegram.faults.append(replace(fault))
        await page.send(type="say", client_id="d-2", thread=thread, mode="reply", text="It leaves tonight.")
        unsure = await _state(page, thread, "It leaves tonight.", state)

        await page.send(type="say", client_id="d-3", thread=thread, text=f"/resend {unsure}")
        assert await _state(page, thread, "It leaves tonight.", "sent") == unsure

    sent = [one for one in shop.telegram.logged() if one["text"] == "It leaves tonight."]
    assert len(sent) == copies
