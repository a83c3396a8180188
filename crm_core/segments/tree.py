"""A question about customers as a tree: what it asks, in types, and in one canonical way to write it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from crm_core.segments.fields import Field, Kind
from crm_core.segments.lexer import quoted


class Op(StrEnum):
    """How a field is compared."""

    IS = "="
    NOT = "!="
    LESS = "<"
    MOST = "<="
    MORE = ">"
    LEAST = ">="
    IN = "in"
    KNOWN = "known"
    UNKNOWN = "unknown"


class Unit(StrEnum):
    """A span of the calendar."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class Named(StrEnum):
    """Days that are called by name."""

    TODAY = "today"
    THIS_MONTH = "this month"
    NEXT_MONTH = "next month"


@dataclass(frozen=True, slots=True)
class Ago:
    """So long before today. Compared with a moment it is an age: `< 30 days ago` is less than 30 days old."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count} {self.unit} ago"


@dataclass(frozen=True, slots=True)
class Coming:
    """From today on until so long from now, both days included."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"in {self.count} {self.unit}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of its currency, and as it was written, in major ones."""

    minor: int
    currency: str
    amount: Decimal = field(compare=False)

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved segment and what it asked when the question was read."""

    name: str
    tree: "Tree"


Value = str | Decimal | Money | date | Ago | Coming | Named | tuple[str, ...] | Saved | None


@dataclass(frozen=True, slots=True)
class All:
    """Everybody."""

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared with one value."""

    field: Field
    op: Op
    value: Value = None
    within: Ago | None = None  # only of what happened since then

    def __str__(self) -> str:
        return f"{_written(self)} within {self.within.count} {self.within.unit}" if self.within else _written(self)


@dataclass(frozen=True, slots=True)
class Not:
    """Everybody but these."""

    part: "Tree"

    def __str__(self) -> str:
        return f"not {_grouped(self.part, And, Or)}"


@dataclass(frozen=True, slots=True)
class And:
    """Those who meet every part."""

    parts: tuple["Tree", ...]

    def __str__(self) -> str:
        return " and ".join(_grouped(part, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """Those who meet any part."""

    parts: tuple["Tree", ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts))


Tree = All | Condition | Not | And | Or


def joined(kind: type[And] | type[Or], parts: list[Tree]) -> Tree:
    """The parts under one roof; one of the same kind gives up its own."""
    flat: list[Tree] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else (part,)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _grouped(part: Tree, *kinds: type) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)


def _written(one: Condition) -> str:
    name = one.field.written
    match one.value:
        case None:
            return f"{name} is {one.op}"
        case tuple():
            return f"{name} in ({', '.join(map(quoted, one.value))})"
        case Saved():
            return f"{name} {quoted(one.value.name)}"
        case Ago() if one.op is Op.MOST:
            return f"{name} within {one.value.count} {one.value.unit}"
        case Ago() if one.op is Op.MORE:
            return f"{name} over {one.value}"
        case Coming():
            return f"{name} {one.value}"
        case Named() if one.field.kind is Kind.BIRTHDAY:
            return f"{name} {one.value}"
        case Decimal():
            return f"{name} {one.op} {one.value.normalize():f}"
    value = quoted(one.value) if isinstance(one.value, str) and not isinstance(one.value, Named) else str(one.value)
    if one.field.kind is Kind.FLAG:
        return name if value == "yes" else f"{name} {value}"
    bare = one.field.kind is Kind.PIN and one.op is Op.IS
    return f"{name} {value}" if bare else f"{name} {one.op} {value}"
