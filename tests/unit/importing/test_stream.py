"""`bot.importing.stream`: whatever JSON it walks through, it finds what the whole of it holds."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.importing.stream import Broken, JsonStream

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


class Drops(io.StringIO):
    """A file that gives a few characters at a time."""

    def read(self, size: int | None = -1, /) -> str:
        """At most seven characters."""
        return super().read(7 if size is None or size < 0 else min(size, 7))


def walked(stream: JsonStream) -> Any:
    """The next value, step by step."""
    if stream.peek() == "{":
        return {key: walked(stream) for key in stream.members()}
    if stream.peek() == "[":
        return [walked(stream) for _item in stream.items()]
    return stream.value()


@given(_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_value_is_found_step_by_step_whole_and_behind_what_was_skipped(
    value: Any, ascii_only: bool, indent: int | None
) -> None:
    """However few characters come at a time."""
    text = json.dumps([value, value, value], ensure_ascii=ascii_only, indent=indent)
    stream = JsonStream(Drops(text))
    steps = stream.items()
    next(steps)
    assert walked(stream) == value
    next(steps)
    stream.skip()
    next(steps)
    assert stream.value() == value
    assert list(steps) == []
    stream.end()


@given(_VALUES.map(json.dumps), st.data())
def test_what_is_cut_off_is_broken_and_nothing_else_is_raised(text: str, data: st.DataObject) -> None:
    """Wherever it was cut."""
    stream = JsonStream(Drops("[" + text[: data.draw(st.integers(0, len(text)))]))
    with pytest.raises(Broken):
        stream.skip()


@pytest.mark.parametrize("text", ["", "[1 2]", "{1: 2}", '{"a" 1}', "[,]", "]", "[" * 5000, '{"a":' * 5000, "tru", '"'])
def test_what_is_no_json_is_broken(text: str) -> None:
    """Deep nesting too, before the stack ends."""
    with pytest.raises(Broken):
        JsonStream(io.StringIO(text)).skip()


def test_what_follows_the_value_is_broken() -> None:
    """Two texts are not one."""
    stream = JsonStream(io.StringIO("{} {}"))
    stream.skip()
    with pytest.raises(Broken) as broken:
        stream.end()
    assert broken.value.place == 3
