"""The same on every database: one writer at a time, readers that change nothing, values that come back as they went."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crm_core.models import (
    Base,
    Consent,
    Conversation,
    Customer,
    Identity,
    Interaction,
    MessageLink,
    Meta,
    Outbox,
    Sequence,
    StoredFile,
)
from crm_core.storage.database import Database, insert_new, is_out_of_order
from crm_core.storage.migrations import migrate
from tests import servers

_NOW = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(servers.url_in(tmp_path))
    await migrate(opened)
    yield opened
    await opened.close()


def somebody(number: int) -> Customer:
    """A customer who has nothing but an id."""
    return Customer(id=number, language="en", source="chat", created_at=_NOW)


async def test_what_two_processes_read_and_then_write_is_never_lost(database: Database, tmp_path: Path) -> None:
    """Two databases objects have nothing in common but the database, as two processes would."""
    colleague = Database(servers.url_in(tmp_path))
    async with database.write() as session:
        session.add(Sequence(name="ticket", value=0))

    async def count(which: Database) -> None:
        for _ in range(10):
            async with which.write() as session:
                row = await session.get_one(Sequence, "ticket")
                before = row.value
                await session.execute(select(func.count()).select_from(Sequence))  # somebody else may come in between
                row.value = before + 1

    await asyncio.gather(*(count(which) for which in (database, colleague) for _ in range(4)))
    await colleague.close()

    async with database.read() as session:
        assert (await session.get_one(Sequence, "ticket")).value == 80


async def test_two_processes_that_greet_the_same_stranger_make_one_customer(database: Database, tmp_path: Path) -> None:
    colleague = Database(servers.url_in(tmp_path))

    async def greet(which: Database, number: int) -> None:
        async with which.write() as session:
            known = select(Identity.id).where(Identity.channel == "c", Identity.external_id == "ana")
            if await session.scalar(known) is None:
                session.add(somebody(number))
                session.add(Identity(id=number, channel="c", external_id="ana", chat="ana", customer_id=number,
                                     language="en", created_at=_NOW))  # fmt: skip

    await asyncio.gather(*(greet(which, number) for number, which in enumerate([database, colleague] * 10, 1)))
    await colleague.close()

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Customer)) == 1


async def test_a_reader_sees_one_moment_and_changes_nothing(database: Database) -> None:
    async with database.read() as reading:
        before = await reading.scalar(select(func.count()).select_from(Customer))
        async with database.write() as session:
            session.add(somebody(1))
        assert await reading.scalar(select(func.count()).select_from(Customer)) == before == 0

    for opened in (database.read, database.glance):
        async with opened() as session:
            assert await session.scalar(select(func.count()).select_from(Customer)) == 1
            with pytest.raises(DBAPIError):
                await session.execute(insert(Meta), [{"name": "a", "value": "b"}])


async def test_a_write_that_raises_leaves_no_row_and_no_lock(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            session.add(somebody(1))
            await session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    async with database.write() as session:
        assert await session.get(Customer, 1) is None
    assert servers.is_free(database.url)


async def test_one_flush_stores_parents_before_children_whatever_was_added_first(database: Database) -> None:
    """MariaDB looks at each row as it comes."""
    async with database.write() as session:
        session.add(MessageLink(channel="c", chat="ana", message_id="1", outbox_id=5))
        session.add(Outbox(id=5, channel="c", chat="ana", lane=1, conversation_id=3, interaction_id=4, state="queued",
                           created_at=_NOW))  # fmt: skip
        session.add(Interaction(id=4, conversation_id=3, rev=1, kind="message", body=b"x", at=_NOW))
        session.add(Conversation(id=3, identity_id=2, customer_id=1, created_at=_NOW))
        session.add(Consent(id=6, customer_id=1, purpose="marketing", granted=True, source="x", at=_NOW))
        session.add(Identity(id=2, channel="c", external_id="ana", chat="ana", customer_id=1, language="en",
                             created_at=_NOW))  # fmt: skip
        session.add(somebody(1))

    async with database.write() as session:
        await session.delete(await session.get_one(Customer, 1))
    async with database.read() as session:
        for table in (Consent, Identity, Conversation, Interaction, Outbox, MessageLink):
            assert await session.scalar(select(func.count()).select_from(table)) == 0, table


def test_no_foreign_keys_run_in_a_circle() -> None:
    """Each table comes after those that it points at, itself aside; so does its class in a flush."""
    place = {table: number for number, table in enumerate(Base.metadata.sorted_tables)}
    flushed = sorted(Base.registry.mappers, key=lambda mapper: mapper._sort_key)
    assert [mapper.local_table for mapper in flushed] == list(place)

    for table, number in place.items():
        parents = [key.column.table for key in table.foreign_keys if key.column.table is not table]
        assert all(place[parent] < number for parent in parents), table


async def test_a_pointer_to_nobody_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(Consent(id=6, customer_id=99, purpose="marketing", granted=True, source="x", at=_NOW))


async def test_rows_whose_key_is_there_are_left_alone_and_the_others_stored(database: Database) -> None:
    async with database.write() as session:
        await session.execute(insert_new(session, Meta), [{"name": "a", "value": "1"}])
        await session.execute(insert_new(session, Meta), [{"name": name, "value": "2"} for name in "bacb"])

    async with database.read() as session:
        rows = (await session.execute(select(Meta.name, Meta.value).order_by(Meta.name))).all()
    assert [tuple(row) for row in rows] == [("a", "1"), ("b", "2"), ("c", "2")]


async def test_leaving_known_rows_alone_lets_no_pointer_to_nobody_pass(database: Database) -> None:
    row = {"channel": "c", "chat": "a", "message_id": "1", "outbox_id": 99}
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(insert_new(session, MessageLink), [row])


@pytest.mark.parametrize("other", ["A", "a ", " a", "á", "ａ", "a\u200b"])
async def test_words_that_differ_in_any_way_are_different(database: Database, other: str) -> None:
    async with database.write() as session:
        session.add(Meta(name="a", value="a"))
        session.add(Meta(name=other, value=other))

    async with database.read() as session:
        for name in ("a", other):
            assert (await session.scalars(select(Meta.value).where(Meta.name == name))).all() == [name]
            assert (await session.scalars(select(Meta.value).where(Meta.value == name))).all() == [name]


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=190)
_BIG = st.integers(-(1 << 63), (1 << 63) - 1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=_TEXT,
    number=_BIG,
    blob=st.binary(max_size=300),
    share=st.floats(0, 1),
    when=st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)),
)
@example(words="é 龍", number=-1, blob=b"\0", share=0.1234567890123456, when=datetime(2026, 1, 1))
async def test_values_come_back_as_they_went(
    database: Database, words: str, number: int, blob: bytes, share: float, when: datetime
) -> None:
    at = when.replace(tzinfo=UTC)
    async with database.write() as session:
        await session.execute(text("DELETE FROM interaction"))
        await session.execute(text("DELETE FROM customer"))
        session.add(somebody(1))
        session.add(Identity(id=2, channel="c", external_id="a", chat="a", customer_id=1, language="en", created_at=at))
        session.add(Conversation(id=3, identity_id=2, customer_id=1, created_at=at))
        session.add(Interaction(id=4, conversation_id=3, rev=number, kind="message", body=blob, confidence=share,
                                article_id=words, titled=True, at=at))  # fmt: skip

    async with database.read() as session:
        row = await session.get_one(Interaction, 4)
        assert (row.rev, row.body, row.confidence, row.article_id, row.titled, row.at) == (
            number, blob, share, words, True, at,
        )  # fmt: skip


async def test_a_megabyte_is_no_more_trouble_than_a_word(database: Database) -> None:
    async with database.write() as session:
        session.add(somebody(1))
        session.add(Identity(id=2, channel="c", external_id="a", chat="a", customer_id=1, language="en",
                             created_at=_NOW))  # fmt: skip
        session.add(StoredFile(id=3, identity_id=2, customer_id=1, file_name=b"\0\xff" * 500_000, kind="photo",
                               mime="x", size=1 << 40, created_at=_NOW))  # fmt: skip
        session.add(Outbox(id=4, channel="c", chat="a", lane=1, state="queued", created_at=_NOW,
                           buttons={"words": "龍😀\\'\"%" * 20_000}))  # fmt: skip

    async with database.read() as session:
        stored, queued = await session.get_one(StoredFile, 3), await session.get_one(Outbox, 4)
        assert (stored.file_name, stored.size) == (b"\0\xff" * 500_000, 1 << 40)
        assert queued.buttons == {"words": "龍😀\\'\"%" * 20_000}


async def test_what_is_too_long_is_refused_or_kept_whole(database: Database) -> None:
    """Never cut: SQLite keeps it, the others say no."""
    long = "x" * 191
    try:
        async with database.write() as session:
            session.add(Meta(name="a", value=long))
    except DBAPIError:
        long = ""

    async with database.read() as session:
        assert (await session.scalar(select(Meta.value))) == (long or None)


async def test_a_server_that_is_gone_is_out_of_order_and_a_wrong_value_is_not(database: Database) -> None:
    """One is tried again later, the other counts as a failure of the turn."""
    with pytest.raises(DBAPIError) as wrong:
        async with database.write() as session:
            await session.execute(insert(Meta), [{"name": "a", "value": "b"}] * 2)
    assert not is_out_of_order(wrong.value)

    with pytest.raises(DBAPIError) as wrong:
        async with database.write() as session:
            await session.execute(
                insert(Identity),
                [{"id": 1, "channel": "c", "external_id": "a", "chat": "a", "customer_id": 1, "staff_id": 1,
                  "language": "en", "created_at": _NOW}],
            )  # fmt: skip
    assert not is_out_of_order(wrong.value)


@pytest.mark.skipif(servers.CHOICE == "sqlite", reason="a file has no server")
async def test_whoever_was_thrown_out_goes_on_with_the_next_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            session.add(somebody(1))
            await session.flush()
            servers.end_sessions(database.url)
            await session.scalar(select(func.count()).select_from(Customer))

    with pytest.raises(Exception, match=r".") as gone:
        await fail()
    assert is_out_of_order(gone.value), repr(gone.value)

    async with database.write() as session:
        assert await session.get(Customer, 1) is None
        session.add(somebody(1))
    async with database.read() as session:
        assert await session.get(Customer, 1) is not None


async def test_two_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    url = servers.url_in(tmp_path, bare=True)
    first, second = Database(url), Database(url)

    await asyncio.gather(migrate(first), migrate(second))

    assert not await migrate(first)
    async with second.write() as session:
        session.add(somebody(1))
    async with first.read() as session:
        row = await session.get_one(Customer, 1)
        assert row.created_at - _NOW == timedelta(0)
    await first.close()
    await second.close()
