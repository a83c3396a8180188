"""What the records say and what the world saw, side by side."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from crm_core import conversations
from crm_core.models import Conversation, Identity, Inbox, Interaction, Lane, Outbox, OutboxState
from crm_core.work import Work
from tests.faults.process import Frontdesk
from tests.telegram_server.client import Control

Log = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One automatic reply on record."""

    chat: str
    text: str
    token: str | None
    state: str
    attempts: int


@dataclass(slots=True)
class Findings:
    """What is wrong, in sentences; empty when every promise was kept. The figures are for the printed summary."""

    wrong: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)

    def check(self, holds: bool, sentence: str) -> None:
        """Note a sentence when something does not hold."""
        if not holds:
            self.wrong.append(sentence)


async def replies_of(work: Work, channel: str) -> list[Reply]:
    """Every automatic reply to a person of this channel, oldest first."""
    statement = (
        select(Outbox, Interaction)
        .join(Interaction, Interaction.id == Outbox.interaction_id)
        .where(Outbox.channel == channel, Outbox.lane == Lane.REPLY)
        .order_by(Outbox.id)
    )
    return [
        Reply(row.chat, await conversations.body_of(work, said), row.token, row.state, row.attempts)
        for row, said in (await work.session.execute(statement)).all()
    ]


async def inbound_of(work: Work, channel: str) -> dict[str, list[str]]:
    """Per sender, the external ids of what is on record of them, in the order of the record."""
    statement = (
        select(Identity.external_id, Interaction.source_key)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .join(Interaction, Interaction.conversation_id == Conversation.id)
        .where(Identity.channel == channel, Interaction.source_key.is_not(None))
        .order_by(Interaction.id)
    )
    found = defaultdict(list)
    for sender, key in (await work.session.execute(statement)).all():
        found[sender].append(str(key).removeprefix(f"{channel}:"))
    return dict(found)


async def inbox_states(work: Work) -> dict[str, int]:
    """How many updates stand where."""
    statement = select(Inbox.state, func.count()).group_by(Inbox.state)
    return {row[0]: row[1] for row in (await work.session.execute(statement)).all()}


async def outbox_states(work: Work, lane: Lane | None = None) -> dict[str, int]:
    """How many deliveries stand where."""
    statement = select(Outbox.state, func.count()).group_by(Outbox.state)
    if lane is not None:
        statement = statement.where(Outbox.lane == lane)
    return {row[0]: row[1] for row in (await work.session.execute(statement)).all()}


def is_idle(desk: Frontdesk, control: Control) -> bool:
    """Whether everything that was fed is taken, answered and settled."""
    return not control.state()["pending"] and not desk.unfinished


def token_of(entry: dict[str, Any]) -> str | None:
    """The token that the buttons of a logged message carry."""
    rows = entry.get("reply_markup", {}).get("inline_keyboard") or []
    return str(rows[0][0]["callback_data"]).partition(".")[0] if rows else None


def places(reply: Reply, log_of_chat: Log) -> list[int]:
    """Where in the log of its chat the copies of a reply stand."""
    if reply.token is not None:
        return [entry["n"] for entry in log_of_chat if token_of(entry) == reply.token]
    return [entry["n"] for entry in log_of_chat if token_of(entry) is None and entry.get("text") == reply.text]


def check_inbound(found: Findings, fed: dict[str, list[str]], recorded: dict[str, list[str]]) -> None:
    """Every update is recorded exactly once, and each person's in the order in which they sent them."""
    for sender, keys in fed.items():
        mine = recorded.get(sender, [])
        counts = Counter(mine)
        lost = [key for key in keys if not counts[key]]
        twice = [key for key in keys if counts[key] > 1]
        found.figures["updates"] += len(keys)
        found.figures["lost"] += len(lost)
        found.figures["recorded twice"] += len(twice)
        found.check(not lost, f"{sender}: updates {lost} were lost")
        found.check(not twice, f"{sender}: updates {twice} were recorded twice")
        found.check(bool(lost or twice) or mine == keys, f"{sender}: sent {keys}, recorded in the order {mine}")


def check_replies(found: Findings, replies: Sequence[Reply], log: Log, most: int = 2) -> None:
    """Every automatic reply arrived, at most `most` times, and first copies in order per chat.

    A process killed twice while the same reply was under way has no right to a third try: the reply then stands in
    doubt on record, and whether it arrived is open.
    """
    by_chat: dict[str, Log] = defaultdict(list)
    for entry in log:
        by_chat[str(entry["chat_id"])].append(entry)
    newest: dict[str, int] = defaultdict(int)
    explained = 0
    for reply in replies:
        copies = places(reply, by_chat[reply.chat])
        explained += len(copies)
        found.figures["replies"] += 1
        found.figures[f"replies with {len(copies)} copies"] += 1
        found.figures["replies in doubt"] += reply.state == OutboxState.IN_DOUBT
        found.check(
            reply.state in (OutboxState.SENT, OutboxState.IN_DOUBT), f"a reply to {reply.chat} is {reply.state}"
        )
        found.check(len(copies) <= most, f"{reply.chat} heard {reply.text[:40]!r} {len(copies)} times")
        found.check(
            bool(copies) or (reply.state == OutboxState.IN_DOUBT and reply.attempts >= 2),
            f"{reply.chat} never heard {reply.text[:40]!r}, which is {reply.state} on record",
        )
        if copies:
            found.check(copies[0] > newest[reply.chat], f"{reply.chat} heard {reply.text[:40]!r} out of order")
            newest[reply.chat] = max(newest[reply.chat], copies[0])
    found.check(explained == len(log), f"{len(log) - explained} delivered messages belong to no reply on record")
