"""Ranking: all evidence together puts the articles in order, and nobody is surer than the one before."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.book import Contender, Evidence
from knowledge_base.confidence import answer_threshold
from knowledge_base.ranking import CONFIDENCE_FEATURES, FITTED, RANKING_FEATURES, Setting, fitted_from, rank, shipped

SETTING = Setting(known=1.0, words=4, articles=10, phrasings=40)
SHARE = st.floats(0, 1)
EVIDENCE = st.builds(Evidence, st.floats(-50, 0), st.floats(-3, 3), *[SHARE] * 8)


def contender(position: int, value: float) -> Contender:
    return Contender(position, Evidence(0.0, 0.0, *[value] * 8), ())


def test_more_evidence_comes_first_and_is_surer() -> None:
    ranked = rank([contender(0, 0.2), contender(1, 0.9), contender(2, 0.5)], SETTING, shipped().untrained)

    assert [one.contender.position for one in ranked] == [1, 2, 0]
    alone = rank([contender(2, 0.5)], SETTING, shipped().untrained)
    assert ranked[0].confidence > alone[0].confidence


def test_equals_stay_as_they_came() -> None:
    """The order is the same each time."""
    ranked = rank([contender(n, 0.5) for n in range(5)], SETTING, shipped().untrained)

    assert [one.contender.position for one in ranked] == [0, 1, 2, 3, 4]
    assert len({one.confidence for one in ranked}) == 1


def test_other_evidence_moves_an_article_up() -> None:
    """What an embedder adds counts as the rest does."""
    contenders = [contender(0, 0.5), contender(1, 0.4)]

    assert rank(contenders, SETTING, shipped().untrained)[0].contender.position == 0
    assert rank(contenders, SETTING, shipped().untrained, [0.0, 20.0])[0].contender.position == 1


@settings(deadline=None, max_examples=100)
@given(
    evidence=st.lists(EVIDENCE, max_size=12),
    setting=st.builds(Setting, SHARE, st.integers(0, 4_000), st.integers(1, 10**5), st.integers(0, 10**6)),
    trained=st.booleans(),
)
def test_any_evidence_gives_an_order(evidence: list[Evidence], setting: Setting, trained: bool) -> None:
    """Each contender once, scores and confidences fall, and confidence is a share."""
    weights = shipped().trained if trained else shipped().untrained
    ranked = rank([Contender(number, one, ()) for number, one in enumerate(evidence)], setting, weights)

    assert sorted(one.contender.position for one in ranked) == list(range(len(evidence)))
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    confidences = [one.confidence for one in ranked]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= one <= 1 for one in confidences)


@pytest.mark.parametrize("part", ["trained", "untrained"])
@pytest.mark.parametrize(("which", "name"), [("ranking", RANKING_FEATURES[-1]), ("confidence", CONFIDENCE_FEATURES[0])])
def test_a_feature_without_a_weight_is_an_error_that_names_it(part: str, which: str, name: str) -> None:
    """Weights that were fitted for other features must not be used silently."""
    found = json.loads(FITTED.read_text("utf-8"))
    del found[part][which][name]

    with pytest.raises(KeyError, match=name):
        fitted_from(found)


def test_what_ships_is_in_order() -> None:
    """Thresholds fall as the share of wrong answers grows, from nothing at all to everything."""
    shares, thresholds = zip(*shipped().thresholds, strict=True)

    assert list(shares) == sorted(set(shares))
    assert shares[0] == 0
    assert list(thresholds) == sorted(thresholds, reverse=True)
    assert thresholds[0] >= 1
    assert replace(shipped(), thresholds=((0.0, 1.0), (0.5, 0.5), (1.0, 0.0))).thresholds[1] == (0.5, 0.5)
    assert answer_threshold(0.25, ((0.0, 1.0), (0.5, 0.5), (1.0, 0.0))) == 0.75
