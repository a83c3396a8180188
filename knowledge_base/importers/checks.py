"""What every importer does alike: reading a file within bounds and checking an article before it counts as one."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from knowledge_base.article import Article, Link
from knowledge_base.importers.errors import ArticleError, Findings, place_of
from knowledge_base.notation import read_time

LONGEST_ID: Final = 190  # characters, as all limits here; what the records keep
LONGEST_NAME: Final = 190  # of a title, a category or a tag
LONGEST_PHRASING: Final = 1_000
LONGEST_ANSWER: Final = 3_800  # what a message of every channel takes, with the question below it
LONGEST_LABEL: Final = 100
LONGEST_ADDRESS: Final = 2_000
MOST_PHRASINGS: Final = 2_000  # of one article
LARGEST_FILE: Final = 64 * 2**20  # bytes
MOST: Final = {"tags": 50, "must_match": 500, "must_not_match": 500, "buttons": 10, "attachments": 10, "related": 20}

_LANGUAGE = re.compile(r"([a-z]{2,3})([-_][a-z0-9]{2,8})*", re.IGNORECASE)
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?")
_STATES: Final = {
    "": "published", "published": "published", "draft": "draft", "archived": "archived",
    "已发布": "published", "草稿": "draft", "已归档": "archived",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands."""

    file: Path
    line: int
    sheet: str = ""

    def error(self, key: str, **values: str | int) -> ArticleError:
        """Make the error that names this place."""
        return ArticleError(key, self.file, self.line, sheet=self.sheet, **values)

    def __str__(self) -> str:
        return place_of(self.file, self.line, self.sheet)


Placed = tuple[str, Place]


@dataclass(kw_only=True)
class Raw:
    """An article as an importer found it, before anything is checked; each entry of a list with its place."""

    place: Place
    id: str
    language: str
    phrasings: Sequence[Placed] = ()
    answer: str = ""
    title: str = ""
    category: str = ""
    tags: Sequence[str] = ()
    must_match: Sequence[Placed] = ()
    must_not_match: Sequence[Placed] = ()
    attachments: Sequence[tuple[Link, Place]] = ()
    buttons: Sequence[tuple[Link, Place]] = ()
    related: Sequence[str] = ()
    state: str = ""
    valid_from: str = ""
    valid_until: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An article that holds to the form, and where it stands."""

    article: Article
    place: Place


@dataclass
class Source:
    """A file to read: `root` is the folder or file that was asked for, the file itself when it was asked for."""

    path: Path
    root: Path
    answers_required: bool = True
    findings: Findings = field(default_factory=Findings)


def read_content(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """Read a file of bounded size; raises ArticleError."""
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise ArticleError("cannot_read", path, why=error.strerror or type(error).__name__) from error
    if len(content) > largest:
        raise ArticleError("too_large", path, most=largest >> 20, unit="MB")
    return content


def decoded(content: bytes, path: Path) -> str:
    """UTF-8 with or without a byte order mark; raises ArticleError naming the line."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ArticleError("not_utf8", path, line, byte=error.start + 1) from error


def read_lines(path: Path) -> list[str]:
    """Read all lines of a UTF-8 file, with or without a byte order mark; raises ArticleError."""
    # Only these end a line: str.splitlines would also cut at characters that JSON strings may hold as they are.
    return one_line_end(decoded(read_content(path), path)).split("\n")


def one_line_end(text: str) -> str:
    """The text with one kind of line end."""
    return _LINE_END.sub("\n", text)


def tidy(text: str) -> str:
    """A text as the importers take it: one kind of line end, no control characters, no space around it."""
    return _CONTROL.sub(" ", one_line_end(text)).strip()


def json_object(line: str, place: Place) -> dict[str, Any]:
    """Read one line of JSON Lines; raises ArticleError."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise place.error("malformed", why=f"{error.msg} at character {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise place.error("malformed", why="too deep or too large") from error
    if not isinstance(found, dict):
        raise place.error("not_an_object", found=type(found).__name__)
    return found


def language_code(language: str, place: Place) -> str:
    """Bring a language code to its plain form ("zh-CN" is "zh"); raises ArticleError."""
    found = _LANGUAGE.fullmatch(language.strip())
    if found is None:
        raise place.error("bad_language", language=language[:40])
    return found[1].lower()


_FOLDER_LANGUAGE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?")


def folder_language(path: Path) -> str:
    """The nearest folder that is called after a language, "" when there is none."""
    for folder in path.absolute().parents:
        if _FOLDER_LANGUAGE.fullmatch(folder.name):
            return folder.name
    return ""


def checked(raw: Raw, source: Source) -> list[Found]:
    """The article when nothing is wrong with it, else nothing: every problem goes to the findings."""
    before = source.findings.count
    for problem in _problems(raw, source.answers_required):
        source.findings.add(problem)
    if source.findings.count > before:
        return []
    article = Article(
        id=raw.id.strip(),
        language=language_code(raw.language, raw.place),
        phrasings=tuple(_clean(phrasing) for phrasing, _ in raw.phrasings if phrasing.strip()),
        answer=_clean(raw.answer),
        title=_one_line(raw.title),
        category=_one_line(raw.category),
        tags=_once(raw.tags),
        must_match=tuple(_clean(text) for text, _ in raw.must_match),
        must_not_match=tuple(_clean(text) for text, _ in raw.must_not_match),
        attachments=tuple(Link(_clean(link.label), link.url) for link, _ in raw.attachments),
        buttons=tuple(Link(_clean(link.label), link.url) for link, _ in raw.buttons),
        related=_once(raw.related),
        state=_STATES[raw.state.strip().lower()],
        valid_from=read_time(raw.valid_from) if raw.valid_from.strip() else None,
        valid_until=read_time(raw.valid_until, until=True) if raw.valid_until.strip() else None,
        source=str(raw.place),
    )
    return [Found(article, raw.place)]


def _clean(text: str) -> str:
    return one_line_end(text).strip()


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split("\n"))


def _once(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean for word in words if (clean := _clean(word))))


def _problems(raw: Raw, answers_required: bool) -> Iterator[ArticleError]:
    article_id = raw.id.strip()
    if not article_id:
        yield raw.place.error("missing_field", field="id")
        return
    yield from _bad_characters(raw, _CONTROL if answers_required else _NO_TEXT)
    if "\n" in article_id or "\r" in article_id:
        yield raw.place.error("broken_id")
        return
    if len(article_id) > LONGEST_ID:
        yield raw.place.error("long_id", length=len(article_id), most=LONGEST_ID)
        return  # it would stand in every other sentence
    try:
        language_code(raw.language, raw.place)
    except ArticleError as error:
        yield error
    yield from _phrasing_problems(raw, article_id, answers_required)
    yield from _answer_problems(raw, article_id, answers_required)
    yield from _list_problems(raw, article_id)
    yield from _link_problems(raw, article_id)
    yield from _state_problems(raw, article_id)


def _bad_characters(raw: Raw, bad: re.Pattern[str]) -> Iterator[ArticleError]:
    placed = [("phrasings", raw.phrasings), ("must_match", raw.must_match), ("must_not_match", raw.must_not_match)]
    texts = [(name, text, where) for name, entries in placed for text, where in entries]
    texts += [(name, getattr(raw, name), raw.place) for name in ("id", "answer", "title", "category")]
    texts += [(name, text, raw.place) for name in ("tags", "related") for text in getattr(raw, name)]
    texts += [(name, link.label, where) for name in ("buttons", "attachments") for link, where in getattr(raw, name)]
    for name, text, where in texts:
        if bad.search(text):
            yield where.error("bad_characters", field=name)


def _phrasing_problems(raw: Raw, article_id: str, answers_required: bool) -> Iterator[ArticleError]:
    phrasings = [(text.strip(), where) for text, where in raw.phrasings if answers_required or text.strip()]
    if not phrasings and _STATES.get(raw.state.strip().lower(), "published") == "published":
        yield raw.place.error("no_phrasings", id=article_id)  # a draft may wait for them
    if answers_required and len(phrasings) > MOST_PHRASINGS:
        length = len(phrasings)
        yield raw.place.error("too_many", field="phrasings", id=article_id, length=length, most=MOST_PHRASINGS)
    for text, where in (*phrasings, *((one.strip(), where) for one, where in (*raw.must_match, *raw.must_not_match))):
        if not text:
            yield where.error("empty_phrasing", id=article_id)
        if len(text) > LONGEST_PHRASING:
            yield where.error("long_phrasing", id=article_id, length=len(text), most=LONGEST_PHRASING)


def _answer_problems(raw: Raw, article_id: str, answers_required: bool) -> Iterator[ArticleError]:
    if answers_required and not raw.answer.strip():
        yield raw.place.error("no_answer", id=article_id)
    if len(raw.answer) > LONGEST_ANSWER and (length := len(_clean(raw.answer))) > LONGEST_ANSWER:
        yield raw.place.error("long_answer", id=article_id, length=length, most=LONGEST_ANSWER)


def _list_problems(raw: Raw, article_id: str) -> Iterator[ArticleError]:
    for name, most in MOST.items():
        if (length := len(getattr(raw, name))) > most:
            yield raw.place.error("too_many", field=name, id=article_id, length=length, most=most)
    names = [("title", raw.title), ("category", raw.category)]
    for name, text in (*names, *(("tags", tag) for tag in raw.tags), *(("related", other) for other in raw.related)):
        if (length := len(text.strip())) > LONGEST_NAME:
            yield raw.place.error("long_field", field=name, id=article_id, length=length, most=LONGEST_NAME)


def _link_problems(raw: Raw, article_id: str) -> Iterator[ArticleError]:
    for name, links in (("buttons", raw.buttons), ("attachments", raw.attachments)):
        for link, where in links:
            if not link.label.strip():
                yield where.error("no_label", id=article_id)
            elif len(link.label) > LONGEST_LABEL:
                length = len(link.label)
                yield where.error("long_field", field=name, id=article_id, length=length, most=LONGEST_LABEL)
            if not is_web_address(link.url):
                yield where.error("bad_address", value=link.url[:80], id=article_id)


def is_web_address(url: str) -> bool:
    """Whether this is a whole http or https address, as anybody may be sent to."""
    if len(url) > LONGEST_ADDRESS or re.search(r"[\s\x00-\x1f\x7f\"<>\\^`{|}\ud800-\udfff]", url):
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a port that is no number shows here
    except ValueError:
        return False
    return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)


def _state_problems(raw: Raw, article_id: str) -> Iterator[ArticleError]:
    if raw.state.strip().lower() not in _STATES:
        yield raw.place.error("bad_state", state=raw.state.strip()[:40], id=article_id)
    times = []
    for name, text in (("valid_from", raw.valid_from), ("valid_until", raw.valid_until)):
        try:
            times.append(read_time(text, until=name == "valid_until") if text.strip() else None)
        except (ValueError, OverflowError):
            yield raw.place.error("bad_time", field=name, id=article_id, value=text.strip()[:40])
            return
    begins, until = times
    if begins and until and until <= begins:
        yield raw.place.error("bad_period", id=article_id, begins=str(begins), until=str(until))
