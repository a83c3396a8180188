"""The pages and files of the repository, as the tests of this folder read them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PACKAGES = ("bot", "crm_core", "knowledge_base", "scheduler")
_MADE_BY_TOOLS = {"var", "build", "dist", "__pycache__", "htmlcov", "test-results"}
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def files() -> Iterator[Path]:
    """Every file that we wrote: hidden folders (but for .ci) and what tools made aside."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        ours = all(part == ".ci" or not part.startswith(".") for part in parts[:-1])
        if ours and not _MADE_BY_TOOLS & set(parts) and not parts[0].endswith(".egg-info") and path.is_file():
            yield path


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that we wrote: its path in the repository and what it says; the locks are for machines."""
    for path in files():
        if path.suffix in {".lock", ".png"}:
            continue
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def pages() -> list[Path]:
    """Every page of documentation; articles and templates of shops are data."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def read(name: str) -> str:
    """One page by its path in the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(page: str) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", page)


def blocks(page: str) -> list[str]:
    """The blocks of code of a page."""
    return _FENCE.findall(page)


def quoted(page: str) -> list[str]:
    """What stands between backticks in the running text."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def headings(page: str) -> list[tuple[int, str]]:
    """Level and words of every heading."""
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", prose(page), re.MULTILINE)]
