"""A served house over the real records, in this process, with the channels that its settings name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import App, open_app
from bot.config import Settings
from bot.logins import Logins
from bot.serve import Channels
from bot.web import record_desk
from bot.web.bell import EVERYTHING, Bell
from bot.web.records_house import RecordsHouse
from bot.web.server import WebServer, create_app
from bot.web.sockets import Rhythm
from crm_core import staff
from crm_core.models import Role
from crm_core.work import Work
from tests.databases import lay_down
from tests.web.conftest import Served


class RealServed(Served):
    """The same doors over the records."""

    def __init__(self, app: App, house: RecordsHouse, server: WebServer) -> None:
        self.app = app
        self.records_house = house
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}"

    async def invite(self, role: Role = Role.AGENT, name: str = "Chen Yue") -> str:
        """What `frontdesk invite` prints."""
        async with self.app.records.write() as work:
            return staff.invite(work, role, name)

    async def staff_cookie(self, name: str = "Chen Yue", role: Role = Role.AGENT) -> str:
        """Enter by a one-time link."""
        async with self.client() as client:
            answer = await client.post(f"/desk/enter/{await self.invite(role, name)}")
            return answer.cookies["frontdesk_staff"]


@asynccontextmanager
async def over_records(
    settings: Settings, logins: Logins | None = None, login_origins: tuple[str, ...] = ()
) -> AsyncIterator[RealServed]:
    """A whole application over an empty database, with the articles and the channels of these settings."""
    bell = Bell()
    channels = Channels(bell)
    await lay_down(settings.database_url)
    app = await open_app(settings, channels.make)
    assert channels.webchat is not None

    def ring(work: Work) -> None:
        for address in work.pages:
            bell.ring(address)
        if work.changed or work.desk_changed:
            bell.ring(EVERYTHING)

    app.records.listen(ring)
    house = RecordsHouse(app, bell, logins=logins, login_origins=login_origins)
    pages = create_app(house, channels.webchat, rhythm=Rhythm(poll_seconds=0.5))
    record_desk.add_to(pages, house, app)
    server = WebServer(pages, port=0)
    await server.start()
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    yield RealServed(app, house, server)
    stop.set()
    await server.stop()
    await running
    await app.close()
