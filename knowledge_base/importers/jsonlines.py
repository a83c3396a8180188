"""Articles as JSON Lines: one object a line with id, language, phrasings, answer and, if you like, title and category.

    {"id": "returns", "language": "en", "phrasings": ["how do I return something"], "answer": "Within 30 days …"}

Empty lines are skipped and fields that are not ours are left alone.
"""

from pathlib import Path
from typing import Any

from knowledge_base.article import Article
from knowledge_base.importers.checks import Place, checked_article, json_object, read_lines


def read_json_lines(path: Path, answers_required: bool = True) -> list[Article]:
    """Read every article of a file; raises ArticleError at the first thing that is wrong."""
    return [
        _article(line, Place(path, number), answers_required)
        for number, line in enumerate(read_lines(path), start=1)
        if line.strip()
    ]


def _article(line: str, place: Place, answers_required: bool) -> Article:
    fields = json_object(line, place)
    phrasings = _required(fields, "phrasings", place)
    if not isinstance(phrasings, list) or not all(isinstance(phrasing, str) for phrasing in phrasings):
        raise place.error("wrong_type", field="phrasings", expected="a list of texts")
    return checked_article(
        article_id=_text(_required(fields, "id", place), "id", place),
        language=_text(_required(fields, "language", place), "language", place),
        phrasings=[(phrasing, place) for phrasing in phrasings],
        answer=_text(_required(fields, "answer", place) if answers_required else fields.get("answer"), "answer", place),
        title=_text(fields.get("title"), "title", place),
        category=_text(fields.get("category"), "category", place),
        place=place,
        answers_required=answers_required,
    )


def _required(fields: dict[str, Any], field: str, place: Place) -> Any:
    if field not in fields:
        raise place.error("missing_field", field=field)
    return fields[field]


def _text(value: Any, field: str, place: Place) -> str:
    if value is None and field not in ("id", "language"):
        return ""
    if not isinstance(value, str):
        raise place.error("wrong_type", field=field, expected="a text")
    return value
