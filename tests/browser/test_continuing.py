"""A visitor of the web chat goes on in Telegram and comes back: a real browser, a real process, a strict Bot API."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import HOUSES
from tests.telegram_server import TOKEN, TelegramServer

pytestmark = pytest.mark.browser

_ANA = 5


async def _hears(telegram: TelegramServer, words: str) -> None:
    """Wait until Ana reads these words in Telegram."""

    def there() -> bool:
        return any(words in one.get("text", "") for one in telegram.state.logged() if one["chat"] == _ANA)

    await telegram.state.until(there)


async def test_a_web_visitor_goes_on_in_telegram(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One press asks for the link, Start in Telegram follows it, both say so, and the link opens nothing again."""
    async with TelegramServer() as telegram:
        for name, value in {"ENABLED": "true", "TOKEN": TOKEN, "API_BASE": telegram.url}.items():
            monkeypatch.setenv(f"FRONTDESK_TELEGRAM__{name}", value)
        async with HOUSES["records"](tmp_path) as place:
            context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
            page = await context.new_page()
            await page.goto(f"{place.url}/chat")
            await page.locator("#words").fill("How long does delivery take?")
            await page.keyboard.press("Enter")
            await expect(page.locator(".msg[data-who=bot] .bubble").first).to_be_visible()
            button = page.locator('[data-say="/continue"]')
            while not await button.count():  # the bot's name is asked for in the background
                await page.reload()

            await button.click()
            link = page.locator('a[href^="https://t.me/"]')
            token = str(await link.get_attribute("href")).partition("?start=")[2]
            assert 0 < len(token) <= 64
            await telegram.state.feed({"kind": "text", "user": _ANA, "text": f"/start {token}"})

            await _hears(telegram, "We know each other from the web chat, too")
            await expect(page.locator("body")).to_contain_text("We know each other from Telegram, too")

            await telegram.state.feed({"kind": "text", "user": _ANA, "text": f"/start {token}"})
            await _hears(telegram, "This link has been used")
            await context.close()
