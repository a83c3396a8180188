"""How staff write a change of the record in one line: "phone +49…", "tag tea", "company -", "生日 1990-03-27"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_core.models import ContactKind
from crm_core.record import FIELDS

CONTACT_FIELDS: Final = {
    "further_name": ContactKind.NAME,
    "phone": ContactKind.PHONE,
    "email": ContactKind.EMAIL,
    "address": ContactKind.ADDRESS,
}
_CALLED: Final = {
    "name": ("name", "姓名", "名字"),
    "further_name": ("alias", "aka", "别名", "又名"),
    "phone": ("phone", "tel", "telephone", "mobile", "电话", "手机", "手机号"),
    "email": ("email", "e-mail", "mail", "邮箱", "邮件", "电邮"),
    "address": ("address", "地址"),
    "language": ("language", "lang", "语言"),
    "time_zone": ("zone", "timezone", "time_zone", "时区"),
    "birthday": ("birthday", "born", "生日"),
    "company": ("company", "公司"),
    "owner": ("owner", "负责人"),
    "tag": ("tag", "tags", "标签"),
    "untag": ("untag", "去标签"),
    "note": ("note", "备注"),
    "main": ("main", "首选"),
}
_FIELD: Final = {word: field for field, words in _CALLED.items() for word in words}
_UNSPACED: Final = sorted((word for word in _FIELD if not word.isascii()), key=len, reverse=True)
_LINE = re.compile(r"([^\s:：=]+)\s*[:：=]?\s*(.*)", re.DOTALL)
_MINUS = ("-", "–", "—", "－")


class Do(StrEnum):
    """What a line wants done with a field."""

    SET = "set"
    ADD = "add"
    REMOVE = "remove"
    EMPTY = "empty"
    MAIN = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change: what is to be done with which field, and the words that go with it."""

    do: Do
    field: str  # a field of the record, "attribute:<key>", a kind of contact, "tag" or "note"; "" for any contact
    text: str = ""


def read_edit(line: str, attributes: Mapping[str, str]) -> Edit | None:
    """The change that a line asks for; None when its first word names no field.

    `attributes` are the fields that the operator added: what people call them, in lower case -> key.
    """
    found = _LINE.fullmatch(_apart(line.strip()))
    if found is None:
        return None
    word, text = found[1].casefold(), found[2].strip()
    field = _FIELD.get(word)
    if field is None:
        return as_edit(f"attribute:{attributes[word]}", text) if word in attributes else None
    if field == "main":
        return Edit(do=Do.MAIN, field="", text=text)
    if field == "untag":
        return Edit(do=Do.REMOVE, field="tag", text=text)
    return as_edit(field, text)


def _apart(line: str) -> str:
    """Chinese is written without blanks: 电话13800138000."""
    for word in _UNSPACED:
        if line.startswith(word):
            return f"{word} {line[len(word) :]}"
    return line


def as_edit(field: str, text: str) -> Edit:
    """What `text`, written for this field, wants done: "-" empties it, "-tea" takes one of several away."""
    if field in FIELDS or field.startswith("attribute:"):
        return Edit(do=Do.EMPTY, field=field) if text in _MINUS else Edit(do=Do.SET, field=field, text=text)
    if field != "note" and text.startswith(_MINUS):
        return Edit(do=Do.REMOVE, field=field, text=text[1:].strip())
    return Edit(do=Do.ADD, field=field, text=text)
