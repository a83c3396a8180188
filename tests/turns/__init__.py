"""Turns over the memory channel: customer says, counter says, record holds."""
