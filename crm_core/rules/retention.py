"""Retention: for how long each class of data is kept, and what becomes of it then. This is the one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import ceil
from typing import Final

_MONTH = 365.25 / 12  # days


class Kept(StrEnum):
    """A class of data that has a term."""

    MESSAGES = "messages"
    DELIVERIES = "deliveries"
    FILES = "files"
    ATTACHMENTS = "attachments"
    PICTURES = "pictures"
    EXPORTS = "exports"
    STAFF_TALK = "staff_talk"
    AUDIT = "audit"
    RAW_UPDATES = "raw_updates"
    SET_ASIDE = "set_aside"
    WEB_SESSIONS = "web_sessions"
    INVITES = "invites"
    IMPORTS = "imports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The term of one class: that of a setting of `[privacy]`, or one that is fixed, from the end of its use on."""

    tables: tuple[str, ...]
    setting: str = ""  # in months; 0 keeps it for good
    fixed: timedelta = timedelta()
    emptied: bool = False  # the rows stay, for what hangs on them and for the figures; else they are removed


RETENTION: Final[Mapping[Kept, Rule]] = {
    Kept.MESSAGES: Rule(tables=("interaction",), setting="messages_months", emptied=True),
    Kept.DELIVERIES: Rule(tables=("outbox", "message_link"), setting="messages_months", emptied=True),
    Kept.FILES: Rule(tables=("stored_file",), setting="files_months"),
    Kept.ATTACHMENTS: Rule(tables=("attachment",), setting="files_months"),
    Kept.PICTURES: Rule(tables=("stored_file", "attachment"), fixed=timedelta(days=30)),
    Kept.EXPORTS: Rule(tables=("stored_file", "attachment"), fixed=timedelta(days=7)),
    Kept.STAFF_TALK: Rule(tables=("interaction", "interaction_about"), setting="staff_talk_months", emptied=True),
    Kept.AUDIT: Rule(tables=("audit_entry",), setting="audit_months"),
    Kept.RAW_UPDATES: Rule(tables=("inbox",), fixed=timedelta(hours=72)),
    Kept.SET_ASIDE: Rule(tables=("inbox",), fixed=timedelta(days=90)),
    Kept.WEB_SESSIONS: Rule(tables=("web_session",)),
    Kept.INVITES: Rule(tables=("invite",), fixed=timedelta(days=30)),
    Kept.IMPORTS: Rule(tables=("import_run",), setting="imports_months"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """What the operator set, as `[privacy]` says it; 0 keeps a class for good."""

    messages_months: int = 24
    files_months: int = 24
    staff_talk_months: int = 3
    audit_months: int = 72
    imports_months: int = 24


def term_of(kept: Kept, months: Months) -> timedelta | None:
    """How long a class is kept; None for good."""
    rule = RETENTION[kept]
    if not rule.setting:
        return rule.fixed
    count: int = getattr(months, rule.setting)
    return timedelta(days=ceil(count * _MONTH)) if count else None
