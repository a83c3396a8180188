"""The tests: sentences about what must hold."""
