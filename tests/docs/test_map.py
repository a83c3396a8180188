"""docs/map.md: what it names exists, and nothing of the house is missing from it."""

import importlib
import re
from pathlib import Path

import pytest
from sqlalchemy import Table

from crm_core.models import Base
from tests.docs.pages import PACKAGES, ROOT, quoted, read

MAP = read("docs/map.md")
TABLES = Base.metadata.tables
PATHS = sorted({word for word in quoted(MAP) if re.fullmatch(r"[\w./-]+(/|\.(py|toml|md))", word)})
NAMES = sorted({word for word in quoted(MAP) if re.fullmatch(rf"({'|'.join(PACKAGES)})(\.\w+)+", word)})
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if path.stem != "__init__"]


def section(heading: str) -> str:
    """What stands below a heading, up to the next one of its level."""
    return MAP.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def resolve(name: str) -> object:
    """The thing behind a dotted name: the longest part that is a module, then its attributes."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"{name} is no module")


@pytest.mark.parametrize("name", [name for name in PATHS if "/" in name or (ROOT / name).exists()])
def test_every_folder_and_file_on_the_map_exists(name: str) -> None:
    path = ROOT / name

    assert path.is_dir() if name.endswith("/") else path.is_file()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_has_its_place_on_the_map(path: Path) -> None:
    module = path.relative_to(ROOT)
    rooms = {f"{folder.as_posix()}/" for folder in module.parents[:-2]}

    assert module.as_posix() in PATHS or rooms & set(PATHS)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_on_the_map_exists_in_the_code(name: str) -> None:
    assert resolve(name) is not None


def test_the_path_of_one_message_names_a_function_in_every_step() -> None:
    steps = re.split(r"^\d+\. ", section("The path of one message"), flags=re.MULTILINE)[1:]

    assert len(steps) >= 10
    for step in steps:
        named = [name for name in NAMES if f"`{name}`" in step]
        assert any(callable(resolve(name)) for name in named), step


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_owns_something_on_the_map(table: Table) -> None:
    words = quoted(section("Which table owns a fact"))

    assert any(word == table.name or word.startswith(f"{table.name}.") for word in words)


def test_every_table_and_column_on_the_map_exists() -> None:
    columns = {f"{table.name}.{column.name}" for table in TABLES.values() for column in table.columns}
    words = [word for word in quoted(section("Which table owns a fact")) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", word)]

    assert words
    assert [word for word in words if word not in columns | TABLES.keys()] == []
