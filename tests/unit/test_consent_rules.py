"""Which channels a yes counts for, after all that somebody has said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.consent import Said, channels, counting, covers

_START = datetime(2026, 11, 1, tzinfo=UTC)


def said(*words: tuple[bool, str | None]) -> list[Said]:
    """What somebody said, a minute apart."""
    return [
        Said(granted=granted, channel=channel, at=_START + timedelta(minutes=place))
        for place, (granted, channel) in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], set()),
        ([(True, "webchat")], {"webchat"}),
        ([(True, "webchat"), (True, "telegram:1")], {"webchat", "telegram:1"}),
        ([(True, None)], {None}),
        ([(True, "webchat"), (False, "telegram:1")], set()),
        ([(True, None), (False, None), (True, "webchat")], {"webchat"}),
        ([(False, None)], set()),
    ],
)
def test_a_yes_counts_for_its_channel_and_a_no_for_all(
    words: list[tuple[bool, str | None]], expected: set[str | None]
) -> None:
    assert channels(said(*words)) == expected


@pytest.mark.parametrize(
    ("agreed", "channel", "expected"),
    [
        ({"webchat"}, "webchat", True),
        ({"webchat"}, "telegram:1", False),
        ({None}, "telegram:1", True),
        (set(), "webchat", False),
        ({"webchat"}, None, False),
    ],
)
def test_one_channel_does_not_cover_another(agreed: set[str | None], channel: str | None, expected: bool) -> None:
    assert covers(agreed, channel) is expected


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([None, "webchat", "telegram:1"])), max_size=12))
def test_nothing_before_the_last_no_counts(words: list[tuple[bool, str | None]]) -> None:
    """Whatever was said: the channels are those of the yeses since, and a no stands alone."""
    last_no = max((place for place, (granted, _channel) in enumerate(words) if not granted), default=-1)
    assert channels(said(*words)) == {channel for _granted, channel in words[last_no + 1 :]}
    counts = counting(said(*words))
    assert all(one.granted for one in counts) or len(counts) == 1
