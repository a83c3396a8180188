"""The steps of an import are as large as the write lock allows; keys that stand twice are found."""

from hypothesis import given
from hypothesis import strategies as st

from bot.importing.runs import LEAST_ROWS, MOST_ROWS, Checked, Portions, rows_for
from bot.importing.stock import Seen

WEIGHTS = st.lists(st.integers(1, 3000), max_size=40)
KEYS = st.lists(st.tuples(st.sampled_from(["email", "phone", "phone only"]), st.sampled_from("abc")), max_size=12)


def checked(weights: list[int]) -> list[Checked[int]]:
    """Drafts of so many rows each."""
    return [Checked(place, f"file:{place}", place, "added", weight) for place, weight in enumerate(weights)]


@given(WEIGHTS, st.integers(LEAST_ROWS, MOST_ROWS))
def test_steps_lose_nothing_keep_the_order_and_hold_no_more_rows_than_they_may(weights: list[int], most: int) -> None:
    stock = checked(weights)
    portions = Portions(stock)
    portions.most = most

    steps = list(portions)

    assert [one for some in steps for one in some] == stock
    assert all(len(some) == 1 or sum(one.weight for one in some) <= most for some in steps)


@given(st.integers(LEAST_ROWS, MOST_ROWS), st.floats(0, 30))
def test_the_next_step_is_never_out_of_bounds_and_at_most_doubles(rows: int, held: float) -> None:
    assert LEAST_ROWS <= rows_for(rows, held) <= min(MOST_ROWS, 2 * rows)


def test_a_lock_that_was_held_too_long_makes_the_next_step_smaller() -> None:
    assert rows_for(2000, 0.05) == 1000
    assert rows_for(2000, 5) == LEAST_ROWS
    assert rows_for(600, 0.001) == 1200


@given(st.lists(KEYS, max_size=6))
def test_keys_that_are_told_together_are_found_as_if_they_were_told_one_by_one(
    batches: list[list[tuple[str, str]]],
) -> None:
    """Those that were all new are; where one was not, none of them counts as told."""
    row = 0
    with Seen() as together, Seen() as alone:
        for batch in batches:
            keys = [(kind, key, row + place) for place, (kind, key) in enumerate(batch)]
            row += len(batch)
            one_by_one = [alone.first(*key) for key in keys]
            if together.all_new(keys):
                assert one_by_one == [None] * len(keys)
            else:
                assert [together.first(*key) for key in keys] == one_by_one
