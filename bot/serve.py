"""Serving: channels by configuration, the web server, signals, and the links that a first start prints."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import structlog
from sqlalchemy.exc import DBAPIError

from bot import logs, recovery
from bot.app import App, load_file, open_app
from bot.channels import Channel
from bot.channels.pace import Pace
from bot.channels.webchat import WebChat
from bot.config import Settings
from bot.menus import Menus
from bot.message import Attachment
from bot.web.bell import EVERYTHING, Bell
from bot.web.server import WebServer
from crm_core import keys
from crm_core.files import FileStore
from crm_core.storage.vault import VaultError
from crm_core.work import Records, Work

log = structlog.get_logger(__name__)

_ASK_AGAIN = 5.0  # seconds


@runtime_checkable
class HasName(Protocol):
    """A channel whose bot has a name that people can be sent to."""

    async def find_name(self) -> str:
        """The name, "" while nobody can be asked."""


class Channels:
    """Makes the channels that the configuration names, and keeps them: channels fetch files of each other."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self.by_name: dict[str, Channel] = {}
        self.webchat: WebChat | None = None

    def make(self, settings: Settings, records: Records, files: FileStore) -> Sequence[Channel]:
        """The web chat and, when it is enabled, Telegram through the chosen library."""

        async def load(attachment: Attachment) -> bytes:
            return await load_file(records, files, self.by_name, attachment)

        found: list[Channel] = []
        if settings.web.enabled:
            self.webchat = WebChat(load_file=load, ring=self._bell.ring)
            found.append(self.webchat)
        if settings.telegram.enabled:
            settings.check_token()
            # Only here, so that a shop without Telegram never loads a Telegram library.
            from bot.channels.telegram import make_channel

            sending = settings.sending
            found.append(
                make_channel(
                    token=settings.read_token().get_secret_value(),
                    library=settings.telegram.library,
                    pace=Pace(sending.per_second, sending.per_chat_per_second, int(sending.per_group_per_minute)),
                    load_file=load,
                    api_base=settings.telegram.api_base,
                )
            )
        self.by_name.update({channel.name: channel for channel in found})
        return found


async def serve(settings: Settings, *, sample: bool = False) -> int:
    """Serve everything enabled until SIGTERM or SIGINT; the exit code. Raises PortInUse before anything is started."""
    logs.set_up(settings.log.level, as_json=settings.log.json)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bell = Bell()
    channels = Channels(bell)
    key_was_there = settings.key_file.exists()
    app = await open_app(settings, channels.make)
    try:
        if not key_was_there:
            await _show_key(app)
        web = _web(app, channels, bell)
        if web is not None:
            web.bind()
        base_url = _base_url(settings, web)
        if web is not None and settings.web.base_url:  # derived from host and port, nobody elsewhere could open it
            app.shop.elsewhere["webchat"] = f"{base_url}/chat/link/"
        links = await _sample(app, base_url) if sample else []
        if web is not None:
            await web.start()
        _say_ready(base_url if web is not None else "", links)
        menus = Menus(app)
        commands = asyncio.create_task(menus.run())
        naming = asyncio.create_task(_learn_names(app))
        changing = asyncio.create_task(_finish_change_of_key(app))
        leaving = asyncio.create_task(_leave(web, stop))
        await app.run(stop)
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)
        commands.cancel()
        naming.cancel()
        await leaving
    finally:
        await app.close()
    return 0


async def _show_key(app: App) -> None:
    """The key that was just drawn, on paper if somebody sits there to see to it."""
    if recovery.somebody_reads():
        _say(await recovery.hand_out(app.records, app.settings))
    else:
        log.info("A master key was drawn; without its file nothing sealed can be read. Print it: frontdesk keys sheet.")


async def _finish_change_of_key(app: App) -> None:
    """Bring a change of the master key to its end that was interrupted, while people talk."""
    try:
        if await keys.finish(app.records, app.settings.key_file):
            log.info("A change of the master key has come to its end.", key=app.records.vault.fingerprint)
    except (VaultError, DBAPIError):
        log.exception("The change of the master key could not go on; `frontdesk keys rotate --yes` tries it again.")


def _web(app: App, channels: Channels, bell: Bell) -> WebServer | None:
    if channels.webchat is None:
        return None
    from bot import metrics
    from bot.logins import Logins
    from bot.web import record_desk
    from bot.web.records_house import RecordsHouse
    from bot.web.server import create_app

    def ring(work: Work) -> None:
        for address in work.pages:
            bell.ring(address)
        if (work.changed or work.desk_changed) and not work.pages:
            bell.ring(EVERYTHING)

    app.records.listen(ring)
    secret = app.settings.read_login_secret()
    logins = Logins(secret.get_secret_value()) if secret is not None else None
    house = RecordsHouse(app, bell, logins=logins, login_origins=app.settings.web.login_origins)
    settings = app.settings.web
    pages = create_app(house, channels.webchat, base_url=settings.base_url)
    metrics.add_to(pages, app)
    record_desk.add_to(pages, house, app, base_url=settings.base_url)
    return WebServer(pages, host=settings.host, port=settings.port)


async def _learn_names(app: App) -> None:
    """Find out how the Telegram bot is called, as soon as anybody can be asked: customers can go on there then."""
    for channel in app.channels.values():
        while isinstance(channel, HasName):
            if name := await channel.find_name():
                app.shop.elsewhere["telegram"] = f"https://t.me/{name}?start="
                break
            await asyncio.sleep(_ASK_AGAIN)


async def _leave(web: WebServer | None, stop: asyncio.Event) -> None:
    """Say goodbye to browsers as soon as we are asked to leave; what they sent is safe or not acknowledged."""
    await stop.wait()
    if web is not None:
        await web.stop()


def _base_url(settings: Settings, web: WebServer | None) -> str:
    """Where people reach the web server; with port 0 the system chose the port."""
    if web is None or settings.web.base_url or settings.web.port:
        return settings.base_url
    return settings.base_url.removesuffix(":0") + f":{web.port}"


async def _sample(app: App, base_url: str) -> list[tuple[str, str]]:
    """Load the sample shop into an empty database; the links of its people, none on later starts."""
    from bot.sample import load_sample, sample_links

    if not await load_sample(app.records):
        return []
    return await sample_links(app.records, base_url)


def _say_ready(base_url: str, links: Sequence[tuple[str, str]]) -> None:
    """What the operator reads: where it is, and on the first start who may enter by which link."""
    lines = ["Frontdesk is ready."]
    if base_url:
        lines.append(f"  customers: {base_url}/chat")
    lines += [f"  {who}: {link}" for who, link in links]
    if links:
        lines.append("Each staff link works once, within 24 hours; `frontdesk invite --role agent` makes another.")
    _say(lines)


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
