"""What is wrong with a question about customers, and where in its text."""

from collections.abc import Mapping


class SegmentError(Exception):
    """This text is no question that can be asked; `key` names the sentence in the texts.

    `place` counts characters from 0; `found` is what stands there, "" at the end of the text. `inside` names the saved
    segment that is wrong, where it is not the text itself.
    """

    def __init__(
        self, key: str, place: int, found: str, values: Mapping[str, object] | None = None, inside: str = ""
    ) -> None:
        super().__init__(f"{key} at {place}")
        self.key = key
        self.place = place
        self.found = found
        self.inside = inside
        self.values = dict(values or {})
