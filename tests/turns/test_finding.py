"""Finding customers: whatever is known of somebody leads to them, and nothing to who was erased."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, update

from crm_core import contacts, customers, finding, orders
from crm_core.models import ContactKind, Customer, CustomerTag, NameToken
from tests.builders import House


async def people(house: House) -> dict[str, int]:
    """A few customers by a short name."""
    ids: dict[str, int] = {}
    async with house.app.records.write() as work:
        for number, (short, name, phone, email, tags) in enumerate(
            (
                ("lin", "林夏", "+8613800138000", "lin@example.com", ["tea", "vip"]),
                ("wang", "王一诺 Wang Yinuo", "+8613900139000", "", ["tea"]),
                ("ouyang", "欧阳娜娜", "", "nana@example.com", []),
                ("jonas", "Jonas Weber", "+4915112345678", "Jonas@Example.com", []),
                ("wei", "Wei Lin", "", "", []),
                ("anna", "Ann-Sophie Müller", "", "", ["Tea"]),
                ("lin2", "Lin Xia", "", "", []),
            ),
            start=1,
        ):
            one = customers.create(work, language="zh", name=name, source="import", number=number)
            await work.session.flush()
            if phone:
                contacts.add(work, one, ContactKind.PHONE, phone, main=True)
            if email:
                contacts.add(work, one, ContactKind.EMAIL, email, main=True)
            customers.tag(work, one.id, tags)
            ids[short] = one.id
        await orders.upsert(
            work,
            source="shop",
            external_ref="HT-20817",
            customer_id=ids["jonas"],
            state="placed",
            total_minor=4800,
            currency="EUR",
            placed_at=datetime(2026, 11, 14, tzinfo=UTC),
            lines=[],
        )
    return ids


async def found(house: House, ids: dict[str, int], words: str, limit: int = 10) -> list[str]:
    """Who is found, by their short names."""
    short = {customer_id: name for name, customer_id in ids.items()}
    async with house.app.records.read() as work:
        return [short[one.id] for one in await finding.find(work, words, "CN", limit)]


async def test_whatever_is_known_of_somebody_leads_to_them(house: House) -> None:
    ids = await people(house)
    wanted: dict[str, list[str]] = {
        # by number
        "4": ["jonas"],
        "#4": ["jonas"],
        "＃4": ["jonas"],
        "99": [],
        # by name: in both languages, pinyin, initials
        "林夏": ["lin"],
        "林": ["lin"],
        "夏": ["lin"],
        "linxia": ["lin2", "lin"],
        "lin xia": ["lin2", "lin"],
        "LX": ["lin2", "lin"],
        "lin": ["lin2", "wei", "lin"],
        "Wei Lin": ["wei"],
        "wang yinuo": ["wang"],
        "王一諾": ["wang"],
        "wyn": ["wang"],
        "欧阳": ["ouyang"],
        "歐陽娜娜": ["ouyang"],
        "ouyang nana": ["ouyang"],
        "jonas  WEBER": ["jonas"],
        "weber, jonas": ["jonas"],
        "muller": ["anna"],
        "sophie müller": ["anna"],
        "jonas müller": [],
        # by phone and e-mail, however they are written
        "138 0013 8000": ["lin"],
        "+86 (138) 0013-8000": ["lin"],
        "0049 151 12345678": ["jonas"],
        "JONAS@example.com": ["jonas"],
        "jonas@example.org": [],
        # by order and tag
        "HT-20817": ["jonas"],
        "ht-20817": ["jonas"],
        "#HT-20817": ["jonas"],
        "tag:vip": ["lin"],
        "tag: TEA": ["anna", "wang", "lin"],
        "标签：vip": ["lin"],
        "tag:nothing": [],
        "": [],
        "   ": [],
        "!!!": [],
    }

    async with house.app.records.read():
        assert {words: await found(house, ids, words) for words in wanted} == wanted


async def test_no_more_are_found_than_asked_for(house: House) -> None:
    ids = await people(house)

    assert await found(house, ids, "lin", limit=2) == ["lin2", "wei"]


async def test_nobody_who_was_erased_is_found(house: House) -> None:
    ids = await people(house)
    async with house.app.records.write() as work:
        await work.session.execute(update(Customer).where(Customer.id == ids["lin"]).values(key=None))

    for words in ("1", "林夏", "13800138000", "lin@example.com", "tag:vip"):
        assert await found(house, ids, words) == []


async def test_who_was_merged_away_leads_to_who_they_are_now_once(house: House) -> None:
    ids = await people(house)
    async with house.app.records.write() as work:
        for gone, kept in (("wei", "lin2"), ("lin2", "lin")):
            await work.session.execute(update(Customer).where(Customer.id == ids[gone]).values(merged_into=ids[kept]))

    for words in ("5", "7", "lin", "wei lin", "林夏"):
        assert await found(house, ids, words) == ["lin"]


async def test_names_without_tokens_get_them(house: House) -> None:
    """As after a migration, and for more people than one transaction takes."""
    ids = await people(house)
    async with house.app.records.write() as work:
        lin = await work.session.get_one(Customer, ids["lin"])
        contacts.add(work, lin, ContactKind.NAME, "Summer")
        for number in range(50):
            customers.create(work, language="en", name=f"Person {number}", source="import", number=100 + number)
    before = await house.how_many(NameToken)
    async with house.app.records.write() as work:
        await work.session.execute(delete(NameToken))
        await work.session.execute(update(Customer).values(named=0))
        await work.session.execute(update(Customer).where(Customer.id == ids["wei"]).values(key=None))
    assert await found(house, ids, "summer") == []

    await house.ring("names")

    assert await found(house, ids, "summer") == ["lin"]
    assert await found(house, ids, "林夏") == ["lin"]
    assert before - 10 < await house.how_many(NameToken) <= before
    assert {one.named for one in await house.rows(Customer, Customer.key.is_not(None))} == {1}


async def test_a_search_takes_a_handful_of_statements(house: House) -> None:
    await people(house)
    said: list[str] = []
    engine = house.app.records.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    async with house.app.records.read() as work:
        await finding.find(work, "lin xia")

    assert len([one for one in said if one.lstrip().upper().startswith("SELECT")]) <= 5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=60))
async def test_whatever_is_searched_for_nothing_breaks(house: House, words: str) -> None:
    async with house.app.records.read() as work:
        assert await finding.find(work, words, "DE") == []


@pytest.mark.parametrize("words", ["tag:" + "x" * 400, "'; drop table customer; --", "%", "_", "9" * 30, "\ud800"])
async def test_strange_words_find_nobody(house: House, words: str) -> None:
    await people(house)

    async with house.app.records.read() as work:
        assert await finding.find(work, words) == []
    assert await house.how_many(CustomerTag) == 4
