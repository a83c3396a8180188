"""docs/howto/import.md lists the fields that files may have, as `python -m tests.docs.test_import_page` writes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bot.importing.columns import CUSTOMER_FIELDS, ORDER_FIELDS, Field

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "howto" / "import.md"
_BEGIN: Final = "<!-- fields: written by `python -m tests.docs.test_import_page` -->\n"
_END: Final = "<!-- end of fields -->\n"


def table(title: str, fields: Sequence[Field]) -> str:
    """The fields of one kind of file."""
    rows = [f"| `{one.name}` | {one.holds} | {_shown(one)} |\n" for one in fields]
    return f"\n### {title}\n\n| field | what it holds | headings, among others |\n|---|---|---|\n{''.join(rows)}"


def _shown(field: Field) -> str:
    headings = [*field.english.split(", ")[:3], *field.chinese.split("、")[:3]]
    return ", ".join(filter(None, headings)) or "-"


def page() -> str:
    """The page with today's fields."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    fields = table("Customers", CUSTOMER_FIELDS) + table("Orders", ORDER_FIELDS)
    return f"{before}{_BEGIN}{fields}\n{_END}{after}"


def test_the_page_lists_the_fields_that_the_code_knows() -> None:
    """A new field or heading is in the page, or this tells."""
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
