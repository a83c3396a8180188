"""An article: what the shop knows about one question, in one language."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An address with the words that stand for it: a button below an answer, or a file that goes with it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One answer and the ways people ask for it.

    The versions of one article in several languages share their `id`; (`id`, `language`) is unique.
    """

    id: str
    language: str  # "en", "zh": the language of phrasings and answer
    phrasings: tuple[str, ...]
    answer: str
    title: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    must_match: tuple[str, ...] = ()  # questions that this article has to be the first candidate for
    must_not_match: tuple[str, ...] = ()  # questions that it may not be the answer to
    attachments: tuple[Link, ...] = ()
    buttons: tuple[Link, ...] = ()
    related: tuple[str, ...] = ()  # ids of articles that people want next
    state: str = "published"  # or "draft", "archived"; a matcher is handed published ones
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    source: str = ""  # where it was read from, such as "articles.jsonl:12"; empty if made elsewhere
