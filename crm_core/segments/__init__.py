"""The segment language: a question about customers read from text, and asked of the database."""

from crm_core.segments.compiler import compile  # noqa: A004 - what it does
from crm_core.segments.errors import SegmentError
from crm_core.segments.fields import FIELDS, Field, Kind
from crm_core.segments.parser import NOTHING, KnownAttribute, KnownNames, parse, segments_in
from crm_core.segments.tree import Tree

__all__ = [
    "FIELDS", "NOTHING", "Field", "Kind", "KnownAttribute", "KnownNames", "SegmentError", "Tree", "compile", "parse",
    "segments_in",
]  # fmt: skip
