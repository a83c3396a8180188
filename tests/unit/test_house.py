"""The rules of the house that the linters cannot say: what the core may not know, what is lazy, what is locked."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.rules import knowledge
from knowledge_base.importers import checks

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock", ROOT / "requirements-bench.lock"]
PURE = [path for folder in ("models", "rules") for path in sorted((ROOT / "crm_core" / folder).rglob("*.py"))]
CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns"}
ENGINES = {"sqlalchemy.ext.asyncio", "crm_core.storage.database", "crm_core.work"}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def pinned(lock: Path) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_models_and_rules_know_no_session_and_no_clock(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert not ENGINES & set(imported(tree))
    assert not CLOCKS & set(called(tree))


def test_no_telegram_library_is_imported_before_it_is_wanted() -> None:
    look = "import sys, bot.cli; print(*sorted({'aiogram', 'telegram'} & set(sys.modules)))"

    ran = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == ""


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_everything_with_hashes_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")

    assert "://" not in text
    assert all("--hash=sha256:" in entry for entry in re.findall(r"^[a-z0-9-]+==(?:.*\\\n)+.*", text, re.MULTILINE))
    assert len(re.findall(r"^[a-z]", text, re.MULTILINE)) == len(re.findall(r"^[a-z0-9-]+==.* \\$", text, re.MULTILINE))


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["install"]]
    names = {re.split(r"[\[<>=~ ]", need)[0].lower().replace(".", "-") for need in wanted}

    assert names <= pinned(LOCKS[0]).keys()


def test_all_locks_agree() -> None:
    runtime, development, bench = map(pinned, LOCKS)

    assert {name: development.get(name) for name in runtime} == runtime
    assert {name: bench.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("limit", ["LONGEST_NAME", "LONGEST_PHRASING", "LONGEST_ANSWER", "MOST_PHRASINGS"])
def test_what_a_file_may_say_of_an_article_the_records_may_keep(limit: str) -> None:
    """The matcher's importers know no records and the records no importers, so the limits stand twice."""
    assert getattr(checks, limit) == getattr(knowledge, limit)


def test_an_id_of_a_file_may_be_kept() -> None:
    assert checks.LONGEST_ID == knowledge.LONGEST_SLUG
