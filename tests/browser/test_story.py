"""The whole story in a browser, by keyboard alone: ask, get a person, claim, note, reply, resolve, read the reply."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import HOUSES, Place

pytestmark = pytest.mark.browser

MOST_TABS = 80
FITS = "document.documentElement.scrollWidth <= innerWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('button, a[href], textarea, input:not([type=file])')]
  .filter((node) => node.checkVisibility() && !node.closest('.skip') && !node.closest('p') && !node.closest('[inert]'))
  .map((node) => [node.className || node.id, node.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.height < 43.5 || box.width < 43.5))
  .map(([name, box]) => `${name} ${box.width}×${box.height}`)"""
NAMELESS = """() => [...document.querySelectorAll('button, a[href], textarea, input:not([type=file])')]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length || node.title))
  .map((node) => node.outerHTML.slice(0, 120))"""


@dataclass
class Scene:
    """One way to look at it: width, language, theme."""

    width: int
    height: int
    language: str
    theme: str
    pictures: Path
    name: str
    errors: list[str] = field(default_factory=list)
    taken: int = 0

    @property
    def phone(self) -> bool:
        """The narrow layout."""
        return self.width < 800

    async def page(self, context: BrowserContext, address: str) -> Page:
        """Open an address; what the page complains of is kept."""
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        await page.goto(address)
        return page

    async def look(self, page: Page, what: str) -> None:
        """Take a picture, and check what must hold at every moment."""
        self.taken += 1
        await page.screenshot(path=self.pictures / f"{self.name}-{self.taken:02d}-{what}.png")
        assert await page.evaluate(FITS), f"{what}: the page scrolls sideways"
        assert await page.evaluate(NAMELESS) == [], what
        if self.phone:
            assert await page.evaluate(SMALL_TARGETS) == [], what


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what the selector names: whoever has no mouse gets there too."""
    for _ in range(MOST_TABS):
        if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {selector}")


async def write(page: Page, words: str) -> None:
    """Go to the message field, write and send."""
    await tab_to(page, "#words")
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")


@pytest.fixture(params=[(1280, 800, "en-GB", "light"), (360, 740, "zh-CN", "dark")], ids=["desktop-en", "phone-zh"])
def scene(request: pytest.FixtureRequest, pictures: Path) -> Scene:
    """Wide, light and English; narrow, dark and Chinese."""
    width, height, language, theme = request.param
    name = request.node.callspec.id
    return Scene(width=width, height=height, language=language, theme=theme, pictures=pictures, name=name)


@pytest.fixture(params=list(HOUSES))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Told twice: in memory, and against a running process with its records."""
    async with HOUSES[request.param](tmp_path) as served:
        yield served


async def _context(browser: Browser, scene: Scene) -> BrowserContext:
    theme = "dark" if scene.theme == "dark" else "light"
    viewport = {"width": scene.width, "height": scene.height}
    return await browser.new_context(viewport=viewport, locale=scene.language, color_scheme=theme)  # type: ignore[arg-type]


async def test_the_whole_story_by_keyboard(browser: Browser, scene: Scene, place: Place) -> None:
    """Nobody touches a mouse, and both sides get to the end."""
    customers, staff = await _context(browser, scene), await _context(browser, scene)
    customer = await scene.page(customers, f"{place.url}/chat")
    await _ask(customer, scene)
    await _want_a_person(customer, scene)
    agent = await scene.page(staff, place.agent_link)
    await agent.wait_for_url("**/desk")
    await _claim(agent, scene)
    await _note(agent, scene)
    await _reply(agent, scene)

    await expect(customer.locator(".msg[data-who=agent] .bubble")).to_contain_text("HT-20931")
    await expect(customer.locator("#bar")).to_be_visible()
    await scene.look(customer, "chat-reply")
    await _resolve(agent, scene)
    await expect(customer.locator("#bar")).to_be_hidden()
    assert "A-12" not in await customer.locator("body").inner_text()
    assert scene.errors == []
    await customers.close()
    await staff.close()


async def _ask(customer: Page, scene: Scene) -> None:
    first = customer.locator(".first .press").first
    await expect(first).to_be_visible()
    await scene.look(customer, "chat-first")
    await write(customer, await first.inner_text())
    await expect(customer.locator(".msg[data-who=bot] .source").first).to_be_visible()
    await expect(customer.locator(".press.quiet").first).to_be_visible()
    await scene.look(customer, "chat-answer")


async def _want_a_person(customer: Page, scene: Scene) -> None:
    await tab_to(customer, "[data-person]")
    await customer.keyboard.press("Enter")
    await expect(customer.locator("#bar")).to_be_visible()
    await scene.look(customer, "chat-queue")


async def _claim(agent: Page, scene: Scene) -> None:
    await expect(agent.locator('[data-thread^="ticket:"]')).to_be_visible()
    await scene.look(agent, "desk-list")
    await tab_to(agent, ".thread")
    if not scene.phone:
        await agent.keyboard.press("ArrowDown")
    await agent.keyboard.press("Enter")
    await expect(agent.locator('.log .msg[data-who="customer"]').first).to_be_visible()
    await tab_to(agent, '[data-action="claim"]')
    await agent.keyboard.press("Enter")
    await expect(agent.locator('#composer[data-mode="reply"]')).to_be_visible()


async def _note(agent: Page, scene: Scene) -> None:
    await tab_to(agent, "#mode-reply")
    await agent.keyboard.press("ArrowRight")
    await expect(agent.locator('#composer[data-mode="note"]')).to_be_visible()
    await tab_to(agent, "#words")
    await agent.keyboard.type("Take one from shelf A-12.")
    await scene.look(agent, "desk-note-mode")
    await agent.keyboard.press("Enter")
    await expect(agent.locator(".strip:not([data-pending])").last).to_contain_text("A-12")


async def _reply(agent: Page, scene: Scene) -> None:
    await tab_to(agent, "#mode-note")
    await agent.keyboard.press("ArrowLeft")
    await expect(agent.locator('#composer[data-mode="reply"]')).to_be_visible()
    await tab_to(agent, "#words")
    await agent.keyboard.type("Your new teapot is HT-20931.")
    await scene.look(agent, "desk-reply-mode")
    await agent.keyboard.press("Enter")
    await expect(agent.locator('.msg[data-who="agent"] .bubble').last).to_contain_text("HT-20931")
    await scene.look(agent, "desk-replied")


async def _resolve(agent: Page, scene: Scene) -> None:
    if scene.phone:
        await tab_to(agent, "#show-card")
        await agent.keyboard.press("Enter")
        await expect(agent.locator("#card.open")).to_be_visible()
        await scene.look(agent, "desk-card")
        await agent.keyboard.press("Escape")
        await expect(agent.locator("#card.open")).to_have_count(0)
        await agent.keyboard.press("Enter")
        await tab_to(agent, '.card-actions [data-action="resolve"]')
    else:
        await tab_to(agent, '.actions [data-action="resolve"]')
    await agent.keyboard.press("Enter")
    await expect(agent.locator('.actions [data-action="resolve"]')).to_have_count(0)
    await scene.look(agent, "desk-resolved")


async def test_words_written_without_a_connection_leave_by_themselves(
    browser: Browser, scene: Scene, tmp_path: Path
) -> None:
    """Offline the words stay, even over a reload; connected again they arrive once."""
    async with HOUSES["memory"](tmp_path) as place:
        context = await _context(browser, scene)
        customer = await scene.page(context, f"{place.url}/chat")
        await expect(customer.locator(".first")).to_be_visible()
        await context.set_offline(True)
        await write(customer, "Can I collect it on Saturday?")
        await expect(customer.locator(".bubble.waiting")).to_be_visible()
        await expect(customer.locator("#banner")).to_be_visible()
        await scene.look(customer, "chat-offline")
        await context.set_offline(False)

        await expect(customer.locator(".bubble.waiting")).to_have_count(0)
        await expect(customer.locator('.msg[data-who="bot"]')).to_have_count(1)
        await expect(customer.locator('.msg[data-who="you"]')).to_have_count(1)
        await expect(customer.locator("#banner")).to_be_hidden()
        await context.close()


async def test_language_and_theme_stay_chosen(browser: Browser, scene: Scene, tmp_path: Path) -> None:
    """Both switches act at once and are remembered."""
    async with HOUSES["memory"](tmp_path) as place:
        context = await _context(browser, scene)
        page = await scene.page(context, f"{place.url}/chat")
        if scene.phone:
            await page.click("#more")
        other = "zh" if scene.language.startswith("en") else "en"
        await page.click(f"[data-language={other}]:visible")
        await page.click("[data-theme-switch]:visible")
        await page.reload()

        await expect(page.locator("html")).to_have_attribute("lang", other)
        await expect(page.locator("html")).to_have_attribute("data-theme", "light" if scene.theme == "dark" else "dark")
        await context.close()
        assert scene.errors == []


async def test_a_file_is_sent_and_seen(browser: Browser, scene: Scene, tmp_path: Path) -> None:
    """Chosen, uploaded with its progress shown, sent, and drawn in the talk."""
    picture = tmp_path / "spout.png"
    picture.write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
            "050001a5f645400000000049454e44ae426082"
        )
    )
    async with HOUSES["memory"](tmp_path) as place:
        context = await _context(browser, scene)
        page = await scene.page(context, f"{place.url}/chat")
        await expect(page.locator(".first")).to_be_visible()
        await page.set_input_files("#file", picture)
        await expect(page.locator(".upload [aria-label]").last).to_be_visible()
        await write(page, "The spout is broken")

        await expect(page.locator('.msg[data-who="you"] img')).to_be_visible()
        await expect(page.locator(".upload")).to_have_count(0)
        await context.close()
        assert scene.errors == []
