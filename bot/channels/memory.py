"""A channel without a network, for tests and scripts: what people say is put in, what they hear is read out."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from bot.channels import FileGone, Intake, RawUpdate, Undecodable
from bot.channels.pace import Pace
from bot.message import Attachment, Delivery, Incoming, Sent

_AGAIN = 0.01  # seconds


@dataclass(slots=True)
class Memory:
    """Obeys the channel contract; `trouble` may raise a ChannelError for a delivery, as a network would."""

    name: str = "memory"
    pull: bool = False
    pace: Pace = field(default_factory=lambda: Pace(0, 0, 0))
    heard: list[Delivery] = field(default_factory=list)  # everything that was delivered, in order
    trouble: Callable[[Delivery], None] = lambda _delivery: None
    files: dict[str, bytes] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    _waiting: "asyncio.Queue[RawUpdate | None]" = field(default_factory=asyncio.Queue)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._idle.set()

    def say(self, incoming: Incoming) -> None:
        """Put one incoming in front of the channel, as if a person had sent it."""
        self._waiting.put_nowait(encode(incoming))

    async def open(self) -> None:
        """Nothing to open."""

    async def receive(self, intake: Intake) -> None:
        """Hand over what was said, one update at a time; what the intake refuses is handed over again."""
        self._idle.clear()
        try:
            while (update := await self._waiting.get()) is not None:
                while not await _taken(intake, update):  # noqa: ASYNC110 - the intake has nothing to wait for
                    await asyncio.sleep(_AGAIN)
        finally:
            self._idle.set()

    async def stop_receiving(self) -> None:
        """End `receive`; returns once everything said so far is handed over."""
        self._waiting.put_nowait(None)
        await self._idle.wait()

    def decode(self, raw: str) -> Incoming:
        """The incoming that `say` was given."""
        return decode(raw)

    async def send(self, delivery: Delivery) -> Sent:
        """Let the person hear it, unless there is trouble."""
        self.trouble(delivery)
        self.heard.append(delivery)
        return Sent(message_id=delivery.edits or f"m{len(self.heard)}")

    async def acknowledge(self, incoming: Incoming) -> None:
        """Note that the button's spinner was stopped."""
        self.acknowledged.append(incoming.press_id)

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes that a test put into `files`."""
        if attachment.ref not in self.files:
            raise FileGone(attachment.ref)
        return self.files[attachment.ref]

    async def close(self) -> None:
        """Nothing to close."""


async def _taken(intake: Intake, update: RawUpdate) -> bool:
    try:
        await intake([update])
    except Exception:  # noqa: BLE001 - whatever it was, the update is not safe yet
        return False
    return True


def encode(incoming: Incoming) -> RawUpdate:
    """An incoming as a raw update of this channel."""
    fields = asdict(incoming)
    fields["sent_at"] = None
    return RawUpdate(external_id=incoming.external_id, sender=incoming.sender, raw=json.dumps(fields))


def decode(raw: str) -> Incoming:
    """The incoming in a raw update; Undecodable for anything else."""
    try:
        fields = json.loads(raw)
        attachment = Attachment(**fields["attachment"]) if fields["attachment"] else None
        return Incoming(**{**fields, "attachment": attachment})
    except (ValueError, TypeError, KeyError) as error:
        raise Undecodable(str(error)) from error
