"""Everything that meets the outside world: channels, web, commands and settings."""

__version__ = "0.1.0"
