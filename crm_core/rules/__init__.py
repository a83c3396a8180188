"""The decisions: pure functions over plain values, without session, clock or configuration."""
