"""Errors told without the words of anybody: where it happened and of what kind, for log lines."""

import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from logging import Formatter, LogRecord
from types import TracebackType
from typing import Any

# The words of these speak of the program or the machine. All others may hold what a person wrote, and are left out.
_HARMLESS = (AttributeError, ImportError, NameError, NotImplementedError, MemoryError, RecursionError, TimeoutError)
_OWN = ("VaultError", "DatabaseError", "ConfigError")  # by name: nothing is imported for an error that never comes
_CODES = ("sqlite_errorname", "sqlstate", "pgcode")
_SECRETS = re.compile(
    r"(?<!\d)\d{5,}:[\w-]{10,}"  # a bot's token
    r"|(?<=/desk/enter/)[\w-]+|(?<=/chat/link/)[\w-]+"  # what lets somebody in once
    r"|(?<=[?&]login=)[^&\s]+|(?<=://)[^/\s@]+:[^/\s@]+(?=@)"  # signed logins; name and password in an address
)
_MOST_LEVELS = 10  # of causes and groups


def told(error: BaseException) -> str:
    """The traceback of an error and its causes; words only where nobody's can be among them, and no secrets."""
    return masked("\n".join(_lines(error, 0)))


def masked(text: str) -> str:
    """A text without the secrets that can be told by their form."""
    return _SECRETS.sub("…", text)


def hide(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: an exception becomes what `told` says of it, and no field holds a secret."""
    error = _error_in(event.pop("exc_info", None))
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = masked(value)
    if error is not None:
        event["exception"] = told(error)
    return event


class DiscreetFormatter(Formatter):
    """For the libraries' own loggers: the first line of what they say, and errors as `told` has them."""

    def format(self, record: LogRecord) -> str:
        lines = record.getMessage().splitlines() or [""]
        said = masked(f"{record.levelname} {record.name} {lines[0]}")
        error = _error_in(record.exc_info)
        return f"{said}\n{told(error)}" if error is not None else said


def last_words(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Write an error that nobody caught to standard error."""
    sys.stderr.write(told(error) + "\n")


def _error_in(info: Any) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return info[1] if isinstance(info[1], BaseException) else None
    if info:
        return sys.exception()
    return None


def _lines(error: BaseException, level: int) -> Iterator[str]:
    if level > _MOST_LEVELS:
        return
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before, level + 1)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    words = _words(error)
    yield f"{name}: {words}" if words else name
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield "of which one is:"
            yield from _lines(one, level + 1)


def _words(error: BaseException) -> str:
    """What may be said of an error beside its kind."""
    if isinstance(error, _HARMLESS) or type(error).__name__ in _OWN:
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or ""  # without the name of a file, which may be a person's
    if isinstance(key := getattr(error, "key", None), str):
        return key
    cause = getattr(error, "orig", None) or error
    code = next((code for name in _CODES if isinstance(code := getattr(cause, name, None), str)), "")
    return " ".join(word for word in (type(cause).__name__ if cause is not error else "", code) if word)
