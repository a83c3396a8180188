"""Fixtures for the command line: a small shop in a folder, and a way to run a command in it."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from typer.testing import CliRunner

from bot.cli import app
from bot.config import Settings
from bot.opening import open_records
from crm_core.work import Records
from tests import servers
from tests.builders import House, open_house, settings_in
from tests.databases import lay_down

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What a script reads."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """What a person reads."""
        return self.out.splitlines()


def command(*args: str, words: str | None = None, environ: dict[str, str] | None = None) -> Ran:
    """Run a command; an error that it did not put into words is raised here."""
    ran = CliRunner().invoke(app, args, input=words, env=environ)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


@dataclass(frozen=True, slots=True)
class ShopFolder:
    """The folder of a shop, its commands, and its records."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """The shop's settings."""
        return settings_in(self.folder)

    @property
    def database(self) -> Path:
        """The database file."""
        return self.folder / "var" / "frontdesk.db"

    def lose_records(self) -> None:
        """Begin again without a record."""
        if servers.CHOICE == "sqlite":
            self.database.unlink()
        else:
            servers.databases.give_back([self.folder])

    def does(self, *args: str, words: str | None = None) -> Ran:
        """Run a command with this shop's configuration."""
        config = str(self.folder / "config.toml")
        return command(*args, "--config", config, words=words, environ=servers.environ(self.folder))

    def write(self, name: str, *lines: dict[str, Any]) -> str:
        """A JSON Lines file in the folder."""
        file = self.folder / name
        file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        return str(file)

    def configure(self, text: str) -> None:
        """Replace the configuration."""
        (self.folder / "config.toml").write_text(text, encoding="utf-8")

    def with_records(self, do: Callable[[Records], Awaitable[_T]]) -> _T:
        """Do something with the shop's records."""

        async def go() -> _T:
            await lay_down(self.settings.database_url)
            records = await open_records(self.settings)
            try:
                return await do(records)
            finally:
                await records.database.close()

        return asyncio.run(go())

    def with_house(self, do: Callable[[House], Awaitable[_T]]) -> _T:
        """Let people talk in the shop."""

        async def go() -> _T:
            async with open_house(self.folder) as house:
                return await do(house)

        return asyncio.run(go())


@pytest.fixture
def shop(tmp_path: Path) -> ShopFolder:
    """A shop that was never started."""
    found = ShopFolder(tmp_path)
    assert found.settings.folder == tmp_path
    return found


@pytest.fixture(autouse=True)
def _leave_the_log_as_it_was() -> Iterator[None]:
    """A command's log goes to a standard error that is closed once the command has run."""
    before = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = before
