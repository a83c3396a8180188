"""Fit the weights of ranking and confidence and the thresholds; leave one set out and see how it fares without.

    python -m benchmarks.fit --data FOLDER [--write] [--left-out FILE]

FOLDER holds `SET.articles_K.jsonl` (articles with K phrasings each) and `SET.dev.jsonl` (`{"text", "expected"}`,
expected null when no article answers). Only files called dev are read, never test or more. Beside the articles as they
are, books of 1 to 100 phrasings an article are drawn from all phrasings, some without a fifth of their articles, and
asked the phrasings that were left. Each set counts alike. `--write` writes knowledge_base/fitted.json, `--left-out` a
file with the weights that were fitted without each set, for benchmarks/matching.py.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base import Article, read_articles
from knowledge_base.book import Book
from knowledge_base.lexicon import concepts_of
from knowledge_base.ranking import (
    CONFIDENCE_FEATURES,
    FITTED,
    RANKING_FEATURES,
    Setting,
    confidence_features,
    ranking_features,
)
from knowledge_base.text import normal_form, tokens_of

Numbers = NDArray[np.float64]
TARGETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
SIZES = (1, 2, 3, 5, 8, 10, 20, 40, 100)  # phrasings an article of drawn books
FEWEST_QUESTIONS, MOST_QUESTIONS = 30, 400  # of one drawn book
RANKING_PENALTY, CONFIDENCE_PENALTY = 1e-3, 2e-3  # L2, beside a mean loss


@dataclass(frozen=True)
class Asked:
    """One question to one book: the evidence for each contender, which of them is right (-1: none), and the rest."""

    evidence: Numbers
    right: int
    setting: Setting


@dataclass(frozen=True)
class Run:
    """One book and the questions put to it."""

    name: str
    size: str
    drawn: bool
    trained: bool
    asked: list[Asked]
    answerable: int
    questions: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--left-out", type=Path, metavar="FILE")
    given = parser.parse_args()
    runs = read_runs(given.data)
    left_out = {name: fit([run for run in runs if run.name != name]) for name in sorted({run.name for run in runs})}
    points = thresholds(runs, left_out)
    for fitted in left_out.values():
        fitted["thresholds"] = points
    for run in runs:
        if not run.drawn:
            print(line_of(run, left_out[run.name], dict(points)[0.05]), flush=True)
    shipped = fit(runs) | {"thresholds": points}
    print(json.dumps(shipped, indent=1))
    if given.write:
        FITTED.write_text(json.dumps(shipped, indent=1) + "\n", "utf-8")
    if given.left_out:
        given.left_out.write_text(json.dumps(left_out, indent=1) + "\n", "utf-8")


# ---- the runs ----


def read_runs(folder: Path) -> list[Run]:
    runs = []
    for dev in sorted(folder.glob("*.dev.jsonl")):
        name = dev.name.removesuffix(".dev.jsonl")
        questions = [(one["text"], one["expected"]) for one in map(json.loads, dev.read_text("utf-8").splitlines())]
        for path in sorted(folder.glob(f"{name}.articles_*.jsonl")):
            articles = read_articles(path, answers_required=False)
            runs += both(name, path.stem.rpartition("_")[2], False, articles, questions)
        if not (folder / f"{name}.articles_all.jsonl").exists():
            continue
        articles = read_articles(folder / f"{name}.articles_all.jsonl", answers_required=False)
        strangers = [(text, right) for text, right in questions if right is None]
        most = max(len(article.phrasings) for article in articles)
        for size in (size for size in SIZES if size < most):
            for number, dropped in enumerate((0.0, 0.2)):
                book, left = draw(articles, size, dropped, 17 * size + number)
                asked = left + strangers[: len(left) // 3]
                if len(asked) >= FEWEST_QUESTIONS:
                    runs += both(name, f"{size} drawn", True, book, asked)
    return runs


def draw(
    articles: Sequence[Article], size: int, dropped: float, seed: int
) -> tuple[list[Article], list[tuple[str, str | None]]]:
    """Draw a book with about this many phrasings an article and without this share of articles; the rest is asked."""
    random = np.random.default_rng(seed)
    book: list[Article] = []
    left: list[tuple[str, str | None]] = []
    for article in articles:
        order = random.permutation(len(article.phrasings))
        kept = max(1, round(size * (0.5 + random.random()))) if size > 1 else 1
        gone = random.random() < dropped
        phrasings = [article.phrasings[place] for place in order]
        if not gone:
            book.append(
                Article(
                    id=article.id,
                    language=article.language,
                    phrasings=tuple(phrasings[:kept]),
                    answer=article.answer,
                )
            )
        left += [(text, None if gone else article.id) for text in phrasings[kept : kept + 20]]
    return book, [left[place] for place in random.permutation(len(left))[:MOST_QUESTIONS]]


def both(
    name: str, size: str, drawn: bool, articles: Sequence[Article], questions: Sequence[tuple[str, str | None]]
) -> list[Run]:
    """Ask a book with its classifiers, and the same without."""
    found = []
    for trained in (True, False):
        book = Book(articles, concepts_of(articles[0].language), learn=trained)
        if trained and book.learnt is None:
            continue
        asked = [one for text, right in questions if (one := ask(book, text, right)) is not None]
        answerable = sum(right is not None for _, right in questions)
        found.append(Run(name, size, drawn, trained, asked, answerable, len(questions)))
    return found


def ask(book: Book, text: str, right: str | None) -> Asked | None:
    question = book.question(tokens_of(normal_form(text)))
    contenders = book.contenders(question)
    if not contenders:
        return None
    ids = [article.id if (article := book.articles[one.position]) else "" for one in contenders]
    evidence = np.array([one.evidence for one in contenders], dtype=np.float64)
    setting = Setting(question.known, len(question.rarity), book.size, book.phrasings)
    return Asked(evidence, ids.index(right) if right in ids else -1, setting)


# ---- fitting ----


def fit(runs: Sequence[Run]) -> dict[str, Any]:
    return {
        kind: fit_kind([run for run in runs if run.trained == (kind == "trained")]) for kind in ("trained", "untrained")
    }


def fit_kind(runs: Sequence[Run]) -> dict[str, dict[str, float]]:
    ranking = fit_ranking(runs)
    rows, right, weigh = [], [], []
    for run in runs:
        features, was_right = first_ones(run, ranking)
        rows.append(features)
        right.append(was_right)
        weigh.append(np.full(len(was_right), share_of(run, runs) / len(was_right)))
    confidence = fit_logistic(np.vstack(rows), np.concatenate(right), np.concatenate(weigh))
    return {
        "ranking": named(RANKING_FEATURES, ranking),
        "confidence": named(("intercept", *CONFIDENCE_FEATURES), confidence),
    }


def named(names: Sequence[str], values: Numbers) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def share_of(run: Run, runs: Sequence[Run]) -> float:
    """Each set counts alike, and so does each of its books."""
    names = {one.name for one in runs}
    return 1 / len(names) / sum(one.name == run.name for one in runs)


def fit_ranking(runs: Sequence[Run]) -> Numbers:
    """Fit a conditional logit (McFadden 1974): the right contender among those looked at."""
    most = max(len(asked.evidence) for run in runs for asked in run.asked)
    rows, right, weigh, there = [], [], [], []
    for run in runs:
        usable = [asked for asked in run.asked if asked.right >= 0]
        for asked in usable:
            features = ranking_features(asked.evidence, asked.setting)
            rows.append(np.pad(features, ((0, most - len(features)), (0, 0))))
            there.append(np.arange(most) < len(features))
            right.append(asked.right)
            weigh.append(share_of(run, runs) / len(usable))
    cube, mask, place, share = np.stack(rows), np.stack(there), np.array(right), np.array(weigh)
    share /= share.sum()
    weights = np.zeros(cube.shape[2])
    chosen = cube[np.arange(len(place)), place]
    for _ in range(30):
        odds = np.where(mask, cube @ weights, -np.inf)
        chances = np.exp(odds - odds.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        mean = np.einsum("nm,nmd->nd", chances, cube)
        slope = share @ (mean - chosen) + 2 * RANKING_PENALTY * weights
        spread = np.einsum("n,nm,nmd,nme->de", share, chances, cube, cube, optimize=True)
        curve = spread - np.einsum("n,nd,ne->de", share, mean, mean, optimize=True)
        weights = weights - np.linalg.solve(curve + 2 * RANKING_PENALTY * np.eye(len(weights)), slope)
    return weights


def fit_logistic(rows: Numbers, right: Numbers, weigh: Numbers) -> Numbers:
    """Fit intercept and weights by Newton's method on the penalised likelihood of a logistic regression."""
    rows = np.hstack([np.ones((len(rows), 1)), rows])
    penalty = 2 * CONFIDENCE_PENALTY * np.diag([0.0, *[1.0] * (rows.shape[1] - 1)])
    weights = np.zeros(rows.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (weigh * (chance - right)) + penalty @ weights
        curve = (rows * (weigh * chance * (1 - chance))[:, None]).T @ rows + penalty
        weights = weights - np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), slope)
    return weights


def first_ones(run: Run, ranking: Numbers) -> tuple[Numbers, Numbers]:
    """Give the confidence features of each question's first contender, and whether it was right."""
    rows, right = [], []
    for asked in run.asked:
        scores = ranking_features(asked.evidence, asked.setting) @ ranking
        order = np.argsort(-scores, kind="stable")
        rows.append(confidence_features(asked.evidence[order], scores[order], asked.setting))
        right.append(float(order[0] == asked.right))
    return np.array(rows), np.array(right)


# ---- what comes of it ----


def confidences(run: Run, fitted: Mapping[str, Any]) -> tuple[Numbers, Numbers]:
    weights = fitted["trained" if run.trained else "untrained"]
    rows, right = first_ones(run, np.array([weights["ranking"][name] for name in RANKING_FEATURES]))
    odds = rows @ np.array([weights["confidence"][name] for name in CONFIDENCE_FEATURES])
    return 1 / (1 + np.exp(-np.clip(odds + weights["confidence"]["intercept"], -30, 30))), right


def thresholds(runs: Sequence[Run], left_out: Mapping[str, Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Give (share, threshold): the least threshold that keeps the mean over the sets left out and, doubled, the worst.

    The worst is of one set with one size of its articles; books that were drawn do not count here.
    """
    told = [(run, *confidences(run, left_out[run.name])) for run in runs if not run.drawn and run.trained]
    points = [(0.0, 1.0)]
    for target in TARGETS:
        for step in np.arange(0.05, 1.0, 0.005):
            wrong = [float(((sure >= step) & (right == 0)).sum()) / run.questions for run, sure, right in told]
            if np.mean(wrong) <= target and max(wrong) <= 2 * target:
                points.append((target, round(float(step), 3)))
                break
    return [*points, (1.0, 0.0)]


def line_of(run: Run, fitted: Mapping[str, Any], threshold: float) -> str:
    sure, right = confidences(run, fitted)
    answered = sure >= threshold
    return (
        f"{run.name:20} {run.size:5} {'trained' if run.trained else 'untrained':10}"
        f"first {right.sum() / run.answerable:6.1%}  at {threshold}: "
        f"right {(answered & (right == 1)).sum() / run.answerable:6.1%} of answerable, "
        f"wrong {(answered & (right == 0)).sum() / run.questions:6.1%} of all"
    )


if __name__ == "__main__":
    main()
