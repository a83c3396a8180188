"""A small, strict server of our own that speaks as an embeddings endpoint does, and fails when it is told to."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-made-up-7"
MODEL = "small-model"

Answer = Callable[["Exchange"], None]


@dataclass
class EmbeddingsServer:
    """What the server was asked, and what it is told to answer next; without orders it answers well."""

    url: str = ""
    asked: list[list[str]] = field(default_factory=list)
    orders: deque[Answer] = field(default_factory=deque)
    problems: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)  # lets a held answer go on


def vector(text: str) -> list[float]:
    """A made-up vector of a text, of any length but 1."""
    return [float(len(text)), float(text.count("a")), 2.0]


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    server_state: EmbeddingsServer
    texts: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state = self.server_state
        try:
            asked = json.loads(body.decode("utf-8"))
            texts = asked["input"]
            assert self.path == "/v1/embeddings", self.path
            assert self.headers["Authorization"] == f"Bearer {KEY}", "no key"
            assert self.headers["Content-Type"] == "application/json"
            assert asked.keys() == {"model", "input"}, asked.keys()
            assert asked["model"] == MODEL
            assert 1 <= len(texts) <= 64, len(texts)
            assert all(isinstance(text, str) and text.strip() and len(text) <= 2_000 for text in texts), "a bad text"
        except (AssertionError, ValueError, KeyError, TypeError) as error:
            state.problems.append(repr(error))
            self.refuse(400)
            return
        self.texts = texts
        state.asked.append(texts)
        (state.orders.popleft() if state.orders else well)(self)

    def answer(self, data: Any, *, status: int = 200, raw: bytes | None = None) -> None:
        body = json.dumps({"object": "list", "data": data}).encode() if raw is None else raw
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, **headers: str) -> None:
        body = f"refused: {KEY}".encode()  # some servers quote what they were given
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def well(exchange: Exchange) -> None:
    """Answer rightly, though in another order: the index says which is which."""
    data = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(exchange.texts)]
    exchange.answer(data[::-1])


def refused(status: int, **headers: str) -> Answer:
    return lambda exchange: exchange.refuse(status, **headers)


def saying(raw: bytes) -> Answer:
    return lambda exchange: exchange.answer(None, raw=raw)


def giving(change: Callable[[list[dict[str, Any]]], Any]) -> Answer:
    """Answer with what is left of the right answer after a change."""

    def answer(exchange: Exchange) -> None:
        data = [{"index": number, "embedding": vector(text)} for number, text in enumerate(exchange.texts)]
        exchange.answer(change(data))

    return answer


def cut(exchange: Exchange) -> None:
    """Promise more than comes, and hang up."""
    exchange.send_response(200)
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    exchange.wfile.write(b'{"data": [')


def hung_up(exchange: Exchange) -> None:
    """Close the connection without a word."""


def held(exchange: Exchange) -> None:
    """Answer only when the test says so."""
    exchange.server_state.release.wait(30)


@contextmanager
def embeddings_server() -> Iterator[EmbeddingsServer]:
    state = EmbeddingsServer()
    handler = type("Handler", (Exchange,), {"server_state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
    assert state.problems == []
