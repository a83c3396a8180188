"""Articles as the HTML pages that a help centre exports: one page an article, or one page of `<article>` elements.

The title is the first heading (else the page's title), the answer the article's body as plain text with its lists and
addresses, the category the last breadcrumb, a meta line or the folder, the language `lang` or the folder. A page knows
no other way to ask than its title. What our own export writes carries `data-field` marks, and every field comes back.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Final

from knowledge_base.article import Link
from knowledge_base.importers.checks import (
    Found,
    Place,
    Placed,
    Raw,
    Source,
    checked,
    decoded,
    folder_language,
    one_line_end,
    read_content,
)

LARGEST_PAGE: Final = 16 * 2**20
_DEEPEST: Final = 500


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


_VOID: Final = _tags("area base br col embed hr img input link meta param source track wbr")
_DROPPED: Final = _tags(
    "aside button dialog embed figure footer form header iframe map nav noscript object script select "
    "style svg template textarea video audio canvas"
)
_BLOCKS: Final = _tags(
    "address article blockquote body dd details div dl dt fieldset figcaption h1 h2 h3 h4 h5 h6 hr html "
    "li main ol p pre section summary table tbody td tfoot th thead tr ul"
)
_LINES: Final = _BLOCKS - _tags("td th")  # the cells of a row stay beside each other
_PARAGRAPHS: Final = _tags("blockquote details dl h1 h2 h3 h4 h5 h6 ol p pre table ul")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
# A start tag that ends the element which is still open: HTML lets people leave its end tag out.
_ENDS: Final = {"p": _BLOCKS, **dict.fromkeys(("dt", "dd"), _tags("dt dd"))}
_NONE: Final = _tags("")
_ENDS_SAME: Final = _tags("li tr td th option")
_OTHER_PARTS = re.compile(
    r"breadcrumb|\bvotes?\b|article-(votes|share|more|footer|meta|relatives)|related|comments?\b|pagination|sidebar|"
    r"\bshare\b|table-of-contents|\btoc\b",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"article[-_]{1,2}(body|content|text)|(post|entry|topic|kb|faq)[-_](body|content)|\barticle_html\b", re.IGNORECASE
)
_CRUMBS = re.compile(r"breadcrumb", re.IGNORECASE)
_UNREAD = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|textarea|noscript)\b.*?(?:</\1\s*>|\Z)|<[!?][^>]*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
# The parser looks for the end of each tag: what has none before the next tag begins is no tag.
_NO_TAG = re.compile(r"""<(?!/?[a-zA-Z](?:[^<>"']++|"[^"]*+"|'[^']*+'|["'])*+>)""")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_WORD = re.compile(r"[^\W_]+")


@dataclass
class _Node:
    """An element: its children are elements and texts in their order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    line: int = 1
    children: list["_Node | str"] = field(default_factory=list)

    def elements(self) -> Iterator["_Node"]:
        """This element and everything in it, from the front."""
        waiting: list[_Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [child for child in reversed(node.children) if isinstance(child, _Node)]

    def first(self, wanted: Callable[["_Node"], bool]) -> "_Node | None":
        return next((node for node in self.elements() if wanted(node)), None)

    def text(self) -> str:
        """All words in it, as one line."""
        parts: list[str] = []
        waiting: list[_Node | str] = [self]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                parts.append(one)
            else:
                parts.append(" " if one.tag in _BLOCKS or one.tag == "br" else "")
                waiting += reversed(one.children)
        return _SPACES.sub(" ", "".join(parts)).strip()

    def verbatim(self) -> str:
        """The texts directly in it, as they are."""
        return "".join(child for child in self.children if isinstance(child, str))

    @property
    def label(self) -> str:
        return f"{self.attributes.get('class', '')} {self.attributes.get('id', '')}"


class _Tree(HTMLParser):
    """Builds the elements of a page, however carelessly it was closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("html")
        self._open = [self.root]
        self._path = path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_what_ends(tag)
        node = _Node(tag, {name: value or "" for name, value in attrs}, self.getpos()[0])
        if tag == "html":
            self.root.attributes |= node.attributes
            return
        self._open[-1].children.append(node)
        if tag in _VOID:
            return
        if len(self._open) >= _DEEPEST:
            raise Place(self._path, node.line).error("html_deep", most=_DEEPEST)
        self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def _end_what_ends(self, tag: str) -> None:
        last = self._open[-1].tag
        if tag in _ENDS.get(last, _NONE) or (tag == last and tag in _ENDS_SAME):
            self._open.pop()
        elif tag in {"tr", "td", "th"} and last in {"td", "th"} and tag == "tr":
            del self._open[-2:]


def read_html(source: Source) -> list[Found]:
    """Read every article of a page; what is wrong goes to the findings."""
    with source.findings.kept():
        content = read_content(source.path, LARGEST_PAGE)
        folders = source.path.relative_to(source.root).parent.parts
        return read_page(content, source.path, folders, source)
    return []


def read_page(content: bytes, path: Path, folders: Sequence[str], source: Source) -> list[Found]:
    """The articles of one page; the last of the folders that it lies in is its category, unless it is a language.

    Raises ArticleError when it is not the page of any article.
    """
    page = _parsed(decoded(content, path), path)
    articles = [node for node in page.elements() if node.tag == "article"]
    outer = {id(inner) for one in articles for inner in one.elements() if inner is not one}
    articles = [one for one in articles if id(one) not in outer]
    if path.stem.lower() == "index" and not articles and page.first(_is_body) is None:
        return []  # a page that only leads to others
    if path.stem.lower() == "index":
        folders = folders[:-1]  # returns/index.html is the page "returns"
    category = _category_of_page(page, folders[-1] if folders else "")
    several = len(articles) > 1 or any("data-id" in one.attributes for one in articles)
    found: list[Found] = []
    for one in articles if several else [page]:
        place = Place(path, one.line)
        with source.findings.kept():
            found += checked(_raw(one, page, place, category, alone=not several), source)
    return found


def _parsed(text: str, path: Path) -> _Node:
    # Line breaks stay, so that the lines of what is left keep their numbers.
    text = _UNREAD.sub(lambda gone: "\n" * gone[0].count("\n"), one_line_end(text))
    tree = _Tree(path)
    tree.feed(_NO_TAG.sub("&lt;", text))
    tree.close()
    return tree.root


def _is_body(node: _Node) -> bool:
    return node.attributes.get("itemprop", "").lower() == "articlebody" or bool(_BODY.search(node.label))


def _raw(one: _Node, page: _Node, place: Place, category: str, *, alone: bool) -> Raw:
    marked = {
        node.attributes["data-field"]: node for node in reversed([*one.elements()]) if "data-field" in node.attributes
    }
    title, heading = _title(one, page, marked, alone=alone)
    if not title and "title" not in marked:
        raise place.error("html_no_title")
    article_id = one.attributes.get("data-id") or (_page_id(place.file) if alone else "")
    language = one.attributes.get("lang") or page.attributes.get("lang") or folder_language(place.file)
    if not language:
        raise place.error("no_language")
    return Raw(
        place=place,
        id=article_id or one.attributes.get("id") or _slug(title),
        language=language,
        phrasings=_items(marked["phrasings"], place) if "phrasings" in marked else [(title, place)],
        answer=_answer(one, marked, heading),
        title=title,
        category=_category(one, page, marked, category, title, alone=alone),
        tags=[text for text, _ in _items(marked.get("tags"), place)] or (_keywords(page) if alone else []),
        must_match=_items(marked.get("must_match"), place),
        must_not_match=_items(marked.get("must_not_match"), place),
        attachments=_links(marked.get("attachments"), place),
        buttons=_links(marked.get("buttons"), place),
        related=[text for text, _ in _items(marked.get("related"), place)],
        state=one.attributes.get("data-state", ""),
        valid_from=one.attributes.get("data-valid-from", ""),
        valid_until=one.attributes.get("data-valid-until", ""),
    )


def _title(one: _Node, page: _Node, marked: dict[str, _Node], *, alone: bool) -> tuple[str, _Node | None]:
    """The title, and the heading it came from."""
    if "title" in marked:
        return marked["title"].verbatim().strip(), marked["title"]
    inside = one.first(lambda node: node.tag == "article") or one
    for where in (inside, one):
        for tags in (("h1",), _HEADINGS if where.tag == "article" else ()):
            heading = where.first(lambda node, tags=tags: node.tag in tags and bool(node.text()))  # type: ignore[misc]
            if heading is not None:
                return heading.text(), heading
    title = page.first(lambda node: node.tag == "title") if alone else None
    return (title.text() if title else ""), None


def _answer(one: _Node, marked: dict[str, _Node], heading: _Node | None) -> str:
    if "answer" in marked:
        return marked["answer"].verbatim()
    for wanted in (_is_body, lambda node: node.tag == "article", lambda node: node.tag in {"main", "body"}):
        if (body := one.first(wanted)) is not None:
            return _plain(body, heading)
    return _plain(one, heading)


def _category(one: _Node, page: _Node, marked: dict[str, _Node], everywhere: str, title: str, *, alone: bool) -> str:
    if "category" in marked:
        return marked["category"].verbatim().strip()
    if "data-category" in one.attributes:
        return one.attributes["data-category"]
    if alone and (crumbs := page.first(lambda node: bool(_CRUMBS.search(node.label)))) is not None:
        leaves = [text for node in crumbs.elements() if node.tag in {"li", "a", "span"} and (text := node.text())]
        named = [text for text in leaves if text != title]
        if named:
            return named[-1]
    return everywhere


def _category_of_page(page: _Node, folder: str) -> str:
    """What a meta line says, else the folder, unless that is called after a language."""
    for meta in (node for node in page.elements() if node.tag == "meta"):
        name = meta.attributes.get("property", meta.attributes.get("name", "")).lower()
        if name in {"article:section", "category", "section"} and meta.attributes.get("content", "").strip():
            return meta.attributes["content"]
    return "" if re.fullmatch(r"[a-z]{2}([-_][A-Za-z]{2,4})?", folder) else folder


def _keywords(page: _Node) -> list[str]:
    meta = page.first(lambda node: node.tag == "meta" and node.attributes.get("name", "").lower() == "keywords")
    return re.split("[,，]", meta.attributes.get("content", "")) if meta else []


def _items(node: _Node | None, place: Place) -> list[Placed]:
    if node is None:
        return []
    return [(one.verbatim(), Place(place.file, one.line)) for one in node.elements() if one.tag == "li"]


def _links(node: _Node | None, place: Place) -> list[tuple[Link, Place]]:
    anchors = [one for one in node.elements() if one.tag == "a"] if node is not None else []
    return [(Link(one.verbatim(), one.attributes.get("href", "")), Place(place.file, one.line)) for one in anchors]


def _page_id(path: Path) -> str:
    name = PurePosixPath(path.as_posix())
    return name.parent.name if name.stem.lower() == "index" and name.parent.name else name.stem


def _slug(title: str) -> str:
    return "-".join(_WORD.findall(title.lower()))[:80]


# ---- a body as plain text ----


def _plain(body: _Node, heading: _Node | None) -> str:
    """Paragraphs, lists and addresses as a chat shows them; what belongs to the page and not to the answer is left."""
    writer = _Writer()
    waiting: list[_Node | str | Callable[[], None]] = [body]
    lists: list[int] = []  # of each open list the next number, 0 for one with dashes
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            writer.words(one)
        elif callable(one):
            one()
        elif one is not heading and not _left_out(one, body):
            _open_element(one, writer, lists, waiting)
    return writer.text()


def _left_out(node: _Node, body: _Node) -> bool:
    if node is body:
        return False
    return node.tag in _DROPPED or node.tag in {"title", "head"} or bool(_OTHER_PARTS.search(node.label))


def _open_element(
    node: _Node, writer: "_Writer", lists: list[int], waiting: list["_Node | str | Callable[[], None]"]
) -> None:
    """Write what an element begins with and lay its children, then its end, upon what waits."""
    if node.tag == "br":
        writer.line()
        return
    if node.tag == "pre":
        writer.verbatim(node.text() if not node.verbatim().strip() else node.verbatim())
        return
    if node.tag in _LINES:
        writer.paragraph() if node.tag in _PARAGRAPHS and not lists else writer.line()
        waiting.append(writer.paragraph if node.tag in _PARAGRAPHS and len(lists) < 1 else writer.line)
    if node.tag in {"ul", "ol"}:
        lists.append(1 if node.tag == "ol" else 0)
        waiting.append(lambda: lists.__delitem__(-1))
    if node.tag == "li":
        number = lists[-1] if lists else 0
        if number:
            lists[-1] += 1
        writer.item("  " * max(0, len(lists) - 1) + (f"{number}. " if number else "- "))
    if node.tag in {"td", "th"}:
        waiting.append(lambda: writer.words(" "))
    if node.tag == "a":
        waiting.append(lambda: writer.address(node))
    if node.tag == "img" and node.attributes.get("alt", "").strip():
        writer.words(f" {node.attributes['alt']} ")
    waiting += reversed(node.children)


class _Writer:
    """Puts words into lines and lines into paragraphs."""

    def __init__(self) -> None:
        self._lines: list[str] = [""]

    def words(self, text: str) -> None:
        text = _SPACES.sub(" ", text)
        bare = not self._lines[-1] or self._lines[-1].endswith((" ", "- "))
        self._lines[-1] += text.lstrip(" ") if bare else text

    def verbatim(self, text: str) -> None:
        self.paragraph()
        self._lines += [*text.strip("\n").split("\n"), ""]

    def line(self) -> None:
        if self._lines[-1].strip():
            self._lines[-1] = self._lines[-1].rstrip()
            self._lines.append("")

    def paragraph(self) -> None:
        self.line()
        if len(self._lines) > 1 and self._lines[-2]:
            self._lines.append("")

    def item(self, mark: str) -> None:
        self.line()
        self._lines[-1] = mark

    def address(self, node: _Node) -> None:
        href = node.attributes.get("href", "").strip()
        if href.lower().startswith(("https://", "http://")) and node.text() not in {href, href.split("//", 1)[1]}:
            self.words(f" ({href})")

    def text(self) -> str:
        lines = [line.rstrip() for line in self._lines]
        return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()
