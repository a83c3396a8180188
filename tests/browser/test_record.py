"""The record at the desk in a browser: an agent finds a customer, sees the card and edits it in place."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import HOUSES
from tests.browser.test_story import FITS, NAMELESS, SMALL_TARGETS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("width", "language", "scheme"), [(1280, "en-GB", "light"), (360, "zh-CN", "dark")], ids=["desktop", "phone"]
)
async def test_an_agent_edits_a_card(
    browser: Browser, width: int, language: str, scheme: str, tmp_path: Path, pictures: Path
) -> None:
    """Beside a ticket and from the search; a refusal stands at the field, and what was saved is still there later."""
    narrow, chinese = width < 1180, language.startswith("zh")
    async with HOUSES["records"](tmp_path) as place:
        viewport = {"width": width, "height": 900}
        visitors = await browser.new_context(locale="en-GB")
        staff = await browser.new_context(viewport=viewport, locale=language, color_scheme=scheme)  # type: ignore[arg-type]
        customer, agent = await visitors.new_page(), await staff.new_page()
        errors: list[str] = []
        agent.on("pageerror", lambda error: errors.append(str(error)))
        await customer.goto(f"{place.url}/chat")
        await customer.locator("#words").fill("/agent")
        await customer.keyboard.press("Enter")
        await expect(customer.locator("#bar")).to_be_visible()

        await agent.goto(place.agent_link)
        await agent.wait_for_url("**/desk")
        await agent.locator('[data-thread^="ticket:"]').first.click()
        if narrow:
            await agent.locator("#show-card").click()
        card = agent.locator("#card .record")
        await card.locator("summary").click()
        await card.locator('[data-add="add phone"]').click()
        await card.locator("form.edit input").fill("call me")
        await agent.keyboard.press("Enter")
        await expect(card.locator("[role=alert]")).to_contain_text("call me")
        assert await agent.evaluate(NAMELESS) == []
        assert not narrow or await agent.evaluate(SMALL_TARGETS) == []
        await card.locator("form.edit input").fill("+351 912 345 014")
        await agent.keyboard.press("Enter")
        await expect(card).to_contain_text("+35•••014")
        await card.locator("[data-reveal]").click()
        await expect(card).to_contain_text("+351912345014")

        await card.locator("summary").click()
        await card.locator('[data-add="company"]').click()
        await card.locator("form.edit input").fill("Tea House 茶馆")
        await agent.keyboard.press("Enter")
        await expect(card).to_contain_text("Tea House 茶馆")
        await card.locator('[data-add="tag"]').click()
        await card.locator("form.edit input").fill("tea")
        await agent.keyboard.press("Enter")
        await expect(card.locator(".tag")).to_have_text("tea")
        await card.locator('[data-add="note"]').click()
        await card.locator("form.edit textarea").fill("likes green tea")
        await card.locator("form.edit [type=submit]").click()
        await expect(card).to_contain_text("likes green tea")
        await card.locator("[data-timeline]").click()
        await expect(card.locator(".timeline li").first).to_contain_text("likes green tea")
        assert await agent.evaluate(FITS)
        assert await agent.evaluate(NAMELESS) == []
        assert not narrow or await agent.evaluate(SMALL_TARGETS) == []
        await agent.screenshot(path=pictures / f"record-{width}.png")

        await agent.reload()
        if narrow:
            await agent.locator("#back").click()
        await agent.locator("#search").fill("+351 912 345 014")
        await agent.locator("#search").press("Enter")
        await agent.locator("[data-customer]").first.click()
        await expect(agent.locator("#card .record")).to_contain_text("Tea House 茶馆")
        await expect(agent.locator("#card .record")).to_contain_text("联系方式" if chinese else "Contacts")
        await agent.screenshot(path=pictures / f"record-found-{width}.png")
        assert await agent.evaluate(FITS)
        assert errors == []
        await visitors.close()
        await staff.close()
