"""`ask` shows what the bot would say and why; `match` measures files against files."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.knowledge import DECISIONS, REASONS
from knowledge_base import Decision
from knowledge_base.matcher import Match
from tests.cli.conftest import Ran, ShopFolder, command
from tests.unit.knowledge.embeddings_server import (
    KEY,
    MODEL,
    Answer,
    EmbeddingsServer,
    Exchange,
    embeddings_server,
    hung_up,
    refused,
)


def test_ask_answers_from_the_configured_articles_and_leaves_nothing(shop: ShopFolder) -> None:
    """Without a database the files are read, and none is made."""
    ran = shop.does("ask", "how long does delivery take")

    assert ran.code == 0
    assert ran.lines[0] == "answer: the bot would answer, for an article has these very words among its phrasings."
    assert "those in the configured files" in ran.lines[1]
    assert ran.lines[-1] == "  Delivery takes 3 to 5 working days."
    assert not shop.database.exists()


def test_ask_answers_from_the_records_when_there_are_any(shop: ShopFolder) -> None:
    """What was imported counts, and the files do not."""
    file = shop.write(
        "more.jsonl", {"id": "dogs", "language": "en", "phrasings": ["may I bring my dog"], "answer": "Do."}
    )
    shop.does("import", "articles", file)

    found = shop.does("ask", "may I bring my dog", "--json").json

    assert (found["articles_from"], found["decision"], found["answer"]) == ("database", "answer", "Do.")


def test_ask_as_json_holds_what_a_script_needs(shop: ShopFolder) -> None:
    """The keys are promised."""
    found = shop.does("ask", "怎么退款", "--json").json

    assert found.keys() == {
        "decision", "reason", "why", "language", "articles_from", "answer_from", "candidates", "suggestions", "answer",
        "notes",
    }  # fmt: skip
    assert (found["decision"], found["reason"], found["language"]) == ("answer", "same_words", "zh")
    assert found["candidates"][0].keys() == {"id", "title", "confidence", "terms"}
    assert found["answer"] == "我们会在十四天内退款。"


def test_ask_does_not_answer_from_a_draft_in_the_files(shop: ShopFolder) -> None:
    """Nor from what has not begun or is over: the bot would not, either."""
    dogs = {"id": "dogs", "language": "en", "phrasings": ["may I bring my dog"], "answer": "Do."}
    lines = (shop.folder / "articles.jsonl").read_text(encoding="utf-8")
    for kept_back in ({"state": "draft"}, {"valid_from": "2999-01-01"}, {"valid_until": "2001-01-01"}):
        shop.write("dogs.jsonl", {**dogs, **kept_back})
        both = lines + (shop.folder / "dogs.jsonl").read_text(encoding="utf-8")
        (shop.folder / "articles.jsonl").write_text(both, encoding="utf-8")

        assert shop.does("ask", "may I bring my dog", "--json").json["answer"] is None


def test_ask_gives_no_answer_when_the_bot_would_not(shop: ShopFolder) -> None:
    """What is out of question is escalated, with the reason."""
    found = shop.does("ask", "zebra xylophone", "--json").json

    assert (found["decision"], found["answer"]) == ("escalate", None)
    assert found["why"] == REASONS[found["reason"]]


def test_every_decision_and_reason_has_words() -> None:
    """The matcher's own list of reasons is the measure."""
    listed = set((Match.__doc__ or "").split('"')[1::2])

    assert DECISIONS.keys() == {one.value for one in Decision}
    assert REASONS.keys() >= listed > {"sure", "weak"}


def test_match_writes_a_line_for_each_question(tmp_path: Path) -> None:
    """Neither a configuration nor a database is needed, and none is made."""
    articles, questions, output = tmp_path / "a.jsonl", tmp_path / "q.jsonl", tmp_path / "out.jsonl"
    articles.write_text('{"id": "a", "language": "en", "phrasings": ["where is my parcel"]}\n', encoding="utf-8")
    questions.write_text('{"text": "where is my parcel"}\n{"text": "zzz"}\n', encoding="utf-8")

    ran = command("match", "--articles", str(articles), "--questions", str(questions), "--output", str(output))

    assert ran.out == f"2 questions: 1 answered, 0 asked back, 1 escalated. Written to {output}.\n"
    decided = [json.loads(line)["decision"] for line in output.read_text(encoding="utf-8").splitlines()]
    assert decided == ["answer", "escalate"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "out.jsonl", "q.jsonl"]


@pytest.mark.parametrize(
    ("question", "said"),
    [("hello", "q.jsonl:1: this is not a JSON object"), ('{"word": 1}', 'q.jsonl:1: the article has no "text"')],
    ids=["malformed", "missing"],
)
def test_match_names_the_line_that_is_wrong_and_writes_nothing(tmp_path: Path, question: str, said: str) -> None:
    """A bad question stops the whole, before the output is touched."""
    (tmp_path / "a.jsonl").write_text('{"id": "a", "language": "en", "phrasings": ["x y"]}\n', encoding="utf-8")
    (tmp_path / "q.jsonl").write_text(question + "\n", encoding="utf-8")

    ran = command(
        "match", "--articles", str(tmp_path / "a.jsonl"), "--questions", str(tmp_path / "q.jsonl"),
        "--output", str(tmp_path / "out.jsonl"),
    )  # fmt: skip

    assert ran.code == 1
    assert said in ran.err
    assert not (tmp_path / "out.jsonl").exists()


def test_match_says_when_the_output_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    (tmp_path / "a.jsonl").write_text('{"id": "a", "language": "en", "phrasings": ["x y"]}\n', encoding="utf-8")
    (tmp_path / "q.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    output = tmp_path / "no" / "out.jsonl"

    ran = command(
        "match", "--articles", str(tmp_path / "a.jsonl"), "--questions", str(tmp_path / "q.jsonl"),
        "--output", str(output),
    )  # fmt: skip

    assert (ran.code, ran.err) == (1, f"{output}: No such file or directory.\n")


def test_check_tries_the_examples_of_the_configured_articles(shop: ShopFolder) -> None:
    """Without a database the files are looked at, and none is made; a failing example is the exit code 1."""
    assert shop.does("knowledge", "check").code == 0
    file = shop.folder / "articles.jsonl"
    lines = file.read_text(encoding="utf-8")
    wrong = {
        "id": "dogs", "language": "en", "phrasings": ["may I bring my dog"], "answer": "Do.",
        "must_match": ["how long does delivery take"], "must_not_match": ["may I bring my dog"], "related": ["cats"],
    }  # fmt: skip
    file.write_text(lines + json.dumps(wrong) + "\n", encoding="utf-8")

    ran = shop.does("knowledge", "check")

    assert ran.code == 1
    assert ran.lines[0] == 'WRONG  en/dogs must be first for "how long does delivery take", and delivery is.'
    assert ran.lines[1].startswith('WRONG  en/dogs must not be the answer to "may I bring my dog", and is (')
    assert "note   en/dogs names cats as related, which is no article." in ran.lines
    assert "note   en/dogs has no version in zh." in ran.lines
    assert "2 examples fail" in ran.lines[-1]
    assert not shop.database.exists()


def test_check_looks_at_the_records_when_there_are_any(shop: ShopFolder) -> None:
    """And its JSON holds what a script needs."""
    one = {
        "id": "dogs",
        "language": "en",
        "phrasings": ["may I bring my dog"],
        "answer": "Do.",
        "must_not_match": ["may I bring my dog"],
    }
    shop.does("import", "articles", shop.write("more.jsonl", one), "--despite-warnings")

    ran = shop.does("knowledge", "check", "--json")

    assert (ran.code, ran.json["articles"], ran.json["articles_from"], ran.json["failing"]) == (1, 1, "database", 1)
    first = ran.json["findings"][0]
    assert first.pop("confidence") > 0.5
    assert first == {
        "kind": "must_not_match", "wrong": True, "id": "dogs", "language": "en", "text": "may I bring my dog",
        "first": "dogs",
    }  # fmt: skip
    assert {finding["kind"] for finding in ran.json["findings"]} == {"must_not_match", "translation", "few"}


def test_ask_tells_in_words_how_it_came_to_its_decision(shop: ShopFolder) -> None:
    """Which words counted, and how far behind the second one is."""
    ran = shop.does("ask", "how long does the delivery of a refund take")

    assert any("shared words: " in line and "delivery" in line for line in ran.lines)
    assert any(line.startswith("second: ") and " points behind " in line for line in ran.lines)


def _match(folder: Path, articles: str | bytes, questions: str | bytes) -> tuple[Ran, Path]:
    output = folder / "out.jsonl"
    for name, content in (("a.jsonl", articles), ("q.jsonl", questions)):
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return command(
        "match", "--articles", str(folder / "a.jsonl"), "--questions", str(folder / "q.jsonl"), "--output", str(output)
    ), output


def test_match_answers_line_for_line_with_ten_candidates_at_most(tmp_path: Path) -> None:
    """Questions of any kind and in both languages, empty ones included, in the order in which they stand."""
    articles = [
        {"id": f"a{n}", "language": "en", "phrasings": [f"where is parcel {word}"], "answer": "There."}
        for n, word in enumerate("abcdefghijklmnop")
    ]
    articles.append({"id": "退款", "language": "zh", "phrasings": ["怎么退款", "退款什么时候到账"], "answer": "很快。"})
    texts = ["where is parcel c", "", "怎么退款", "hi", "x" * 10_000, "👍", "where is parcel c", "請問退款", "\u0000"]

    ran, output = _match(
        tmp_path,
        "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in articles),
        "".join(json.dumps({"id": f"q{n}", "text": text}) + "\n" for n, text in enumerate(texts)),
    )

    assert ran.code == 0
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(texts)
    assert lines[0] == lines[6]
    assert (lines[0]["decision"], lines[0]["candidates"][0]["id"], len(lines[0]["candidates"])) == ("answer", "a2", 10)
    assert lines[2]["candidates"][0]["id"] == lines[7]["candidates"][0]["id"] == "退款"
    assert [lines[n]["decision"] for n in (1, 3, 4, 5, 8)] == ["escalate"] * 5
    for line in lines:
        assert {"decision", "candidates"} <= line.keys()
        confidences = [one["confidence"] for one in line["candidates"]]
        assert len(confidences) <= 10
        assert confidences == sorted(confidences, reverse=True)
        assert all(0 <= one <= 1 for one in confidences)
        assert all(one.keys() >= {"id", "confidence"} for one in line["candidates"])


def test_match_makes_an_empty_output_of_no_questions(tmp_path: Path) -> None:
    """No articles are more probably the wrong file, and nothing is written."""
    ran, output = _match(tmp_path, _GOOD, "\n")
    assert (ran.code, output.read_text(encoding="utf-8")) == (0, "")
    output.unlink()

    ran, output = _match(tmp_path, "", '{"text": "where is my parcel"}\n')
    assert (ran.code, ran.err) == (1, f"{tmp_path / 'a.jsonl'}: there are no articles in it.\n")
    assert not output.exists()


_GOOD = '{"id": "a", "language": "en", "phrasings": ["where is my parcel"]}\n'


@pytest.mark.parametrize(
    ("articles", "questions", "said"),
    [
        (_GOOD + "{", '{"text": "x"}\n', "a.jsonl:2"),
        (_GOOD + _GOOD, '{"text": "x"}\n', "a.jsonl:2"),
        (_GOOD.replace('"en"', "7"), '{"text": "x"}\n', "a.jsonl:1"),
        (_GOOD.encode() + b"\xff\xfe\n", '{"text": "x"}\n', "a.jsonl"),
        (_GOOD, '{"text": "x"}\n[]\n', "q.jsonl:2"),
        (_GOOD, '{"text": "x"}\n{"text": 7}\n', "q.jsonl:2"),
        (_GOOD, '{"text": "x"}\n{"text": null}\n', "q.jsonl:2"),
        (_GOOD, b'{"text": "x"}\n{"text": "\xff"}\n', "q.jsonl"),
    ],
)
def test_match_names_every_bad_line_and_writes_nothing(
    tmp_path: Path, articles: str | bytes, questions: str | bytes, said: str
) -> None:
    """Malformed, twice the same id, a field of another kind, not UTF-8: by file and line, in one sentence."""
    ran, output = _match(tmp_path, articles, questions)

    assert ran.code == 1
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not output.exists()


# ---- with an embedder ----

OKAPI = "qqq okapi vvv"  # shares no word with any article; the server below says that it is about refunds


def _meant(exchange: Exchange) -> None:
    """Answer with a vector that points to refunds for what is about them, and elsewhere for the rest."""
    about = [any(word in text for word in ("refund", "money", "okapi")) for text in exchange.texts]
    exchange.answer([{"index": n, "embedding": [1.0, 0.1] if is_ else [0.1, 1.0]} for n, is_ in enumerate(about)])


@pytest.fixture
def server(shop: ShopFolder) -> Iterator[EmbeddingsServer]:
    """A server of our own that the shop is configured to ask."""
    with embeddings_server() as running:
        (shop.folder / "key").write_text(KEY, encoding="utf-8")
        shop.configure(
            f'[web]\nenabled = false\n[knowledge]\narticles = "articles.jsonl"\nembedder = "http"\n'
            f'embedder_url = "{running.url}"\nembedder_model = "{MODEL}"\nembedder_key_file = "key"\n'
        )
        yield running


@pytest.mark.parametrize("on_record", [False, True])
def test_ask_finds_by_meaning_what_the_bot_would(shop: ShopFolder, server: EmbeddingsServer, on_record: bool) -> None:
    """From the files and from the records; the articles are embedded, then the question alone."""
    if on_record:
        shop.does("import", "articles", str(shop.folder / "articles.jsonl"))
    server.orders.extend([_meant, _meant])

    found = shop.does("ask", OKAPI, "--json").json

    assert found["candidates"][0]["id"] == "refund"
    assert (found["articles_from"], found["notes"]) == ("database" if on_record else "files", [])
    assert len(server.asked) == 2
    assert "refund please" in server.asked[0]
    assert server.asked[1] == [OKAPI]


@pytest.mark.parametrize("orders", [[refused(401)], [_meant, refused(500)], [_meant, hung_up]])
def test_ask_says_that_the_embedder_did_not_answer_and_goes_on(
    shop: ShopFolder, server: EmbeddingsServer, orders: list[Answer]
) -> None:
    """Whether it fails at the articles or at the question: one sentence, no log line, and the words are matched."""
    server.orders.extend(orders)

    ran = shop.does("ask", "how long does the delivery take")

    assert ran.lines[0].startswith("answer: ")
    assert ran.lines[2].startswith(
        f"The embedder did not answer, so words alone were matched: {server.url}/embeddings: "
    )
    assert (ran.code, ran.err) == (0, "")
    server.orders.extend(orders)
    found = shop.does("ask", "how long does the delivery take", "--json").json
    assert found["notes"] == [ran.lines[2]]
    assert KEY not in ran.lines[2]


def test_check_tries_the_examples_as_the_bot_would(shop: ShopFolder, server: EmbeddingsServer) -> None:
    """One that is found by its meaning alone holds; without the embedder it fails, and why is said."""
    file = shop.folder / "articles.jsonl"
    lines = file.read_text(encoding="utf-8")
    file.write_text(lines.replace('"answer": "We refund', f'"must_match": ["{OKAPI}"], "answer": "We refund'), "utf-8")
    server.orders.extend([_meant, _meant])

    ran = shop.does("knowledge", "check")

    assert ran.code == 0, ran.out
    assert ran.lines[-1].endswith("0 examples fail, 2 notes.")
    assert "embedder" not in ran.out

    server.orders.extend([_meant, refused(500)])
    ran = shop.does("knowledge", "check")
    assert ran.code == 1
    assert ran.lines[0] == f'WRONG  en/refund must be first for "{OKAPI}", and delivery is.'
    assert ran.lines[-2].startswith("The embedder did not answer, so words alone were matched: ")
    server.orders.append(refused(401))
    assert len(shop.does("knowledge", "check", "--json").json["notes"]) == 1


def test_an_embedder_that_is_configured_wrongly_is_refused_in_words(shop: ShopFolder) -> None:
    """As at the start of the bot: a folder without a model, and nothing is asked."""
    shop.configure('[knowledge]\narticles = "articles.jsonl"\nembedder = "folder"\nembedder_folder = "no"\n')

    ran = shop.does("ask", "refund please")

    assert ran.code == 1
    assert ran.err.startswith("[knowledge] embedder: ")
