"""How staff write a change of the record: by a table, and whatever they write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.record_words import Do, Edit, read_edit

_OWN = {"size": "size", "尺码": "size", "shoe": "size"}


@pytest.mark.parametrize(
    ("line", "edit"),
    [
        ("phone +49 151 1", Edit(do=Do.ADD, field="phone", text="+49 151 1")),
        ("Phone: +49 151 1", Edit(do=Do.ADD, field="phone", text="+49 151 1")),
        ("phone=+49", Edit(do=Do.ADD, field="phone", text="+49")),
        ("phone -+49 151 1", Edit(do=Do.REMOVE, field="phone", text="+49 151 1")),
        ("电话 138 0013 8000", Edit(do=Do.ADD, field="phone", text="138 0013 8000")),
        ("手机号13800138000", Edit(do=Do.ADD, field="phone", text="13800138000")),
        ("邮箱：a@example.com", Edit(do=Do.ADD, field="email", text="a@example.com")),
        ("alias Summer", Edit(do=Do.ADD, field="further_name", text="Summer")),
        ("address 1 Tea St\nLisbon", Edit(do=Do.ADD, field="address", text="1 Tea St\nLisbon")),
        ("NAME Lin Xia", Edit(do=Do.SET, field="name", text="Lin Xia")),
        ("company -", Edit(do=Do.EMPTY, field="company")),
        ("生日 1990-03-27", Edit(do=Do.SET, field="birthday", text="1990-03-27")),
        ("tag tea, vip", Edit(do=Do.ADD, field="tag", text="tea, vip")),
        ("tag -tea", Edit(do=Do.REMOVE, field="tag", text="tea")),
        ("untag tea", Edit(do=Do.REMOVE, field="tag", text="tea")),
        ("note - call back", Edit(do=Do.ADD, field="note", text="- call back")),
        ("main a@example.com", Edit(do=Do.MAIN, field="", text="a@example.com")),
        ("size 42", Edit(do=Do.SET, field="attribute:size", text="42")),
        ("Shoe -42", Edit(do=Do.SET, field="attribute:size", text="-42")),
        ("尺码 -", Edit(do=Do.EMPTY, field="attribute:size")),
        ("phone", Edit(do=Do.ADD, field="phone")),
        ("lin xia", None),
        ("tags-and-more", None),
        ("", None),
        (":", None),
    ],
)
def test_a_line_says_what_is_to_change(line: str, edit: Edit | None) -> None:
    assert read_edit(line, _OWN) == edit


@given(st.text(max_size=80))
def test_whatever_is_written_is_a_change_or_none(line: str) -> None:
    edit = read_edit(line, _OWN)

    assert edit is None or edit.do in list(Do)
