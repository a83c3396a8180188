"""The protocol that every channel obeys, and the three ways in which a delivery may fail."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.channels.pace import Pace
from bot.message import Attachment, Delivery, Incoming, Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class RawUpdate:
    """One update as it came: its key, who it is from (so that one person's messages stay in order) and its JSON."""

    external_id: str  # unique on the channel
    sender: str  # "" when even that cannot be read
    raw: str  # JSON text; what `Channel.decode` takes


class ChannelError(Exception):
    """A channel could not do what was asked."""


class Undecodable(ChannelError):
    """This raw update is not something the channel can read."""


class NotSent(ChannelError):
    """Surely not delivered (connection refused, DNS, 429): the row goes back to the queue."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after  # seconds that the channel asked for; above 0 the whole channel pauses


class Refused(ChannelError):
    """The channel said no for good (400, 403): the row fails."""

    def __init__(self, reason: str, *, unreachable: bool = False, new_chat: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.unreachable = unreachable  # the person blocked us or is gone
        self.new_chat = new_chat  # a group's new id: the row is sent there instead


class Unconfirmed(ChannelError):
    """It may or may not have been delivered (time-out, reset, 5xx): the row is in doubt."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FileGone(ChannelError):
    """The channel no longer has the file, or it is too large to fetch."""


Intake = Callable[[Sequence[RawUpdate]], Awaitable[None]]
"""Commits raw updates to the inbox; when it returns they are safe and may be confirmed to the channel."""


class Channel(Protocol):
    """One way to people. A channel receives raw updates into the intake and delivers what the courier brings."""

    name: str  # what stands in the channel column: "memory", "webchat", "telegram:<bot id>"
    pull: bool  # True: what is committed is sent, because the readers fetch it themselves (web chat)
    pace: Pace  # the one sending budget

    async def open(self) -> None:
        """Make the channel usable for sending and fetching; called once, never talks to the network for long."""

    async def receive(self, intake: Intake) -> None:
        """Run until `stop_receiving`: hand over raw updates, and confirm them only after the intake returned.

        What the intake refuses is handed over again.
        """

    async def stop_receiving(self) -> None:
        """Take no new update; return when what was handed over is confirmed."""

    def decode(self, raw: str) -> Incoming:
        """Read one raw update, or raise Undecodable. Pure: called again after a crash, it says the same."""

    async def send(self, delivery: Delivery) -> Sent:
        """Deliver one message, or raise NotSent, Refused or Unconfirmed."""

    async def acknowledge(self, incoming: Incoming) -> None:
        """Stop the spinner of a pressed button or show that we are typing: volatile, never raises."""

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes of an attachment of this channel, or FileGone."""

    async def close(self) -> None:
        """Let go of connections."""
