"""Reading a large JSON file piece by piece, so that it takes no more memory than its largest value."""

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

_AT_ONCE: Final = 1 << 16  # characters
_LONGEST: Final = 1 << 22  # characters of one value that is read whole
_TAIL: Final = len("e+1")  # what looks like the end of a number may be its middle
_DEEPEST: Final = 100
_SPACE: Final = " \t\r\n"


class Broken(Exception):
    """The file is no JSON behind `place` characters."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class JsonStream:
    """A JSON text, walked through from its beginning.

    Behind each key of `members` and each step of `items` the caller takes the value: by `value`, `skip`, or in turn.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._before = 0  # characters that were read and left behind
        self._ended = False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that means something, "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """The next value, whole. Raises Broken."""
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > _LONGEST or not self._more():
                    raise Broken(self._before + self._at) from error
                continue
            if len(self._text) - end < _TAIL and self._more():
                continue
            self._at = end
            return found

    def skip(self, depth: int = 0) -> None:
        """Leave the next value out. Raises Broken."""
        if depth > _DEEPEST:
            raise Broken(self._before + self._at)
        start = self.peek()
        if start == "{":
            for _key in self.members():
                self.skip(depth + 1)
        elif start == "[":
            for _item in self.items():
                self.skip(depth + 1)
        else:
            self.value()

    def members(self) -> Iterator[str]:
        """The keys of the next object. Raises Broken."""
        for _place in self._parts("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                raise Broken(self._before + self._at)
            self._take(":")
            yield key

    def items(self) -> Iterator[None]:
        """A step before each item of the next list. Raises Broken."""
        return self._parts("[", "]")

    def end(self) -> None:
        """Raises Broken when anything follows."""
        if self.peek():
            raise Broken(self._before + self._at)

    def _parts(self, first: str, last: str) -> Iterator[None]:
        self._take(first)
        if self.peek() != last:
            yield None
            while self.peek() == ",":
                self._take(",")
                yield None
        self._take(last)

    def _take(self, letter: str) -> None:
        if self.peek() != letter:
            raise Broken(self._before + self._at)
        self._at += 1

    def _more(self) -> bool:
        if self._ended:
            return False
        left = self._text[self._at :]
        # Twice as much each time, so that a long value is not begun anew too often.
        fresh = self._file.read(max(_AT_ONCE, len(left)))
        if not fresh:
            self._ended = True
            return False
        self._before += self._at
        self._text, self._at = left + fresh, 0
        return True
