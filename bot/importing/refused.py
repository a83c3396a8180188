"""Why a file was not imported, line by line."""

from collections.abc import Sequence

_MOST_PROBLEMS = 20


class ImportRefused(Exception):
    """A file was not imported; `problems` holds one sentence for each line to put right, the first twenty of them."""

    def __init__(self, problems: Sequence[str], more: int = 0) -> None:
        shown = list(problems[:_MOST_PROBLEMS])
        if others := len(problems) - len(shown) + more:
            shown.append(f"… and {others} more lines.")
        super().__init__("\n".join(shown))
        self.problems = [*shown, "Nothing was imported."]


class Problems:
    """What is wrong with the rows of a file: how many rows, and sentences for the first of them."""

    def __init__(self) -> None:
        self.rows = 0
        self.shown: list[str] = []
        self.more = 0

    def add(self, *sentences: str) -> None:
        """One more row is wrong, for these reasons."""
        self.rows += 1
        room = _MOST_PROBLEMS - len(self.shown)
        self.shown += sentences[:room]
        self.more += max(0, len(sentences) - room)

    @property
    def refusal(self) -> ImportRefused:
        """All of it as the reason why nothing was imported."""
        return ImportRefused(self.shown, self.more)

    @property
    def said(self) -> list[str]:
        """All of it for whoever went on without these rows."""
        return [*self.shown, f"… and {self.more} more lines."] if self.more else self.shown
