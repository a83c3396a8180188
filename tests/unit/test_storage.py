"""The plumbing below the records: ids that grow, times that keep their zone, a vault that opens only what it should."""

import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.ids import id_at, new_id, read_id
from crm_core.storage.types import JsonText, UtcTime
from crm_core.storage.vault import Vault, VaultError

_DIALECT = sqlite.dialect()
_VAULT = Vault(b"k" * 32)


def test_ids_grow_and_fit_into_63_bits() -> None:
    drawn = [new_id() for _ in range(10_000)]

    assert drawn == sorted(set(drawn))
    assert 0 < drawn[0] < drawn[-1] < 2**63


_PAST = st.integers(1_356_998_400, 1_790_000_000)  # 2013 to the autumn of 2026, in seconds


@given(_PAST, _PAST, st.integers(0, 1023), st.integers(0, 1023))
def test_ids_of_the_past_grow_with_their_time_and_stand_before_those_of_today(
    one: int, other: int, nth: int, mth: int
) -> None:
    first, second = sorted([(one, nth), (other, mth)])
    ids = [id_at(datetime.fromtimestamp(second, UTC), place) for second, place in (first, second)]

    assert 0 <= ids[0] < 2**63
    assert first == second or ids[0] < ids[1] < new_id()


def test_ids_of_many_threads_are_all_different() -> None:
    drawn: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=lambda own=own: own.extend(new_id() for _ in range(2_000))) for own in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one for own in drawn for one in own}) == 8_000


@pytest.mark.parametrize(
    ("word", "number"),
    [("12", 12), ("0", 0), (str(2**63 - 1), 2**63 - 1), (str(2**63), None), ("9" * 30, None), ("", None), ("٣", None),
     ("-1", None), ("1.0", None), ("one", None)],
)  # fmt: skip
def test_a_written_number_is_read_when_a_database_can_hold_it(word: str, number: int | None) -> None:
    assert read_id(word) == number


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()))
def test_a_time_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    column = UtcTime()

    back = column.process_result_value(column.process_bind_param(moment, _DIALECT), _DIALECT)

    assert back == moment.astimezone(UTC)
    assert back is not None
    assert back.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), _DIALECT)


def test_no_time_is_no_time() -> None:
    assert UtcTime().process_bind_param(None, _DIALECT) is None
    assert UtcTime().process_result_value(None, _DIALECT) is None
    own = datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert UtcTime().process_bind_param(own, _DIALECT) == UtcTime().process_bind_param(own.astimezone(UTC), _DIALECT)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    )
)
def test_json_comes_back_as_it_was(value: object) -> None:
    column = JsonText()

    assert column.process_result_value(column.process_bind_param(value, _DIALECT), _DIALECT) == value


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 2**63))
def test_what_is_sealed_opens_in_its_place_and_nowhere_else(text: str, row: int) -> None:
    key = _VAULT.new_customer_key(7)
    sealed = _VAULT.seal(text, f"interaction.body:{row}", key, 7)

    assert _VAULT.open(sealed, f"interaction.body:{row}", key, 7) == text
    assert len(text.encode()) < 8 or text.encode() not in sealed
    for place in (f"interaction.body:{row + 1}", f"customer.name:{row}"):
        with pytest.raises(VaultError):
            _VAULT.open(sealed, place, key, 7)


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert _VAULT.seal("hello", "place", None) != _VAULT.seal("hello", "place", None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: b"\x02" + sealed[1:],
        lambda sealed: sealed[:5],
        lambda _sealed: b"",
        lambda _sealed: b"hello",
    ],
)
def test_what_was_changed_does_not_open(spoil: Callable[[bytes], bytes]) -> None:
    """Plain text, too, is never passed through."""
    with pytest.raises(VaultError):
        _VAULT.open(spoil(_VAULT.seal("hello", "place", None)), "place", None)


def test_a_customers_key_belongs_to_one_customer_and_one_master_key() -> None:
    key = _VAULT.new_customer_key(7)

    for vault, owner in ((_VAULT, 8), (Vault(b"x" * 32), 7)):
        with pytest.raises(VaultError):
            vault.seal("hello", "place", key, owner)


def test_a_blind_index_finds_the_same_value_for_the_same_purpose_only() -> None:
    assert _VAULT.blind("a@b.c", "email") == _VAULT.blind("a@b.c", "email")
    assert (
        len({_VAULT.blind("a@b.c", "email"), _VAULT.blind("a@b.c", "phone"), Vault(b"x" * 32).blind("a@b.c", "email")})
        == 3
    )


def test_a_new_key_file_is_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "var" / "key"
    first = Vault.create_file(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.from_file(path).fingerprint == first.fingerprint
    with pytest.raises(FileExistsError):
        Vault.create_file(path)


@pytest.mark.parametrize(
    ("content", "mode", "key"),
    [
        ("00" * 32, 0o644, "vault_key_loose"),
        ("00" * 31, 0o600, "vault_key_malformed"),
        ("zz" * 32, 0o600, "vault_key_malformed"),
        ("", 0o600, "vault_key_malformed"),
        ("é", 0o600, "vault_key_unreadable"),
        (None, 0o600, "vault_key_missing"),
    ],
)
def test_a_key_file_that_is_none_is_refused(tmp_path: Path, content: str | None, mode: int, key: str) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)

    with pytest.raises(VaultError) as refused:
        Vault.from_file(path)

    assert refused.value.key == key


def test_a_master_key_has_32_bytes() -> None:
    with pytest.raises(VaultError):
        Vault(b"short")


async def test_a_reader_can_change_nothing_and_a_writer_waits_for_the_disk(tmp_path: Path) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError

    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    async with database.write() as session:
        await session.execute(text("CREATE TABLE t (x)"))
        assert (await session.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await session.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await session.execute(text("PRAGMA foreign_keys"))).scalar() == 1
    async with database.read() as session:
        with pytest.raises(OperationalError, match="readonly"):
            await session.execute(text("INSERT INTO t VALUES (1)"))
    await database.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(DatabaseError) as refused:
        Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")

    assert refused.value.key == "database_folder"


async def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(DatabaseError) as refused:
        Database("sqlite+aiosqlite:///:memory:")

    assert refused.value.key == "database_needs_file"


async def test_a_write_that_raises_leaves_nothing(tmp_path: Path) -> None:
    from sqlalchemy import text

    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")

    async def fail() -> None:
        async with database.write() as session:
            await session.execute(text("CREATE TABLE t (x)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    async with database.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM sqlite_master"))).scalar() == 0
    await database.close()


async def test_a_settled_log_stands_in_the_file_and_a_reader_of_older_pages_is_not_waited_for(tmp_path: Path) -> None:
    from sqlalchemy import text

    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    async with database.write() as session:
        await session.execute(text("CREATE TABLE t (x)"))
        await session.execute(text("INSERT INTO t VALUES (1)"))
    await database.settle_log()
    async with database.read() as reader:
        assert (await reader.execute(text("SELECT count(*) FROM t"))).scalar() == 1
        async with database.write() as session:
            await session.execute(text("INSERT INTO t VALUES (2)"))
        await database.settle_log()

    copied = tmp_path / "without-its-log.db"
    copied.write_bytes((tmp_path / "a.db").read_bytes())
    await database.close()
    with sqlite3.connect(copied) as alone:
        assert alone.execute("SELECT x FROM t WHERE x = 1").fetchall() == [(1,)]
    alone.close()
