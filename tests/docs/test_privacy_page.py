"""docs/howto/privacy.md lists tables and terms; `python -m tests.docs.test_privacy_page` writes them again."""

from datetime import timedelta

from crm_core.personal import PARTS, Fate
from crm_core.rules.retention import RETENTION, Kept, Months, term_of
from tests.docs.pages import DOCS

PAGE = DOCS / "howto" / "privacy.md"
_WRITER = "python -m tests.docs.test_privacy_page"
_WHAT = {
    Kept.MESSAGES: "the words of customers' talks",
    Kept.DELIVERIES: "addresses and buttons of deliveries",
    Kept.FILES: "photos and documents that Frontdesk keeps",
    Kept.ATTACHMENTS: "names of attached files, and where they lie",
    Kept.PICTURES: "pictures that the bot made",
    Kept.EXPORTS: "archives that people were given in the chat",
    Kept.STAFF_TALK: "what staff said to the bot, and it to them",
    Kept.AUDIT: "audit entries; their links stay",
    Kept.RAW_UPDATES: "raw updates that were answered; emptied at once, the row goes later",
    Kept.SET_ASIDE: "raw updates that could not be handled",
    Kept.WEB_SESSIONS: "browser sessions, once they ended",
    Kept.INVITES: "invites, once they expired",
    Kept.IMPORTS: "which files were imported",
}


def personal() -> str:
    """Every table with something of a person in it."""
    rows = ["| table | given out | when erased |", "|---|---|---|"]
    for name in sorted({part.name for part in PARTS}):
        parts = [part for part in PARTS if part.name == name]
        given = "yes" if any(part.exported for part in parts) else "no"
        fates = " or ".join(dict.fromkeys(_fate(part.fate, part.empty) for part in parts))
        rows.append(f"| `{name}` | {given} | {fates} |")
    return "\n".join(rows) + "\n"


def _fate(fate: Fate, empty: object) -> str:
    columns = ", ".join(f"`{name}`" for name in empty) if isinstance(empty, dict) and empty else ""
    return f"{fate}: {columns}" if columns else str(fate)


def terms() -> str:
    """Every class of data with its term."""
    rows = ["| what | kept for | set by |", "|---|---|---|"]
    for kept in Kept:
        setting = f"`{RETENTION[kept].setting}`" if RETENTION[kept].setting else "fixed"
        rows.append(f"| {_WHAT[kept]} | {_span(kept)} | {setting} |")
    return "\n".join(rows) + "\n"


def _span(kept: Kept) -> str:
    setting, months = RETENTION[kept].setting, Months()
    if setting:
        return f"{getattr(months, setting)} months"
    term = term_of(kept, months) or timedelta()
    return f"{term.days} days" if term else "no longer"


def page(now: str) -> str:
    """The page with today's lists."""
    for name, made in (("personal", personal()), ("retention", terms())):
        before, head, rest = now.partition(
            f"<!-- {name}: python -m tests.docs.test_privacy_page writes this list -->\n"
        )
        _old, tail, after = rest.partition(f"<!-- end of {name} -->")
        assert head and tail, name  # noqa: PT018 - both or neither
        now = f"{before}{head}\n{made}\n{tail}{after}"
    return now


def test_the_page_lists_every_table_and_every_term() -> None:
    """Whoever changes what is exported, erased or kept writes the lists again."""
    text = PAGE.read_text(encoding="utf-8")

    assert text == page(text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
