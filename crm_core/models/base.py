"""The base of every mapped class: naming convention, column shorthands."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from crm_core.storage.ids import new_id
from crm_core.storage.types import JsonText, UtcTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# On SQLite only INTEGER is the row's own number; BIGINT would cost a second index per table.
_Key = BigInteger().with_variant(Integer, "sqlite")
Id = Annotated[int, mapped_column(_Key, primary_key=True, autoincrement=False, default=new_id)]
Word = Annotated[str, mapped_column(String(40))]
Name = Annotated[str, mapped_column(String(190))]


class Base(DeclarativeBase):
    """All tables; relations are followed by explicit statements, never lazily."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcTime,
        dict[str, Any]: JsonText,
        list[Any]: JsonText,
        int: BigInteger,
    }


def references(target: str, ondelete: str | None = None) -> ForeignKey:
    """A foreign key that is checked at the commit: rows have their ids already and are inserted table by table."""
    return ForeignKey(target, ondelete=ondelete, deferrable=True, initially="DEFERRED")


def parents_first() -> None:
    """Let one flush insert into the tables in the order of their foreign keys, which MariaDB checks at once.

    SQLAlchemy sorts classes without mapped relations by this key alone (docs/decisions/0020).
    """
    place = {table: number for number, table in enumerate(Base.metadata.sorted_tables)}
    for mapper in Base.registry.mappers:
        mapper._sort_key = f"{place[mapper.local_table]:04}"  # type: ignore[index]  # noqa: SLF001 - nothing public says it
