"""Embedders: texts as vectors of meaning, from a model that the operator brings along; off unless configured."""

from knowledge_base.embedders.embedder import Embedder, EmbedderError, Rows, unit_rows
from knowledge_base.embedders.remembering import Remembering

__all__ = ["Embedder", "EmbedderError", "Remembering", "Rows", "unit_rows"]
