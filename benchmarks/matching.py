"""Measure the matcher on sets of questions: how often it is right, and what it decides by itself.

    python -m benchmarks.matching --data FOLDER [--split dev]

FOLDER holds `SET.articles_K.jsonl` and `SET.SPLIT.jsonl`; prints one line per set and number of phrasings K:
right first and among the first three (of the questions that have an answer); own decisions: answered rightly (of the
answerable), wrongly and suggested (of all), right among the three suggested (of those suggested that have an answer);
microseconds for one match.
"""

import argparse
import json
import time
from pathlib import Path

from knowledge_base import Decision, Match, Matcher, read_articles

COLUMNS = ("first", "three", "answered", "wrong", "suggested", "hits", "µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--split", default="dev")
    given = parser.parse_args()
    print(f"{'set':32}" + "".join(f"{column:>11}" for column in COLUMNS))
    for questions in sorted(given.data.glob(f"*.{given.split}.jsonl")):
        name = questions.name.removesuffix(f".{given.split}.jsonl")
        asked = [json.loads(line) for line in questions.read_text("utf-8").splitlines() if line.strip()]
        for articles in sorted(given.data.glob(f"{name}.articles_*.jsonl")):
            print_line(f"{name} {articles.stem.rpartition('_')[2]}", Matcher(read_articles(articles, False)), asked)


def print_line(name: str, matcher: Matcher, asked: list[dict[str, str]]) -> None:
    started = time.perf_counter()
    matches = [matcher.match(question["text"]) for question in asked]
    each = (time.perf_counter() - started) / len(asked) * 1e6
    shares = score(matches, [question["expected"] for question in asked])
    print(f"{name:32}" + "".join(f"{share:11.1%}" for share in shares) + f"{each:11.0f}", flush=True)


def score(matches: list[Match], expected: list[str]) -> tuple[float, ...]:
    """Give the six shares, 0..1, in the order of the columns."""
    places = [place_of(match, right) for match, right in zip(matches, expected, strict=True)]
    answerable = sum(right is not None for right in expected)
    answered = [place for match, place in zip(matches, places, strict=True) if match.decision is Decision.ANSWER]
    suggested = [match.decision is Decision.SUGGEST for match in matches]
    known = [p for p, s, right in zip(places, suggested, expected, strict=True) if s and right is not None]
    return (
        sum(place == 1 for place in places) / answerable,
        sum(place <= 3 for place in places) / answerable,
        sum(place == 1 for place in answered) / answerable,
        sum(place != 1 for place in answered) / len(matches),
        sum(suggested) / len(matches),
        sum(place <= 3 for place in known) / max(len(known), 1),
    )


def place_of(match: Match, right: str | None) -> int:
    """Give the place, from 1, of the right article among the candidates; 99 when it is not there."""
    ids = [candidate.article.id for candidate in match.candidates]
    return ids.index(right) + 1 if right in ids else 99


if __name__ == "__main__":
    main()
