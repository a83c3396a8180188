"""The one sending budget of a channel: so many messages a second in all, per chat, and per group and minute."""

from collections import deque


class Pace:
    """A bucket without burst, in seconds of a monotonic clock that the caller passes in.

    Telegram's limits are unspecified; a 429's `retry_after` is the truth and pauses the whole bot.
    """

    def __init__(self, per_second: float, per_chat_per_second: float, per_group_per_minute: int) -> None:
        self._gap = 1.0 / per_second if per_second else 0.0
        self._chat_gap = 1.0 / per_chat_per_second if per_chat_per_second else 0.0
        self._group_limit = per_group_per_minute
        self._next_any = 0.0
        self._next_chat: dict[str, float] = {}
        self._group_sent: dict[str, deque[float]] = {}
        self._paused_until = 0.0

    def wait(self, chat: str, now: float) -> float:
        """Seconds until a message to `chat` may leave; 0 when it may leave now."""
        free = max(self._paused_until, self._next_any, self._next_chat.get(chat, 0.0))
        sent = self._group_sent.get(chat)
        if sent and len(sent) >= self._group_limit:
            free = max(free, sent[0] + 60.0)
        return max(0.0, free - now)

    def wait_any(self, now: float) -> float:
        """Seconds until a message to any chat may leave."""
        return max(0.0, max(self._paused_until, self._next_any) - now)

    def spend(self, chat: str, now: float) -> None:
        """Count one message to `chat` that leaves now."""
        self._next_any = max(now, self._next_any) + self._gap
        if self._chat_gap:
            self._next_chat[chat] = now + self._chat_gap
            if len(self._next_chat) > 10_000:
                self._next_chat = {key: at for key, at in self._next_chat.items() if at > now}
        if chat.startswith("-") and self._group_limit:
            sent = self._group_sent.setdefault(chat, deque(maxlen=self._group_limit))
            sent.append(now)
            while sent and sent[0] <= now - 60.0:
                sent.popleft()

    def pause(self, seconds: float, now: float) -> None:
        """Let nothing leave for `seconds`, as a 429 asked."""
        self._paused_until = max(self._paused_until, now + seconds)
