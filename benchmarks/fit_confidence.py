"""Fit the confidence of a match and its threshold: leave one set of questions out, fit on the others, measure on it.

    python -m benchmarks.fit_confidence --data FOLDER

FOLDER holds `SET.articles_K.jsonl` (articles with K phrasings each) and `SET.dev.jsonl` (`{"text", "expected"}`,
expected null when no article answers). What is printed last is written by hand into `knowledge_base/confidence.py`.
Only files called dev are read. Each set counts alike, however many questions it has.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_base import Matcher, read_articles
from knowledge_base.confidence import Evidence

Floats = NDArray[np.float64]
TARGETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
HOLD_BACK = 0.002  # L2 penalty; the rows of a set weigh 1 together


@dataclass
class Run:
    """One set with one size of articles: what spoke for the first candidate of each question, and was it right."""

    name: str
    size: str
    evidence: Floats
    right: Floats
    answerable: int
    questions: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    runs = read_runs(parser.parse_args().data)
    names = sorted({run.name for run in runs})
    left_out = {}
    for name in names:
        weights = fit([run for run in runs if run.name != name])
        for run in runs:
            if run.name == name:
                left_out[run.name, run.size] = confidences(run, weights)
    points = thresholds(runs, left_out, names)
    for run in runs:
        report(run, left_out[run.name, run.size], points[0.05])
    weights = fit(runs)
    print("INTERCEPT", round(float(weights[0]), 3))
    for field, weight in zip(Evidence._fields, weights[1:], strict=True):
        print(f"{field:20} {weight:.3f}")
    print("THRESHOLDS", [(target, round(value, 3)) for target, value in points.items()])


def read_runs(folder: Path) -> list[Run]:
    runs = []
    for dev in sorted(folder.glob("*.dev.jsonl")):
        name = dev.name.removesuffix(".dev.jsonl")
        questions = [json.loads(line) for line in dev.read_text("utf-8").splitlines() if line.strip()]
        for articles in sorted(folder.glob(f"{name}.articles_*.jsonl")):
            read = read_articles(articles, answers_required=False)
            runs.append(run_of(name, articles.stem.rpartition("_")[2], Matcher(read), questions))
    return runs


def run_of(name: str, size: str, matcher: Matcher, questions: list[dict[str, str | None]]) -> Run:
    evidence, right = [], []
    for question in questions:
        first = next(iter(matcher.match(str(question["text"])).candidates), None)
        if first is not None and first.evidence is not None:
            evidence.append(first.evidence)
            right.append(first.article.id == question["expected"])
    answerable = sum(question["expected"] is not None for question in questions)
    return Run(name, size, np.array(evidence), np.array(right, dtype=float), answerable, len(questions))


def fit(runs: list[Run]) -> Floats:
    """Fit intercept and weights by Newton's method on the penalised likelihood of a logistic regression."""
    share = {name: sum(run.name == name for run in runs) for name in {run.name for run in runs}}
    rows = np.vstack([with_one(run.evidence) for run in runs])
    right = np.concatenate([run.right for run in runs])
    weigh = np.concatenate([np.full(len(run.right), 1 / (len(run.right) * share[run.name])) for run in runs])
    penalty = np.diag([0.0, *[HOLD_BACK] * (rows.shape[1] - 1)])
    weights = np.zeros(rows.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (weigh * (chance - right)) + penalty @ weights
        curve = (rows * (weigh * chance * (1 - chance))[:, None]).T @ rows + penalty
        weights -= np.linalg.solve(curve, slope)
    return weights


def confidences(run: Run, weights: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-with_one(run.evidence) @ weights))
    return result


def with_one(rows: Floats) -> Floats:
    return np.hstack([np.ones((len(rows), 1)), rows])


def thresholds(runs: list[Run], left_out: dict[tuple[str, str], Floats], names: list[str]) -> dict[float, float]:
    """Give, for each share of wrong answers, the least threshold that keeps it on each set left out (mean of sizes)."""
    points = {}
    for target in TARGETS:
        steps = np.arange(0.05, 1.0, 0.005)
        for step in steps:
            per_set = [
                np.mean([wrong_share(run, left_out[run.name, run.size], step) for run in runs if run.name == name])
                for name in names
            ]
            if max(per_set) <= target:
                points[target] = float(step)
                break
    return points


def wrong_share(run: Run, confidence: Floats, threshold: float) -> float:
    return float(np.sum((confidence >= threshold) & (run.right == 0)) / run.questions)


def report(run: Run, confidence: Floats, threshold: float) -> None:
    covered = np.sum((confidence >= threshold) & (run.right == 1)) / max(run.answerable, 1)
    wrong = wrong_share(run, confidence, threshold)
    print(f"{run.name:20} {run.size:4} right {covered:6.1%} of answerable, wrong {wrong:6.1%} of all")


if __name__ == "__main__":
    main()
