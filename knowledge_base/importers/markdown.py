r"""Articles as Markdown that people like to write: a title, a few lines about it, the questions, the answer.

    # Where is my order?
    id: track-order
    category: delivery
    tags: parcel, courier

    ## Questions
    - where is my parcel
    - has my order left yet

    ## Answer
    Open your order and tap "Track": you will see where it is.

    ## Buttons
    - [Track](https://shop.example/track)

A file may hold several articles, each beginning with its `# Title`. `id:` may be left out where a file holds one
article: the file's name is the id then. The language comes from a `language:` line or from the nearest folder that is
called after one (`en`, `zh`, `zh-CN`). Chinese files may write 问法 and 回答 for Questions and Answer, and so on. The
answer is taken as it stands; a line in it that begins with `# ` or `## ` is written `\# ` or `\## `.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from knowledge_base.article import Link
from knowledge_base.importers.checks import (
    Found,
    Place,
    Placed,
    Raw,
    Source,
    checked,
    folder_language,
    read_lines,
)
from knowledge_base.notation import read_line, read_link, read_words

_SECTIONS: Final[dict[str, str]] = {
    "questions": "questions", "问法": "questions", "问题": "questions",
    "answer": "answer", "回答": "answer", "答案": "answer",
    "must match": "must_match", "必须匹配": "must_match",
    "must not match": "must_not_match", "不得匹配": "must_not_match",
    "buttons": "buttons", "按钮": "buttons",
    "attachments": "attachments", "附件": "attachments",
}  # fmt: skip
_HEAD: Final[dict[str, str]] = {
    "id": "id", "编号": "id",
    "language": "language", "语言": "language",
    "category": "category", "分类": "category",
    "tags": "tags", "标签": "tags",
    "state": "state", "状态": "state",
    "valid-from": "valid_from", "生效": "valid_from",
    "valid-until": "valid_until", "失效": "valid_until",
    "related": "related", "相关": "related",
}  # fmt: skip
_HEAD_LINE = re.compile(rf"({'|'.join(_HEAD)}|valid[ _](?:from|until))\s*[:：]\s*(.*)", re.IGNORECASE)
_ENTRY = re.compile(r"[-*+]\s*(.*)")
_ESCAPED_HEADING = re.compile(r"\\(\\*#{1,2}(?: |$))")


@dataclass
class _Draft:
    """One article as far as it has been read."""

    title: str
    place: Place
    head: dict[str, str] = field(default_factory=dict)
    entries: dict[str, list[Placed]] = field(default_factory=dict)
    answer: list[str] = field(default_factory=list)
    section: str = "head"  # "" below a heading that nobody knows
    sound: bool = True  # nothing in it was out of place


def read_markdown(source: Source) -> list[Found]:
    """Read every article of a file; what is wrong goes to the findings."""
    drafts: list[_Draft] = []
    with source.findings.kept():
        for number, line in enumerate(read_lines(source.path), start=1):
            place = Place(source.path, number)
            if line.startswith("# ") or line == "#":
                drafts.append(_Draft(line[2:].strip(), place))
            elif drafts:
                _take(drafts[-1], line, place, source)
            elif line.strip():
                raise place.error("no_title")
    return [found for draft in drafts if draft.sound for found in _article(draft, len(drafts) == 1, source)]


def _take(draft: _Draft, line: str, place: Place, source: Source) -> None:
    """Add one line to an article; one that is out of place makes the article unsound."""
    before = source.findings.count
    with source.findings.kept():
        if line.startswith("## ") or line == "##":
            _open_section(draft, line[3:].strip(), place)
        elif draft.section == "answer":
            draft.answer.append(_ESCAPED_HEADING.sub(r"\1", line, count=1) if line.startswith("\\") else line)
        elif line.strip() and draft.section == "head":
            _take_fact(draft, line.strip(), place)
        elif line.strip() and draft.section:
            _take_entry(draft, line.strip(), place)
    draft.sound = draft.sound and source.findings.count == before


def _open_section(draft: _Draft, name: str, place: Place) -> None:
    section = _SECTIONS.get(name.lower())
    draft.section = ""
    if section is None:
        raise place.error("unknown_section", section=name[:80])
    if section in draft.entries:
        raise place.error("twice", title=draft.title[:80], section=name)
    draft.entries[section] = []
    draft.section = section


def _take_fact(draft: _Draft, line: str, place: Place) -> None:
    found = _HEAD_LINE.fullmatch(line)
    if found is None:
        raise place.error("unknown_line")
    name = re.sub("[ _]", "-", found[1].lower())
    name = _HEAD[name]
    if name in draft.head:
        raise place.error("twice", title=draft.title[:80], section=found[1])
    draft.head[name] = found[2].strip()


def _take_entry(draft: _Draft, line: str, place: Place) -> None:
    found = _ENTRY.fullmatch(line)
    if found is None:
        raise place.error("not_a_phrasing" if draft.section == "questions" else "not_an_entry")
    draft.entries[draft.section].append((found[1].strip(), place))


def _article(draft: _Draft, alone: bool, source: Source) -> list[Found]:
    before = source.findings.count
    head = draft.head
    article_id = head.get("id") or (draft.place.file.stem if alone else "")
    if not article_id:
        source.findings.add(draft.place.error("no_id", title=draft.title[:80]))
    language = head.get("language") or folder_language(draft.place.file)
    if not language:
        source.findings.add(draft.place.error("no_language"))
    raw = Raw(
        place=draft.place,
        id=article_id,
        language=language,
        phrasings=_texts(draft, "questions"),
        answer="\n".join(draft.answer),
        title=draft.title,
        category=head.get("category", ""),
        tags=read_words(head.get("tags", "")),
        must_match=_texts(draft, "must_match"),
        must_not_match=_texts(draft, "must_not_match"),
        attachments=_links(draft, "attachments", source),
        buttons=_links(draft, "buttons", source),
        related=read_words(head.get("related", "")),
        state=head.get("state", ""),
        valid_from=head.get("valid_from", ""),
        valid_until=head.get("valid_until", ""),
    )
    return checked(raw, source) if source.findings.count == before else []


def _texts(draft: _Draft, section: str) -> list[Placed]:
    return [(read_line(text), place) for text, place in draft.entries.get(section, ())]


def _links(draft: _Draft, section: str, source: Source) -> list[tuple[Link, Place]]:
    found = []
    for text, place in draft.entries.get(section, ()):
        if link := read_link(text):
            found.append((link, place))
        else:
            source.findings.add(place.error("bad_link", value=text[:80], id=draft.head.get("id", draft.title[:80])))
    return found
