"""Articles are read from files whole, or the file and line that is wrong is named."""

import json
from pathlib import Path

import pytest

from knowledge_base import ArticleError, read_articles

REFUND = {"id": "refund", "language": "en", "phrasings": ["money back", "refund please"], "answer": "In 3 days."}
MARKDOWN = """# Where is my order?
id: track
category: delivery

## Questions
- where is my parcel
* has it left

## Answer
Open your order.

\\# is no heading here.
"""


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines), encoding="utf-8")
    return path


def refused(path: Path, answers_required: bool = True) -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        read_articles(path, answers_required)
    return caught.value


def test_json_lines_are_read(tmp_path: Path) -> None:
    """Title and category may be left out, empty lines are skipped and other fields are left alone."""
    path = write_lines(tmp_path / "a.jsonl", REFUND, "", REFUND | {"id": "x", "title": "T", "category": "C", "more": 1})

    first, second = read_articles(path)

    assert (first.id, first.language, first.phrasings) == ("refund", "en", ("money back", "refund please"))
    assert (first.answer, first.title, first.source) == ("In 3 days.", "", f"{path}:1")
    assert (second.title, second.category, second.source) == ("T", "C", f"{path}:3")


def test_markdown_is_read(tmp_path: Path) -> None:
    """The language comes from the folder; an escaped heading is part of the answer."""
    (tmp_path / "en").mkdir()
    path = tmp_path / "en" / "any.md"
    path.write_text("\ufeff" + MARKDOWN.replace("\n", "\r\n"), encoding="utf-8")

    (found,) = read_articles(path)

    assert (found.id, found.language, found.title) == ("track", "en", "Where is my order?")
    assert (found.category, found.phrasings) == ("delivery", ("where is my parcel", "has it left"))
    assert found.answer == "Open your order.\n\n# is no heading here."


def test_a_markdown_file_may_hold_several_articles_in_chinese(tmp_path: Path) -> None:
    """Chinese section names and a language line do as well."""
    text = "# 退款\nid: refund\nlanguage: zh-CN\n## 问法\n- 怎么退款\n## 回答\n三天。\n"
    path = tmp_path / "两条.md"
    path.write_text(text + text.replace("refund", "again"), encoding="utf-8")

    assert [(found.id, found.language) for found in read_articles(path)] == [("refund", "zh"), ("again", "zh")]


def test_a_lone_markdown_article_is_called_after_its_file(tmp_path: Path) -> None:
    """With one article in a file the id line may be left out."""
    path = tmp_path / "track-order.md"
    path.write_text(MARKDOWN.replace("id: track", "language: en"), encoding="utf-8")

    assert read_articles(path)[0].id == "track-order"


def test_a_folder_is_read_whole_in_the_order_of_names(tmp_path: Path) -> None:
    """Hidden files, a README and other kinds of files are passed over."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "b.md").write_text(MARKDOWN, encoding="utf-8")
    write_lines(tmp_path / "a.jsonl", REFUND)
    for other in ("README.md", ".hidden.md", "picture.png", "en/.b.md.swp"):
        (tmp_path / other).write_text("not an article", encoding="utf-8")

    assert [found.id for found in read_articles(tmp_path)] == ["refund", "track"]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("{not json", "malformed"),
        ("[" * 100_000, "malformed"),
        ("[1, 2]", "not_an_object"),
        ('"text"', "not_an_object"),
        ({"language": "en", "phrasings": ["a"], "answer": "b"}, "missing_field"),
        (REFUND | {"id": ""}, "missing_field"),
        (REFUND | {"id": 7}, "wrong_type"),
        (REFUND | {"id": None}, "wrong_type"),
        (REFUND | {"id": "x" * 201}, "long_id"),
        (REFUND | {"phrasings": "refund"}, "wrong_type"),
        (REFUND | {"phrasings": ["refund", 5]}, "wrong_type"),
        (REFUND | {"phrasings": []}, "no_phrasings"),
        (REFUND | {"phrasings": ["refund", "  "]}, "empty_phrasing"),
        (REFUND | {"phrasings": ["x" * 1_001]}, "long_phrasing"),
        (REFUND | {"phrasings": ["a\x00b"]}, "bad_characters"),
        (REFUND | {"answer": "\ud800"}, "bad_characters"),
        (REFUND | {"answer": " "}, "no_answer"),
        (REFUND | {"answer": "x" * 20_001}, "long_answer"),
        (REFUND | {"language": "English please"}, "bad_language"),
        (REFUND | {"id": "first"}, "duplicate_id"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: object, key: str) -> None:
    """Whatever is wrong, the error carries a key, the file and the line, and can say it in a sentence."""
    path = write_lines(tmp_path / "a.jsonl", REFUND | {"id": "first"}, "", line)

    error = refused(path)

    assert (error.key, error.file, error.line) == (key, path, 3)
    assert str(error).startswith(f"{path}:3: ")


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("# Where", "Where", "no_title", 1),
        ("category: delivery", "colour: red", "unknown_line", 3),
        ("category: delivery", "id: again", "twice", 3),
        ("## Questions", "## Sources", "unknown_section", 5),
        ("## Answer", "## Questions", "twice", 9),
        ("* has it left", "has it left", "not_a_phrasing", 7),
        ("* has it left", "-", "empty_phrasing", 7),
        ("- where is my parcel\n* has it left\n", "", "no_phrasings", 1),
        ("## Answer", "- ##", "not_a_phrasing", 10),
    ],
)
def test_wrong_markdown_is_named(tmp_path: Path, old: str, new: str, key: str, line: int) -> None:
    """Every line of a Markdown article that is out of place is refused by its number."""
    (tmp_path / "en").mkdir()
    path = tmp_path / "en" / "a.md"
    path.write_text(MARKDOWN.replace(old, new, 1), encoding="utf-8")

    error = refused(path)

    assert (error.key, error.line) == (key, line)
    assert str(path) in str(error)


def test_several_markdown_articles_need_ids(tmp_path: Path) -> None:
    """A file name cannot be the id of two articles."""
    path = tmp_path / "a.md"
    path.write_text((MARKDOWN.replace("id: track", "language: en")) * 2, encoding="utf-8")

    assert refused(path).key == "no_id"


def test_duplicates_are_found_across_files_and_both_places_named(tmp_path: Path) -> None:
    """The error names the second place and tells the first."""
    first = write_lines(tmp_path / "a.jsonl", REFUND)
    second = write_lines(tmp_path / "b.jsonl", REFUND | {"language": "zh"}, REFUND)

    error = refused(tmp_path)

    assert (error.file, error.line) == (second, 2)
    assert str(error) == f'{second}:2: duplicate id "refund" for language "en", first in {first}:1'


def test_text_that_is_not_utf8_is_named_by_line(tmp_path: Path) -> None:
    """A file in another encoding is refused, not half read."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(REFUND).encode() + b"\n" + "退款".encode("gb18030"))

    error = refused(path)

    assert (error.key, error.line) == ("not_utf8", 2)


def test_missing_unknown_and_empty_sources_are_named(tmp_path: Path) -> None:
    """A path that holds no articles is an error, not an empty knowledge base."""
    (tmp_path / "a.xyz").write_text("", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")

    assert refused(tmp_path / "none.jsonl").key == "no_such_file"
    assert refused(tmp_path / "a.xyz").key == "unknown_kind"
    assert refused(tmp_path / "folder").key == "no_articles"
    assert refused(tmp_path / "empty.jsonl").key == "no_articles"
    assert all(str(refused(tmp_path / name)) for name in ("none.jsonl", "a.xyz", "folder", "empty.jsonl"))


def test_a_language_is_needed(tmp_path: Path) -> None:
    """Markdown outside a language's folder says its language itself."""
    (tmp_path / "folder-without").mkdir()
    path = tmp_path / "folder-without" / "a.md"
    path.write_text(MARKDOWN, encoding="utf-8")

    assert refused(path).key == "no_language"


def test_for_measuring_answers_may_be_missing(tmp_path: Path) -> None:
    """Without required answers, empty phrasings are passed over too, unless none is left."""
    bare = {"id": "a", "language": "en", "phrasings": ["x", ""]}
    path = write_lines(tmp_path / "a.jsonl", bare, bare | {"id": "b", "answer": ""})

    assert [found.phrasings for found in read_articles(path, answers_required=False)] == [("x",), ("x",)]
    assert refused(path).key in {"missing_field", "empty_phrasing"}
    assert refused(write_lines(tmp_path / "b.jsonl", bare | {"phrasings": [""]}), False).key == "no_phrasings"
