"""An embedder that remembers: a phrasing that was embedded once is not embedded again while the process runs."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np

from knowledge_base.embedders.embedder import Embedder, Rows

MOST_BYTES: Final = 128_000_000  # of vectors: 20,000 phrasings at 1,536 numbers each
_OVERHEAD: Final = 250  # bytes that one remembered row takes beside its numbers


class Remembering:
    """Asks another embedder only for what it does not know, and forgets what was not asked for longest.

    Only what comes in company is remembered: one text alone is a customer's question, which never comes again, and
    whose words are not ours to keep. Texts themselves are not kept, only their hashes.
    """

    def __init__(self, embedder: Embedder, most_bytes: int = MOST_BYTES) -> None:
        self._embedder = embedder
        self._most_bytes = most_bytes
        self._rows: OrderedDict[bytes, Rows] = OrderedDict()
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Rows:
        """Give one row of length 1 per text, in order; as `Embedder.embed`."""
        keys = [_key(text) for text in texts]
        found = self._known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            new = dict(zip(missing, self._embedder.embed(list(missing.values())), strict=True))
            found |= new
            if len(texts) > 1:
                self._remember(new)
        return np.stack([found[key] for key in keys]) if keys else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Close the other embedder."""
        self._embedder.close()

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, Rows]:
        with self._lock:
            found = {key: self._rows[key] for key in keys if key in self._rows}
            for key in found:
                self._rows.move_to_end(key)
            return found

    def _remember(self, new: dict[bytes, Rows]) -> None:
        with self._lock:
            for key, row in new.items():
                self._rows[key] = row.copy()  # a row alone, not a view that keeps its whole batch alive
            each = next(iter(new.values())).nbytes + _OVERHEAD
            while len(self._rows) * each > self._most_bytes:
                self._rows.popitem(last=False)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
