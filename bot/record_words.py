"""How staff write a change of the record in one line ("phone +49…", "tag tea", "生日 1990-03-27"), and making it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_core import attributes, record
from crm_core.models import ContactKind, Customer
from crm_core.record import FIELDS, By
from crm_core.rules.record import RecordRefused
from crm_core.work import Work

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


def read_edit(line: str, own: Mapping[str, str]) -> Edit | None:
    """The change that a line asks for; None when its first word names no field.

    `own` are the fields that the operator added: what people call them, in lower case -> key.
    """
    found = _LINE.fullmatch(_apart(line.strip()))
    if found is None:
        return None
    word, text = found[1].casefold(), found[2].strip()
    field = _FIELD.get(word)
    if field is None:
        return as_edit(f"attribute:{own[word]}", text) if word in own else None
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


async def called(work: Work) -> dict[str, str]:
    """What the operator's attributes are called, in lower case and in every language -> their key."""
    known: dict[str, str] = {}
    for one in await attributes.listed(work):
        for label in (*map(str, one.labels.values()), one.key):
            known[label.casefold()] = one.key
    return known


async def apply(work: Work, customer: Customer, edit: Edit, by: By, country: str) -> str:
    """Make a change; the key of what to say of it then. Raises RecordRefused."""
    if edit.do in (Do.SET, Do.EMPTY):
        if edit.do == Do.SET and not edit.text:
            raise RecordRefused("record_empty")
        await record.change(work, customer, edit.field, edit.text, by)
        return "customer-changed" if edit.do == Do.SET else "customer-emptied"
    if edit.field == "note":
        await record.add_note(work, customer, edit.text, by)
        return "customer-noted"
    if edit.field == "tag":
        for word in _several(edit.text):
            await (record.add_tag if edit.do == Do.ADD else record.remove_tag)(work, customer, word, by)
        return "customer-added" if edit.do == Do.ADD else "customer-removed"
    if edit.do == Do.ADD:
        await record.add_contact(work, customer, CONTACT_FIELDS[edit.field], edit.text, by, country=country)
        return "customer-added"
    record.check_open(customer)
    there = await record.find_contact(work, customer, edit.text, country)
    if there is None or (edit.field and there.kind != CONTACT_FIELDS[edit.field]):
        raise RecordRefused("contact-not-there", text=edit.text[:60])
    if edit.do == Do.MAIN:
        await record.make_main(work, customer, there.id, by)
        return "customer-main"
    await record.remove_contact(work, customer, there.id, by)
    return "customer-removed"


def _several(text: str) -> list[str]:
    words = [one.strip() for one in text.replace("，", ",").replace("、", ",").split(",")]
    return [one for one in words if one] or [""]
