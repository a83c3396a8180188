"""Where sealed values stand and whose key opens each: the one list by which all of them can be walked."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, Table, false, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.models import Attachment, Base, Customer, Interaction, StoredFile
from crm_core.storage.types import Sealed
from crm_core.storage.vault import Vault, VaultError

AT_ONCE: Final = 500
_OWNERS: Final = {"customer": "id"}  # elsewhere the customer is in `customer_id`, or the house key seals
_BY_MASTER: Final = {("customer", "key"), ("data_key", "wrapped")}  # wrapped keys


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values; the place of a value is "table.column:" and the row's primary key."""

    table: Table
    name: str

    def place(self, row: Any) -> str:
        """The place that a value of this row was sealed for."""
        return f"{self.table.name}.{self.name}:{'.'.join(str(row[one.name]) for one in self.table.primary_key)}"


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One sealed value with what opens it: `owner` is the customer whose key it is, None for the house key."""

    column: SealedColumn
    place: str
    value: bytes
    key: bytes | None
    owner: int | None

    def open(self, vault: Vault) -> str:
        """What was sealed; raises VaultError when it was moved or changed."""
        return vault.open(self.value, self.place, self.key, self.owner or 0)


def columns() -> Iterator[SealedColumn]:
    """Every column of values that the vault sealed, table by table; wrapped keys are not among them."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed) and (table.name, column.name) not in _BY_MASTER:
                yield SealedColumn(table, column.name)


async def values(session: AsyncSession, column: SealedColumn) -> AsyncIterator[SealedValue]:
    """Every value of a column, in the order of its rows; what is cleared (empty or NULL) is left out."""
    keys = list(column.table.primary_key)
    statement = _with_owner(column).order_by(*keys).limit(AT_ONCE)
    after: tuple[Any, ...] | None = None
    while True:
        page = statement if after is None else statement.where(tuple_(*keys) > after)
        rows = (await session.execute(page)).mappings().all()
        for row in rows:
            if row[column.name]:
                yield SealedValue(column, column.place(row), row[column.name], row["owner_key"], row["owner"])
        if len(rows) < AT_ONCE:
            return
        after = tuple(rows[-1][one.name] for one in keys)


def _with_owner(column: SealedColumn) -> Select[Any]:
    """Rows of a column with the id and the wrapped key of the customer who owns each."""
    table, customer = column.table, Base.metadata.tables["customer"].alias("owner")
    source: FromClause = table
    owner: ColumnElement[Any] | None = table.c.get(_OWNERS.get(table.name, "customer_id"))
    if table.name == Attachment.__tablename__:
        said = Base.metadata.tables[Interaction.__tablename__]
        source, owner = table.join(said, said.c.id == table.c.interaction_id), said.c.customer_id
    owned = source.outerjoin(customer, false() if owner is None else customer.c.id == owner)
    shown = [*table.primary_key, table.c[column.name]]
    return select(*shown, customer.c.id.label("owner"), customer.c.key.label("owner_key")).select_from(owned)


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of opening everything."""

    count: int
    broken: list[str]  # the places of values that do not open, a hundred at most


async def open_all(session: AsyncSession, vault: Vault) -> Opened:
    """Open every sealed value on record, without keeping any; memory stays flat."""
    count, broken = 0, list[str]()
    for column in columns():
        async for value in values(session, column):
            count += 1
            try:
                value.open(vault)
            except VaultError:
                broken.append(value.place)
                if len(broken) >= 100:
                    return Opened(count, broken)
    return Opened(count, broken)


async def open_files(session: AsyncSession, vault: Vault, folder: Path) -> Opened:
    """Open every stored file that lies in a folder."""
    table, customer = StoredFile.__table__, Customer.__table__
    owned = select(table.c.id, customer.c.id.label("owner"), customer.c.key).outerjoin(
        customer, customer.c.id == table.c.customer_id
    )
    count, broken = 0, list[str]()
    for file_id, owner, key in (await session.execute(owned.order_by(table.c.id))).all():
        path = folder / str(file_id)
        if not path.exists():
            continue
        count += 1
        try:
            vault.open_bytes(path.read_bytes(), f"stored_file:{file_id}", key, owner or 0)
        except VaultError:
            broken.append(f"stored_file:{file_id}")
    return Opened(count, broken)
