"""Fault tests: a real process is killed, starved or cut off, and its records are held against what the world saw."""
