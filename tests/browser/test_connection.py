"""The customer's page while tabs, connections and servers come and go; nobody has to load it again."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Frontdesk, in_memory

pytestmark = pytest.mark.browser

BACK_SECONDS = 30_000  # milliseconds: a page asks again after 20 seconds at the latest


async def say(page: Page, words: str) -> None:
    await page.fill("#words", words)
    await page.press("#words", "Enter")


async def test_tabs_stay_in_step_and_outlive_a_killed_server(browser: Browser, tmp_path: Path) -> None:
    """What one tab says stands in the other; words said while the server is dead arrive once it is back, once."""
    frontdesk = Frontdesk(tmp_path)
    await frontdesk.start()
    try:
        context = await browser.new_context(locale="en-GB")
        first, second = await context.new_page(), await context.new_page()
        for page in (first, second):
            await page.goto(f"http://127.0.0.1:{frontdesk.port}/chat")
            await page.evaluate("window.stillHere = true")
            await expect(page.locator(".first")).to_be_visible()
        await say(first, "How long does delivery take?")
        for page in (first, second):
            await expect(page.locator(".msg[data-who=you]")).to_have_count(1)
            await expect(page.locator(".msg[data-who=bot]")).to_have_count(1)
        await second.locator(".press.quiet").first.click()
        await expect(first.locator('.press[aria-pressed="true"]')).to_have_count(1)

        await frontdesk.end(kill=True)
        await expect(first.locator("#banner")).to_be_visible()
        await say(first, "Talk to a person")
        await expect(first.locator(".bubble.waiting")).to_be_visible()
        await frontdesk.start()

        for page in (first, second):
            await expect(page.locator("#bar")).to_be_visible(timeout=BACK_SECONDS)
            await expect(page.locator("#banner")).to_be_hidden()
            await expect(page.locator('.msg[data-who="you"]')).to_have_count(2)
            await expect(page.locator(".bubble.waiting")).to_have_count(0)
            assert await page.evaluate("window.stillHere")
    finally:
        await frontdesk.end()


async def test_words_that_could_not_be_answered_stay_in_their_place(browser: Browser, tmp_path: Path) -> None:
    """The apology stands below them, and so does whatever is said next."""
    async with in_memory(tmp_path, set_aside="Jinxed") as place:
        page = await (await browser.new_context(locale="en-GB")).new_page()
        await page.goto(f"{place.url}/chat")
        await say(page, "How long does delivery take?")
        await expect(page.locator(".msg[data-who=bot]")).to_have_count(1)
        await say(page, "Jinxed")
        await expect(page.locator(".msg[data-who=bot]")).to_have_count(2)
        await say(page, "Can I collect it?")
        await expect(page.locator(".msg[data-who=bot]")).to_have_count(3)

        spoken = await page.locator(".msg .bubble").all_inner_texts()
        assert [words.split("\n")[0] for words in spoken[2:5]] == [
            "Jinxed",
            "Something went wrong on our side.",
            "Can I collect it?",
        ]


async def test_words_of_two_tabs_without_a_connection_are_both_kept(browser: Browser, tmp_path: Path) -> None:
    """One tab does not overwrite what another has kept: whoever comes back later finds both sent, once each."""
    async with in_memory(tmp_path) as place:
        context = await browser.new_context(locale="en-GB")
        first, second = await context.new_page(), await context.new_page()
        for page in (first, second):
            await page.goto(f"{place.url}/chat")
            await expect(page.locator(".first")).to_be_visible()
        await context.set_offline(True)
        await say(first, "Can I collect it on Saturday?")
        await say(second, "And is parking free?")
        for page in (first, second):
            await expect(page.locator(".bubble.waiting")).to_have_count(1)
            await page.close()
        await context.set_offline(False)
        back = await context.new_page()
        await back.goto(f"{place.url}/chat")

        await expect(back.locator('.msg[data-who="bot"]')).to_have_count(2)
        await expect(back.locator('.msg[data-who="you"]')).to_have_count(2)
        await expect(back.locator(".bubble.waiting")).to_have_count(0)
