"""Many people who write to the bot at once."""

import random

from tests.telegram_server.client import Control

LINES = 8  # how much each has to say
# Of one person's lines no two have the same answer, so that the copies of every answer can be told apart.
_ENGLISH = (
    "how long does delivery take ({})", "how do I get a refund no. {}", "/help", "how do I cancel my order, {}",
    "how do I track my order #{}", "qwzx blorft gnarl {}", "/status", "are you still there? {}",
)  # fmt: skip
_CHINESE = (
    "配送要多久 {}", "怎么退款 {}", "/help", "/status", "请问哪里可以打太极拳 {}", "/status", "还有问题 {}", "在吗 {}",
)  # fmt: skip


class Crowd:
    """People with eight things to say each, in an order drawn by chance; what one of them says stays in order."""

    def __init__(self, control: Control, chance: random.Random, updates: int) -> None:
        self.said: dict[str, list[str]] = {}  # person -> the ids of their updates, in order
        self._control = control
        self._order = [str(1000 + n // LINES) for n in range(updates)]
        chance.shuffle(self._order)

    @property
    def left(self) -> int:
        """How many messages are not said yet."""
        return len(self._order)

    def speak(self, count: int) -> None:
        """Let the next `count` messages be sent to the bot."""
        people, self._order = self._order[:count], self._order[count:]
        spoken = {person: len(self.said.get(person, ())) for person in people}
        items = []
        for number, person in enumerate(people, self.left):
            language = "zh" if int(person) % 2 else "en"
            text = (_CHINESE if language == "zh" else _ENGLISH)[spoken[person]].format(1000 + number)
            items.append({"kind": "text", "user": int(person), "text": text, "language": language})
            spoken[person] += 1
        for person, update_id in zip(people, self._control.feed(*items), strict=True):
            self.said.setdefault(person, []).append(str(update_id))
