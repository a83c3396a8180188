"""The shop's own site shows the chat in a frame and says who is logged in; no other site can, and no address has it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import select

from bot.logins import Logins
from bot.web.guard import VISITOR_COOKIE
from crm_core.models import Identity
from tests.builders import settings_in
from tests.ports import free_port
from tests.web.records_served import RealServed, over_records

pytestmark = pytest.mark.browser

SECRET = "a secret of the shop, long enough for HS256."
AROUND = """<!doctype html><iframe src="%s/chat"></iframe><script>
window.heard = [];
addEventListener("message", (event) => {
  window.heard.push(event.data.frontdesk);
  if (event.data.frontdesk === "ready" && window.heard.length === 1)
    event.source.postMessage({ login: "%s" }, "%s");
});
</script>"""


def token(nonce: str) -> str:
    claims = {"sub": "C-1001", "jti": nonce, "exp": int(time.time()) + 300}
    return jwt.encode(claims, SECRET, algorithm="HS256")


@asynccontextmanager
async def around(browser: Browser, page_text: str, port: int) -> AsyncIterator[Page]:
    """A page of some site, which is served at this port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = page_text.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{port}/account")
        yield page
        await context.close()


async def known(served: RealServed) -> int:
    """How many visitors have signed in."""
    async with served.app.records.read() as work:
        found = await work.session.scalars(
            select(Identity).where(Identity.proof == "login", Identity.channel == "webchat")
        )
        return len(found.all())


async def test_the_site_around_the_chat_signs_its_customer_in(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    settings = settings_in(tmp_path, WEB__ENABLED="true")
    async with over_records(settings, Logins(SECRET), (f"http://127.0.0.1:{port}",)) as served:
        async with around(browser, AROUND % (served.url, token("n-1"), served.url), port) as page:
            await page.wait_for_function("window.heard.includes('logged-in') && window.heard.at(-1) === 'ready'")
            assert "login" not in page.frames[1].url
            assert VISITOR_COOKIE in {one.get("name") for one in await page.context.cookies()}

        assert await known(served) == 1


async def test_a_site_that_was_not_named_is_not_listened_to(browser: Browser, tmp_path: Path) -> None:
    """The browser leaves its frame empty."""
    settings = settings_in(tmp_path, WEB__ENABLED="true")
    async with over_records(settings, Logins(SECRET), ("https://www.example.com",)) as served:
        async with around(browser, AROUND % (served.url, token("n-1"), served.url), free_port()) as page:
            await page.wait_for_load_state("networkidle")
            assert await page.evaluate("window.heard") == []

        assert await known(served) == 0
