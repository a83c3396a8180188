"""README.md and README.zh-CN.md say the same, and say what is there."""

import re

import pytest

from bot.cli import app
from tests.docs.pages import blocks, headings, prose, quoted, read

ENGLISH, CHINESE = read("README.md"), read("README.zh-CN.md")
BOTH = pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh"])


def links(page: str) -> list[str]:
    """Where a page leads, within the repository, in order; the other language and places of the page itself aside."""
    return [to for to in re.findall(r"\]\(([^)]+)\)", prose(page)) if not to.startswith(("#", "README"))]


def tables(page: str) -> list[int]:
    """How many rows each table has."""
    return [len(found.splitlines()) for found in re.findall(r"(?:^\|.*\n)+", prose(page), re.MULTILINE)]


def figures(page: str) -> list[list[str]]:
    """The figures in the last cell of every row of the tables of figures, or the names of those to be filled in."""
    chapter = next(part for part in page.split("\n## ") if "make bench-turns" in part)
    cells = re.findall(r"\|([^|\n]*)\|$", chapter, re.MULTILINE)
    return [re.findall(r"\d[\d.,]*|\{\{FIGURE:\w+\}\}", cell) for cell in cells]


def test_both_readmes_have_the_same_shape() -> None:
    assert [level for level, _words in headings(ENGLISH)] == [level for level, _words in headings(CHINESE)]
    assert tables(ENGLISH) == tables(CHINESE)
    assert prose(ENGLISH).count("\n- ") == prose(CHINESE).count("\n- ")


def test_both_readmes_lead_to_the_same_places() -> None:
    assert links(ENGLISH) == links(CHINESE)


def test_both_readmes_give_the_same_commands() -> None:
    assert blocks(ENGLISH) == blocks(CHINESE)
    assert set(quoted(ENGLISH)) == set(quoted(CHINESE))


def test_both_readmes_give_the_same_figures() -> None:
    assert sum(map(bool, figures(ENGLISH))) > 10
    assert figures(ENGLISH) == figures(CHINESE)


@BOTH
def test_every_make_target_of_a_readme_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    code = "\n".join([*blocks(page), *(f"{word}\n" for word in quoted(page))])

    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets


@BOTH
def test_a_readme_lists_every_command_and_no_other(page: str) -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {group.name for group in app.registered_groups if group.name}

    assert set(re.findall(r"^\| `frontdesk ([\w-]+)", page, re.MULTILINE)) == known


@BOTH
def test_every_figure_that_is_still_to_be_filled_in_is_printed_by_a_benchmark(page: str) -> None:
    open_figures = {name for name in re.findall(r"\{\{FIGURE:(\w+)\}\}", page) if not name.startswith("questions_")}
    source = read("benchmarks/turns.py")

    assert [name for name in open_figures if f'"{name}"' not in source] == []
