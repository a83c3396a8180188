"""What an embedder is, and what every one of them has to give back."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.float32]


class EmbedderError(Exception):
    """No vectors this time; the message is a plain sentence for the operator, without any customer's words."""


class Embedder(Protocol):
    """Turns texts into vectors; slow, so it is called in a thread of its own, by several at once if need be."""

    def embed(self, texts: Sequence[str]) -> Rows:
        """Give one row of length 1 per text, in order: an array of (texts, numbers per text).

        Several texts are background work and may take minutes. One text alone is a customer who waits: it is tried
        once, and briefly. Raises EmbedderError and nothing else.
        """

    def close(self) -> None:
        """Give up what is under way, which then raises EmbedderError; afterwards nothing is embedded any more."""


def unit_rows(found: ArrayLike, texts: int) -> Rows:
    """Check what came back for so many texts and bring each row to length 1.

    Raises EmbedderError unless it is one row of finite numbers, not all of them 0, for each text.
    """
    try:
        table = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise EmbedderError("The embedder gave vectors that are not rows of numbers of one length.") from error
    if table.ndim != 2 or table.shape[0] != texts or table.shape[1] == 0:
        raise EmbedderError(f"The embedder gave an array of {table.shape} for {texts} texts.")
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(table, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise EmbedderError("The embedder gave a vector that is endless, not a number, or zero.")
    rows: Rows = (table / lengths).astype(np.float32)
    return rows
