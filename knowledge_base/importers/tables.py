"""Articles as rows of a table, CSV or a workbook: the first row names the columns, in English or Chinese.

An article may stand in several rows with the same id and language, each adding to its lists; what else these rows say
has to agree or be empty. A row without id and language goes on with the article above it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from knowledge_base.article import Link
from knowledge_base.importers.checks import Found, Place, Placed, Raw, Source, checked, folder_language
from knowledge_base.notation import entries_of, fused, read_line, read_link, read_words

COLUMNS: Final = (
    "id", "language", "title", "category", "tags", "phrasings", "answer", "must_match", "must_not_match", "related",
    "buttons", "attachments", "state", "valid_from", "valid_until",
)  # fmt: skip
_NAMES: Final[dict[str, str]] = {name: name for name in COLUMNS} | {
    "编号": "id", "语言": "language", "标题": "title", "分类": "category", "标签": "tags", "问法": "phrasings",
    "问题": "phrasings", "回答": "answer", "答案": "answer", "必须匹配": "must_match", "不得匹配": "must_not_match",
    "相关": "related", "按钮": "buttons", "附件": "attachments", "状态": "state", "生效": "valid_from",
    "失效": "valid_until", "lang": "language", "phrasing": "phrasings", "questions": "phrasings",
}  # fmt: skip
_NUMBERED = re.compile(r"(phrasings?|questions?|问法|问题)_?\d+")
_LISTS: Final = ("phrasings", "must_match", "must_not_match")
_WORDS: Final = ("tags", "related")
_LINKS: Final = ("buttons", "attachments")
_SCALARS: Final = ("title", "category", "answer", "state", "valid_from", "valid_until")

Row = tuple[Place, Sequence[str]]


@dataclass
class _Rows:
    """What the rows of one article say together."""

    place: Place
    id: str
    language: str
    said: dict[str, Placed] = field(default_factory=dict)
    texts: dict[str, list[Placed]] = field(default_factory=dict)
    links: dict[str, list[tuple[Link, Place]]] = field(default_factory=dict)


def column_of(name: str) -> str:
    """Our name of a column, "phrasings" for a numbered one as well; "" when nobody knows it."""
    plain = re.sub(r"[\s\-]+", "_", name.strip().lower())
    return "phrasings" if _NUMBERED.fullmatch(plain) else _NAMES.get(plain, "")


def names_an_id(row: Sequence[str]) -> bool:
    """Whether a row can be the one that names the columns."""
    return any(column_of(cell) == "id" for cell in row)


def read_rows(rows: Iterable[Row], source: Source) -> list[Found]:
    """The articles of a table; what is wrong goes to the findings."""
    filled = [(place, cells) for place, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        return []
    before = source.findings.count
    columns = _columns(*filled[0], source)
    if source.findings.count > before:
        return []
    articles: dict[tuple[str, str], _Rows] = {}
    unsound: set[tuple[str, str]] = set()
    above: tuple[str, str] = "", ""
    for place, cells in filled[1:]:
        with source.findings.kept():
            said = _cells(columns, cells, place)
            above = _key(said, above, place)
            count = source.findings.count
            _take(articles.setdefault(above, _Rows(place, *above)), said, place, source)
            if source.findings.count > count:
                unsound.add(above)
    return [found for key, one in articles.items() if key not in unsound for found in checked(_raw(one), source)]


def _columns(place: Place, header: Sequence[str], source: Source) -> list[str]:
    """Our names of the columns in their order, "" for those that are left out."""
    columns = [column_of(name) for name in header]
    seen: set[str] = set()
    for name, column in zip(header, columns, strict=True):
        # Several columns of phrasings are meant; of anything else one would win in secret.
        if column in seen and column != "phrasings":
            source.findings.add(place.error("column_twice", column=name.strip()[:40]))
        seen.add(column or name.strip())
    if "id" not in columns:
        source.findings.add(place.error("no_header", found=", ".join(cell.strip() for cell in header)[:120]))
        return columns
    for needed in ("phrasings", *(["answer"] if source.answers_required else [])):
        if needed not in columns:
            source.findings.add(place.error("missing_column", column=needed))
    unknown = [name.strip()[:40] for name, column in zip(header, columns, strict=True) if name.strip() and not column]
    if unknown:
        source.findings.warn(place.error("unknown_columns", columns=", ".join(unknown)[:400]))
    return columns


def _cells(columns: Sequence[str], cells: Sequence[str], place: Place) -> dict[str, list[str]]:
    """The filled cells of a row by column; several of them are phrasings."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise place.error("extra_cells", length=len(cells), most=len(columns))
    found: dict[str, list[str]] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column and cell.strip():
            found.setdefault(column, []).append(fused(cell))
    return found


def _key(cells: Mapping[str, Sequence[str]], above: tuple[str, str], place: Place) -> tuple[str, str]:
    """Id and language of a row, which are those of the row above when it names neither."""
    article_id = cells.get("id", [""])[0].strip()
    language = cells.get("language", [""])[0].strip()
    if not article_id and not language and above[0]:
        return above
    if not article_id:
        raise place.error("missing_field", field="id")
    if not (language := language or folder_language(place.file)):
        raise place.error("no_language")
    return article_id, language


def _take(one: _Rows, cells: Mapping[str, Sequence[str]], place: Place, source: Source) -> None:
    """Add what a row says to its article."""
    for column in _SCALARS:
        text = cells.get(column, [""])[0]
        if text and (said := one.said.setdefault(column, (text, place)))[0] != text:
            source.findings.add(place.error("differing_rows", id=one.id[:80], field=column, first=str(said[1])))
    for column in _LISTS:
        one.texts.setdefault(column, []).extend(
            (read_line(entry), place) for cell in cells.get(column, ()) for entry in entries_of(cell)
        )
    for column in _WORDS:
        one.texts.setdefault(column, []).extend(
            (text, place) for cell in cells.get(column, ()) for text in read_words(cell)
        )
    for column in _LINKS:
        for cell in cells.get(column, ()):
            for text in entries_of(cell):
                if link := read_link(text):
                    one.links.setdefault(column, []).append((link, place))
                else:
                    source.findings.add(place.error("bad_link", value=text[:80], id=one.id[:80]))


def _raw(one: _Rows) -> Raw:
    said = {column: text for column, (text, _) in one.said.items()}
    words = {column: [text for text, _ in one.texts[column]] for column in _WORDS}
    return Raw(
        place=one.place,
        id=one.id,
        language=one.language,
        phrasings=one.texts["phrasings"],
        must_match=one.texts["must_match"],
        must_not_match=one.texts["must_not_match"],
        tags=words["tags"],
        related=words["related"],
        buttons=one.links.get("buttons", ()),
        attachments=one.links.get("attachments", ()),
        **said,
    )
