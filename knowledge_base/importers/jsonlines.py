"""Articles as JSON Lines: one object a line with id, language, phrasings, answer and, if you like, the other fields.

    {"id": "returns", "language": "en", "phrasings": ["how do I return something"], "answer": "Within 30 days …"}

Empty lines are skipped and fields that are not ours are left alone.
"""

from typing import Any, TypeVar

from knowledge_base.article import Link
from knowledge_base.importers.checks import Found, Place, Placed, Raw, Source, checked, json_object, read_lines

_T = TypeVar("_T")


def read_json_lines(source: Source) -> list[Found]:
    """Read every article of a file; what is wrong goes to the findings."""
    found: list[Found] = []
    with source.findings.kept():
        for number, line in enumerate(read_lines(source.path), start=1):
            if line.strip():
                with source.findings.kept():
                    found += _article(line, Place(source.path, number), source)
    return found


def _article(line: str, place: Place, source: Source) -> list[Found]:
    before = source.findings.count
    fields = _Fields(json_object(line, place), place, source)
    raw = Raw(
        place=place,
        id=fields.text("id", required=True),
        language=fields.text("language", required=True),
        phrasings=fields.texts("phrasings", required=True),
        answer=fields.text("answer", required=source.answers_required),
        title=fields.text("title"),
        category=fields.text("category"),
        tags=[text for text, _ in fields.texts("tags")],
        must_match=fields.texts("must_match"),
        must_not_match=fields.texts("must_not_match"),
        attachments=fields.links("attachments", "name"),
        buttons=fields.links("buttons", "label"),
        related=[text for text, _ in fields.texts("related")],
        state=fields.text("state"),
        valid_from=fields.text("valid_from"),
        valid_until=fields.text("valid_until"),
    )
    return checked(raw, source) if source.findings.count == before else []


class _Fields:
    """The fields of one object, each taken as what it should be; what is not goes to the findings."""

    def __init__(self, fields: dict[str, Any], place: Place, source: Source) -> None:
        self._fields = fields
        self._place = place
        self._findings = source.findings

    def text(self, field: str, *, required: bool = False) -> str:
        value = self._value(field, required)
        # An answer of null counts as empty; an id or a language of null is none.
        if value is None and not (required and field in self._fields and field != "answer"):
            return ""
        return value if isinstance(value, str) else self._wrong(field, "a text", "")

    def texts(self, field: str, *, required: bool = False) -> list[Placed]:
        value = self._value(field, required)
        if value is None and not (required and field in self._fields):
            return []
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            return self._wrong(field, "a list of texts", [])
        return [(text, self._place) for text in value]

    def links(self, field: str, label: str) -> list[tuple[Link, Place]]:
        value = self._value(field, required=False)
        if value is None:
            return []
        if not isinstance(value, list) or not all(_is_link(one, label) for one in value):
            return self._wrong(field, f'a list of objects with "{label}" and "url"', [])
        return [(Link(one[label], one["url"]), self._place) for one in value]

    def _value(self, field: str, required: bool) -> Any:
        if required and field not in self._fields:
            self._findings.add(self._place.error("missing_field", field=field))
        return self._fields.get(field)

    def _wrong(self, field: str, expected: str, instead: _T) -> _T:
        self._findings.add(self._place.error("wrong_type", field=field, expected=expected))
        return instead


def _is_link(value: Any, label: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(label), str) and isinstance(value.get("url"), str)
