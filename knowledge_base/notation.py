"""How lists, links, times and risky cells are written in files of articles, and read again just so."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from knowledge_base.article import Link

_LINE_SEPARATORS: Final = "|"
_WORD_SEPARATORS: Final = "|,，、;；"  # the Chinese ones as well
_BAR = re.compile(r"(?:^|(?<=\s))\|(?=\s|$)")
_BETWEEN_WORDS = re.compile(f"[{_WORD_SEPARATORS}\r\n]")
_WORD = re.compile(rf'\s*"(?:[^"\\]|\\.)*"\s*(?=[{_WORD_SEPARATORS}\r\n]|\Z)|[^{_WORD_SEPARATORS}\r\n]+')
_LINE_END = re.compile(r"\r\n?|\n")
_MUST_QUOTE = re.compile(r'^"|^\s|\s$|[\x00-\x1f\x7f]')
_LINK = re.compile(r"(.*?)\s*=\s*(https?://.*)", re.DOTALL | re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # the wide ones count in spreadsheets too
_DEFUSED_FORMULA = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


# ---- lists ----


def write_line(text: str) -> str:
    """A text as one line of a list; what would not be read the same is written as JSON writes it, in quotes."""
    return _quoted(text, _LINE_SEPARATORS) if _MUST_QUOTE.search(text) or "|" in text else text


def read_line(line: str) -> str:
    """The text that `write_line` wrote; what is no JSON text stays as it is."""
    line = line.strip()
    if len(line) > 1 and line[0] == line[-1] == '"':
        try:
            found = json.loads(line)
        except ValueError:
            return line
        return found if isinstance(found, str) else line
    return line


def entries_of(cell: str) -> list[str]:
    """The entries of a cell as they are written, one a line or parted by " | "; empty ones between bars stay."""
    lines = [line.strip() for line in _LINE_END.split(cell)]
    return [entry.strip() for line in lines if line for entry in _BAR.split(line)]


def write_word(word: str) -> str:
    """A tag or an id as one of several in a row; quoted when it holds what parts them."""
    return _quoted(word, _WORD_SEPARATORS) if _MUST_QUOTE.search(word) or _BETWEEN_WORDS.search(word) else word


def read_words(cell: str) -> list[str]:
    """Tags or ids parted by commas, bars or line breaks, unless these stand inside quotation marks."""
    return [word for part in _WORD.findall(cell) if (word := read_line(part))]


def _quoted(text: str, separators: str) -> str:
    found = json.dumps(text, ensure_ascii=False)
    for one in separators:
        found = found.replace(one, f"\\u{ord(one):04x}")
    return found.replace("\x7f", "\\u007f").replace("\x85", "\\u0085")


# ---- links ----


def write_link(link: Link) -> str:
    """A link as `label=address`."""
    label = link.label
    if "=" in label or "|" in label or _MUST_QUOTE.search(label):
        label = _quoted(label, "=|")
    return f"{label}={link.url}"


def read_link(text: str) -> Link | None:
    """What `write_link` wrote, or Markdown's `[label](address)`; None when it is neither."""
    if found := _MARKDOWN_LINK.fullmatch(text.strip()) or _LINK.fullmatch(text.strip()):
        return Link(read_line(found[1]), found[2].strip())
    return None


# ---- times ----


def write_time(when: datetime | None) -> str:
    """A time with its zone, "" for none."""
    return when.isoformat() if when else ""


def read_time(text: str, *, until: bool = False) -> datetime:
    """A time; without a zone it is UTC, and a day alone is its beginning, or its end with `until`.

    ValueError for anything else.
    """
    text = text.strip()
    if day := _DAY.fullmatch(text):
        begins = datetime.combine(date(int(day[1]), int(day[2]), int(day[3])), time(), UTC)
        return begins + timedelta(days=1) if until and begins.year < 9999 else begins
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


# ---- cells ----


def defuse(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what begins like one."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def fused(cell: str) -> str:
    """The cell that was defused; an apostrophe before anything else is part of the text."""
    return cell[1:] if _DEFUSED_FORMULA.match(cell) else cell


def defuse_again(cell: str) -> str:
    """For cells that are text anyway: only what `fused` would take for defused gets its apostrophe."""
    return f"'{cell}" if _DEFUSED_FORMULA.match(cell) else cell
