"""The pages under docs/howto are held true: their commands exist, and their examples can be read."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.imports import read_customers, read_orders
from knowledge_base.importers import read_with_warnings

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "howto"
PAGES = sorted(FOLDER.glob("*.md"))


def commands(page: str) -> Iterator[list[str]]:
    """Every line of code that begins with the command, in words."""
    for line in re.findall(r"^(?:\.venv/bin/)?frontdesk (.+)$", page, re.MULTILINE):
        yield shlex.split(line, comments=True)
    for line in re.findall(r"`frontdesk ([^`\n]+)`", page):
        yield shlex.split(line)


def examples(page: str, kind: str) -> list[str]:
    """The code blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


def test_there_are_pages() -> None:
    """Moving the folder would leave nothing to look at."""
    assert {page.stem for page in PAGES} >= {"getting-started", "telegram", "campaigns", "articles"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_of_a_page_can_be_given(path: Path) -> None:
    """Its name and its options are known."""
    for words in commands(path.read_text(encoding="utf-8")):
        command = get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command = getattr(command, "commands")[words.pop(0)]  # noqa: B009 - a group, which the type does not say
        whole = not hasattr(command, "commands") or getattr(command, "invoke_without_command", False)
        assert whole, f"{path.name}: frontdesk {words}"
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, f"{path.name}: {command.name} {words}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    """To another page of ours; addresses elsewhere are not looked at."""
    for link in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (path.parent / link).exists(), link


def test_the_articles_of_the_page_can_be_read(tmp_path: Path) -> None:
    """Every form, with what the page says of it."""
    page = (FOLDER / "articles.md").read_text(encoding="utf-8")
    comma, semicolon = examples(page, "csv")
    files = {
        "en/returns.md": examples(page, "markdown")[0],
        "more.jsonl": examples(page, "json")[0],
        "comma.csv": comma,
        "semicolon.csv": semicolon,
        "can-i-return.html": examples(page, "html")[0],
    }
    read = {}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
        reading = read_with_warnings(tmp_path / name)
        assert reading.warnings == []
        read[name] = reading.articles

    (markdown,) = read["en/returns.md"]
    assert (markdown.id, markdown.language, len(markdown.phrasings)) == ("returns", "en", 4)
    assert (markdown.buttons[0].label, markdown.must_match) == ("Ask for a label", ("can I give it back",))
    assert [(one.language, one.state) for one in read["more.jsonl"]] == [("en", "published"), ("zh", "draft")]
    (table,) = read["comma.csv"]
    assert (len(table.phrasings), table.tags, table.buttons[0].label) == (4, ("parcel", "money"), "Label")
    (chinese,) = read["semicolon.csv"]
    assert (chinese.language, len(chinese.phrasings), chinese.tags) == ("zh", 2, ("退货", "退款"))
    (html,) = read["can-i-return.html"]
    assert (html.id, html.title, html.category) == ("can-i-return", "Can I return my tea?", "Returns")
    assert html.answer == "Yes, unopened:\n\n1. write to us\n2. wait for a label"


@pytest.mark.database
def test_the_customers_and_orders_of_the_page_can_be_read(tmp_path: Path) -> None:
    """They hold to the form that the importers ask for."""
    customers, orders = examples((FOLDER / "getting-started.md").read_text(encoding="utf-8"), "json")
    (tmp_path / "customers.jsonl").write_text(customers, encoding="utf-8")
    (tmp_path / "orders.jsonl").write_text(orders, encoding="utf-8")

    assert read_customers(tmp_path / "customers.jsonl")[1].consent is True
    lines = read_orders(tmp_path / "orders.jsonl")[1].lines
    assert lines is not None
    assert lines[0].quantity == 2
