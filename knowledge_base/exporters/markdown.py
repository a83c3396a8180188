"""Articles as Markdown, as `knowledge_base.importers.markdown` reads it."""

import re
from collections.abc import Sequence

from knowledge_base.article import Article
from knowledge_base.notation import write_line, write_link, write_time, write_word

_HEADING = re.compile(r"^(\\*#{1,2}(?: |$))", re.MULTILINE)


def as_markdown(articles: Sequence[Article]) -> bytes:
    """The whole file, in UTF-8."""
    return "\n".join(_article(one) for one in articles).encode()


def _article(article: Article) -> str:
    head = {
        "id": article.id,
        "language": article.language,
        "category": article.category,
        "tags": ", ".join(write_word(tag) for tag in article.tags),
        "state": "" if article.state == "published" else article.state,
        "valid-from": write_time(article.valid_from),
        "valid-until": write_time(article.valid_until),
        "related": ", ".join(write_word(other) for other in article.related),
    }
    lists = {
        "Must match": [write_line(text) for text in article.must_match],
        "Must not match": [write_line(text) for text in article.must_not_match],
        "Buttons": [write_link(link) for link in article.buttons],
        "Attachments": [write_link(link) for link in article.attachments],
    }
    parts = [f"# {article.title}\n" + "".join(f"{name}: {value}\n" for name, value in head.items() if value)]
    parts.append(_section("Questions", [write_line(text) for text in article.phrasings]))
    parts += [_section(name, entries) for name, entries in lists.items() if entries]
    # Last, for it goes on until the next article begins.
    parts.append("## Answer\n" + _HEADING.sub(r"\\\1", article.answer) + "\n")
    return "\n".join(parts)


def _section(name: str, entries: Sequence[str]) -> str:
    return f"## {name}\n" + "".join(f"- {entry}\n" for entry in entries)
