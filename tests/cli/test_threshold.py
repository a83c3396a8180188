"""`knowledge threshold`: from where on the bot answers by itself, and how it knows."""

import pytest

from bot.commands.threshold import lines_of
from knowledge_base.calibration import Judged, calibrate
from knowledge_base.confidence import answer_threshold
from tests.cli.conftest import ShopFolder


def test_without_judged_turns_the_shipped_value_holds(shop: ShopFolder) -> None:
    """Nothing is made up: no rate, and no database is made by looking."""
    found = shop.does("knowledge", "threshold", "--json").json

    assert found["source"] == "shipped"
    assert found["threshold"] == pytest.approx(answer_threshold(0.05))
    assert (found["judged"], found["realised"], found["promised"]) == (0, None, False)
    assert not shop.database.exists()


def test_a_shop_with_records_is_asked_for_its_judged_turns(shop: ShopFolder) -> None:
    """The same, from the database once there is one."""
    shop.does("migrate")

    ran = shop.does("knowledge", "threshold")

    assert ran.code == 0
    assert (
        ran.lines[1] == "source: the value that ships with Frontdesk; 0 judged turns, 50 are needed to learn from them"
    )
    assert ran.lines[2] == "realised: not known, because no turn was judged yet"
    assert ran.lines[3] == "wanted: at most 5.0% of all messages answered wrongly"


def test_what_the_judged_turns_say_is_said_in_words() -> None:
    """Source, rate and interval of a shop with enough of them."""
    rows = [Judged(0.9, right=True)] * 58 + [Judged(0.95, right=False)] * 2

    lines = lines_of(calibrate(rows, 0.05))

    assert lines[1] == "source: the turns that staff judged; 60 judged turns, 50 are needed to learn from them"
    assert lines[2].startswith("realised: 2 of 60 judged turns would be answered wrongly, 3.3% (for all messages ")
