"""An embedder behind an OpenAI-compatible endpoint: POST {base}/embeddings."""

import http.client
import json
import math
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from knowledge_base.embedders.embedder import EmbedderError, Rows, unit_rows

AT_ONCE: Final = 64  # texts per request
MOST_CHARACTERS: Final = 2_000  # of one text
LARGEST_RESPONSE: Final = 32_000_000  # bytes; 64 vectors of 4,096 numbers are some 6 million
CONNECT_WITHIN: Final = 5.0  # seconds, as all times here
LONGEST_WAIT: Final = 30.0  # what a Retry-After may ask for within one call
FAILURES_TO_OPEN: Final = 3  # calls failed in a row, until the circuit opens
OPEN_FOR: Final = 60.0  # without any request
LONGEST_OPEN: Final = 600.0


class HttpEmbedder:
    """Asks a server of the operator's choice, which sees the texts; it follows no redirect and reads no proxy setting.

    Several texts are sent 64 at a time, each request tried three times (429, 5xx and broken connections only). One text
    alone is tried once, within `query_time_out`. After three calls in a row that failed nothing is asked for a minute,
    and what is wanted meanwhile fails at once. The key goes into the Authorization header and appears nowhere else.

    `wait` waits for so many seconds and tells whether the embedder was closed meanwhile; `clock` counts seconds.
    Raises EmbedderError when address or key cannot be used.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        *,
        time_out: float = 20.0,
        query_time_out: float = 2.0,
        tries: int = 3,
        wait: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise EmbedderError(
                f"{_shown(url)} is no address of an embeddings server, such as http://127.0.0.1:8000/v1."
            )
        if "@" in parts.netloc:
            raise EmbedderError(f"{_shown(url)} holds a password: put the key into a file of its own.")
        if not key.isascii() or any(letter.isspace() or not letter.isprintable() for letter in key):
            raise EmbedderError("The embeddings server's key should be one word of ASCII letters, digits and signs.")
        # Made once: reading the system's certificates takes longer than a question.
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname
        self._port = _port_of(parts.netloc, url)
        self._path = parts.path.rstrip("/") + "/embeddings"
        self._place = f"{parts.scheme}://{parts.netloc}{self._path}"
        self._model = model
        self._key = key
        self._time_out = time_out
        self._query_time_out = query_time_out
        self._tries = tries
        self._clock = clock
        self._closed = threading.Event()
        self._wait = self._closed.wait if wait is None else wait
        self._circuit = _Circuit(clock)
        self._live: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._dimension: int | None = None

    def embed(self, texts: Sequence[str]) -> Rows:
        """Give one row of length 1 per text, in order; as `Embedder.embed`."""
        tries, time_out = (self._tries, self._time_out) if len(texts) > 1 else (1, self._query_time_out)
        tables = []
        for start in range(0, len(texts), AT_ONCE):
            batch = [_sendable(text) for text in texts[start : start + AT_ONCE]]
            tables.append(self._embed_batch(batch, tries, time_out))
        return np.concatenate(tables) if tables else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Break off the requests under way; whatever is asked afterwards fails at once."""
        self._closed.set()
        with self._lock:
            for connection in self._live:
                if connection.sock is not None:
                    with suppress(OSError):  # it may be gone already
                        connection.sock.shutdown(socket.SHUT_RDWR)

    def _embed_batch(self, batch: list[str], tries: int, time_out: float) -> Rows:
        for attempt in range(1, tries + 1):
            self._circuit.check(self._place)
            try:
                rows = self._checked(self._request(batch, time_out), len(batch))
            except _Failed as failed:
                again = failed.again_after is not None and failed.again_after <= LONGEST_WAIT and attempt < tries
                self._circuit.failed(failed.again_after or 0.0, count=not again)
                if not again or failed.again_after is None:
                    raise EmbedderError(f"{self._place}: {failed}") from failed
                # A bit of chance, so that several processes do not come back at the same moment.
                delay = max(failed.again_after, 0.5 * 2**attempt * random.uniform(0.5, 1.0))
                if self._wait(delay):
                    raise EmbedderError("The embedder is closed.") from failed
            else:
                self._circuit.worked()
                return rows
        raise AssertionError("the last attempt returns or raises")

    def _request(self, batch: list[str], time_out: float) -> bytes:
        """Send one request and give the body of its answer; raises _Failed."""
        deadline = self._clock() + time_out
        body = json.dumps({"model": self._model, "input": batch}).encode("ascii")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        connection = self._connection(min(CONNECT_WITHIN, time_out))
        with self._lock:
            if self._closed.is_set():
                raise _Failed("The embedder is closed.")
            self._live.add(connection)
        try:
            connection.connect()
            if self._closed.is_set():  # while it was made, there was nothing to break off
                raise _Failed("The embedder is closed.")
            connection.sock.settimeout(self._left(deadline))
            connection.request("POST", self._path, body, headers)
            return self._read(connection, deadline)
        except TimeoutError as error:
            raise _Failed(f"no answer within {time_out:g} s", again_after=0.0) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            # ValueError: the connection was closed under us.
            raise _Failed(f"the connection failed ({type(error).__name__})", again_after=0.0) from error
        finally:
            with self._lock:
                self._live.discard(connection)
            connection.close()

    def _connection(self, time_out: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=time_out)
        return http.client.HTTPSConnection(self._host, self._port, timeout=time_out, context=self._tls)

    def _read(self, connection: http.client.HTTPConnection, deadline: float) -> bytes:
        sock = connection.sock  # the connection lets go of it when the server says that it will close
        with connection.getresponse() as response:
            if response.status != 200:
                # What the server wrote stays unread: it may quote the key or the texts.
                raise _Failed(f"{response.status} {response.reason[:80]}", _again_after(response))
            parts, size = [], 0
            while not response.isclosed():
                sock.settimeout(self._left(deadline))
                part = response.read1(65_536)
                if not part:
                    break
                parts.append(part)
                size += len(part)
                if size > LARGEST_RESPONSE:
                    raise _Failed(f"an answer of more than {LARGEST_RESPONSE} bytes")
            if response.length:  # what was promised and did not come
                raise http.client.IncompleteRead(b"")
            return b"".join(parts)

    def _left(self, deadline: float) -> float:
        """The seconds left; a server that sends a little now and then must not hold us for ever."""
        left = deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _checked(self, body: bytes, texts: int) -> Rows:
        """Read the vectors out of an answer, in the order of the texts."""
        try:
            data = json.loads(body)["data"]
            numbered = {_whole(item["index"]): item["embedding"] for item in data}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _Failed("an answer without a list of vectors") from error
        if len(data) != texts or numbered.keys() != set(range(texts)):
            raise _Failed(f"{len(data)} vectors for {texts} texts, or not one for each")
        if not all(_are_numbers(vector) for vector in numbered.values()):
            raise _Failed("vectors that are no lists of numbers")
        try:
            rows = unit_rows([numbered[place] for place in range(texts)], texts)
        except EmbedderError as error:
            raise _Failed(str(error)) from error
        with self._lock:
            if self._dimension is None:
                self._dimension = rows.shape[1]
        if rows.shape[1] != self._dimension:
            raise _Failed(f"vectors of {rows.shape[1]} numbers, where there were {self._dimension} before")
        return rows


class _Failed(Exception):
    """One request failed; `again_after` seconds it may be tried again, None: trying again is no use."""

    def __init__(self, why: str, again_after: float | None = None) -> None:
        super().__init__(why)
        self.again_after = again_after


@dataclass
class _Circuit:
    """Stops asking a server that keeps failing; after a while one failure more is enough to stop again."""

    clock: Callable[[], float]
    failures: int = 0
    open_until: float = -math.inf

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def check(self, place: str) -> None:
        with self._lock:
            left = self.open_until - self.clock()
        if left > 0:
            raise EmbedderError(f"{place} failed lately and is not asked for another {math.ceil(left)} s.")

    def failed(self, again_after: float, *, count: bool) -> None:
        """Note a failure; `again_after` is what the server asked for, and is kept to when nobody tries again."""
        if not count:
            return
        with self._lock:
            self.failures += 1
            stay = OPEN_FOR if self.failures >= FAILURES_TO_OPEN else 0.0
            self.open_until = self.clock() + min(max(stay, again_after), LONGEST_OPEN)

    def worked(self) -> None:
        with self._lock:
            self.failures = 0


def _again_after(response: http.client.HTTPResponse) -> float | None:
    """The seconds after which a refused request may come again: at once, after Retry-After, or never."""
    if response.status != 429 and response.status < 500:
        return None
    try:
        seconds = float(response.headers.get("Retry-After", "0"))
    except ValueError:  # a date: clocks differ, so the usual delays will do
        return 0.0
    return seconds if 0 <= seconds < math.inf else 0.0


def _sendable(text: str) -> str:
    # Servers refuse a whole batch for one blank text.
    return text[:MOST_CHARACTERS] if text.strip() else "?"


def _whole(value: Any) -> int:
    if type(value) is not int:  # True would pass for 1
        raise TypeError("no number")
    return value


def _are_numbers(vector: object) -> bool:
    return isinstance(vector, list) and all(type(value) in {float, int} for value in vector)


def _port_of(netloc: str, url: str) -> int | None:
    try:
        return urlsplit(f"//{netloc}").port
    except ValueError as error:
        raise EmbedderError(f"{_shown(url)} names no port from 0 to 65535.") from error


def _shown(url: str) -> str:
    """The address without what may be a password."""
    before, at, after = url.rpartition("@")
    return f"{before.partition('//')[0]}//…@{after}" if at else url
