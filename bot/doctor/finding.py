"""What one look of the doctor found."""

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["good", "note", "wrong"]
PATIENCE = 5.0  # seconds for an answer over the network
LISTED = 20  # of many that are wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    state: State
    says: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding for a script."""
        return asdict(self)


def good(check: str, says: str) -> Finding:
    return Finding(check, "good", says)


def note(check: str, says: str, mend: str = "") -> Finding:
    return Finding(check, "note", says, mend)


def wrong(check: str, says: str, mend: str) -> Finding:
    return Finding(check, "wrong", says, mend)
