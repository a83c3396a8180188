"""Measure the matcher beside its peers: who finds the right article, who knows when not to answer, and how fast.

    python -m benchmarks.matching --data FOLDER [--scorer FILE] [--only accuracy|learning|speed] [--sets NAME …]

FOLDER holds `SET.articles_K.jsonl` and `SET.{test,dev,more,test_typo}.jsonl`; FILE is the scorer, FOLDER/../../tools/
score_matches.py unless given. Every matcher is scored by it, in the same run. Ours is given the weights that were
fitted without the set at hand (benchmarks/left_out.json, written by benchmarks/fit.py). Peers, on the same normal text:
rapidfuzz's WRatio and token_set_ratio (on every n-th question, 300 of a file, for they are slow), bm25s, and a linear
SVC over words and pieces of words (scikit-learn).

Shares in %: `first`, `three` the right article first, among three; `cover` answered rightly while at most 5 % of all
get a wrong answer, by the best threshold on the very file; `own right`, `own wrong` what it decided by itself.
"""

import argparse
import importlib.util
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge_base import Article, Matcher, read_articles
from knowledge_base.ranking import Fitted, fitted_from
from knowledge_base.text import normal_form

LEFT_OUT = Path(__file__).parent / "left_out.json"
SPLITS = ("test", "test_typo", "more", "dev")
PEERS = ("token_set", "WRatio", "bm25s", "SVC")
SLOW = {"token_set": 300, "WRatio": 300}  # questions of a file that these peers are asked
COLUMNS = ("first", "three", "cover", "own right", "own wrong")
Answer = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--scorer", type=Path, metavar="FILE")
    parser.add_argument("--only", choices=("accuracy", "learning", "speed"))
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    scorer = load_scorer(given.scorer or given.data.parent.parent / "tools" / "score_matches.py")
    if given.only in (None, "accuracy"):
        accuracy(given.data, scorer, given.sets, () if given.no_peers else PEERS)
    if given.only in (None, "learning"):
        learning(given.data)
    if given.only in (None, "speed"):
        speed(given.data)


def load_scorer(path: Path) -> Any:
    if not path.is_file():
        sys.exit(f"{path}: there is no scorer; name one with --scorer")
    spec = importlib.util.spec_from_file_location("score_matches", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def weights_without(name: str) -> Fitted | None:
    """The weights fitted without this set; None, the shipped ones, for a set they were not fitted on."""
    found = json.loads(LEFT_OUT.read_text("utf-8"))
    return fitted_from(found[name]) if name in found else None


# ---- who finds the right article ----


def accuracy(folder: Path, scorer: Any, sets: Sequence[str], peers: Sequence[str]) -> None:
    print(f"{'questions':28}{'articles':>9}  {'matcher':10}" + "".join(f"{column:>11}" for column in COLUMNS))
    for articles in sorted(folder.glob("*.articles_*.jsonl")):
        name, _, size = articles.stem.partition(".articles_")
        if sets and name not in sets:
            continue
        read = read_articles(articles, answers_required=False)
        files = [path for split in SPLITS if (path := folder / f"{name}.{split}.jsonl").exists()]
        asked = {path.stem: lines_of(path) for path in files}
        matcher = Matcher(read, fitted=weights_without(name))
        for label, answers in of_all(matcher, read, peers):
            for stem, every in asked.items():
                questions = every[:: max(len(every) // SLOW.get(label, len(every)), 1)]
                found = scorer.score(questions, answers([question["text"] for question in questions]), None, 0.05)
                print(f"{stem:28}{size:>9}  {label:10}" + cells(found, own=label == "frontdesk"), flush=True)


def of_all(
    matcher: Matcher, read: Sequence[Article], peers: Sequence[str]
) -> Iterator[tuple[str, Callable[[Sequence[str]], list[Answer]]]]:
    yield "frontdesk", lambda texts: [answer_of(matcher, text) for text in texts]
    for peer in peers:
        yield peer, MAKERS[peer](read)


def cells(found: dict[str, Any], *, own: bool) -> str:
    keys = ("accuracy_1", "accuracy_3", "coverage_at_5", "own_coverage", "own_false_answers")
    shown = [found[key] if own or not key.startswith("own") else None for key in keys]
    return "".join(f"{value:11.1%}" if value is not None else f"{'':11}" for value in shown)


def answer_of(matcher: Matcher, text: str) -> Answer:
    found = matcher.match(text)
    candidates = [{"id": one.article.id, "confidence": one.confidence} for one in found.candidates]
    return {"decision": found.decision.value, "candidates": candidates}


# ---- the peers ----


def flat(read: Sequence[Article]) -> tuple[list[str], np.ndarray[Any, Any]]:
    texts = [normal_form(phrasing) for article in read for phrasing in article.phrasings]
    return texts, np.array([place for place, article in enumerate(read) for _ in article.phrasings])


def best_articles(read: Sequence[Article], owner: np.ndarray[Any, Any], scores: np.ndarray[Any, Any]) -> Answer:
    """Each article as near as its nearest phrasing, ten at most; the nearness, scaled to 0..1, is the confidence."""
    best = np.zeros(len(read))
    np.maximum.at(best, owner, scores)
    order = np.argsort(-best, kind="stable")[:10]
    return {
        "decision": "answer",
        "candidates": [{"id": read[place].id, "confidence": float(best[place])} for place in order if best[place] > 0],
    }


def rapidfuzz_peer(scorer_name: str) -> Callable[[Sequence[Article]], Callable[[Sequence[str]], list[Answer]]]:
    def make(read: Sequence[Article]) -> Callable[[Sequence[str]], list[Answer]]:
        from rapidfuzz import fuzz, process

        texts, owner = flat(read)
        scorer = getattr(fuzz, scorer_name)

        def answers(asked: Sequence[str]) -> list[Answer]:
            scores = process.cdist([normal_form(text) for text in asked], texts, scorer=scorer, workers=1)
            return [best_articles(read, owner, row / 100) for row in scores]

        return answers

    return make


def words_of(text: str) -> list[str]:
    """Words, and every Chinese character by itself."""
    spaced = "".join(f" {letter} " if "\u4e00" <= letter <= "\u9fff" else letter for letter in text)
    return spaced.split()


def bm25s_peer(read: Sequence[Article]) -> Callable[[Sequence[str]], list[Answer]]:
    import bm25s

    texts, owner = flat(read)
    index = bm25s.BM25()
    index.index([words_of(text) for text in texts], show_progress=False)

    def answers(asked: Sequence[str]) -> list[Answer]:
        found = []
        for text in asked:
            known = [word for word in words_of(normal_form(text)) if word in index.vocab_dict]
            scores = index.get_scores(known) if known else np.zeros(len(texts))
            found.append(best_articles(read, owner, scores / (scores + 10)))
        return found

    return answers


def svc_peer(read: Sequence[Article]) -> Callable[[Sequence[str]], list[Answer]]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.svm import LinearSVC

    texts, owner = flat(read)
    features = make_union(
        TfidfVectorizer(tokenizer=words_of, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    classifier = LinearSVC().fit(features.fit_transform(texts), owner)

    def answers(asked: Sequence[str]) -> list[Answer]:
        margins = classifier.decision_function(features.transform([normal_form(text) for text in asked]))
        if margins.ndim == 1:
            margins = np.stack([-margins, margins], axis=1)
        return [best_articles(read, np.arange(len(read)), 1 / (1 + np.exp(-row))) for row in margins]

    return answers


MAKERS: dict[str, Callable[[Sequence[Article]], Callable[[Sequence[str]], list[Answer]]]] = {
    "token_set": rapidfuzz_peer("token_set_ratio"),
    "WRatio": rapidfuzz_peer("WRatio"),
    "bm25s": bm25s_peer,
    "SVC": svc_peer,
}


# ---- does it learn ----


def learning(folder: Path) -> None:
    """The dev messages come one after another; one that is not answered and has an answer becomes a phrasing of it."""
    name = "hint3_curekart"
    held = [question for question in lines_of(folder / f"{name}.test.jsonl") if question["expected"] is not None]
    read = read_articles(folder / f"{name}.articles_k1.jsonl", answers_required=False)
    articles = {article.id: article for article in read}
    weights = weights_without(name)
    matcher = Matcher(articles.values(), fitted=weights)
    print(f"\nlearning {name}, one phrasing an article to begin with: right first on the test messages")
    taught = lines_of(folder / f"{name}.dev.jsonl")
    added = 0
    for number in range(len(taught) + 1):
        if number % 50 == 0 or number == len(taught):
            matcher = Matcher(articles.values(), fitted=weights)  # the training that follows in the background
            right = sum(first_of(matcher, one["text"]) == one["expected"] for one in held)
            print(f"  after {number:4} messages, {added:4} of them added: {right / len(held):6.1%}", flush=True)
        if number == len(taught):
            return
        text, expected = taught[number]["text"], taught[number]["expected"]
        if expected is None or matcher.match(text).decision.value == "answer":
            continue
        known = articles[expected]
        if text not in known.phrasings:
            articles[expected] = Article(
                id=expected, language=known.language, phrasings=(*known.phrasings, text), answer=known.answer
            )
            matcher.replace(articles[expected])
            added += 1


def first_of(matcher: Matcher, text: str) -> str | None:
    found = matcher.match(text).candidates
    return found[0].article.id if found else None


# ---- how fast ----


def speed(folder: Path) -> None:
    """Each size in a process of its own, for its memory; the floor is one pass over all phrasings with rapidfuzz."""
    print(f"\n{'phrasings':>9}{'articles':>9}{'build s':>9}{'p50 ms':>8}{'p99 ms':>8}{'worst ms':>9}", end="")
    print(f"{'add ms':>8}{'MB':>6}{'peak MB':>8}{'p99 / floor':>13}")
    for phrasings, articles in ((1_000, 100), (10_000, 100), (10_000, 1_000), (100_000, 5_000)):
        code = f"from benchmarks.matching import one_size; one_size({str(folder)!r}, {phrasings}, {articles})"
        subprocess.run([sys.executable, "-c", code], check=True)


def one_size(folder: str, phrasings: int, articles: int) -> None:
    """Build, ask one at a time, add one phrasing, ask the worst; wordings are real ones with words replaced."""
    from rapidfuzz import fuzz, process

    draw = random.Random(phrasings)
    real = [
        phrasing
        for path in sorted(Path(folder).glob("*.articles_all.jsonl"))
        for article in read_articles(path, answers_required=False)
        if article.language == "en"
        for phrasing in article.phrasings
        if phrasing.split()
    ]
    words = sorted({word for phrasing in real for word in phrasing.split()})

    def varied() -> str:
        text = draw.choice(real).split()
        for _ in range(2):
            text[draw.randrange(len(text))] = draw.choice(words)
        return " ".join(text)

    each = phrasings // articles
    made = [
        Article(id=f"a{n}", language="en", phrasings=tuple(varied() for _ in range(each)), answer="So it is.")
        for n in range(articles)
    ]
    started = time.perf_counter()
    matcher = Matcher(made)
    matcher.prepare()
    built = time.perf_counter() - started
    asked = [varied() for _ in range(2_000)]
    for text in asked[:100]:
        matcher.match(text)
    taken = sorted(timed(lambda text=text: matcher.match(text)) for text in asked)  # type: ignore[misc]
    worst = max(
        timed(lambda text=text: matcher.match(text))  # type: ignore[misc]
        for text in (
            " ".join(draw.choice(words) for _ in range(1_000))[:4_000],
            " ".join(draw.choice(words)[::-1] + "q" for _ in range(1_000))[:4_000],
            "z" * 4_000,
            "订单" * 2_000,
        )
    )
    grown = Article(id="a1", language="en", phrasings=(*made[1].phrasings, "quokkas in the teapot"), answer="Well.")
    added = timed(lambda: matcher.replace(grown))
    assert first_of(matcher, "quokkas in the teapot") == "a1"
    every = [phrasing for article in made for phrasing in article.phrasings]
    floor = min(timed(lambda: process.extractOne(asked[0], every, scorer=fuzz.ratio)) for _ in range(5))
    p50, p99 = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    resident = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"{phrasings:9}{articles:9}{built:9.2f}{p50 * 1e3:8.2f}{p99 * 1e3:8.2f}{worst * 1e3:9.1f}", end="")
    print(f"{added * 1e3:8.2f}{resident:6.0f}{peak:8.0f}{p99 / floor:13.2f}", flush=True)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
