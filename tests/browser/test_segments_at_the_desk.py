"""A marketer at the desk in a browser: a question is tried, five of its people are seen, a tap saves it."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Frontdesk

pytestmark = pytest.mark.browser


async def test_a_marketer_saves_a_segment_and_sees_five_samples(browser: Browser, tmp_path: Path) -> None:
    """Over the sample shop; what cannot be asked is named with its place."""
    frontdesk = Frontdesk(tmp_path)
    try:
        said = await frontdesk.start(r"(?s)marketer.*?http\S+/desk/enter/\S+")
        link = re.findall(r"http\S+/desk/enter/\S+", said)[-1]
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(link)
        await page.wait_for_url("**/desk")
        await page.locator('[data-place="home"]:visible').first.click()
        words = page.locator("#words")

        await words.fill("/segments everyday: langage in (en, zh)")
        await page.keyboard.press("Enter")
        await expect(page.locator("#log .msg[data-who=bot]").last).to_contain_text("Did you mean “language”?")
        await words.fill("/segments everyday: language in (en, zh)")
        await page.keyboard.press("Enter")
        tried = page.locator("#log .msg[data-who=bot]").last
        await expect(tried).to_contain_text("That is: language is one of “en”, “zh”.")
        assert len(re.findall(r"Customer \d+", await tried.inner_text())) == 5
        await page.get_by_role("button", name="Save as “everyday”").click()
        await expect(page.locator("#log .msg[data-who=bot]").last).to_contain_text("“everyday” is saved.")

        assert errors == []
        await context.close()
    finally:
        await frontdesk.end()
