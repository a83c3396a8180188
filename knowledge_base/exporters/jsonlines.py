"""Articles as JSON Lines: one object a line, empty fields left out."""

import json
from collections.abc import Sequence
from typing import Any

from knowledge_base.article import Article
from knowledge_base.notation import write_time


def as_json_lines(articles: Sequence[Article]) -> bytes:
    """The whole file, in UTF-8."""
    return "".join(json.dumps(_object(one), ensure_ascii=False) + "\n" for one in articles).encode()


def _object(article: Article) -> dict[str, Any]:
    needed = {"id": article.id, "language": article.language}
    fields = {
        "title": article.title,
        "category": article.category,
        "tags": article.tags,
        "phrasings": article.phrasings,
        "answer": article.answer,
        "must_match": article.must_match,
        "must_not_match": article.must_not_match,
        "attachments": [{"name": link.label, "url": link.url} for link in article.attachments],
        "buttons": [{"label": link.label, "url": link.url} for link in article.buttons],
        "related": article.related,
        "state": "" if article.state == "published" else article.state,
        "valid_from": write_time(article.valid_from),
        "valid_until": write_time(article.valid_until),
    }
    return needed | {name: value for name, value in fields.items() if value or name in {"phrasings", "answer"}}
