"""The keys: that the key file fits this database, the keys of the house, and changing the master key step by step."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import cast

from sqlalchemy import Connection, Table, bindparam, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core import audit
from crm_core.models import Customer, DataKey, Meta, Rekeying
from crm_core.storage.ids import new_id
from crm_core.storage.keyring import KEY_BYTES, Keyring, Master, VaultError
from crm_core.storage.vault import DataKeys, Vault
from crm_core.work import FINGERPRINT, Records, Work

AT_ONCE = 500
_PAUSE = 0.02  # seconds between two steps, so that others get the write lock: another process only asks now and then
_MARK = "data_keys"  # in `meta`: this database has rows for the keys of the house, and is damaged without them


@dataclass(frozen=True, slots=True)
class Locks:
    """Which master keys a database wants: what its rows say, read before anything is opened."""

    fingerprint: str | None  # of the master key that wraps new keys; None where nothing was ever sealed
    leaving: str | None = None  # the one that goes, while some keys are still under it
    left: str | None = None  # the one that went last

    def check(self, ring: Keyring) -> Master | None:
        """The master key to wrap with; raises VaultError unless the key file holds what is wanted and nothing else.

        None where nothing was ever sealed.
        """
        found = ring.newest.fingerprint
        if self.fingerprint is None:
            if len(ring.masters) > 1:
                raise VaultError("vault_key_second", found=ring.masters[1].fingerprint)
            return None
        active = ring.find(self.fingerprint)
        if active is None:
            raise VaultError("vault_key_wrong", expected=self.fingerprint, found=found)
        if self.leaving is not None and ring.find(self.leaving) is None:
            raise VaultError("vault_key_left_out", expected=self.leaving)
        # Beside the one in use there may be one that is about to come, or one that just went.
        if self.leaving is None and active is ring.newest and len(ring.masters) > 1:
            second = ring.masters[1].fingerprint
            if second != self.left:
                raise VaultError("vault_key_second", found=second)
        return active


async def locks_of(session: AsyncSession) -> Locks:
    """What the rows say; a database that has none of the tables yet was never sealed."""

    def tables(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    there = await (await session.connection()).run_sync(tables)
    if Meta.__tablename__ not in there:
        return Locks(None)
    fingerprint = await session.scalar(select(Meta.value).where(Meta.name == FINGERPRINT))
    if Rekeying.__tablename__ not in there:
        return Locks(fingerprint)
    last = await _last_change(session)
    if last is None:
        return Locks(fingerprint)
    if last.finished_at is None:
        return Locks(fingerprint, leaving=last.before)
    return Locks(fingerprint, left=last.before)


async def settle(records: Records) -> None:
    """Have the vault use this database's keys; the first time they are drawn, or kept as they were derived.

    Raises VaultError when the database and the key file do not fit.
    """
    async with records.read() as work:
        ready = await take(work.session, work.vault)
    if not ready:
        async with records.write() as work:
            if not await take(work.session, work.vault):
                await _found(work)


async def take(session: AsyncSession, vault: Vault) -> bool:
    """Have a vault use this database's keys; False where there are no rows for them yet.

    Raises VaultError when the database and the key file do not fit.
    """
    active = (await locks_of(session)).check(vault.keyring)
    if active is None:
        return False
    vault.use(active.fingerprint)
    rows = {row.name: row.wrapped for row in await session.scalars(select(DataKey))}
    if not rows and await session.get(Meta, _MARK) is None:
        return False
    if rows.keys() != {"house", "index"}:
        raise VaultError("vault_data_keys", found=", ".join(sorted(rows)) or "-")
    vault.take(DataKeys(*(vault.unwrap(rows[name], _place(name)) for name in ("house", "index"))))
    return True


async def _found(work: Work) -> None:
    """Write the rows of the keys of the house; a database where something is sealed keeps those that sealed it."""
    sealed = await work.session.scalar(select(Meta.value).where(Meta.name == FINGERPRINT))
    active = work.vault.keyring.find(sealed) if sealed is not None else None
    keys = DataKeys.derived(active) if active is not None else DataKeys.drawn()
    if sealed is None:
        work.session.add(Meta(name=FINGERPRINT, value=work.vault.fingerprint))
    work.session.add(Meta(name=_MARK, value="1"))
    for name, key in (("house", keys.house), ("index", keys.index)):
        work.session.add(DataKey(name=name, wrapped=work.vault.wrap(key, _place(name)), created_at=work.now))
    work.vault.take(keys)


# ---- changing the master key ----


async def change(records: Records, path: Path, *, draw: bool = True) -> bool:
    """Begin a change of the master key, or take up one that was begun; whether a new key was drawn.

    The new key stands in the key file, above the old one, before anything is wrapped by it. The file is written only
    while this process holds the database's write lock, so two changes do not meet. Raises VaultError, nothing done.
    """
    async with records.write() as work:
        locks = await locks_of(work.session)
        ring = Keyring.read(path)
        active = locks.check(ring)
        if active is None:
            raise VaultError("vault_key_missing", path=str(path))
        if locks.leaving is not None:
            return False
        if len(ring.masters) > 1:
            if active is not ring.newest:
                await _begin(work, active.fingerprint, ring.newest.fingerprint)
            return False
        if not draw:
            return False
        drawn = Master(token_bytes(KEY_BYTES))
        Keyring(drawn, active).replace(path)
        await _begin(work, active.fingerprint, drawn.fingerprint)
        return True


async def go_on(records: Records, path: Path) -> int | None:
    """One step of a change that was begun: at most 500 keys wrapped anew; how many so far, None when nothing is left.

    The step after the last takes the old key out of the key file.
    """
    async with records.write() as work:
        change = await _last_change(work.session)
        if change is None or change.finished_at is not None:
            _put_away(path, await locks_of(work.session))
            return None
        work.vault.use(change.after)
        rows = (
            await work.session.execute(
                select(Customer.id, Customer.key)
                .where(Customer.id > change.cursor, Customer.key.is_not(None))
                .order_by(Customer.id)
                .limit(AT_ONCE)
            )
        ).all()
        wrapped = [(row.id, work.vault.wrap_anew(row.key, f"customer.key:{row.id}")) for row in rows]
        anew = [{"row": row_id, "anew": key} for row_id, key in wrapped if key is not None]
        if anew:
            customer = cast(Table, Customer.__table__)
            await work.session.execute(
                update(customer).where(customer.c.id == bindparam("row")).values(key=bindparam("anew")), anew
            )
        change.count += len(anew)
        if rows:
            change.cursor = rows[-1].id
        if len(rows) < AT_ONCE:  # whoever comes from here on has a key under the new one
            change.finished_at = work.now
            audit.enter(work, None, "keys.changed", f"key:{change.after}", before=change.before, count=change.count)
        return change.count


async def is_changing(records: Records, path: Path) -> bool:
    """Whether a change of the master key was begun and has not come to its end, the key file included."""
    async with records.read() as work:
        locks = await locks_of(work.session)
    return locks.leaving is not None or len(Keyring.read(path).masters) > 1


async def finish(records: Records, path: Path) -> bool:
    """Bring a change that was begun to its end; whether there was one. Turns pass between its steps."""
    if not await is_changing(records, path):
        return False
    await change(records, path, draw=False)
    while await go_on(records, path) is not None:  # noqa: ASYNC110 - what is waited for are others, and anything
        await asyncio.sleep(_PAUSE)
    return True


async def _begin(work: Work, before: str, after: str) -> None:
    """From this commit on new keys are wrapped by the key that comes; those of the house are at once."""
    work.vault.use(after)
    for row in await work.session.scalars(select(DataKey)):
        row.wrapped = work.vault.wrap_anew(row.wrapped, _place(row.name)) or row.wrapped
    known = await work.session.get_one(Meta, FINGERPRINT)
    known.value = after
    work.session.add(
        Rekeying(id=new_id(), before=before, after=after, cursor=0, count=0, started_at=work.now, finished_at=None)
    )
    audit.enter(work, None, "keys.change", f"key:{after}", before=before)


def _put_away(path: Path, locks: Locks) -> None:
    """Take a key that went out of the key file."""
    ring = Keyring.read(path)
    active = locks.check(ring)
    if active is ring.newest and len(ring.masters) > 1:
        Keyring(active).replace(path)


async def _last_change(session: AsyncSession) -> Rekeying | None:
    newest = select(Rekeying).order_by(Rekeying.id.desc()).limit(1)
    return (await session.scalars(newest)).one_or_none()


def _place(name: str) -> str:
    return f"data_key.wrapped:{name}"
