"""Segments in words: what a question means, what is wrong with one and where, who is in one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from crm_core.conversations import name_of
from crm_core.models import Customer
from crm_core.segments import Field, Kind, SegmentError, Tree
from crm_core.segments.tree import Ago, All, And, Coming, Condition, Named, Not, Op, Or, Saved
from crm_core.work import Work

Say = Callable[..., str]
_OPS: Final = {
    Op.IS: "is", Op.NOT: "is-not", Op.LESS: "less", Op.MOST: "most", Op.MORE: "more", Op.LEAST: "least", Op.IN: "among",
}  # fmt: skip
_COUNTS: Final = ("length", "most")


def problem(say: Say, error: SegmentError) -> str:
    """What is wrong, and at which character, counted from 1."""
    values = {name: value if name in _COUNTS else str(value) for name, value in error.values.items()}
    said = say(error.key, **values)
    if error.inside:
        said = say("segment-inside", segment=error.inside, problem=said)
    if error.found:
        return say("segment-place", place=error.place + 1, found=error.found, problem=said)
    return say("segment-place-end", problem=said)


def meaning(say: Say, tree: Tree) -> str:
    """What a question asks for, so that whoever wrote it sees how it was understood."""
    match tree:
        case All():
            return say("segment-all")
        case And(parts):
            return _joined(say, "segment-both", [_within(say, part, Or) for part in parts])
        case Or(parts):
            return _joined(say, "segment-either", [_within(say, part, And) for part in parts])
        case Not(part):
            return say("segment-not", inner=say("segment-group", inner=meaning(say, part)))
        case Condition():
            return _condition(say, tree)


def _joined(say: Say, key: str, parts: Sequence[str]) -> str:
    words = parts[0]
    for part in parts[1:]:
        words = say(key, left=words, right=part)
    return words


def _within(say: Say, part: Tree, kind: type) -> str:
    words = meaning(say, part)
    return say("segment-group", inner=words) if isinstance(part, kind) else words


def label(say: Say, field: Field) -> str:
    """What a field is called; an attribute by its key."""
    if field.name.startswith("attribute."):
        return field.name
    return say(f"segment-field-{field.name.replace('_', '-')}")


def _condition(say: Say, one: Condition) -> str:
    if one.within is not None:
        inner = _condition(say, replace(one, within=None))
        return say("segment-within", inner=inner, span=_span(say, one.within))
    field, value = label(say, one.field), one.value
    if one.op in {Op.KNOWN, Op.UNKNOWN}:
        return say(f"segment-{one.op}", field=field)
    if one.field.kind is Kind.FLAG:
        return say(f"segment-{value}", field=field)
    if isinstance(value, Ago):
        return say(f"segment-ago-{_OPS[one.op]}", field=field, span=_span(say, value))
    if isinstance(value, Coming):
        return say("segment-coming", field=field, span=_span(say, value))
    dated = one.field.kind in {Kind.MOMENT, Kind.DAY}
    return say(f"segment-{'day-' if dated else ''}{_OPS[one.op]}", field=field, value=_value(say, value))


def _span(say: Say, span: Ago | Coming) -> str:
    return say(f"segment-{span.unit}", count=span.count)


def _value(say: Say, value: Any) -> str:
    match value:
        case Named():
            return say(f"segment-{value.replace(' ', '-')}")
        case tuple():
            return ", ".join(f"“{one}”" for one in value)
        case Saved(name):
            return f"“{name}”"
        case str():
            return f"“{value}”"
        case Decimal():
            return f"{value.normalize():f}"
    return str(value)


async def person(work: Work, say: Say, customer: Customer, *, named: bool) -> str:
    """One customer of a sample; their name only where whoever reads it may see it."""
    name = await name_of(work, customer) if named else ""
    stage = say(f"stage-{customer.stage.replace('_', '-')}")
    return say(
        "segment-person",
        number=str(customer.number or "–"),
        name=f"{name} " if name else "",
        language=customer.language,
        stage=stage,
    )
