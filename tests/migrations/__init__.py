"""Migrations: from nothing to the newest tables, and never backwards."""
