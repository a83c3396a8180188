"""An article: what the shop knows about one question, in one language."""

from dataclasses import dataclass


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
    source: str = ""  # where it was read from, such as "articles.jsonl:12"; empty if made elsewhere
