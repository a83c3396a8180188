"""What fault tests are given: a strict Bot API server, a Frontdesk before it, and a seed that is printed."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.nursery import Nursery
from tests.faults.process import Frontdesk
from tests.telegram_server import client
from tests.telegram_server.client import Control


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Control]:
    with client.start("--log", str(tmp_path / "telegram.log")) as control:
        yield control


MakeDesk = Callable[..., Frontdesk]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.close()


@pytest.fixture
def make_desk(tmp_path: Path, nursery: Nursery) -> Iterator[MakeDesk]:
    made: list[Frontdesk] = []

    def make(control: Control | None = None, **sections: dict[str, Any]) -> Frontdesk:
        folder = tmp_path / f"desk-{len(made)}"
        made.append(Frontdesk(folder, nursery, control, sections))
        return made[-1]

    yield make
    for desk in made:
        desk.end()
        if desk.starts:
            print(f"The last process of {desk.folder.name} wrote:\n{desk.log[-3000:]}")  # noqa: T201


@pytest.fixture
def chance() -> random.Random:
    """A seeded source of chance; FRONTDESK_TEST_SEED repeats a run."""
    seed = int(os.environ.get("FRONTDESK_TEST_SEED") or random.randrange(10**6))
    print(f"FRONTDESK_TEST_SEED={seed}")  # noqa: T201
    return random.Random(seed)
