"""What is exported and read again is the same, however nasty its texts are, and nothing is overwritten unasked."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge_base import Article, read_articles
from knowledge_base.article import Link
from knowledge_base.exporters import FORMS, ExportError, write_articles
from knowledge_base.importers.checks import LONGEST_LABEL, is_web_address, tidy

NASTY = [
    '=cmd|" /C calc"!A0', "+49 30 1234", "-5 %", "@all", "'=quoted already", "''@twice", "＝１＋１", "\t=tab",
    "# a heading", "## Answer", "\\# escaped", "#", "##", "- a dash", '"quoted"', '"half', 'a "b" c', '""',
    "a | b", "|", "| a", "a |", "a, b；c、d", "line one\nline two", "line\r\nends\rof all kinds", "_x0041_", "_X000d_",
    "<b>bold</b> & <script>alert(1)</script>", "</div></article>", "&amp; &#65; &nbsp;", "<!-- no -->", "]]>",
    "👩‍👩‍👧 🇨🇳", "مرحبا بالعالم \u200f", "退货，可以吗？", "\u2028separators\u2029\x85", "\ufeffmark", "sep=;",
    "id: other",
    "[label](https://example.com)", "a=b=https://x.example", "https://x.example", "true", "7.0", "1e5", "2026-12-31",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=30),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map("\n".join),
)
filled = texts.map(tidy).filter(bool)
one_line = filled.map(lambda text: " ".join(text.split("\n")))
words = st.lists(one_line, max_size=3, unique=True).map(tuple)
addresses = st.one_of(
    st.sampled_from(["https://x.example", "http://x.example:81/a?b=c&d=(e)#f", "https://x.example/茶?q='=1'"]),
    st.text(max_size=10).map(lambda text: f"https://x.example/{text}").filter(is_web_address),
)
labels = one_line.filter(lambda text: len(text) <= LONGEST_LABEL)
links = st.lists(st.builds(Link, labels, addresses), max_size=2).map(tuple)
times = st.none() | st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
articles = st.builds(
    Article,
    id=one_line,
    language=st.sampled_from(["en", "zh", "ar"]),
    phrasings=st.lists(filled, min_size=1, max_size=4).map(tuple),
    answer=filled,
    title=one_line | st.just(""),
    category=one_line | st.just(""),
    tags=words,
    must_match=st.lists(filled, max_size=3).map(tuple),
    must_not_match=st.lists(filled, max_size=3).map(tuple),
    attachments=links,
    buttons=links,
    related=words,
    state=st.sampled_from(["published", "draft", "archived"]),
    valid_from=times,
    valid_until=st.none(),
)
shelves = st.lists(articles, min_size=1, max_size=3, unique_by=lambda one: (one.id, one.language))
EVERYTHING = Article(
    id="returns",
    language="en",
    phrasings=tuple(one for one in map(tidy, NASTY) if one),
    answer="\n\n".join(NASTY).strip().replace("\r\n", "\n").replace("\r", "\n"),
    title="=Title",
    category="-c",
    tags=("a,b", "c|d", '"e"'),
    must_match=tuple(map(tidy, NASTY)),
    must_not_match=("a\nb",),
    attachments=(Link("a=b", "https://x.example/?a=b"),),
    buttons=(Link("[x]", "https://x.example/"), Link("| y |", "http://x.example")),
    related=("a b", "c、d"),
    state="draft",
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    valid_until=datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)


def read_again(shelf: list[Article], form: str, name: str) -> list[Article]:
    """Write the articles, read them, and forget where they were read from."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_articles(shelf, path, form)
        return [replace(one, source="") for one in read_articles(path)]


def in_order(shelf: list[Article]) -> list[Article]:
    return sorted(shelf, key=lambda one: (one.language, one.id))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=60, deadline=None)
@given(shelf=shelves)
@example(shelf=[EVERYTHING])
def test_what_is_written_in_a_file_is_read_the_same(form: object, shelf: list[Article]) -> None:
    """Every form, every field."""
    name, suffix = getattr(form, "name"), getattr(form, "suffix")  # noqa: B009 - hypothesis hides the type

    assert in_order(read_again(shelf, name, f"articles{suffix}")) == in_order(shelf)


@pytest.mark.parametrize("form", ["markdown", "html"])
@settings(max_examples=40, deadline=None)
@given(shelf=shelves)
@example(shelf=[EVERYTHING, replace(EVERYTHING, id="Returns"), replace(EVERYTHING, id="../../etc/passwd")])
@example(shelf=[replace(EVERYTHING, id=name) for name in ("README", "index", "con", "..", "~$x", ".hidden", "a/b")])
def test_what_is_written_in_a_folder_is_read_the_same(form: str, shelf: list[Article]) -> None:
    """One file an article, whatever its id holds."""
    assert in_order(read_again(shelf, form, "articles")) == in_order(shelf)


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    """An id is no path."""
    write_articles([replace(EVERYTHING, id="../../up"), replace(EVERYTHING, id="/etc/x")], tmp_path / "in", "markdown")

    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert len(list((tmp_path / "in" / "en").iterdir())) == 2


def test_no_cell_of_a_csv_file_begins_like_a_formula(tmp_path: Path) -> None:
    """A spreadsheet that opens the file runs nothing of it."""
    write_articles([EVERYTHING], tmp_path / "a.csv")

    for row in csv.reader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8-sig"), newline="")):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))]


def test_every_cell_of_a_workbook_is_text(tmp_path: Path) -> None:
    """No formula, and no number that a spreadsheet would round."""
    write_articles([replace(EVERYTHING, id="0123456789012345678")], tmp_path / "a.xlsx")

    with zipfile.ZipFile(tmp_path / "a.xlsx") as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<c ") == sheet.count(' t="inlineStr">') > 15
    assert "<f>" not in sheet
    assert read_articles(tmp_path / "a.xlsx")[0].id == "0123456789012345678"


def test_an_article_with_more_words_than_a_cell_takes_goes_on_in_the_next_row(tmp_path: Path) -> None:
    """Excel cuts what is longer, in silence."""
    many = replace(EVERYTHING, phrasings=tuple(f"{number} " + "x" * 900 for number in range(200)))
    for name in ("a.csv", "a.xlsx"):
        write_articles([many], tmp_path / name)
        assert replace(read_articles(tmp_path / name)[0], source="") == many
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert max(len(cell) for row in csv.reader(file) for cell in row) < 32_767


def test_times_are_written_with_their_zone(tmp_path: Path) -> None:
    """The moment is the same."""
    begins = datetime(2026, 5, 1, tzinfo=timezone(timedelta(hours=8)))
    write_articles([replace(EVERYTHING, valid_from=begins)], tmp_path / "a.jsonl")

    assert json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8"))["valid_from"] == "2026-05-01T00:00:00+08:00"
    assert read_articles(tmp_path / "a.jsonl")[0].valid_from == begins


def refused(path: Path, form: str = "", *, shelf: tuple[Article, ...] = (EVERYTHING,)) -> str:
    with pytest.raises(ExportError) as caught:
        write_articles(shelf, path, form)
    return caught.value.key


def test_what_is_there_is_overwritten_only_when_asked_to(tmp_path: Path) -> None:
    """A file as well as a folder with anything in it."""
    file, folder = tmp_path / "a.csv", tmp_path / "articles"
    file.write_text("mine", encoding="utf-8")
    folder.mkdir()
    write_articles([EVERYTHING], folder)

    assert (refused(file), refused(folder)) == ("exists", "exists")
    assert file.read_text(encoding="utf-8") == "mine"

    write_articles([EVERYTHING], file, overwrite=True)
    write_articles([replace(EVERYTHING, answer="New.")], folder, overwrite=True)
    assert read_articles(file)[0].id == "returns"
    assert [one.answer for one in read_articles(folder)] == ["New."]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """No such form, a form that is one file, nothing to write."""
    assert refused(tmp_path / "a.docx") == "unknown_form"
    assert refused(tmp_path / "a.csv", "docx") == "unknown_form"
    assert refused(tmp_path / "folder", "xlsx") == "no_folder_form"
    assert refused(tmp_path / "a.csv", shelf=()) == "nothing"
    assert list(tmp_path.iterdir()) == []


def test_the_same_articles_make_the_same_file(tmp_path: Path) -> None:
    """Whoever keeps exports under version control sees what changed and nothing else."""
    for form in FORMS:
        write_articles([EVERYTHING], tmp_path / f"1{form.suffix}")
        write_articles([EVERYTHING], tmp_path / f"2{form.suffix}")
        assert (tmp_path / f"1{form.suffix}").read_bytes() == (tmp_path / f"2{form.suffix}").read_bytes()
