"""A visitor asks for an order in the web chat: shown only what its number and its address prove."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import real_process

pytestmark = pytest.mark.browser

STORIES = {
    "en-GB": ("Where is my order H-2003?", "the e-mail address", "I find no order H-2003", "Order H-2003: shipped"),
    "zh-CN": ("我的订单H-2003到哪了？", "下单时使用的邮箱", "没有查到订单 H-2003", "订单 H-2003：已发货"),
}


async def say(page: Page, words: str, heard: str) -> None:
    """Write something and wait for the answer."""
    await page.locator("#words").fill(words)
    await page.locator("#words").press("Enter")
    await expect(page.locator(".msg[data-who=bot] .bubble").last).to_contain_text(heard)


async def test_an_order_is_shown_for_its_number_and_its_address_only(
    browser: Browser, tmp_path: Path, pictures: Path
) -> None:
    async with real_process(tmp_path) as place:
        for language, (question, asked, wrong, right) in STORIES.items():
            context = await browser.new_context(locale=language, viewport={"width": 390, "height": 800})
            page = await context.new_page()
            await page.goto(f"{place.url}/chat")
            await say(page, question, asked)
            await say(page, "somebody@example.com", wrong)
            await say(page, "ada.brook@example.com", right)
            await page.screenshot(path=pictures / f"orders-{language}.png")
            said = await page.locator("body").inner_text()
            assert "Harbour Sampler" not in said
            assert "26.90" not in said
            await context.close()
