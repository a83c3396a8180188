"""Teaching at the desk in a browser: why and teach under the question, and commands that reach no customer."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import HOUSES

pytestmark = pytest.mark.browser

_QUESTION = "may I bring an elephant inside"
_FITS = "document.documentElement.scrollWidth <= innerWidth"


async def _send(page: Page, words: str) -> None:
    await page.locator("#words").fill(words)
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [1280, 360])
async def test_an_agent_sees_why_and_teaches_under_the_question(browser: Browser, width: int, tmp_path: Path) -> None:
    """One tap each; what the bot says about it is seen by this colleague alone, and a typed command is no reply."""
    async with HOUSES["records"](tmp_path) as place:
        viewport = {"width": width, "height": 800}
        customers = await browser.new_context(viewport=viewport, locale="en-GB")  # type: ignore[arg-type]
        staff = await browser.new_context(viewport=viewport, locale="en-GB")  # type: ignore[arg-type]
        customer, agent = await customers.new_page(), await staff.new_page()
        errors: list[str] = []
        agent.on("pageerror", lambda error: errors.append(str(error)))
        await customer.goto(f"{place.url}/chat")
        await _send(customer, _QUESTION)
        await _send(customer, "/agent")
        await expect(customer.locator("#bar")).to_be_visible()
        await agent.goto(place.agent_link)
        await agent.wait_for_url("**/desk")
        await agent.locator('[data-thread^="ticket:"]').first.click()
        await agent.locator('[data-action="claim"]:visible').first.click()
        await expect(agent.locator('#composer[data-mode="reply"]')).to_be_visible()

        await agent.locator('.under [data-action="why"]').first.click()
        await expect(agent.locator(".aside").last).to_contain_text("what the bot made of the question")
        await _send(agent, "Elephants may come in on Sundays.")
        await expect(customer.locator(".msg[data-who=agent] .bubble")).to_contain_text("Sundays")
        await agent.locator('.under [data-action="learn"]').first.click()
        await agent.locator(".aside .press", has_text="New article from the answer").click()
        await expect(agent.locator(".aside").last).to_contain_text("It counts as soon as a colleague approves it")
        await _send(agent, "/why")
        await expect(agent.locator(".aside").last).to_contain_text("what the bot made of the question")
        assert await agent.evaluate(_FITS)

        body = await customer.locator("body").inner_text()
        assert "what the bot made" not in body
        assert "/why" not in body
        assert "Why?" not in body
        assert errors == []
        await customers.close()
        await staff.close()
