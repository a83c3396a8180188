"""Why a file was not imported, line by line."""

from collections.abc import Sequence

_MOST_PROBLEMS = 20


class ImportRefused(Exception):
    """A file was not imported; `problems` holds one sentence for each line to put right."""

    def __init__(self, problems: Sequence[str]) -> None:
        shown = list(problems[:_MOST_PROBLEMS])
        if len(problems) > _MOST_PROBLEMS:
            shown.append(f"… and {len(problems) - _MOST_PROBLEMS} more lines.")
        super().__init__("\n".join(shown))
        self.problems = [*shown, "Nothing was imported."]
