"""A served house in memory, and pages that talk to it as a browser would."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect

from bot.web.guard import STAFF_COOKIE, VISITOR_COOKIE
from bot.web.server import WebServer, create_app
from bot.web.sockets import Rhythm
from tests.web.fake_house import FakeHouse


@dataclass
class Page:
    """One open page: sends frames and waits for the frame that it wants to see."""

    socket: ClientConnection

    async def send(self, **frame: Any) -> None:
        """Send one frame."""
        await self.socket.send(json.dumps(frame))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next frame of this type; others pass by."""
        while True:
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            if frame["type"] == kind:
                return frame

    async def hear_text(self, text: str, thread: str = "") -> dict[str, Any]:
        """The next message that holds these words."""
        while True:
            frame = await self.hear("messages")
            for message in frame["messages"] if frame["thread"] == thread else ():
                if text in message["text"]:
                    found: dict[str, Any] = message
                    return found


class Served:
    """The house, its server, and doors into it."""

    def __init__(self, house: FakeHouse, server: WebServer) -> None:
        self.house = house
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}"

    def client(self, **more: Any) -> httpx2.AsyncClient:
        """A browser without scripts."""
        return httpx2.AsyncClient(base_url=self.url, headers={"Origin": self.url}, trust_env=False, **more)

    async def visitor_cookie(self) -> str:
        """What a first visit leaves in the browser."""
        async with self.client() as client:
            return (await client.get("/chat")).cookies[VISITOR_COOKIE]

    async def staff_cookie(self, name: str = "Chen Yue") -> str:
        """What entering by a one-time link leaves in the browser."""
        async with self.client() as client:
            return (await client.post(f"/desk/enter/{self.house.invite(name)}")).cookies[STAFF_COOKIE]

    @asynccontextmanager
    async def page(
        self, path: str, cookie: str, cursor: Any = 0, *, origin: str | None = "", greet: bool = True
    ) -> AsyncIterator[Page]:
        """An open socket; `origin` None sends no Origin header."""
        name = VISITOR_COOKIE if path.startswith("/chat") else STAFF_COOKIE
        headers = {"Cookie": f"{name}={cookie}"} if cookie else {}
        if origin is not None:
            headers["Origin"] = origin or self.url
        address = self.url.replace("http", "ws", 1) + path
        async with connect(address, additional_headers=headers, proxy=None) as socket:
            page = Page(socket)
            if greet:
                await page.send(type="hello", cursor=cursor, language="en")
            yield page


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A house in memory behind a real server on a free port. Its safety net is off: only the bell wakes sockets."""
    house = FakeHouse()
    app = create_app(house, house.webchat, rhythm=Rhythm(poll_seconds=60))
    server = WebServer(app, port=0)
    await server.start()
    receiving = asyncio.create_task(house.webchat.receive(house.intake))
    await asyncio.sleep(0)
    yield Served(house, server)
    await house.webchat.stop_receiving()
    await receiving
    await server.stop()
