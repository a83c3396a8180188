"""Tables of articles, CSV and workbooks, are read whole, or every row that is wrong is named."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge_base import Article, ArticleError, read_articles
from knowledge_base.article import Link
from knowledge_base.exporters.tables import as_workbook
from knowledge_base.importers import read_with_warnings

TEA = Article(id="tea", language="en", phrasings=("green tea",), answer="Yes.")


def table(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def refused(path: Path) -> list[tuple[str, int]]:
    """Key and line of every problem."""
    with pytest.raises(ArticleError) as caught:
        read_articles(path)
    assert all(sentence.startswith(str(path)) for sentence in caught.value.sentences)
    return [(problem.key, problem.line) for problem in caught.value.problems]


def workbook(path: Path, sheets: dict[str, str], **parts: bytes | str) -> Path:
    """A workbook with these sheets, each the inside of its `sheetData`."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>' for number, name in enumerate(sheets, start=1)
    )
    related = "".join(
        f'<Relationship Id="r{number}" Type="{office}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
        )
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r0" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        packed.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{related}</Relationships>')
        for number, rows in enumerate(sheets.values(), start=1):
            packed.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
            )
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def rows(*lines: tuple[str, ...], first: int = 1) -> str:
    """Rows of texts, the first of them with this number."""
    return "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for place, cell in enumerate(line)
        )
        + "</row>"
        for number, line in enumerate(lines, start=first)
    )


PIECES = [*';|,"\n\r\t= ', "id", "language", "phrasings", "answer", "en", "茶"]
HEAD = ("id", "language", "phrasings", "answer")


@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\ufeffsep={mark}\r\n", "\n\n"], ids=["bare", "bom", "hint", "blank"])
def test_a_csv_file_is_read_however_it_was_saved(tmp_path: Path, mark: str, before: str) -> None:
    """Commas, semicolons or tabs; a byte order mark; the hint that Excel writes; empty rows."""
    text = (
        before.format(mark=mark)
        + mark.join(HEAD)
        + "\r\n"
        + mark.join(("tea", "en", '"green; tea, hot"', "Yes."))
        + "\r\n"
    )

    (found,) = read_articles(table(tmp_path / "a.csv", text))

    assert (found.id, found.phrasings, found.answer) == ("tea", ("green; tea, hot",), "Yes.")
    assert found.source.endswith(f"a.csv:{text.count(chr(10))}")


def test_phrasings_stand_in_one_cell_in_several_columns_or_in_several_rows(tmp_path: Path) -> None:
    """However people fill their tables."""
    path = table(
        tmp_path / "a.csv",
        "id,language,phrasings,phrasing_1,Phrasing 2,answer\n"
        'tea,en,"one\ntwo | three",four,five | six,Yes.\n'
        "coffee,en,black,,,No.\n"
        "tea,en,seven,,,\n"
        ",,eight,,,\n",
    )

    tea, coffee = read_articles(path)

    assert tea.phrasings == ("one", "two", "three", "four", "five", "six", "seven", "eight")
    assert (tea.answer, coffee.phrasings) == ("Yes.", ("black",))


def test_a_table_may_name_its_columns_in_chinese(tmp_path: Path) -> None:
    """And its states and days."""
    path = table(
        tmp_path / "表.csv",
        "编号,语言,标题,分类,标签,问法,回答,状态,生效,失效,相关,按钮,附件,必须匹配,不得匹配\n"
        "退货,zh-CN,可以退货吗,售后,退货、退款,怎么退 | 能退吗,可以。,草稿,2026年5月1日,2026/5/31,换货，发票,"
        "申请=https://x.example/退货,单子=http://x.example/d.pdf,我要退,退休\n",
    )

    (found,) = read_articles(path)

    assert found == Article(
        id="退货", language="zh", title="可以退货吗", category="售后", tags=("退货", "退款"),
        phrasings=("怎么退", "能退吗"), answer="可以。", state="draft", valid_from=datetime(2026, 5, 1, tzinfo=UTC),
        valid_until=datetime(2026, 6, 1, tzinfo=UTC), related=("换货", "发票"),
        buttons=(Link("申请", "https://x.example/退货"),), attachments=(Link("单子", "http://x.example/d.pdf"),),
        must_match=("我要退",), must_not_match=("退休",), source=f"{path}:2",
    )  # fmt: skip


def test_the_language_may_come_from_the_folder(tmp_path: Path) -> None:
    """As with Markdown."""
    (tmp_path / "zh").mkdir()

    (found,) = read_articles(table(tmp_path / "zh" / "a.csv", "id,phrasings,answer\ntea,茶,有。\n"))

    assert found.language == "zh"


def test_every_wrong_row_of_a_csv_file_is_named(tmp_path: Path) -> None:
    """By the line in which the row begins, whatever stands in its cells."""
    path = table(
        tmp_path / "a.csv",
        "id,language,phrasings,answer,state,valid_from,valid_until,buttons\n"  # 1
        'good,en,"two\nlines",Yes.,,,,\n'  # 2, 3
        ",en,who,Yes.,,,,\n"  # 4
        "a,English please,who,Yes.,,,,\n"  # 5
        "b,en,,Yes.,,,,\n"  # 6
        "c,en,one |  | two,Yes.,,,,\n"  # 7
        "d,en,one,,,,,\n"  # 8
        "e,en,one,Yes.,published soon,,,\n"  # 9
        "f,en,one,Yes.,,next week,,\n"  # 10
        "g,en,one,Yes.,,2026-02-01,2026-01-01,\n"  # 11
        "h,en,one,Yes.,,,,javascript:alert(1)\n"  # 12
        "i,en,one,Yes.,,,,x=https:///no-host\n"  # 13
        "j,en,one,Yes.,,,,,too many\n"  # 14
        f"k,en,{'word ' * 10_000},Yes.,,,,\n"  # 15
        "good,en,three,No.,,,,\n"  # 16
        "l,en,one,Yes.,,2026-02-30,,\n",  # 17
    )

    assert sorted(refused(path), key=lambda problem: problem[1]) == [
        ("missing_field", 4),
        ("bad_language", 5),
        ("no_phrasings", 6),
        ("empty_phrasing", 7),
        ("no_answer", 8),
        ("bad_state", 9),
        ("bad_time", 10),
        ("bad_period", 11),
        ("bad_link", 12),
        ("bad_address", 13),
        ("extra_cells", 14),
        ("long_phrasing", 15),
        ("differing_rows", 16),
        ("bad_time", 17),
    ]


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("just,some,words\n1,2,3\n", "no_header", 1),
        ("id,language,answer\na,en,b\n", "missing_column", 1),
        ("id,language,phrasings\na,en,b\n", "missing_column", 1),
        ("id,id,language,phrasings,answer\na,b,en,c,d\n", "column_twice", 1),
        ("id,phrasings,answer\na,b,c\n", "no_language", 2),
        ('id,language,phrasings,answer\na,en,"b,c\nnever closed\n', "bad_table", 2),
        ('id,language,phrasings,answer\na,en,"b"x,c\n', "bad_table", 2),
        (f"id,language,phrasings,answer\na,en,b,{'c' * 200_000}\n", "bad_table", 2),
        ("id,language,phrasings,answer\na,en,b,c\x00\n", "bad_characters", 2),
        ("id,language,phrasings,answer\na,en,b\x1b[31m,c\n", "bad_characters", 2),
        ("", "no_articles", 0),
        ("id,language,phrasings,answer\n", "no_articles", 0),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, key: str, line: int) -> None:
    """With the line from which on it is wrong."""
    assert refused(table(tmp_path / "a.csv", text))[0] == (key, line)


def test_a_csv_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """Guessing would turn questions into nonsense."""
    path = tmp_path / "a.csv"
    path.write_bytes("id,language,phrasings,answer\ntea,zh,茶,有。\n".encode("gb18030"))

    assert refused(path) == [("not_utf8", 2)]


def test_unknown_columns_are_left_out_with_a_word(tmp_path: Path) -> None:
    """A spelling mistake in a heading is seen."""
    path = table(tmp_path / "a.csv", "id,language,phrasings,answer,catgeory,\ntea,en,tea,Yes.,drinks,\n")

    assert read_with_warnings(path).warnings == [f"{path}:1: these columns are left out, nobody knows them: catgeory."]


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map("".join))
@example(text='id,language,phrasings,answer\r"')
@example(text="id\rlanguage")
def test_any_text_at_all_is_articles_or_a_sentence(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Never a traceback."""
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.sentences  # noqa: PT017 - either is right


# ---- workbooks ----


def test_every_sheet_with_ids_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    """A sheet of notes beside the articles does no harm, an empty one neither."""
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "Tea": rows(HEAD, ("tea", "en", "green tea", "Yes."), first=3),
            "Notes": rows(("ask Ana",)),
            "Empty": "",
            "Kaffee": rows(HEAD, ("coffee", "en", "coffee", "No.")),
        },
    )

    reading = read_with_warnings(path)

    assert [(one.id, one.source) for one in reading.articles] == [
        ("tea", f'{path} (sheet "Tea"):4'),
        ("coffee", f'{path} (sheet "Kaffee"):2'),
    ]
    assert reading.warnings == [
        f'{path} (sheet "Notes"):1: this sheet is left out: its first row names no column "id".'
    ]


def test_numbers_days_and_formulas_of_a_workbook_are_what_a_person_sees(tmp_path: Path) -> None:
    """7 and not 7.0; a day and not 46143; of a formula its result."""
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "a": rows((*HEAD, "valid_from"))
            + '<row r="2"><c r="A2"><v>7</v></c><c r="B2" t="inlineStr"><is><t>en</t></is></c>'
            '<c r="C2" t="str"><f>1+1</f><v>the sum</v></c><c r="D2" t="b"><v>1</v></c>'
            '<c r="E2" t="d"><v>2026-05-01T00:00:00Z</v></c></row>'
        },
    )

    (found,) = read_articles(path)

    assert (found.id, found.phrasings, found.answer) == ("7", ("the sum",), "true")
    assert found.valid_from == datetime(2026, 5, 1, tzinfo=UTC)


def test_every_wrong_row_of_a_workbook_is_named_with_its_sheet(tmp_path: Path) -> None:
    """Both sheets are looked at."""
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "One": rows(HEAD, ("a", "en", "", "Yes."), ("b", "en", "b", "")),
            "Two": rows(HEAD, ("c", "en", "c", "Yes."), ("c", "en", "d", "No.")),
        },
    )

    with pytest.raises(ArticleError) as caught:
        read_articles(path)

    assert caught.value.sentences == [
        f'{path} (sheet "One"):2: article "a" has no phrasings.',
        f'{path} (sheet "One"):3: article "b" has no answer.',
        f'{path} (sheet "Two"):3: article "c" says something else in "answer" than in {path} (sheet "Two"):2.',
    ]


def zipped(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "not_a_workbook"),
        (b"id,language,phrasings,answer\n", "not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "encrypted"),
        (zipped(), "not_a_workbook"),
        (zipped(readme=b"no workbook"), "not_a_workbook"),
        (as_workbook([TEA])[:-30], "not_a_workbook"),
        (as_workbook([TEA]).replace(b"PK\x03\x04", b"PK\x03\x05"), "not_a_workbook"),
        (zipped(bomb=b"\x00" * (65 * 2**20)), "too_large"),
        (zipped(**{f"part{number}": b"" for number in range(1_001)}), "too_large"),
    ],
    ids=["empty", "csv", "old", "no parts", "other parts", "cut", "damaged", "bomb", "parts"],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, key: str) -> None:
    """Broken, protected, or made to eat all memory."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    assert refused(path) == [(key, 0)]


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c><v>1</v></c><c r="ZZZ1"><v>1</v></c></row>',
        '<row r="99999">' + "<c><v>1</v></c>" * 100 + "</row>",
    ],
    ids=["far corner", "nameless", "wide row"],
)
def test_a_workbook_that_spreads_a_few_cells_over_everything_is_refused(tmp_path: Path, far: str) -> None:
    """Read as a rectangle it would take all memory."""
    assert refused(workbook(tmp_path / "a.xlsx", {"a": far})) == [("too_large", 0)]


def test_a_workbook_that_repeats_one_long_text_is_refused(tmp_path: Path) -> None:
    """A million cells may share one text of a megabyte."""
    shared = b"<sst><si><t>" + b"x" * 2**20 + b"</t></si></sst>"
    cells = '<row><c t="s"><v>0</v></c></row>' * 2_000

    path = workbook(tmp_path / "a.xlsx", {"a": cells}, **{"xl/sharedStrings.xml": shared})

    assert refused(path) == [("too_large", 0)]


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_articles_or_a_sentence(
    place: int, change: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Never a traceback, whichever byte was hit."""
    whole = as_workbook([TEA])
    place %= len(whole)
    path = tmp_path_factory.mktemp("any") / "a.xlsx"
    path.write_bytes(whole[:place] + change + whole[place + len(change) :])
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.sentences  # noqa: PT017 - either is right


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, 10_000),
    change=st.sampled_from(["<", ">", '"', "<c>", "</row>", "&x;", "r=", 't="s"', "99999"]),
)
def test_a_workbook_with_damaged_parts_is_articles_or_a_sentence(
    place: int, change: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The envelope is whole, what is in it is not."""
    inside = rows(HEAD, ("tea", "en", "green tea", "Yes."))
    place %= len(inside)
    path = workbook(tmp_path_factory.mktemp("any") / "a.xlsx", {"a": inside[:place] + change + inside[place:]})
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.sentences  # noqa: PT017 - either is right
