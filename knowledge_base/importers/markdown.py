r"""Articles as Markdown that people like to write: a title, a few lines about it, the questions, the answer.

    # Where is my order?
    id: track-order
    category: delivery

    ## Questions
    - where is my parcel
    - has my order left yet

    ## Answer
    Open your order and tap "Track": you will see where it is.

A file may hold several articles, each beginning with its `# Title`. `id:` may be left out where a file holds one
article: the file's name is the id then. The language comes from a `language:` line or from the nearest folder that is
called after one (`en`, `zh`, `zh-CN`). Chinese files may write 问法 and 回答 for Questions and Answer. The answer is
taken as it stands; a line in it that begins with `# ` or `## ` is written `\# ` or `\## `.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from knowledge_base.article import Article
from knowledge_base.importers.checks import Place, checked_article, read_lines

_Section = Literal["head", "questions", "answer"]
_SECTIONS: Final[dict[str, _Section]] = {
    "questions": "questions",
    "问法": "questions",
    "问题": "questions",
    "answer": "answer",
    "回答": "answer",
    "答案": "answer",
}
_HEAD_LINE = re.compile(r"(id|language|category)\s*[:：]\s*(.*)", re.IGNORECASE)
_PHRASING = re.compile(r"[-*+]\s*(.*)")
_ESCAPED_HEADING = re.compile(r"\\(#{1,2} )")
_FOLDER_LANGUAGE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?")


@dataclass
class _Draft:
    """One article as far as it has been read."""

    title: str
    place: Place
    head: dict[str, str] = field(default_factory=dict)
    phrasings: list[tuple[str, Place]] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    section: _Section = "head"
    seen: set[_Section] = field(default_factory=set)


def read_markdown(path: Path, answers_required: bool = True) -> list[Article]:
    """Read every article of a file; raises ArticleError at the first thing that is wrong."""
    drafts: list[_Draft] = []
    for number, line in enumerate(read_lines(path), start=1):
        place = Place(path, number)
        if line.startswith("# "):
            drafts.append(_Draft(line[2:].strip(), place))
        elif drafts:
            _take(drafts[-1], line, place)
        elif line.strip():
            raise place.error("no_title")
    return [_article(draft, alone=len(drafts) == 1, answers_required=answers_required) for draft in drafts]


def _take(draft: _Draft, line: str, place: Place) -> None:
    """Add one line to an article."""
    if line.startswith("## "):
        _open_section(draft, line[3:].strip(), place)
    elif draft.section == "answer":
        draft.answer.append(_ESCAPED_HEADING.sub(r"\1", line) if line.startswith("\\#") else line)
    elif line.strip():
        _take_fact(draft, line.strip(), place)


def _open_section(draft: _Draft, name: str, place: Place) -> None:
    section = _SECTIONS.get(name.lower())
    if section is None:
        raise place.error("unknown_section", section=name[:80])
    if section in draft.seen:
        raise place.error("twice", title=draft.title, section=name)
    draft.seen.add(section)
    draft.section = section


def _take_fact(draft: _Draft, line: str, place: Place) -> None:
    if draft.section == "questions":
        found = _PHRASING.fullmatch(line)
        if found is None:
            raise place.error("not_a_phrasing")
        draft.phrasings.append((found[1].strip(), place))
        return
    found = _HEAD_LINE.fullmatch(line)
    if found is None:
        raise place.error("unknown_line")
    name = found[1].lower()
    if name in draft.head:
        raise place.error("twice", title=draft.title, section=name)
    draft.head[name] = found[2].strip()


def _article(draft: _Draft, alone: bool, answers_required: bool) -> Article:
    article_id = draft.head.get("id") or (draft.place.file.stem if alone else "")
    if not article_id:
        raise draft.place.error("no_id", title=draft.title)
    return checked_article(
        article_id=article_id,
        language=draft.head.get("language") or _folder_language(draft.place),
        phrasings=draft.phrasings,
        answer="\n".join(draft.answer),
        title=draft.title,
        category=draft.head.get("category", ""),
        place=draft.place,
        answers_required=answers_required,
    )


def _folder_language(place: Place) -> str:
    for folder in place.file.absolute().parents:
        if _FOLDER_LANGUAGE.fullmatch(folder.name):
            return folder.name
    raise place.error("no_language")
