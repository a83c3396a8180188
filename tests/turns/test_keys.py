"""Keys: the file fits the database, the master key is changed while people talk, and nothing is ever unreadable."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import delete, select

from bot.opening import open_records
from crm_core import customers, keys
from crm_core.models import AuditEntry, Customer, DataKey, Meta
from crm_core.storage.database import Database
from crm_core.storage.keyring import Keyring, VaultError
from crm_core.storage.migrations import migrate
from crm_core.storage.vault import Vault
from crm_core.work import FINGERPRINT, Records, Work
from tests.builders import Hands, House, settings_in


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Records]:
    """The records as another process would open them."""
    records = await open_records(settings_in(folder), Hands())
    try:
        yield records
    finally:
        await records.database.close()


def key_file(folder: Path) -> Path:
    return settings_in(folder).key_file


def lines(folder: Path) -> list[str]:
    return key_file(folder).read_text(encoding="ascii").split()


def write(folder: Path, *secrets_in_hex: str) -> None:
    key_file(folder).write_text("".join(f"{one}\n" for one in secrets_in_hex), encoding="ascii")


async def come(records: Records, *names: str) -> None:
    """Some new customers."""
    async with records.write() as work:
        for name in names:
            customers.create(work, language="en", name=name, source="test")


async def everybody(work: Work) -> set[str]:
    """The names of all customers, each opened."""
    return {
        work.vault.open(one.name, f"customer.name:{one.id}", one.key, one.id)
        for one in await work.session.scalars(select(Customer))
        if one.name is not None
    }


async def names_in(folder: Path) -> set[str]:
    """What a process reads that knows only the file and the database."""
    async with opened(folder) as records, records.read() as work:
        return await everybody(work)


async def refusal(folder: Path) -> str:
    """The key of the sentence with which the records are not opened."""
    with pytest.raises(VaultError) as refused:
        async with opened(folder):
            pass
    return refused.value.key


# ---- the keys of the house ----


async def test_a_new_shop_has_keys_of_the_house_that_no_master_key_gives_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        sealed, blind = records.vault.seal("words", "place", None), records.vault.blind("a@b.c", "email")

    only_master = Vault.from_file(key_file(tmp_path))
    assert only_master.blind("a@b.c", "email") != blind
    with pytest.raises(VaultError):
        only_master.open(sealed, "place", None)
    async with opened(tmp_path) as again:
        assert again.vault.open(sealed, "place", None) == "words"
        assert again.vault.blind("a@b.c", "email") == blind


async def test_a_shop_from_before_keeps_the_keys_that_sealed_its_records(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    database = Database(settings.database_url.render_as_string())
    vault = Vault.create_file(settings.key_file)
    await migrate(database, vault)
    async with database.write() as session:
        session.add(Meta(name=FINGERPRINT, value=vault.fingerprint))
    await database.close()
    sealed = vault.seal("words", "place", None)

    for _start in range(2):
        async with opened(tmp_path) as records:
            assert records.vault.open(sealed, "place", None) == "words"
            assert records.vault.token("ana") == vault.token("ana")
            async with records.read() as work:
                assert set(await work.session.scalars(select(DataKey.name))) == {"house", "index"}


@pytest.mark.parametrize("gone", [("house",), ("index",), ("house", "index")])
async def test_keys_of_the_house_that_went_missing_are_told_and_never_made_up(
    tmp_path: Path, gone: tuple[str, ...]
) -> None:
    async with opened(tmp_path) as records, records.write() as work:
        await work.session.execute(delete(DataKey).where(DataKey.name.in_(gone)))

    assert await refusal(tmp_path) == "vault_data_keys"


async def test_a_key_of_the_house_under_another_name_does_not_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as records, records.write() as work:
        house, index = [await work.session.get_one(DataKey, name) for name in ("house", "index")]
        house.wrapped, index.wrapped = index.wrapped, house.wrapped

    assert await refusal(tmp_path) == "vault_does_not_open"


# ---- changing the master key ----


async def test_after_a_change_everything_opens_with_the_new_key_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        await come(records, "Ana", "Bob")
        blind = records.vault.blind("a@b.c", "email")
        old = lines(tmp_path)
        assert await keys.change(records, key_file(tmp_path))
        assert await keys.finish(records, key_file(tmp_path))

    assert len(lines(tmp_path)) == 1
    assert lines(tmp_path) != old
    assert await names_in(tmp_path) == {"Ana", "Bob"}
    async with opened(tmp_path) as again, again.read() as work:
        assert again.vault.blind("a@b.c", "email") == blind
        acts = [one.act for one in await work.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
        assert acts == ["keys.change", "keys.changed"]
    write(tmp_path, *old)
    assert await refusal(tmp_path) == "vault_key_wrong"


async def test_people_go_on_talking_while_another_process_changes_the_key(house: House, tmp_path: Path) -> None:
    """No restart: those who were there, those who come meanwhile, and those who come after the old key is gone."""
    ana = house.customer("ana")
    await ana.says("where is my order")
    async with opened(tmp_path) as elsewhere:
        await keys.change(elsewhere, key_file(tmp_path))
        assert await ana.says("and my refund?")
        await house.customer("bob").says("hello")
        await keys.finish(elsewhere, key_file(tmp_path))
        await house.customer("cem").does(text="hello", name="Cem")
        assert await ana.says("thank you")
        await come(elsewhere, "Dora")
        async with house.app.records.read() as work:
            assert await everybody(work) >= {"Cem", "Dora"}

    async with opened(tmp_path) as fresh, fresh.read() as work:
        only_new = Vault.from_file(key_file(tmp_path))
        for one in await work.session.scalars(select(Customer)):
            assert only_new.wrap_anew(one.key or b"", f"customer.key:{one.id}") is None


async def test_keys_drawn_before_a_change_and_stored_after_it_are_under_the_new_key(tmp_path: Path) -> None:
    """An import seals its rows before it waits for its turn to write."""
    async with opened(tmp_path) as importing, opened(tmp_path) as changing:
        await come(importing, "Ana")
        async with importing.write() as work:
            customers.create(work, language="en", name="Bob", source="test")
            await keys.change(changing, key_file(tmp_path))  # the block above has not begun to write
            await keys.finish(changing, key_file(tmp_path))

    assert len(lines(tmp_path)) == 1
    assert await names_in(tmp_path) == {"Ana", "Bob"}


async def test_a_change_given_up_at_any_step_is_brought_to_its_end_later(tmp_path: Path) -> None:
    """Whatever step was the last, a fresh process opens everything, takes in new people, and finishes the change."""
    expected = set()
    steps = 0
    unfinished = True
    async with opened(tmp_path) as records:
        await come(records, *(f"C{number}" for number in range(keys.AT_ONCE + 100)))
        expected = {f"C{number}" for number in range(keys.AT_ONCE + 100)}
        await keys.change(records, key_file(tmp_path))
    while unfinished:
        steps += 1
        async with opened(tmp_path) as records:
            async with records.read() as work:
                assert await everybody(work) == expected
            await come(records, f"new {steps}")
            expected.add(f"new {steps}")
            unfinished = await keys.go_on(records, key_file(tmp_path)) is not None

    assert steps == 3  # two batches, and the file
    assert len(lines(tmp_path)) == 1
    assert await names_in(tmp_path) == expected


async def test_a_new_key_that_stands_in_the_file_and_nowhere_else_is_taken_up(tmp_path: Path) -> None:
    """Killed between the file and the database; an older backup under today's and yesterday's key looks the same."""
    async with opened(tmp_path) as records:
        await come(records, "Ana")
    (old,) = lines(tmp_path)
    new = token_hex(32)
    write(tmp_path, new, old)

    assert await names_in(tmp_path) == {"Ana"}
    async with opened(tmp_path) as records:
        assert await keys.is_changing(records, key_file(tmp_path))
        await come(records, "Bob")
        assert not await keys.change(records, key_file(tmp_path))
        assert await keys.finish(records, key_file(tmp_path))
        assert not await keys.finish(records, key_file(tmp_path))
    assert lines(tmp_path) == [new]
    assert await names_in(tmp_path) == {"Ana", "Bob"}


async def test_two_who_change_the_key_at_once_make_one_change(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        await come(one, "Ana")
        assert await keys.change(one, key_file(tmp_path))
        assert not await keys.change(other, key_file(tmp_path))
        assert await keys.go_on(other, key_file(tmp_path)) == 1
        assert await keys.finish(one, key_file(tmp_path))
        assert await keys.go_on(other, key_file(tmp_path)) is None

    assert await names_in(tmp_path) == {"Ana"}


async def test_a_change_that_could_not_be_stored_leaves_a_process_that_still_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        await come(records, "Ana")
        path = key_file(tmp_path)
        path.chmod(0o644)
        with pytest.raises(VaultError):
            await keys.change(records, path)
        path.chmod(0o600)
        await come(records, "Bob")

    assert len(lines(tmp_path)) == 1
    assert await names_in(tmp_path) == {"Ana", "Bob"}


# ---- key files that do not fit ----


async def _begun(folder: Path) -> None:
    async with opened(folder) as records:
        await come(records, "Ana")
        await keys.change(records, key_file(folder))


SPOIL: dict[str, tuple[Callable[[str, str], tuple[str, ...]], str]] = {
    "the old key taken away too early": (lambda new, _old: (new,), "vault_key_left_out"),
    "the new key lost": (lambda _new, old: (old,), "vault_key_wrong"),
    "another second key": (lambda new, _old: (new, "ab" * 32), "vault_key_left_out"),
    "another first key": (lambda _new, old: ("ab" * 32, old), "vault_key_wrong"),
}


@pytest.mark.parametrize("how", SPOIL)
async def test_a_key_file_that_lacks_a_key_during_a_change_is_refused_and_the_right_one_goes_on(
    tmp_path: Path, how: str
) -> None:
    await _begun(tmp_path)
    right = lines(tmp_path)
    spoil, key = SPOIL[how]
    write(tmp_path, *spoil(*right))

    assert await refusal(tmp_path) == key
    write(tmp_path, *right)
    assert await names_in(tmp_path) == {"Ana"}


async def test_a_second_line_that_nobody_asked_for_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        await come(records, "Ana")
    write(tmp_path, *lines(tmp_path), "ab" * 32)

    assert await refusal(tmp_path) == "vault_key_second"


async def test_a_new_shop_with_two_keys_is_refused(tmp_path: Path) -> None:
    key_file(tmp_path).parent.mkdir(parents=True)
    write(tmp_path, "ab" * 32, "cd" * 32)
    key_file(tmp_path).chmod(0o600)

    assert await refusal(tmp_path) == "vault_key_second"


async def test_a_running_process_never_wraps_with_a_key_that_the_database_does_not_know(tmp_path: Path) -> None:
    """Somebody puts a wrong file there while it runs."""
    async with opened(tmp_path) as records:
        await come(records, "Ana")
        (right,) = lines(tmp_path)
        write(tmp_path, "ab" * 32)
        await come(records, "Bob")

    write(tmp_path, right)
    assert await names_in(tmp_path) == {"Ana", "Bob"}
    assert Keyring.read(key_file(tmp_path)).newest.secret.hex() == right
