"""The record over HTTP: for colleagues who may, from our own pages, every look an audit entry, refusals in words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core import attributes, contacts, customers
from crm_core.models import AuditEntry, ContactKind, Customer, CustomerChange, CustomerTag, Role
from tests.builders import settings_in
from tests.web.records_served import RealServed, over_records

_CARD = "/desk/customers/12"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[RealServed]:
    """The pages over records with two customers."""
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true")) as opened:
        async with opened.app.records.write() as work:
            for number, name, phone in ((12, "林夏", "+8613800138000"), (13, "Jonas Weber", "+4915112345678")):
                one = customers.create(work, language="en", name=name, source="import", number=number)
                contacts.add(work, one, ContactKind.PHONE, phone, main=True)
            await attributes.define(work, "diet", "text", labels={"en": "Diet"}, personal=True)
            await attributes.define(work, "grade", "choice", labels={}, choices=["green", "black"])
        yield opened


async def audited(served: RealServed) -> list[str]:
    async with served.app.records.read() as work:
        statement = select(AuditEntry.act).where(AuditEntry.act.like("customer.%")).order_by(AuditEntry.id)
        return list((await work.session.scalars(statement)).all())


async def count(served: RealServed, table: type[Any]) -> int:
    async with served.app.records.read() as work:
        return len((await work.session.scalars(select(table))).all())


def wanted(**fields: str) -> dict[str, str]:
    return {"do": "add", "field": "tag", "text": "", "contact": "", **fields}


async def test_an_agent_finds_looks_and_changes(served: RealServed) -> None:
    async with served.client(cookies={"frontdesk_staff": await served.staff_cookie()}) as agent:
        found = (await agent.get("/desk/customers", params={"words": "lin xia"})).json()
        assert [(one["number"], one["name"]) for one in found["customers"]] == [(12, "林夏")]

        card = (await agent.get(_CARD)).json()
        (phone,) = card["contacts"]
        assert (phone["value"], phone["text"], card["hidden"]) == ("+86•••000", "", True)
        revealed = (await agent.get(_CARD, params={"reveal": "1", "language": "zh"})).json()
        assert (revealed["contacts"][0]["value"], revealed["contacts"][0]["label"]) == ("+8613800138000", "电话")

        for change in (
            wanted(text="tea, vip"),
            wanted(do="set", field="company", text="Tea House"),
            wanted(do="set", field="attribute:diet", text="no peanuts"),
            wanted(field="email", text="lin@example.com"),
            wanted(field="phone", contact=phone["id"], text="+86 139 0013 9000"),
            wanted(field="note", text="likes green tea"),
        ):
            answer = await agent.post(_CARD, json=change)
            assert answer.status_code == 200, answer.text
            card = answer.json()
        assert card["tags"] == ["tea", "vip"]
        values = {one["field"]: (one["value"], one["text"]) for one in card["fields"]}
        assert values["company"] == ("Tea House", "Tea House")
        assert values["attribute:diet"] == ("•••", "")
        assert [one["value"] for one in card["contacts"]] == ["l•••@example.com", "+86•••000"]
        assert card["notes"][0]["text"] == "likes green tea"

        page = (await agent.get(f"{_CARD}/timeline")).json()
        assert "Diet: “•••” (Chen Yue)" in [one["text"] for one in page["entries"]]
        assert "peanuts" not in str(page)
        assert "139" not in str(page)

    acts = await audited(served)
    assert acts[:3] == ["customer.find", "customer.show", "customer.reveal"]
    assert acts[-1] == "customer.timeline"


async def test_what_cannot_be_is_refused_in_the_readers_words_and_nothing_changes(served: RealServed) -> None:
    async with served.client(cookies={"frontdesk_staff": await served.staff_cookie()}) as agent:
        for change, says in (
            (wanted(field="phone", text="hello"), "“hello” is no phone number."),
            (wanted(do="set", field="birthday", text="2999-01-01"), "2999-01-01 cannot be a birthday"),
            (wanted(do="set", field="attribute:grade", text="white"), "grade should be one of green, black"),
            (wanted(do="remove", field="tag", text="none"), "There is no tag “none”"),
            (wanted(do="remove", field="phone", contact="1"), "This is not on the record any more."),
        ):
            answer = await agent.post(_CARD, json=change)
            assert (answer.status_code, answer.json()["refused"].startswith(says)) == (409, True), answer.text
        chinese = await agent.post(_CARD, params={"language": "zh"}, json=wanted(field="phone", text="hello"))
        assert chinese.json()["refused"].startswith("“hello”不是电话号码")

    assert await count(served, CustomerChange) == 0


async def test_only_colleagues_of_the_desk_see_and_change_records(served: RealServed) -> None:
    marketer = {"frontdesk_staff": await served.staff_cookie("Max", Role.MARKETER)}
    visitor = {"frontdesk_visitor": await served.visitor_cookie()}
    for cookies in (marketer, visitor, {"frontdesk_staff": "x" * 43}, {}):
        async with served.client(cookies=cookies) as client:
            for path in ("/desk/customers?words=lin", _CARD, f"{_CARD}?reveal=1", f"{_CARD}/timeline"):
                answer = await client.get(path)
                assert answer.status_code == 403
                assert "林夏" not in answer.text
            assert (await client.post(_CARD, json=wanted(text="tea"))).status_code == 403

    assert await count(served, CustomerTag) == 0
    assert await audited(served) == []


async def test_a_change_from_another_site_is_refused(served: RealServed) -> None:
    async with served.client(cookies={"frontdesk_staff": await served.staff_cookie()}) as agent:
        answer = await agent.post(_CARD, json=wanted(text="tea"), headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 403
    assert await count(served, CustomerTag) == 0


async def test_a_change_that_is_none_is_turned_away(served: RealServed) -> None:
    async with served.client(cookies={"frontdesk_staff": await served.staff_cookie()}) as agent:
        for body in (
            b"",
            b"{",
            b"[]",
            b'{"do": "drop"}',
            b'{"do": "add", "field": "key", "text": "x"}',
            b'{"do": "set", "field": "tag", "text": "x"}',
            b'{"do": "add", "field": "name", "text": "x"}',
            b'{"do": "add", "field": "tag", "text": ["x"]}',
            b'{"do": "add", "field": "tag", "text": "' + b"x" * 40_000 + b'"}',
        ):
            assert (await agent.post(_CARD, content=body)).status_code == 400, body[:60]


async def test_there_is_no_card_of_nobody_and_of_who_was_erased(served: RealServed) -> None:
    async with served.app.records.write() as work:
        erased = await work.session.scalar(select(Customer).where(Customer.number == 13))
        assert erased is not None
        erased.key = None
    async with served.client(cookies={"frontdesk_staff": await served.staff_cookie()}) as agent:
        for number in ("99", "13", "x", "9" * 30):
            assert (await agent.get(f"/desk/customers/{number}")).status_code == 404
        assert (await agent.post("/desk/customers/13", json=wanted(text="tea"))).status_code == 409
