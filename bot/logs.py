"""Log lines: a plain sentence and named fields, to standard error; never message bodies, never local variables."""

import contextlib
import io
import logging
import sys
from typing import TextIO, cast

import structlog

from bot.discreet import DiscreetFormatter, hide, last_words


class _Unfailing(io.TextIOBase):
    """Standard error, for lines that may get lost: on a full disk the work must not stop because of its log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def set_up(level: str, *, as_json: bool) -> None:
    """Configure structlog and the libraries' own loggers."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide,
    ]
    if as_json:
        shared.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        shared.append(
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
            )
        )
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(DiscreetFormatter())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])
    sys.excepthook = last_words
    # The scheduler says every second that a job ran; that is for its own developers.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
