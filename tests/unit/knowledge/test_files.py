"""A file of questions is matched line for line."""

import json
from pathlib import Path

import pytest

from knowledge_base import ArticleError, MatchSummary, match_files

ARTICLES = [
    {"id": "refund", "language": "en", "phrasings": ["how do I get a refund", "money back"], "answer": ""},
    {"id": "track", "language": "en", "phrasings": ["where is my parcel", "track my order"], "answer": ""},
    {"id": "hours", "language": "en", "phrasings": ["when are you open", "opening hours"], "answer": ""},
]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_question_gets_its_line(tmp_path: Path) -> None:
    """The output has one line per question, in order, with decision and candidates best first."""
    articles = write(tmp_path / "articles.jsonl", list(ARTICLES))
    texts = ["where is my parcel?", "", "track my oredr", "line\u2028in it", "\ud800"]
    questions = write(tmp_path / "questions.jsonl", [{"text": text, "expected": None} for text in texts])

    summary = match_files(articles, questions, tmp_path / "out.jsonl")

    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) == len(texts)
    assert (lines[0]["decision"], lines[0]["candidates"][0]["id"]) == ("answer", "track")
    assert lines[0]["candidates"][0]["confidence"] == pytest.approx(0.99, abs=0.01)
    assert (lines[1]["decision"], lines[1]["candidates"]) == ("escalate", [])
    assert lines[2]["candidates"][0]["id"] == "track"
    assert isinstance(summary, MatchSummary)
    assert summary.questions == summary.answered + summary.suggested + summary.escalated == len(texts)


@pytest.mark.parametrize(
    ("row", "key"), [({"question": "x"}, "missing_field"), ({"text": 5}, "wrong_type"), ([], "not_an_object")]
)
def test_a_wrong_question_is_named_and_nothing_written(tmp_path: Path, row: object, key: str) -> None:
    """Either all questions are matched or none."""
    articles = write(tmp_path / "articles.jsonl", list(ARTICLES))
    questions = write(tmp_path / "questions.jsonl", [{"text": "ok"}, row])

    with pytest.raises(ArticleError) as caught:
        match_files(articles, questions, tmp_path / "out.jsonl")

    assert (caught.value.key, caught.value.file, caught.value.line) == (key, questions, 2)
    assert not (tmp_path / "out.jsonl").exists()


def test_every_wrong_question_is_named(tmp_path: Path) -> None:
    """Whoever mends a file wants to do it once."""
    articles = write(tmp_path / "articles.jsonl", list(ARTICLES))
    questions = write(tmp_path / "questions.jsonl", [{"text": 5}, {"text": "ok"}, {"question": "x"}])

    with pytest.raises(ArticleError) as caught:
        match_files(articles, questions, tmp_path / "out.jsonl")

    assert [(one.key, one.line) for one in caught.value.problems] == [("wrong_type", 1), ("missing_field", 3)]


def test_a_missing_file_of_questions_is_named(tmp_path: Path) -> None:
    """The sentence names the file."""
    articles = write(tmp_path / "articles.jsonl", list(ARTICLES))

    with pytest.raises(ArticleError, match=r"none\.jsonl"):
        match_files(articles, tmp_path / "none.jsonl", tmp_path / "out.jsonl")
