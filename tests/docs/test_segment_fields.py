"""docs/howto/segments.md lists every field; `python -m tests.docs.test_segment_fields` writes the list again."""

import re

from bot.texts import Texts
from crm_core.segments import FIELDS, Field, Kind, parse
from crm_core.segments.parser import KnownNames
from tests.docs.pages import DOCS

PAGE = DOCS / "howto" / "segments.md"
_BETWEEN = re.compile(r"(<!-- fields: .*? -->\n).*?(<!-- end of fields -->)", re.DOTALL)
_HELD = {
    Kind.WORD: "a word",
    Kind.CHOICE: "one of: ",
    Kind.PIN: "words",
    Kind.FLAG: "yes or no",
    Kind.COUNT: "a whole number",
    Kind.MONEY: "an amount",
    Kind.MOMENT: "a day",
    Kind.BIRTHDAY: "a day of any year",
    Kind.SEGMENT: "a name",
}


def table() -> str:
    """The fields in the order of the code."""
    texts = Texts(("en",))
    rows = ["| field | what it is | holds | example |", "|---|---|---|---|"]
    for one in FIELDS.values():
        label = texts.say("en", f"segment-field-{one.name.replace('_', '-')}").rstrip(",")
        rows.append(f"| `{one.written}` | {label} | {_held(one)} | `{one.example}` |")
    return "\n".join(rows) + "\n"


def _held(one: Field) -> str:
    return _HELD[one.kind] + ", ".join(f"`{choice}`" for choice in one.choices)


def page(now: str) -> str:
    """The page with today's list."""
    return _BETWEEN.sub(lambda found: f"{found[1]}\n{table()}\n{found[2]}", now)


def test_the_page_lists_every_field() -> None:
    """Whoever adds a field writes the list again."""
    text = PAGE.read_text(encoding="utf-8")

    assert _BETWEEN.search(text)
    assert text == page(text)


def test_every_question_of_the_page_can_be_asked() -> None:
    """What stands in the examples is read by the parser."""
    text = PAGE.read_text(encoding="utf-8")
    known = KnownNames(segments={"loyal": "orders >= 3", "recent": "all"})
    asked = [*re.findall(r"```text\n(.*?)\n```", text, re.DOTALL), *re.findall(r'segment count "(.*?)"', text)]
    asked += [one.example for one in FIELDS.values()]
    asked += re.findall(
        r"`((?:language|spent|company|first_order|last_order|last_contact|birthday|segment) [^`…]+)`", text
    )

    assert len(asked) > 40
    for one in asked:
        parse(one, known)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
