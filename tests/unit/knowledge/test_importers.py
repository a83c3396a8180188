"""Articles are read from files whole, or the file and line that is wrong is named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base import Article, ArticleError, read_articles
from knowledge_base.article import Link

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


FULL = """# 退货
id: returns
language: zh
分类：售后
tags: 退货、退款, "a,b"
state: draft
valid-from: 2026-05-01
valid until: 2026-05-31
related: refund, exchange

## 问法
- 怎么退
- "two\\nlines"

## Must match
- 我要退

## 不得匹配
- 退休

## Buttons
- [申请](https://x.example/apply)
- 表格=https://x.example/f?a=b

## 附件
- 单子 = http://x.example/d.pdf

## 回答
可以。

\\\\# two marks
## Buttons are above
"""


def test_markdown_knows_every_field(tmp_path: Path) -> None:
    """In front lines and sections, English or Chinese."""
    path = tmp_path / "a.md"
    path.write_text(FULL.replace("## Buttons are", "\\## Buttons are"), encoding="utf-8")

    (found,) = read_articles(path)

    assert found == Article(
        id="returns", language="zh", title="退货", category="售后", tags=("退货", "退款", "a,b"), state="draft",
        valid_from=datetime(2026, 5, 1, tzinfo=UTC), valid_until=datetime(2026, 6, 1, tzinfo=UTC),
        related=("refund", "exchange"), phrasings=("怎么退", "two\nlines"), must_match=("我要退",),
        must_not_match=("退休",), answer="可以。\n\n\\# two marks\n## Buttons are above",
        buttons=(Link("申请", "https://x.example/apply"), Link("表格", "https://x.example/f?a=b")),
        attachments=(Link("单子", "http://x.example/d.pdf"),), source=f"{path}:1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("state: draft", "state: soon", "bad_state", 1),
        ("valid-from: 2026-05-01", "valid-from: May", "bad_time", 1),
        ("valid-from: 2026-05-01", "valid-from: 2026-06-01", "bad_period", 1),
        ("- [申请](https://x.example/apply)", "- apply there", "bad_link", 22),
        ("https://x.example/apply", "javascript:alert", "bad_address", 22),
        ("[申请]", "[]", "no_label", 22),
        ("- 我要退", "我要退", "not_an_entry", 16),
        ("- 我要退", "-", "empty_phrasing", 16),
        ("## 附件", "## Buttons", "twice", 25),
        ("## Buttons are", "## Knöpfe are", "unknown_section", 32),
    ],
)
def test_what_is_wrong_with_these_fields_is_named(tmp_path: Path, old: str, new: str, key: str, line: int) -> None:
    """By the line of the entry, or of the article."""
    path = tmp_path / "a.md"
    text = FULL if key == "unknown_section" else FULL.replace("## Buttons are", "Buttons are")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    error = refused(path)

    assert (error.key, error.line) == (key, line)
    assert len(error.problems) == 1


def test_json_lines_know_every_field(tmp_path: Path) -> None:
    """With the names that the records use."""
    path = write_lines(
        tmp_path / "a.jsonl",
        REFUND
        | {
            "tags": ["a,b", "a,b", " "], "must_match": ["x"], "must_not_match": ["y"], "related": ["z"],
            "attachments": [{"name": "n", "url": "https://x.example"}], "valid_from": "2026-05-01T08:00:00+08:00",
            "buttons": [{"label": "l", "url": "https://x.example"}], "state": "archived", "valid_until": None,
        },
    )  # fmt: skip

    (found,) = read_articles(path)

    assert (found.tags, found.must_match, found.must_not_match, found.related) == (("a,b",), ("x",), ("y",), ("z",))
    assert (found.attachments, found.buttons) == ((Link("n", "https://x.example"),), (Link("l", "https://x.example"),))
    assert (found.state, found.valid_from, found.valid_until) == ("archived", datetime(2026, 5, 1, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"tags": "a"}, "wrong_type"),
        ({"tags": ["x" * 191]}, "long_field"),
        ({"tags": [str(number) for number in range(51)]}, "too_many"),
        ({"title": "x" * 191}, "long_field"),
        ({"phrasings": [str(number) for number in range(2_001)]}, "too_many"),
        ({"phrasings": ["a\x1b[31m"]}, "bad_characters"),
        ({"id": "a\nb"}, "broken_id"),
        ({"must_match": [""]}, "empty_phrasing"),
        ({"must_not_match": ["x" * 1_001]}, "long_phrasing"),
        ({"buttons": ["l=https://x.example"]}, "wrong_type"),
        ({"buttons": [{"label": "l"}]}, "wrong_type"),
        ({"buttons": [{"label": " ", "url": "https://x.example"}]}, "no_label"),
        ({"buttons": [{"label": "l" * 101, "url": "https://x.example"}]}, "long_field"),
        ({"buttons": [{"label": "l", "url": "file:///etc/passwd"}]}, "bad_address"),
        ({"buttons": [{"label": "l", "url": "//x.example"}]}, "bad_address"),
        ({"attachments": [{"name": "l", "url": "rules.pdf"}]}, "bad_address"),
        ({"attachments": [{"name": "l", "url": "https://x.example/a b"}]}, "bad_address"),
        ({"attachments": [{"name": "l", "url": "https://x.example:port/"}]}, "bad_address"),
        ({"attachments": [{"name": "l", "url": "https://[::1"}]}, "bad_address"),
        ({"state": "gone"}, "bad_state"),
        ({"state": 1}, "wrong_type"),
        ({"valid_from": 20260501}, "wrong_type"),
        ({"valid_from": "0000-00-00"}, "bad_time"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, "bad_time"),
        ({"valid_from": "2026-05-02", "valid_until": "2026-05-01"}, "bad_period"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, fields: dict[str, object], key: str) -> None:
    """One problem, one sentence."""
    error = refused(write_lines(tmp_path / "a.jsonl", REFUND | fields))

    assert (error.key, len(error.problems)) == (key, 1)
    assert error.sentences == [f"{error}."]


def test_a_draft_may_wait_for_its_phrasings(tmp_path: Path) -> None:
    """Nobody is answered with it yet."""
    path = write_lines(tmp_path / "a.jsonl", REFUND | {"phrasings": [], "state": "draft"})

    assert read_articles(path)[0].phrasings == ()


def test_everything_that_is_wrong_is_named_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    """All files, all lines, all fields of a line; the error itself says the first and how many there are beside it."""
    empty = REFUND | {"answer": "", "phrasings": [""]}
    first = write_lines(tmp_path / "a.jsonl", REFUND | {"id": ""}, REFUND, "{", empty)
    second = tmp_path / "b.md"
    second.write_text("# A\nlanguage: en\ncolour: red\nsize: 7\n## Questions\n- a\n\n# B\nid: b\n", encoding="utf-8")
    third = tmp_path / "c.jsonl"
    third.write_bytes(b"\xff\xfe")
    fourth = write_lines(tmp_path / "d.jsonl", REFUND)

    error = refused(tmp_path)

    assert [(one.file, one.line, one.key) for one in error.problems] == [
        (first, 1, "missing_field"),
        (first, 3, "malformed"),
        (first, 4, "empty_phrasing"),
        (first, 4, "no_answer"),
        (second, 3, "unknown_line"),
        (second, 4, "unknown_line"),
        (second, 8, "no_language"),
        (third, 1, "not_utf8"),
        (fourth, 1, "duplicate_id"),
    ]
    assert str(error) == f'{first}:1: the article has no "id" (and 8 more)'


def test_a_file_with_countless_mistakes_is_refused_within_bounds(tmp_path: Path) -> None:
    """Fifty are kept, the others counted."""
    error = refused(write_lines(tmp_path / "a.jsonl", *(["{"] * 10_000)))

    assert (len(error.problems), error.more) == (50, 9_950)
    assert error.sentences[-1] == "… and 9950 more."


PIECES = [
    "# ", "## ", "Questions", "Answer", "id: a", "language: en", "- ", "\n", "\\", "## 按钮", "x=https://x", '"',
    "tags: ",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    name=st.sampled_from(["a.md", "a.jsonl"]),
)
def test_any_text_at_all_is_articles_or_a_sentence(
    text: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Never a traceback."""
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.sentences  # noqa: PT017 - either is right


@settings(max_examples=200, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from(["id", "language", "phrasings", "answer", "title", "tags", "buttons", "state", "valid_from"]),
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)),
    )
)
def test_any_object_at_all_is_an_article_or_a_sentence(
    fields: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever its fields hold."""
    path = write_lines(tmp_path_factory.mktemp("any") / "a.jsonl", REFUND | fields)
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.sentences  # noqa: PT017 - either is right
