"""What MariaDB and MySQL want otherwise: roomy types, keys without delay, text compared byte by byte."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnClause,
    Connection,
    Float,
    ForeignKeyConstraint,
    LargeBinary,
    Text,
    column,
    exists,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.ext.compiler import compiles

NAMES = ("mysql", "mariadb")  # as SQLAlchemy calls them; both are served by the same driver


_SPELLED = {
    Text: "LONGTEXT",  # their TEXT and BLOB end after 64 KiB
    LargeBinary: "LONGBLOB",
    Float: "DOUBLE",  # their FLOAT keeps seven digits of Python's sixteen
}


def _always(word: str) -> Callable[..., str]:
    def compiled(*_type_and_compiler: Any, **_options: Any) -> str:
        return word

    return compiled


for _kind, _word in _SPELLED.items():
    compiles(_kind, *NAMES)(_always(_word))


@compiles(ForeignKeyConstraint, *NAMES)
def _key_checked_at_once(key: ForeignKeyConstraint, compiler: Any, **options: Any) -> str:
    """The same key without the clause that they do not know (docs/decisions/0020)."""
    clause: str = compiler.visit_foreign_key_constraint(key, **options)
    return clause.removesuffix(" DEFERRABLE INITIALLY DEFERRED")


# Locked for too long, a deadlock, disk or table full, too many sessions, going down, read-only, asked to stop.
_OUT_OF_ORDER = {1021, 1040, 1041, 1053, 1114, 1203, 1205, 1213, 1290, 1317, 1836, 1927}


def is_out_of_order(error: BaseException | None) -> bool:
    """Whether an error of the driver is about the server or the way to it; its classes say less than its numbers."""
    number = error.args[0] if error is not None and error.args else 0
    return isinstance(number, int) and (number in _OUT_OF_ORDER or 2000 <= number < 3000 or number == 0)


def compare_text_by_bytes(connection: Connection) -> None:
    """Let tables that are made from now on tell A from a, and "a" from "a ", as the other databases do."""
    mariadb = getattr(connection.dialect, "is_mariadb", False)
    collation = "utf8mb4_nopad_bin" if mariadb else "utf8mb4_0900_bin"
    connection.execute(text(f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {collation}"))


def orphans(connection: Connection) -> int:
    """How many rows point at rows that are not there; 0 while foreign keys were never off."""
    count = 0
    for (_schema, name), keys in inspect(connection).get_multi_foreign_keys().items():
        for key in keys:
            pointer: ColumnClause[int] = column(key["constrained_columns"][0])
            there: ColumnClause[int] = column(key["referred_columns"][0])
            child, parent = table(name, pointer).alias("child"), table(key["referred_table"], there).alias("parent")
            found = exists().where(parent.c[there.name] == child.c[pointer.name])
            lost = select(func.count()).select_from(child).where(child.c[pointer.name].is_not(None), ~found)
            count += connection.scalar(lost) or 0
    return count
