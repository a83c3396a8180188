"""All pages: links lead somewhere, decisions are indexed, and nothing says where or how it was written."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, headings, pages, prose, read, texts

PAGES = pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
# Put together here, so that this file is not its own finding.
MACHINE_PATHS = re.compile("|".join(f"(?<![\\w.}}~-])/{name}/" for name in ("work", "root", "tmp", "home")))
REGISTRIES = [f"{host}.org" for host in ("py" + "pi", "files.python" + "hosted", "registry.npm" + "js")]
LEFT_OVER = re.compile("|".join(rf"\b{word}\b" for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")))


def anchor(words: str) -> str:
    """The address of a heading within its page."""
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


@PAGES
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8")))
    for target in [target for target in targets if not target.startswith(("https://", "http://"))]:
        name, _, place = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), target
        if place:
            assert place in {anchor(words) for _level, words in headings(other.read_text(encoding="utf-8"))}, target


@PAGES
def test_every_page_begins_with_its_title_and_has_no_other(page: Path) -> None:
    found = headings(page.read_text(encoding="utf-8"))

    assert [level for level, _words in found].count(1) == 1
    assert found[0][0] == 1


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_has_its_three_parts_and_its_line_in_the_index(path: Path) -> None:
    found = headings(path.read_text(encoding="utf-8"))
    title = found[0][1].removeprefix(f"{path.stem[:4]}: ")

    assert [words for _level, words in found[1:]] == ["Context", "Decision", "Consequences"]
    assert f"| [{path.stem[:4]}]({path.name}) | {title} |" in read("docs/decisions/README.md").splitlines()


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [path.stem[:4] for path in DECISIONS] == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]


def test_no_file_names_a_place_on_one_machine() -> None:
    assert [name for name, text in texts() if MACHINE_PATHS.search(text)] == []


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in texts() if any(host in text for host in REGISTRIES)] == []


def test_nothing_is_left_over_for_later() -> None:
    found = [name for name, text in texts() if LEFT_OVER.search(text)]

    assert found == []


def test_the_glossary_gives_every_word_once_and_in_both_languages() -> None:
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in read("docs/glossary.md").splitlines()]
    words = [row for row in rows if len(row) == 4 and row[0] != "word" and not row[0].startswith("--")]

    assert len({row[0] for row in words}) == len(words) > 40
    assert [row[0] for row in words if not all(row) or not re.search("[\u4e00-\u9fff]", row[1] + row[3])] == []
