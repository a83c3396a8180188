"""A browser of this machine, and the two houses that the story is told in."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from bot.web.server import WebServer, create_app
from tests.ports import free_port
from tests.web.fake_house import FakeHouse

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where pictures of the story go."""
    parser.addoption("--screenshots", default=None, help="keep the pictures of the browser tests in this folder")


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder for pictures: the one that was asked for, else one that pytest forgets by and by."""
    wanted = request.config.getoption("--screenshots", default=None)
    folder = Path(wanted) if wanted else tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium of this machine; playwright's own download is never used."""
    if not CHROMIUM:
        pytest.skip("There is no Chromium on this machine.")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        await launched.close()


@dataclass(frozen=True)
class Place:
    """A served house: where it is, and the link of an agent."""

    url: str
    agent_link: str


@asynccontextmanager
async def in_memory(_folder: Path, set_aside: str = "") -> AsyncIterator[Place]:
    """The house in memory, in this process; it cannot answer the words `set_aside`."""
    house = FakeHouse()
    house.set_aside.add(set_aside)
    server = WebServer(create_app(house, house.webchat), port=0)
    await server.start()
    receiving = asyncio.create_task(house.webchat.receive(house.intake))
    url = f"http://127.0.0.1:{server.port}"
    yield Place(url, f"{url}/desk/enter/{house.invite()}")
    await house.webchat.stop_receiving()
    await receiving
    await server.stop()


@dataclass
class Frontdesk:
    """`frontdesk run` with the sample shop, as an operator starts it; it may be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    async def start(self, until: str = r"Frontdesk is ready") -> str:
        """Start, and return what `until` finds in what the process says."""
        environment = {**os.environ, "FRONTDESK_WEB__PORT": str(self.port), "PYTHONPATH": str(REPOSITORY)}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run", "--sample"),
            cwd=self.folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        said = ""
        while not (found := re.search(until, said)):
            line = await self.process.stdout.readline()
            assert line, f"frontdesk run ended by itself and said:\n{said}"
            said += line.decode()
        return found.group(0)

    async def end(self, *, kill: bool = False) -> None:
        """Ask it to leave, or end it as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            (self.process.kill if kill else self.process.terminate)()
            await self.process.communicate()


@asynccontextmanager
async def real_process(folder: Path) -> AsyncIterator[Place]:
    """A running process with its records."""
    frontdesk = Frontdesk(folder)
    try:
        link = await frontdesk.start(r"http\S+/desk/enter/\S+")
        yield Place(f"http://127.0.0.1:{frontdesk.port}", link)
    finally:
        await frontdesk.end()


HOUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[Place]]] = {"memory": in_memory, "records": real_process}
