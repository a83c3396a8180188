"""An embedder over a local folder with a sentence-transformers model; nothing is ever downloaded."""

import importlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from knowledge_base.embedders.embedder import EmbedderError, Rows, unit_rows

LIBRARY: Final = "sentence_transformers"
AT_ONCE: Final = 32  # texts; a customer's question waits for one such batch of background work at most
MOST_CHARACTERS: Final = 2_000  # of one text; models read some hundred words


class FolderEmbedder:
    """Runs the model on this machine's processor; it is loaded by the first call, which takes seconds and memory.

    Raises EmbedderError at once when the folder or the library is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Any = None
        self._broken: str | None = None
        self._lock = threading.Lock()
        self._closed = False
        if not folder.is_dir():
            raise EmbedderError(
                f"{folder} is no folder: put a sentence-transformers model there, with its config.json."
            )
        if importlib.util.find_spec(LIBRARY) is None:
            raise EmbedderError(
                "The Python package sentence-transformers (3.0 or newer) is not installed: install it beside Frontdesk "
                "with pip install sentence-transformers, or use an endpoint over HTTP."
            )

    def embed(self, texts: Sequence[str]) -> Rows:
        """Give one row of length 1 per text, in order; as `Embedder.embed`."""
        tables = []
        for start in range(0, len(texts), AT_ONCE):
            batch = [text[:MOST_CHARACTERS] for text in texts[start : start + AT_ONCE]]
            with self._lock:
                if self._closed:
                    raise EmbedderError("The embedder is closed.")
                tables.append(unit_rows(self._encode(batch), len(batch)))
        return np.concatenate(tables) if tables else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Embed nothing after the batch at hand."""
        self._closed = True

    def _encode(self, texts: list[str]) -> Any:
        model = self._loaded()
        try:
            return model.encode(texts, convert_to_numpy=True, show_progress_bar=False)
        except Exception as error:  # a model fails in as many ways as its libraries know, and matching goes on without
            raise EmbedderError(f"The model in {self._folder} failed ({type(error).__name__}).") from error

    def _loaded(self) -> Any:
        if self._broken is not None:  # what failed to load once is not loaded again for every question
            raise EmbedderError(self._broken)
        if self._model is None:
            try:
                library = importlib.import_module(LIBRARY)
                # An absolute path and local files only: a name would be looked for, and fetched, elsewhere.
                path = str(self._folder.resolve())
                self._model = library.SentenceTransformer(path, device="cpu", local_files_only=True)
            except Exception as error:
                self._broken = f"The model in {self._folder} cannot be loaded ({type(error).__name__}: {error})."
                raise EmbedderError(self._broken) from error
        return self._model
