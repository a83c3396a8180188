"""Who answers first: the ordered list of handlers, and their commands and button acts looked up by name."""

from bot.handlers import (
    agent,
    approvals,
    articles,
    ask,
    campaign,
    consent,
    customer,
    gaps,
    help,  # noqa: A004 - /help
    language,
    learning,
    link,
    merge,
    orders,
    pin,
    privacy,
    report,
    segments,
    staff,
    start,
    ticket,
    why,
)
from bot.turn import Ahead, Answer, Handler

HANDLERS: tuple[Handler, ...] = (
    start.HANDLER,
    help.HANDLER,
    language.HANDLER,
    pin.HANDLER,
    approvals.HANDLER,
    staff.HANDLER,
    campaign.HANDLER,
    consent.HANDLER,
    link.HANDLER,
    ticket.HANDLER,
    customer.HANDLER,
    agent.HANDLER,
    merge.HANDLER,
    why.HANDLER,
    learning.HANDLER,
    gaps.HANDLER,
    articles.HANDLER,
    report.HANDLER,
    segments.HANDLER,
    orders.HANDLER,
    privacy.HANDLER,
    ask.HANDLER,
)


def _merged(tables: list[dict[str, tuple[str, Answer]]]) -> dict[str, tuple[str, Answer]]:
    merged: dict[str, tuple[str, Answer]] = {}
    for table in tables:
        for name, entry in table.items():
            if name in merged:
                raise ValueError(f"two handlers want {name!r}")
            merged[name] = entry
    return merged


COMMANDS: dict[str, tuple[str, Answer]] = _merged([dict(handler.commands) for handler in HANDLERS])
ACTS: dict[str, Answer] = {
    name: answer
    for name, (_, answer) in _merged(
        [{act: (act, answer) for act, answer in handler.acts.items()} for handler in HANDLERS]
    ).items()
}
AHEAD: dict[str, Ahead] = {act: look for handler in HANDLERS for act, look in handler.ahead.items()}
