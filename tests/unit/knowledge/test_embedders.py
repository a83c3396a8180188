"""An embedder gives one checked row per text or says in one sentence why not, whatever is wrong behind it."""

import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.embedders import Embedder, EmbedderError, Remembering, Rows, unit_rows
from knowledge_base.embedders.folder import LIBRARY, FolderEmbedder
from knowledge_base.embedders.http import FAILURES_TO_OPEN, OPEN_FOR, HttpEmbedder
from tests.unit.knowledge.embeddings_server import (
    KEY,
    MODEL,
    Answer,
    EmbeddingsServer,
    Exchange,
    cut,
    embeddings_server,
    giving,
    held,
    hung_up,
    refused,
    saying,
    vector,
)

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    """Seconds that pass only when somebody waits for them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        return False


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with embeddings_server() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embedder(server: EmbeddingsServer, clock: Clock) -> HttpEmbedder:
    return HttpEmbedder(server.url, MODEL, KEY, wait=clock.wait, clock=clock)


def rows(*texts: str) -> Rows:
    return unit_rows([vector(text) for text in texts], len(texts))


def why(embedder: Embedder, *texts: str) -> str:
    with pytest.raises(EmbedderError) as caught:
        embedder.embed(texts)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- over HTTP ----


def test_each_text_gets_its_row_of_length_1_in_order(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    """The server answers in another order than it was asked."""
    found = embedder.embed(["a parcel", "茶叶保质期多久", "banana"])

    assert found.dtype == np.float32
    assert found.shape == (3, 3)
    assert np.allclose(found, rows("a parcel", "茶叶保质期多久", "banana"))
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert server.asked == [["a parcel", "茶叶保质期多久", "banana"]]


def test_many_texts_go_in_batches_of_64(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    texts = [f"text {'a' * number}" for number in range(150)]

    found = embedder.embed(texts)

    assert [len(batch) for batch in server.asked] == [64, 64, 22]
    assert np.allclose(found, rows(*texts))


def test_nothing_asked_is_nothing_sent(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    assert embedder.embed([]).shape[0] == 0
    assert server.asked == []


def test_texts_that_a_server_would_refuse_are_made_harmless(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    """Blank ones, endless ones, and halves of characters."""
    assert embedder.embed(["", " \n", "x" * 50_000, "\ud83d", "\x00"]).shape == (5, 3)
    assert server.asked[0][:2] == ["?", "?"]


@pytest.mark.parametrize("failure", [refused(500), refused(503), refused(429), cut, hung_up])
def test_background_work_is_tried_again(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock, failure: Answer
) -> None:
    server.orders.extend([failure, failure])

    assert np.allclose(embedder.embed(["one", "two"]), rows("one", "two"))
    assert len(server.asked) == 3
    assert 0 < clock.waited[0] < clock.waited[1] * 2 <= 4


def test_a_server_that_asks_for_patience_is_given_it(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock
) -> None:
    server.orders.append(refused(429, Retry_After="7"))

    embedder.embed(["one", "two"])

    assert clock.waited == [7.0]


@pytest.mark.parametrize("asked_for", ["Wed, 21 Oct 2026 07:28:00 GMT", "soon", "-3", "nan", "inf"])
def test_a_patience_that_is_no_number_of_seconds_is_read_as_none(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock, asked_for: str
) -> None:
    server.orders.append(refused(503, Retry_After=asked_for))

    embedder.embed(["one", "two"])

    assert 0 < clock.waited[0] <= 1


def test_who_asks_for_an_hour_is_left_alone_for_ten_minutes(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock
) -> None:
    server.orders.append(refused(429, Retry_After="3600"))

    assert "429" in why(embedder, "one", "two")
    assert "600 s" in why(embedder, "one", "two")
    assert len(server.asked) == 1
    clock.now += 601
    assert embedder.embed(["one", "two"]).shape == (2, 3)


def test_after_three_tries_background_work_gives_up(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    server.orders.extend([refused(500)] * 3)

    assert "500" in why(embedder, "one", "two")
    assert len(server.asked) == 3


@pytest.mark.parametrize("failure", [refused(500), refused(429, Retry_After="5"), cut, hung_up])
def test_a_customer_does_not_wait_for_a_second_try(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock, failure: Answer
) -> None:
    server.orders.append(failure)

    assert why(embedder, "where is my parcel")
    assert (len(server.asked), clock.waited) == (1, [])


def test_a_server_that_does_not_answer_in_time_is_given_up(server: EmbeddingsServer) -> None:
    embedder = HttpEmbedder(server.url, MODEL, KEY, query_time_out=0.05)
    server.orders.append(held)

    assert "0.05 s" in why(embedder, "one")


def test_a_server_that_is_not_there_is_said_so(clock: Clock) -> None:
    with embeddings_server() as gone:
        url = gone.url
    embedder = HttpEmbedder(url, MODEL, KEY, wait=clock.wait, clock=clock)

    assert "ConnectionRefusedError" in why(embedder, "one", "two")
    assert len(clock.waited) == 2


@pytest.mark.parametrize(
    "failure",
    [
        refused(400),
        refused(401),
        refused(404),
        saying(b""),
        saying(b"<html>"),
        saying(b'{"data": 3}'),
        saying(b'{"data": [7]}'),
        saying(b'{"error": "no"}'),
        saying(b"[" * 100_000),
        saying(b"\xff\xfe"),
        giving(lambda data: data[:1]),
        giving(lambda data: [*data, data[0]]),
        giving(lambda data: [data[0], data[0]]),
        giving(lambda data: [{**item, "index": 5} for item in data]),
        giving(lambda data: [{**item, "index": bool(item["index"])} for item in data]),
        giving(lambda data: [{"embedding": item["embedding"]} for item in data]),
        giving(lambda data: [{**item, "embedding": [float("nan"), 1.0, 1.0]} for item in data]),
        giving(lambda data: [{**item, "embedding": [float("inf"), 1.0, 1.0]} for item in data]),
        giving(lambda data: [{**item, "embedding": [0, 0, 0]} for item in data]),
        giving(lambda data: [{**item, "embedding": [10**400, 0, 0]} for item in data]),
        giving(lambda data: [{**item, "embedding": ["1", "2", "3"]} for item in data]),
        giving(lambda data: [{**item, "embedding": "AAAA"} for item in data]),
        giving(lambda data: [{**item, "embedding": []} for item in data]),
        giving(lambda data: [{**item, "embedding": [1.0] * (2 + item["index"])} for item in data]),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused_and_not_asked_for_again(
    embedder: HttpEmbedder, server: EmbeddingsServer, failure: Answer
) -> None:
    server.orders.append(failure)

    assert server.url in why(embedder, "one", "two")
    assert len(server.asked) == 1


def test_a_server_that_cannot_prove_who_it_is_gets_no_word(server: EmbeddingsServer, clock: Clock) -> None:
    embedder = HttpEmbedder(server.url.replace("http:", "https:"), MODEL, KEY, wait=clock.wait, clock=clock)

    assert "SSL" in why(embedder, "one")
    assert server.asked == []


def test_vectors_of_another_size_than_before_are_refused(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    """The model was exchanged behind our back: its vectors mean something else."""
    embedder.embed(["one"])
    server.orders.append(giving(lambda data: [{**item, "embedding": [1.0, 2.0]} for item in data]))

    assert "2 numbers, where there were 3" in why(embedder, "two")


def test_no_redirect_is_followed(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    """The key and the customers' words go to the address in the configuration and to no other."""
    with embeddings_server() as other:
        server.orders.append(refused(307, Location=f"{other.url}/embeddings"))

        assert "307" in why(embedder, "one", "two")
        assert other.asked == []


def test_a_server_that_keeps_failing_is_left_alone_and_comes_back(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock
) -> None:
    server.orders.extend([refused(500)] * FAILURES_TO_OPEN)
    for _ in range(FAILURES_TO_OPEN):
        why(embedder, "one")

    assert "60 s" in why(embedder, "one")
    assert len(server.asked) == FAILURES_TO_OPEN
    clock.now += OPEN_FOR
    assert embedder.embed(["one"]).shape == (1, 3)


def test_one_failure_after_the_pause_is_enough_for_another(
    embedder: HttpEmbedder, server: EmbeddingsServer, clock: Clock
) -> None:
    server.orders.extend([refused(500)] * (FAILURES_TO_OPEN + 1))
    for _ in range(FAILURES_TO_OPEN):
        why(embedder, "one")
    clock.now += OPEN_FOR
    why(embedder, "one")

    assert "60 s" in why(embedder, "one")


def test_failures_far_apart_do_not_add_up(embedder: HttpEmbedder, server: EmbeddingsServer) -> None:
    for _ in range(FAILURES_TO_OPEN + 1):
        server.orders.append(refused(500))
        why(embedder, "one")
        embedder.embed(["one"])

    assert len(server.asked) == 2 * (FAILURES_TO_OPEN + 1)


def test_closing_breaks_off_what_is_under_way(server: EmbeddingsServer) -> None:
    """A process that is told to leave does not wait for somebody else's server."""
    embedder = HttpEmbedder(server.url, MODEL, KEY)
    reached = threading.Event()

    def reached_and_held(exchange: Exchange) -> None:
        reached.set()
        held(exchange)

    server.orders.append(reached_and_held)
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(why(embedder, "one", "two")))
    asking.start()
    reached.wait(30)

    embedder.close()
    asking.join(30)

    assert not asking.is_alive()
    assert said
    assert "closed" in why(embedder, "one")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://host/v1", "host/v1", "http://", "http://host:99999/v1", "http://host/v1?key=3", "http://me:pw@host/v1"],
)
def test_an_address_that_cannot_be_used_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        HttpEmbedder(url, MODEL)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "new\nline", "schlüssel", "\x07"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        HttpEmbedder("http://127.0.0.1:1/v1", MODEL, key)
    assert key not in str(caught.value)


def test_the_key_is_not_shown_when_the_embedder_is(embedder: HttpEmbedder) -> None:
    assert KEY not in repr(embedder)


# ---- from a folder ----

PACKAGE = """
import numpy
LOADED = []
class SentenceTransformer:
    def __init__(self, path, device, local_files_only):
        LOADED.append(path)
        if not local_files_only or device != "cpu":
            raise ValueError("something would be downloaded")
        with open(path + "/config.json") as file:
            self.size = int(file.read())
    def encode(self, texts, convert_to_numpy, show_progress_bar):
        assert len(texts) <= 32 and max(map(len, texts)) <= 2000
        if "explode" in texts:
            raise RuntimeError("out of memory over " + texts[0])
        return numpy.array([[len(text)] + [1.0] * (self.size - 1) for text in texts], dtype="float32")
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A small package of our own by the library's name, which counts what is loaded."""
    package = tmp_path / "packages" / LIBRARY
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    yield importlib.import_module(LIBRARY)
    del sys.modules[LIBRARY]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("4", encoding="utf-8")
    return folder


def test_a_folder_is_loaded_once_and_when_it_is_wanted(library: ModuleType, model: Path) -> None:
    embedder = FolderEmbedder(model)

    assert library.LOADED == []
    found = embedder.embed([f"{'x' * number}" for number in range(1, 81)])
    embedder.embed(["y" * 9_000])

    assert [str(model)] == library.LOADED
    assert found.shape == (80, 4)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert found[0, 0] < found[79, 0]
    assert embedder.embed([]).shape[0] == 0


def test_a_missing_folder_is_named(library: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"nowhere is no folder"):
        FolderEmbedder(tmp_path / "nowhere")


def test_a_missing_library_is_named_with_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, LIBRARY, raising=False)

    with pytest.raises(EmbedderError, match="pip install sentence-transformers"):
        FolderEmbedder(model)


def test_a_model_that_cannot_be_loaded_is_not_loaded_for_every_question(library: ModuleType, model: Path) -> None:
    (model / "config.json").write_text("no number", encoding="utf-8")
    embedder = FolderEmbedder(model)

    first, second = why(embedder, "one"), why(embedder, "one")

    assert first == second
    assert str(model) in first
    assert len(library.LOADED) == 1


def test_a_model_that_fails_shows_no_text(library: ModuleType, model: Path) -> None:
    """What a library says may quote the customer."""
    said = why(FolderEmbedder(model), "my secret", "explode")

    assert "RuntimeError" in said
    assert "secret" not in said


def test_a_closed_folder_embeds_nothing(library: ModuleType, model: Path) -> None:
    embedder = FolderEmbedder(model)
    embedder.close()

    assert "closed" in why(embedder, "one")


def test_no_model_library_is_imported_before_it_is_configured() -> None:
    look = f"import sys, bot.cli, knowledge_base.embedders; print('{LIBRARY}' in sys.modules)"

    ran = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "False"


# ---- what was embedded is remembered ----


class Counting:
    """Embeds by length and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.closed = False

    def embed(self, texts: Sequence[str]) -> Rows:
        self.asked.append(list(texts))
        return rows(*texts)

    def close(self) -> None:
        self.closed = True


def test_a_phrasing_is_embedded_once() -> None:
    inner = Counting()
    embedder = Remembering(inner)

    embedder.embed(["a", "bb", "a"])
    found = embedder.embed(["bb", "ccc", "a"])

    assert inner.asked == [["a", "bb"], ["ccc"]]
    assert np.allclose(found, rows("bb", "ccc", "a"))


def test_a_question_alone_finds_what_is_remembered_and_is_not_remembered_itself() -> None:
    inner = Counting()
    embedder = Remembering(inner)
    embedder.embed(["a", "bb"])

    for _ in range(2):
        embedder.embed(["a"])
        embedder.embed(["where is my parcel"])

    assert inner.asked == [["a", "bb"], ["where is my parcel"], ["where is my parcel"]]


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    inner = Counting()
    embedder = Remembering(inner, most_bytes=3 * (12 + 250))

    embedder.embed(["a", "bb", "ccc"])
    embedder.embed(["a", "dddd"])
    embedder.embed(["a", "bb"])

    assert inner.asked == [["a", "bb", "ccc"], ["dddd"], ["bb"]]


def test_more_than_can_be_remembered_is_still_given() -> None:
    embedder = Remembering(Counting(), most_bytes=0)

    assert np.allclose(embedder.embed(["a", "bb", "\ud800"]), rows("a", "bb", "\ud800"))
    assert embedder.embed([]).shape[0] == 0


def test_closing_goes_through() -> None:
    inner = Counting()
    Remembering(inner).close()

    assert inner.closed


# ---- the rows themselves ----


@given(st.lists(st.lists(st.floats(allow_nan=True, width=64), max_size=4), max_size=4), st.integers(0, 4))
def test_whatever_comes_back_is_rows_of_length_1_or_an_error(found: list[list[float]], texts: int) -> None:
    try:
        table = unit_rows(found, texts)
    except EmbedderError:
        return
    assert table.shape[0] == texts
    assert np.allclose(np.linalg.norm(table.astype(np.float64), axis=1), 1, atol=1e-5)
