"""Command menus: customers see theirs in their language, a colleague those of the role from joining on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.channels.memory import Memory
from bot.menus import Menus
from crm_core import staff
from tests.builders import open_house

_PATIENCE = 10.0  # seconds


@dataclass(slots=True)
class WithMenu(Memory):
    """The memory channel with a command menu, as Telegram has one."""

    menus: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # chat ("" is everybody) -> language -> names
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def set_commands(
        self, by_language: Mapping[str, Sequence[tuple[str, str]]], scope_chat: str | None = None
    ) -> None:
        """Remember what is offered."""
        self.menus[scope_chat or ""] = {name: [one for one, _line in rows] for name, rows in by_language.items()}
        self.changed.set()

    async def until(self, chat: str, command: str) -> None:
        """Wait until a chat is offered a command."""
        while command not in self.menus.get(chat, {}).get("en", ()):
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), _PATIENCE)


async def test_whoever_joins_is_offered_the_commands_of_the_role_and_customers_only_theirs(tmp_path: Path) -> None:
    """Everybody's menu at the start, the agent's own one right after /start with an invite, the other language too."""
    memory = WithMenu()
    async with open_house(tmp_path, memory) as house:
        running = asyncio.create_task(Menus(house.app).run())
        await memory.until("", "start")

        await house.colleague("Wei", "agent")
        await memory.until("wei", "claim")

        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "claim" in memory.menus["wei"]["zh"]
    assert "claim" not in memory.menus[""]["en"]
    assert "campaign_new" not in memory.menus["wei"]["en"]
    assert set(memory.menus[""]) == {"en", "zh", ""}


async def test_whoever_leaves_has_a_customers_menu_again(tmp_path: Path) -> None:
    """At once; nothing that they may not do any more is offered."""
    memory = WithMenu()
    async with open_house(tmp_path, memory) as house:
        running = asyncio.create_task(Menus(house.app).run())
        await memory.until("", "start")
        await house.colleague("Wei", "agent")
        await memory.until("wei", "claim")

        async with house.app.records.write() as work:
            (wei,) = await staff.named(work, "Wei")
            await staff.revoke(work, wei, None)
        await memory.until("wei", "orders")

        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert memory.menus["wei"] == memory.menus[""]
