"""Matching a file of questions with a file of articles, for measuring: JSON Lines in, JSON Lines out, line for line."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge_base.importers import ArticleError, read_articles
from knowledge_base.importers.checks import Place, json_object, read_lines
from knowledge_base.importers.errors import Findings
from knowledge_base.matcher import Decision, Match, Matcher


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """How many questions were decided which way."""

    questions: int
    answered: int
    suggested: int
    escalated: int


def match_files(articles: Path, questions: Path, output: Path, wrong_answers_at_most: float = 0.05) -> MatchSummary:
    """Match every question (`{"text": …}` a line) and write what was decided, in the same order.

    A line of the output is `{"decision", "reason", "candidates": [{"id", "confidence"}, …]}`, at most ten candidates,
    best first. Articles may be without answers. Raises ArticleError for either file, before anything is written, and
    OSError when the output cannot be written.
    """
    matcher = Matcher(read_articles(articles, answers_required=False), wrong_answers_at_most)
    texts = _read_questions(questions)
    matches = [matcher.match(text) for text in texts]
    with output.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(json.dumps(_as_line(match), ensure_ascii=False) + "\n" for match in matches)
    decided = Counter(match.decision for match in matches)
    return MatchSummary(
        questions=len(matches),
        answered=decided[Decision.ANSWER],
        suggested=decided[Decision.SUGGEST],
        escalated=decided[Decision.ESCALATE],
    )


def _read_questions(path: Path) -> list[str]:
    if not path.is_file():
        raise ArticleError("no_such_file", path)
    findings, texts = Findings(), []
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            with findings.kept():
                texts.append(_question(line, Place(path, number)))
    findings.raise_all()
    return texts


def _question(line: str, place: Place) -> str:
    found = json_object(line, place)
    text = found.get("text")
    if not isinstance(text, str):
        raise place.error("missing_field" if text is None else "wrong_type", field="text", expected="a text")
    return text


def _as_line(match: Match) -> dict[str, Any]:
    return {
        "decision": match.decision.value,
        "reason": match.reason,
        "candidates": [{"id": c.article.id, "confidence": round(c.confidence, 6)} for c in match.candidates],
    }
