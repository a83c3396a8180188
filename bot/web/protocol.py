"""The frames of the two sockets, `/chat/socket` for customers and `/desk/socket` for staff.

Every frame is one JSON object with a `type`. The socket is a pull reader over records: it may break at any moment and
nothing is lost, because the page resends what was not acknowledged and asks for what lies past its cursor.

From the page:

- `{"type": "hello", "cursor": 7, "language": "en"}`: the first frame. On the desk `cursor` is an object of threads,
  `{"home": 7, "ticket:12": 40}`. Everything past the cursor follows. May be sent again when the language changes.
- `{"type": "say", "client_id": "…", "thread": "", "mode": "say", "text": "…", "attachment": "file:…"}`: words. `mode`
  is `say`, and in a ticket's thread `reply` (to the customer) or `note` (colleagues only). `attachment` may be absent.
- `{"type": "press", "client_id": "…", "thread": "", "data": "<token>.<index>"}`: a button was pressed.
- `{"type": "open", "thread": "ticket:12", "cursor": 0}`: the desk reads this thread from now on, and leaves the last.

From the server:

- `{"type": "ack", "client_id": "…"}`: what was said or pressed is committed. Never sent earlier. The same `client_id`
  sent again is acknowledged again and recorded once.
- `{"type": "refused", "client_id": "…", "key": "too_long"}`: it was not taken and never will be; `key` names the
  sentence in the page's texts.
- `{"type": "messages", "thread": "", "messages": […], "cursor": 9}`: messages to insert or, when the `id` is known, to
  replace: a message changes when its delivery is settled or its button is pressed.
- `{"type": "standing", "owner": "queue", "number": 12, "agent": ""}`: whose turn it is, for the customer's page.
- `{"type": "threads", "threads": […]}`: the desk's whole list, whenever it changed.
- `{"type": "gone", "thread": "ticket:12"}`: there is no such thread, or it is not for this viewer.
- `{"type": "bye"}`: the server is leaving; the page comes back by itself.

A socket is closed with 4401 when there is no session (any more), and with 1008 after too many unreadable frames.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.web.house import Standing, WebMessage, WebThread

LONGEST_TEXT = 20_000  # characters; the counter answers up to that, beyond it the socket refuses
LARGEST_FRAME = 1_000_000  # bytes; room for the longest text, escaped, and for a refusal of longer ones
NO_SESSION = 4401
POLICY = 1008

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
ThreadName = Annotated[str, Field(pattern=r"^[A-Za-z0-9:_-]{0,40}$")]
Cursor = Annotated[int, Field(ge=0, lt=2**53)]


class Hello(BaseModel):
    """The page says where it stands."""

    type: Literal["hello"]
    cursor: Cursor | dict[ThreadName, Cursor] = 0
    language: Annotated[str, Field(max_length=16)] = ""


class Say(BaseModel):
    """Words, with or without a file."""

    type: Literal["say"]
    client_id: ClientId
    thread: ThreadName = ""
    mode: Literal["say", "reply", "note"] = "say"
    text: str = ""
    attachment: Annotated[str, Field(pattern=r"^(file:[A-Za-z0-9_-]{1,64})?$")] = ""


class Press(BaseModel):
    """A pressed button."""

    type: Literal["press"]
    client_id: ClientId
    thread: ThreadName = ""
    data: Annotated[str, Field(min_length=1, max_length=64)]


class Open(BaseModel):
    """The desk reads another thread."""

    type: Literal["open"]
    thread: ThreadName
    cursor: Cursor = 0


Frame = Hello | Say | Press | Open
_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


class BadFrame(Exception):
    """This frame cannot be taken; `key` names the sentence, `client_id` says which one it was, if it said so."""

    def __init__(self, key: str, client_id: str = "") -> None:
        super().__init__(key)
        self.key = key
        self.client_id = client_id


def read_frame(raw: str) -> Frame:
    """Read one frame of a page, or raise BadFrame."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadFrame("bad_frame") from None
    client_id = body.get("client_id") if isinstance(body, dict) else None
    client_id = client_id if isinstance(client_id, str) and len(client_id) <= 64 else ""
    try:
        frame = _FRAMES.validate_python(body)
    except ValidationError:
        raise BadFrame("bad_frame", client_id) from None
    if isinstance(frame, Say):
        _check_words(frame)
    return frame


def _check_words(frame: Say) -> None:
    if len(frame.text) > LONGEST_TEXT:
        raise BadFrame("too_long", frame.client_id)
    if not frame.text.strip() and not frame.attachment:
        raise BadFrame("empty", frame.client_id)
    try:
        frame.text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no database keeps it
        raise BadFrame("bad_frame", frame.client_id) from None


def ack(client_id: str) -> dict[str, Any]:
    """It is committed."""
    return {"type": "ack", "client_id": client_id}


def refused(client_id: str, key: str) -> dict[str, Any]:
    """It was not taken."""
    return {"type": "refused", "client_id": client_id, "key": key}


def gone(thread: str) -> dict[str, Any]:
    """Not here, or not for this viewer."""
    return {"type": "gone", "thread": thread}


def bye() -> dict[str, Any]:
    """The server is leaving."""
    return {"type": "bye"}


def messages(thread: str, batch: Sequence[WebMessage], cursor: int) -> dict[str, Any]:
    """Messages past the page's cursor, and the cursor to go on from."""
    return {"type": "messages", "thread": thread, "messages": [_plain(one) for one in batch], "cursor": cursor}


def threads(listing: Sequence[WebThread]) -> dict[str, Any]:
    """The desk's list."""
    return {"type": "threads", "threads": [_plain(one) for one in listing]}


def standing(where: Standing) -> dict[str, Any]:
    """Whose turn it is."""
    return {"type": "standing", **asdict(where)}


def _plain(value: WebMessage | WebThread) -> dict[str, Any]:
    return {name: _json(part) for name, part in asdict(value).items()}


def _json(part: Any) -> Any:
    return part.isoformat() if isinstance(part, datetime) else part
