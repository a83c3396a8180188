"""What an article may be, and how what its file says is merged with what the shop has made of it."""

import string
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from crm_core.models import Article, ArticleState

LONGEST_SLUG: Final = 190  # characters, as the limits below
LONGEST_NAME: Final = 190  # of a title or a category; what is longer is cut off
LONGEST_PHRASING: Final = 1_000
LONGEST_ANSWER: Final = 3_800  # what a message of every channel takes, with the question below it
MOST_PHRASINGS: Final = 2_000  # of one article
# Fields of an article whose items are merged one by one with those of its file.
LISTS = ("tags", "phrasings", "must_match", "must_not_match", "attachments", "buttons", "related")

_ENDS = string.punctuation + string.whitespace + "。，、；：？！…“”‘’（）《》「」"


class KnowledgeRefused(Exception):
    """This cannot be done with what the shop knows; `key` names the sentence in the texts, the work stays usable."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article as it comes from a file or from a person."""

    slug: str
    language: str
    title: str
    category: str
    phrasings: tuple[str, ...]
    answer: str
    tags: tuple[str, ...] = ()
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()
    attachments: tuple[dict[str, str], ...] = ()  # {"name", "url"}
    buttons: tuple[dict[str, str], ...] = ()  # {"label", "url"}
    related: tuple[str, ...] = ()
    state: str = ArticleState.PUBLISHED
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def check(draft: Draft) -> None:
    """Raise KnowledgeRefused for what no article may be."""
    if not draft.slug or len(draft.slug) > LONGEST_SLUG:
        raise KnowledgeRefused("article_bad_slug", slug=draft.slug[:40], length=len(draft.slug), most=LONGEST_SLUG)
    if not draft.answer.strip():
        raise KnowledgeRefused("article_no_answer", slug=draft.slug)
    if len(draft.answer) > LONGEST_ANSWER:
        raise KnowledgeRefused("article_long_answer", slug=draft.slug, length=len(draft.answer), most=LONGEST_ANSWER)
    if draft.state not in list(ArticleState):
        raise KnowledgeRefused("article_bad_state", slug=draft.slug, state=draft.state[:40])
    if draft.state == ArticleState.PUBLISHED and not draft.phrasings:
        raise KnowledgeRefused("article_no_phrasing", slug=draft.slug)
    if draft.valid_from and draft.valid_until and draft.valid_from >= draft.valid_until:
        raise KnowledgeRefused("article_bad_dates", slug=draft.slug)
    if len(draft.phrasings) > MOST_PHRASINGS:
        raise KnowledgeRefused("phrasing_many", slug=draft.slug, most=MOST_PHRASINGS)
    for wording in (*draft.phrasings, *draft.must_match, *draft.must_not_match):
        check_phrasing(wording)
    for link in (*draft.attachments, *draft.buttons):
        # Other schemes run scripts in the page that shows them.
        if not link.get("url", "").startswith(("https://", "http://")):
            raise KnowledgeRefused("article_bad_link", slug=draft.slug, url=link.get("url", "")[:200])


def check_phrasing(wording: str) -> None:
    """Raise KnowledgeRefused for what no phrasing may be."""
    if not _plain(wording):
        raise KnowledgeRefused("phrasing_empty")
    if len(wording) > LONGEST_PHRASING:
        raise KnowledgeRefused("phrasing_long", length=len(wording), most=LONGEST_PHRASING)


def knows(row: Article, wording: str) -> bool:
    """Whether an article has this phrasing already, apart from case, spaces and marks at its ends."""
    plain = _plain(wording)
    return any(_plain(str(one)) == plain for one in row.phrasings)


def _plain(wording: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", wording).casefold().split()).strip(_ENDS)


def merged_field(name: str, before: dict[str, Any], said: dict[str, Any], now: dict[str, Any]) -> Any:
    """One field: what the file said before, what it says, what the shop has."""
    if name not in LISTS:
        return now[name] if said[name] == before.get(name) else said[name]
    old = before.get(name, [])
    kept = [one for one in said[name] if one in now[name] or one not in old]
    return kept + [one for one in now[name] if one not in said[name] and one not in old]


def content_of(article: Draft | Article) -> dict[str, Any]:
    """What a version keeps of an article: every field but its slug and language, as JSON has it."""
    return {
        "title": article.title[:LONGEST_NAME],
        "category": article.category[:LONGEST_NAME],
        "answer": article.answer,
        "state": str(article.state),
        "valid_from": _moment(article.valid_from),
        "valid_until": _moment(article.valid_until),
        **{name: list(getattr(article, name)) for name in LISTS},
    }


def draft_of(slug: str, language: str, content: dict[str, Any]) -> Draft:
    """The draft that has this content."""
    fields: dict[str, Any] = {name: content[name] for name in ("title", "category", "answer", "state")}
    fields |= {name: tuple(content.get(name, ())) for name in LISTS}
    fields |= {name: time_of(content.get(name)) for name in ("valid_from", "valid_until")}
    return Draft(slug=slug, language=language, **fields)


def draft_from(row: Article) -> Draft:
    """An article as it stands, to be changed and saved."""
    return draft_of(row.slug, row.language, content_of(row))


def _moment(value: datetime | None) -> str | None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"a time needs its zone, {value!r} has none")
    return None if value is None else value.astimezone(UTC).isoformat()


def time_of(value: str | None) -> datetime | None:
    """A time as a content keeps it, None for none."""
    return datetime.fromisoformat(value) if value else None
