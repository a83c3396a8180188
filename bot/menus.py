"""The command menus of channels that have one: the customers' per language, and each colleague's by role."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import structlog
from sqlalchemy import select

from bot.app import App
from bot.channels import Channel, ChannelError
from bot.handlers.help import menu
from crm_core.models import Identity, Role, Staff
from crm_core.work import Work

log = structlog.get_logger(__name__)


@runtime_checkable
class HasMenu(Protocol):
    """A channel that shows commands in a menu."""

    async def set_commands(
        self, by_language: Mapping[str, Sequence[tuple[str, str]]], scope_chat: str | None = None
    ) -> None:
        """Offer (command, description) pairs per language, to everybody or in one chat."""


class Menus:
    """Sets the menus at the start and when somebody joins, leaves or changes; commands work without them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stale: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        app.records.listen(self._note)

    def _note(self, work: Work) -> None:
        for where in work.menus:
            self._stale.put_nowait(where)

    async def run(self) -> None:
        """Everybody's menus once, then those that go stale."""
        channels = [channel for channel in self._app.channels.values() if isinstance(channel, HasMenu)]
        if not channels:
            return
        for channel in channels:
            await self._offer(channel, self._of_role(Role.CUSTOMER, channel.name), None)
            for chat, role in await self._colleagues(channel.name):
                await self._offer(channel, self._of_role(role, channel.name), chat)
        while True:
            name, chat = await self._stale.get()
            roles = dict(await self._colleagues(name))
            await self._offer(self._app.channels[name], self._of_role(roles.get(chat, Role.CUSTOMER), name), chat)

    def _of_role(self, role: Role, channel: str) -> dict[str, list[tuple[str, str]]]:
        texts, goes_on = self._app.shop.texts, bool(self._app.shop.beside(channel))
        by_language = {
            language: [(name.removeprefix("/"), line) for name, line in menu(texts, language, role, goes_on=goes_on)]
            for language in texts.languages
        }
        return {**by_language, "": by_language[texts.languages[0]]}

    async def _colleagues(self, channel: str) -> list[tuple[str, Role]]:
        async with self._app.records.read() as work:
            statement = (
                select(Identity.chat, Staff.role)
                .join(Staff, Staff.id == Identity.staff_id)
                .where(Identity.channel == channel, Staff.revoked_at.is_(None))
            )
            return [(row[0], Role(row[1])) for row in (await work.session.execute(statement)).all()]

    async def _offer(self, channel: Channel, by_language: dict[str, list[tuple[str, str]]], chat: str | None) -> None:
        if not isinstance(channel, HasMenu):
            return
        try:
            await channel.set_commands(by_language, chat)
        except ChannelError as error:
            log.warning("A command menu could not be set.", channel=channel.name, error=type(error).__name__)
