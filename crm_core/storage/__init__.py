"""Plumbing under the records: engines, column types, keys and migrations."""
