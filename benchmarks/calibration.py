"""Measure the threshold: the shipped one, and the one from judged messages, by conformal risk control.

    python -m benchmarks.calibration --data FOLDER [--judged 50] [--seeds 200] [--target 0.05]

FOLDER holds `SET.articles_K.jsonl` and `SET.{dev,test,more}.jsonl` (`{"text", "expected"}`, expected null when no
article answers). For each set and number of phrasings K, so many messages are drawn at random and judged, a threshold
is taken from them, and the rest is decided with it, by weights that were fitted without the set; the figures are means
over the draws. `wrong` is the share of all messages that were answered wrongly, `right` that of the answerable ones
that were answered rightly. `between` goes the fraction of the way that whole messages leave (see
knowledge_base/calibration.py).
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.matching import weights_without
from knowledge_base import Matcher, read_articles
from knowledge_base.calibration import Judged, calibrate
from knowledge_base.confidence import answer_threshold

SPLITS = ("dev", "test", "more")


class Rows(NamedTuple):
    """What the matcher said of all messages of one set."""

    name: str
    confidence: np.ndarray[tuple[int], np.dtype[np.float64]]
    right: np.ndarray[tuple[int], np.dtype[np.bool_]]
    answerable: np.ndarray[tuple[int], np.dtype[np.bool_]]


class Shares(NamedTuple):
    """Both of 0..1."""

    wrong: float  # of all
    right: float  # of the answerable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--judged", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--target", type=float, default=0.05)
    given = parser.parse_args()
    ways = ("shipped", f"{given.judged} judged", "between")
    print(f"{'set':24}{'messages':>9}" + "".join(f"{way + ': wrong':>18}{'right':>8}" for way in ways))
    table: list[tuple[Shares, ...]] = []
    for rows in read_rows(given.data):
        everything = np.ones(len(rows.right), dtype=bool)
        line = (
            shares(rows, answer_threshold(given.target), everything),
            drawn(rows, given.judged, given.seeds, partial(threshold_of, target=given.target)),
            drawn(rows, given.judged, given.seeds, partial(threshold_of, target=given.target, between=True)),
        )
        table.append(line)
        print(f"{rows.name:24}{len(rows.right):9}{cells(line)}", flush=True)
    columns = list(zip(*table, strict=True))
    means = [Shares(*(sum(values) / len(values) for values in zip(*column, strict=True))) for column in columns]
    worst = [Shares(max(one.wrong for one in column), min(one.right for one in column)) for column in columns]
    print(f"{'mean':33}{cells(means)}\n{'worst':33}{cells(worst)}")


def cells(line: Sequence[Shares]) -> str:
    return "".join(f"{one.wrong:18.1%}{one.right:8.1%}" for one in line)


def threshold_of(judged: Sequence[Judged], target: float, *, between: bool = False) -> float:
    return calibrate(judged, target, between=between).threshold


def read_rows(folder: Path) -> list[Rows]:
    """Match all messages of every set with each of its files of articles."""
    found = []
    for articles in sorted(folder.glob("*.articles_*.jsonl")):
        name, _, size = articles.stem.partition(".articles_")
        files = [path for split in SPLITS if (path := folder / f"{name}.{split}.jsonl").exists()]
        lines = [line for path in files for line in path.read_text("utf-8").splitlines() if line.strip()]
        asked = [json.loads(line) for line in lines]
        matcher = Matcher(read_articles(articles, answers_required=False), fitted=weights_without(name))
        first = [next(iter(matcher.match(question["text"]).candidates), None) for question in asked]
        right = [c is not None and c.article.id == q["expected"] for c, q in zip(first, asked, strict=True)]
        confidence = np.array([0.0 if c is None else c.confidence for c in first])
        answerable = np.array([question["expected"] is not None for question in asked])
        found.append(Rows(f"{name} {size}", confidence, np.array(right), answerable))
    return found


def drawn(rows: Rows, judged: int, seeds: int, threshold_from: Callable[[Sequence[Judged]], float]) -> Shares:
    """Draw messages to judge, take a threshold from them, decide the rest; the mean over the seeds."""
    found = []
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(rows.right))
        sample = [Judged(float(rows.confidence[i]), bool(rows.right[i])) for i in order[:judged]]
        rest = np.ones(len(order), dtype=bool)
        rest[order[:judged]] = False
        found.append(shares(rows, threshold_from(sample), rest))
    return Shares(float(np.mean([one.wrong for one in found])), float(np.mean([one.right for one in found])))


def shares(rows: Rows, threshold: float, among: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Shares:
    answered = (rows.confidence >= threshold) & among
    return Shares(
        float((answered & ~rows.right).sum() / among.sum()),
        float((answered & rows.right).sum() / max((rows.answerable & among).sum(), 1)),
    )


if __name__ == "__main__":
    main()
