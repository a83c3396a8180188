"""`copy-database`: a shop moves whole, an interrupted move goes on, and never are two of them open."""

import asyncio
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from bot.moving import move
from bot.opening import utc_now
from crm_core.models import Base, Customer, Interaction, Lease, Meta
from crm_core.outbox import PAUSED
from crm_core.storage import copying
from crm_core.storage.database import Database, DatabaseError
from crm_core.work import Records
from tests.builders import House
from tests.cli.conftest import ShopFolder

WORDS = "my parcel is bright green"


async def _talk(house: House) -> None:
    ana = house.customer()
    await ana.says("how long does delivery take")
    await ana.says(WORDS)


async def _words(house: House) -> list[tuple[str, str]]:
    return await house.talk_of("ana")


async def _let_go(records: Records) -> None:
    """As after a clean end: nobody holds a lease."""
    async with records.write() as work:
        await work.session.execute(delete(Lease))


@pytest.fixture
def talked(shop: ShopFolder) -> ShopFolder:
    """A shop in which somebody talked."""
    shop.with_house(_talk)
    shop.with_records(_let_go)
    return shop


def _from(shop: ShopFolder) -> str:
    return shop.settings.database_url.render_as_string(hide_password=False)


def _to(shop: ShopFolder) -> str:
    return f"sqlite+aiosqlite:///{shop.folder / 'new.db'}"


def _at_the_new_place(shop: ShopFolder) -> ShopFolder:
    shop.configure(
        '[shop]\nname = "Test Shop"\n[web]\nenabled = false\n[knowledge]\narticles = "articles.jsonl"\n'
        f'[database]\nurl = "{_to(shop)}"\n'
    )
    return shop


async def _count(url: str, table: type[Base]) -> int:
    database = Database(url)
    try:
        async with database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0
    finally:
        await database.close()


async def _change(url: str, statement: object) -> None:
    database = Database(url)
    try:
        async with database.write() as session:
            await session.execute(statement)  # type: ignore[call-overload]
    finally:
        await database.close()


def test_every_row_is_copied_and_the_old_database_is_closed(talked: ShopFolder) -> None:
    before = talked.with_house(_words)
    talked.with_records(_let_go)

    ran = talked.does("copy-database", _from(talked), _to(talked), "--json")

    assert ran.code == 0, ran.err
    assert ran.json["interaction"]["rows"] == len(before)
    assert asyncio.run(_count(_to(talked), Interaction)) == len(before)
    closed = talked.does("sending")
    assert closed.code == 1
    assert "moved to" in closed.err
    again = talked.does("copy-database", _from(talked), _to(talked))
    assert (again.code, "moved to" in again.err) == (1, True)


@pytest.mark.sqlite_only("the new place is named in the configuration")
def test_the_shop_goes_on_in_the_new_database(talked: ShopFolder) -> None:
    before = talked.with_house(_words)
    talked.with_records(_let_go)
    assert talked.does("copy-database", _from(talked), _to(talked)).code == 0

    assert _at_the_new_place(talked).with_house(_words) == before


def test_a_copy_that_was_interrupted_goes_on(talked: ShopFolder) -> None:
    told: list[str] = []

    def stop(table: str, _rows: int) -> None:
        told.append(table)
        if table == "interaction":
            raise KeyboardInterrupt

    urls = [talked.settings.with_database(url).database_url for url in (_from(talked), _to(talked))]
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(move(*urls, leave_open=False, told=stop))
    assert "customer" in told
    other = ShopFolder(talked.folder)
    half = other.settings.with_database(_to(talked))
    with pytest.raises(DatabaseError, match="half_a_copy"):
        asyncio.run(_open(half))

    assert talked.does("copy-database", _from(talked), _to(talked)).code == 0


async def _open(settings: object) -> None:
    from bot.opening import open_records

    records = await open_records(settings)  # type: ignore[arg-type]
    await records.database.close()


def test_people_who_were_merged_point_at_who_they_turned_out_to_be(talked: ShopFolder) -> None:
    async def two(house: House) -> None:
        house.numbers = count(100)
        await house.customer("ben").says("hello")

    talked.with_house(two)
    talked.with_records(_let_go)

    async def merge(records: Records) -> tuple[int, int]:
        async with records.write() as work:
            first, second = (await work.session.scalars(select(Customer.id).order_by(Customer.id))).all()
            await work.session.execute(update(Customer).where(Customer.id == first).values(merged_into=second))
            return first, second

    first, second = talked.with_records(merge)
    assert talked.does("copy-database", _from(talked), _to(talked)).code == 0

    async def pointer() -> int | None:
        database = Database(_to(talked))
        try:
            async with database.read() as session:
                return await session.scalar(select(Customer.merged_into).where(Customer.id == first))
        finally:
            await database.close()

    assert asyncio.run(pointer()) == second


def test_a_copy_for_trying_out_leaves_the_shop_open_and_sends_nothing(talked: ShopFolder) -> None:
    assert talked.does("copy-database", _from(talked), _to(talked), "--leave-open").code == 0

    assert talked.does("sending").code == 0

    async def paused() -> str | None:
        database = Database(_to(talked))
        try:
            async with database.read() as session:
                return await session.scalar(select(Meta.value).where(Meta.name == PAUSED))
        finally:
            await database.close()

    assert asyncio.run(paused()) == "copied"


def test_a_shop_that_runs_is_not_copied(talked: ShopFolder) -> None:
    holder = {"name": "counter", "holder": "host:1", "epoch": 1, "expires_at": utc_now() + timedelta(seconds=15)}
    asyncio.run(_change(_from(talked), insert(Lease).values(**holder)))

    refused = talked.does("copy-database", _from(talked), _to(talked))

    assert (refused.code, "stop it first" in refused.err) == (1, True)
    assert not (talked.folder / "new.db").exists() or asyncio.run(_is_empty(_to(talked)))


async def _is_empty(url: str) -> bool:
    database = Database(url)
    try:
        return await copying.is_empty(database, Base.metadata)
    finally:
        await database.close()


def test_a_database_with_rows_of_its_own_is_not_copied_into(talked: ShopFolder, tmp_path: Path) -> None:
    other = ShopFolder(tmp_path / "other")
    other.folder.mkdir()
    other.with_house(_talk)

    refused = talked.does("copy-database", _from(talked), _from(other))

    assert (refused.code, "empty database" in refused.err) == (1, True)
    assert "interaction" in {table.name for table in Base.metadata.sorted_tables}
    assert asyncio.run(_count(_from(other), Interaction)) > 0


def test_a_row_that_differs_is_found(talked: ShopFolder) -> None:
    """Somebody wrote into the new database while the copy was interrupted."""

    def stop(table: str, _rows: int) -> None:
        if table == "interaction":
            raise KeyboardInterrupt

    urls = [talked.settings.with_database(url).database_url for url in (_from(talked), _to(talked))]
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(move(*urls, leave_open=False, told=stop))
    asyncio.run(_change(_to(talked), text("UPDATE conversation SET version = version + 1")))

    refused = talked.does("copy-database", _from(talked), _to(talked))

    assert refused.code == 1
    assert "not equal in conversation" in refused.err
    assert talked.does("sending").code == 0


def test_a_database_that_is_not_there_is_said_so(talked: ShopFolder) -> None:
    empty = f"sqlite+aiosqlite:///{talked.folder / 'nothing.db'}"

    assert talked.does("copy-database", empty, _to(talked)).code == 1
    assert talked.does("copy-database", _from(talked), _from(talked)).code == 1
