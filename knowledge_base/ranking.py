"""Which of the articles looked at is the best: all evidence added up, with weights fitted on public questions."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge_base.book import Contender, Evidence

Numbers = NDArray[np.float64]

FITTED: Final = Path(__file__).parent / "fitted.json"  # written by benchmarks/fit.py
LONG: Final = 25  # different words; a text that is longer still is no surer for it
WIDEST: Final = 6.0  # lead in the ranking; a wider one makes nothing surer

# The evidence whose worth depends on how many phrasings an article has.
_BY_PHRASINGS: Final = ("learnt", "margin", "nearest", "nearest_three", "centre")
RANKING_FEATURES: Final = (*Evidence._fields, *(f"{name} by phrasings" for name in _BY_PHRASINGS))
_PLACES: Final = tuple(Evidence._fields.index(name) for name in _BY_PHRASINGS)
CONFIDENCE_FEATURES: Final = (
    "share of the first",
    "lead",
    "nearest",
    "centre",
    "covered",
    "covered back",
    "same tokens",
    "known",
    "length",
    "phrasings",
    "articles",
    "nearest lead",
    "centre lead",
    "answer",
    "share by phrasings",
    "covered by phrasings",
    "known by phrasings",
    "nearest by phrasings",
    "centre by phrasings",
    "chance",
    "margin",
    "margin by phrasings",
    "margin lead",
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What one kind of book is judged with: one that has classifiers, or one that has none (yet)."""

    ranking: tuple[float, ...]  # in the order of RANKING_FEATURES
    intercept: float
    confidence: tuple[float, ...]  # in the order of CONFIDENCE_FEATURES


@dataclass(frozen=True, slots=True)
class Fitted:
    """Everything that was fitted."""

    trained: Weights
    untrained: Weights
    thresholds: tuple[tuple[float, float], ...]  # (share of all answered wrongly at most, confidence to answer from)


class Ranked(NamedTuple):
    """A contender with its place."""

    contender: Contender
    score: float  # comparable among the contenders of one question only
    confidence: float  # 0..1


@cache
def shipped() -> Fitted:
    """The weights that ship."""
    return fitted_from(json.loads(FITTED.read_text("utf-8")))


def fitted_from(found: Mapping[str, object]) -> Fitted:
    """Read weights as benchmarks/fit.py writes them; raises KeyError when a feature has none."""
    return Fitted(
        _weights(found["trained"]),
        _weights(found["untrained"]),
        tuple((float(share), float(threshold)) for share, threshold in found["thresholds"]),  # type: ignore[attr-defined]
    )


def _weights(found: object) -> Weights:
    assert isinstance(found, Mapping)
    return Weights(
        tuple(float(found["ranking"][name]) for name in RANKING_FEATURES),
        float(found["confidence"]["intercept"]),
        tuple(float(found["confidence"][name]) for name in CONFIDENCE_FEATURES),
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all contenders of one question."""

    known: float  # share of the question's rarity that any article knows, typing errors not repaired
    words: int  # different ones of the question
    articles: int
    phrasings: int


def rank(
    contenders: Sequence[Contender], setting: Setting, weights: Weights, added: Sequence[float] = ()
) -> list[Ranked]:
    """Put contenders in order, best first, each with how probably it is the right answer.

    The first one's confidence is a logistic function of the evidence; the others share what it leaves as the ranking
    has it, and none is surer than the one before. `added` is what other evidence adds to the score of each.
    """
    if not contenders:
        return []
    evidence = np.array([contender.evidence for contender in contenders], dtype=np.float64)
    scores = ranking_features(evidence, setting) @ np.array(weights.ranking)
    if added:
        scores += np.array(added)
    order = np.argsort(-scores, kind="stable")
    features = confidence_features(evidence[order], scores[order], setting)
    total = weights.intercept + float(features @ np.array(weights.confidence))
    confidence = 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))
    shares = np.exp(scores[order] - scores[order[0]])
    return [
        Ranked(contenders[place], float(scores[place]), confidence * float(share))
        for place, share in zip(order.tolist(), shares.tolist(), strict=True)
    ]


def ranking_features(evidence: Numbers, setting: Setting) -> Numbers:
    """Give the features, contenders x RANKING_FEATURES."""
    return np.concatenate([evidence, evidence[:, _PLACES] * _many(setting)], axis=1)


def confidence_features(evidence: Numbers, scores: Numbers, setting: Setting) -> Numbers:
    """Give the features of the first of these contenders, which are in order, as in CONFIDENCE_FEATURES."""
    first = Evidence(*evidence[0].tolist())
    second = Evidence(*evidence[1].tolist()) if len(evidence) > 1 else Evidence(*[0.0] * len(Evidence._fields))
    lead = min(float(scores[0] - scores[1]) if len(scores) > 1 else 5.0, WIDEST) / 3
    share = 1 / float(np.exp(scores - scores[0]).sum())
    many = _many(setting)
    trained = first.learnt != 0 or first.margin != 0
    return np.array(
        [
            share,
            lead,
            first.nearest,
            first.centre,
            first.covered,
            first.covered_back,
            first.same_tokens,
            setting.known,
            math.log(min(max(setting.words, 1), LONG)) / 2,
            many,
            math.log(setting.articles) / 4,
            first.nearest - second.nearest,
            first.centre - second.centre,
            first.answer,
            share * many,
            first.covered * many,
            setting.known * many,
            first.nearest * many,
            first.centre * many,
            math.exp(first.learnt) if trained else 0.0,
            max(min(first.margin, 1.5), -1.5),
            first.margin * many,
            first.margin - second.margin,
        ]
    )


def _many(setting: Setting) -> float:
    """Give a measure, about 0..1.5, of how many phrasings an article has: with more of them, evidence is worth more."""
    return math.log(max(setting.phrasings / max(setting.articles, 1), 1)) / 3
