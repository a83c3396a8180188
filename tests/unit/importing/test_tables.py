"""Tables are read whatever program wrote them: encodings, separators, workbooks; what is broken is refused in words."""

import zipfile
from datetime import date
from pathlib import Path

import pytest

from bot.importing.columns import CUSTOMER_FIELDS, ORDER_FIELDS, Field, Known, asked_for, map_columns, normal
from bot.importing.refused import ImportRefused
from bot.importing.tables import Table, letters_of, open_table

KNOWN = Known(CUSTOMER_FIELDS, {"size": ["Size", "尺码"]})
CHINESE = "姓名,手机,邮箱\n王小明,13800138000,xm@example.com\n李娜,13800138001,ln@example.com\n"


def table(file: Path, content: bytes, encoding: str = "") -> Table:
    """Open what stands in a file."""
    file.write_bytes(content)
    return open_table(file, KNOWN.knows, encoding)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("gb18030", "GB18030")],
)
def test_encodings_are_found_out_and_told(tmp_path: Path, encoding: str, said: str) -> None:
    file = tmp_path / "customers.csv"
    found = table(file, CHINESE.encode(encoding))

    assert found.headings == ["姓名", "手机", "邮箱"]
    assert [row.cells[0] for row in found.rows] == ["王小明", "李娜"]
    assert found.notes == ([f"{file} was read as {said}."] if said else [])


def test_western_accents_are_not_taken_for_chinese(tmp_path: Path) -> None:
    """Many such bytes are characters of GB18030, too; whoever knows the encoding names it."""
    content = "name,email\nJürgen Müller,jm@example.com\nÉlodie Lefèvre,el@example.com\n".encode("cp1252")

    with pytest.raises(ImportRefused, match=r"neither UTF-8 .byte 13. nor UTF-16 nor GB18030"):
        table(tmp_path / "customers.csv", content)

    assert [row.cells[0] for row in table(tmp_path / "customers.csv", content, "cp1252").rows] == [
        "Jürgen Müller",
        "Élodie Lefèvre",
    ]
    with pytest.raises(ImportRefused, match="no encoding that is known"):
        table(tmp_path / "customers.csv", content, "klingon")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_are_found_out(tmp_path: Path, mark: str) -> None:
    """By the headings: a semicolon inside a name parts nothing."""
    content = f'name{mark}email\n"Lima{mark} Ana"{mark}ana@example.com\n'

    (row,) = table(tmp_path / "customers.csv", content.encode()).rows

    assert list(row.cells) == [f"Lima{mark} Ana", "ana@example.com"]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    """A cell of two lines is one row, an empty row counts."""
    content = 'sep=;\nname;email\n"Ana\nLima";ana@example.com\n\n;\nBo;bo@example.com\n'

    rows = list(table(tmp_path / "customers.csv", content.encode()).rows)

    assert [(row.number, row.cells[1]) for row in rows] == [(3, "ana@example.com"), (6, "bo@example.com")]
    assert rows[0].place == f"{tmp_path / 'customers.csv'}:3"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "there is nothing in it"),
        (b"\n \n", "there is nothing in it"),
        (b'name,email\nAna,"ana@example.com\nBo,bo@example.com\n', ":2: the table cannot be read from here"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        list(table(tmp_path / "customers.csv", content).rows)


def xlsx(file: Path, *sheets: tuple[str, str]) -> Path:
    """A workbook of these sheets, rows as they stand in its XML."""
    names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in enumerate(sheets, 1))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>'
        )
        root = f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        packed.writestr("_rels/.rels", f'<Relationships xmlns="{package}">{root}</Relationships>')
        packed.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{links}</Relationships>')
        days = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        packed.writestr("xl/styles.xml", f'<styleSheet xmlns="{main}">{days}</styleSheet>')
        for number, (_, rows) in enumerate(sheets, 1):
            sheet = f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
            packed.writestr(f"xl/worksheets/sheet{number}.xml", sheet)
    return file


def row(number: int, *cells: str) -> str:
    """A row of texts."""
    texts = "".join(
        f'<c r="{letters_of(place)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for place, cell in enumerate(cells)
    )
    return f'<row r="{number}">{texts}</row>'


def test_workbooks_keep_numbers_days_and_truth(tmp_path: Path) -> None:
    """A phone number that was kept as a number has no decimals; a day is a day."""
    cells = (
        '<row r="2"><c r="A2" t="inlineStr"><is><t>Ana</t></is></c><c r="B2"><v>13800138000</v></c>'
        '<c r="C2" s="1"><v>45000</v></c><c r="D2" t="b"><v>1</v></c></row>'
    )
    file = xlsx(tmp_path / "customers.xlsx", ("May", row(1, "姓名", "手机", "生日", "订阅") + cells))

    found = open_table(file, KNOWN.knows)
    (only,) = found.rows

    assert (list(only.cells), only.place) == (["Ana", 13800138000, date(2023, 3, 15), True], f'{file} (sheet "May"):2')


def test_sheets_with_the_same_headings_are_read_on_and_others_named(tmp_path: Path) -> None:
    """A cover sheet in front, a second half behind, and something else."""
    file = xlsx(
        tmp_path / "customers.xlsx",
        ("Cover", row(1, "Our customers")),
        ("One", row(3, "name", "email") + row(4, "Ana", "ana@example.com")),
        ("Two", row(1, "name", "email") + row(2, "Bo", "bo@example.com")),
        ("Other", row(1, "name", "colour") + row(2, "Cy", "red")),
    )

    found = open_table(file, KNOWN.knows)

    assert [(one.number, one.cells[0]) for one in found.rows] == [(4, "Ana"), (2, "Bo")]
    assert found.notes == [
        f'{file}: the sheet "Cover" is left out, none of its headings is known.',
        f'{file}: the sheet "Other" is left out, its headings are others.',
    ]


def test_a_table_may_begin_anywhere_on_its_sheet(tmp_path: Path) -> None:
    """Cells are called as the person sees them."""
    heading = '<row r="3"><c r="C3" t="inlineStr"><is><t>email</t></is></c></row>'
    below = '<row r="5"><c r="C5" t="inlineStr"><is><t>ana@example.com</t></is></c></row>'

    found = open_table(xlsx(tmp_path / "customers.xlsx", ("May", heading + below)), KNOWN.knows)
    (only,) = found.rows

    assert (found.headings, only.number, list(only.cells)) == (["", "", "email"], 5, [None, None, "ana@example.com"])


def test_open_documents_are_read(tmp_path: Path) -> None:
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )

    def cell(text: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    def sheet(rows: str) -> bytes:
        return (
            f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
            f'<table:table table:name="May">{rows}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>"
        ).encode()

    def ods(rows: str) -> Path:
        with zipfile.ZipFile(tmp_path / "customers.ods", "w") as packed:
            packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            packed.writestr("META-INF/manifest.xml", "<manifest/>")
            packed.writestr("content.xml", sheet(rows))
        return tmp_path / "customers.ods"

    rows = f"<table:table-row>{cell('name')}{cell('email')}</table:table-row>"
    rows += f"<table:table-row>{cell('Ana')}{cell('ana@example.com')}</table:table-row>"
    filler = '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/></table:table-row>'

    assert [list(one.cells) for one in open_table(ods(rows + filler), KNOWN.knows).rows] == [["Ana", "ana@example.com"]]

    bomb = '<table:table-row table:number-rows-repeated="1000000">'
    bomb += '<table:table-cell table:number-columns-repeated="1000" office:value-type="string"><text:p>x</text:p>'
    with pytest.raises(ImportRefused, match="larger than a workbook can be read"):
        open_table(ods(f"{rows}{bomb}</table:table-cell></table:table-row>"), KNOWN.knows)


def test_a_workbook_that_asks_for_all_the_memory_is_refused(tmp_path: Path) -> None:
    """One far cell spans a rectangle that the reader would fill."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    file = xlsx(tmp_path / "customers.xlsx", ("May", row(1, "name", "email") + far))

    with pytest.raises(ImportRefused, match="larger than a workbook can be read"):
        open_table(file, KNOWN.knows)


@pytest.mark.parametrize("name", ["customers.xlsx", "customers.xls", "customers.ods"])
@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ImportRefused, match="this is no workbook"):
        open_table(tmp_path / name, KNOWN.knows)


# ---- columns ----


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("E-Mail", "email"), ("email_address", "email"), ("电子邮箱", "email"), ("Phone (mobile)", "phone"),
        ("手机号", "phone"), ("姓名", "name"), ("Full Name", "name"), ("尺码", "attribute.size"),
        ("attribute.size", "attribute.size"), ("Size", "attribute.size"), ("ＥＭＡＩＬ", "email"), ("colour", ""),
    ],
)  # fmt: skip
def test_headings_are_recognised_in_both_languages(heading: str, name: str) -> None:
    assert KNOWN.field_of(heading) == name


@pytest.mark.parametrize("fields", [CUSTOMER_FIELDS, ORDER_FIELDS], ids=["customers", "orders"])
def test_no_heading_means_two_fields(fields: tuple[Field, ...]) -> None:
    """Else one of them would silently win."""
    every = [word for one in fields for word in {normal(heading) for heading in one.headings}]

    assert len(every) == len(set(every))


def test_what_was_asked_for_goes_before_what_is_guessed() -> None:
    asked = asked_for(["Mail 2=email", "Name="], KNOWN)

    mapped = map_columns("c.csv:1", ["Name", "Mail", "Mail 2", "Colour"], KNOWN, asked)

    assert {name: column.letters for name, column in mapped.columns.items()} == {"email": "C"}
    assert mapped.unknown == ("Mail", "Colour")


@pytest.mark.parametrize(
    ("headings", "options", "said"),
    [
        (["Mail", "E-mail"], [], '"Mail" .A. and "E-mail" .B. both mean email'),
        (["a", "b"], [], "no column of this row is known"),
        (["Mail"], ["Telephone=phone"], 'a column "telephone", which is not there'),
        (["Mail"], ["Mail=emial"], 'no field "emial"; did you mean email'),
        (["Mail"], ["Mail"], "should be .Column=field"),
    ],
)
def test_what_is_not_clear_is_refused(headings: list[str], options: list[str], said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        map_columns("c.csv:1", headings, KNOWN, asked_for(options, KNOWN))


def test_columns_are_called_as_spreadsheets_call_them() -> None:
    assert [letters_of(number) for number in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
