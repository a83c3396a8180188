"""What a change of the knowledge would do: worked out before it counts, and said in words."""

from collections.abc import Awaitable, Callable, Sequence

from bot.articles import judged_lately
from bot.message import Button, Reply
from bot.turn import Turn
from crm_core import audit, conversations
from crm_core.rules.knowledge import Draft
from knowledge_base.replay import Example, Replay

_NAMED = 3  # questions or examples that are quoted


async def try_out(turn: Turn, draft: Draft) -> Callable[[], Awaitable[Replay]]:
    """What to run with no transaction open: the articles without and with the draft, over what is known to be right."""
    questions = await judged_lately(turn.work)
    return lambda: turn.shop.articles.replay(draft, questions)


def own_examples(replay: Replay, slug: str, language: str) -> list[Example]:
    """The examples of an article itself that do not hold with the change, whether they held before or not."""
    return [one for one in replay.failing_examples if (one.article, one.language) == (slug, language)]


async def lines_of(turn: Turn, replay: Replay, own: Sequence[Example] = ()) -> list[str]:
    """What would change, in words; questions that are quoted count as read, which the audit log holds.

    Examples of others that failed before and go on failing are no news; `own` are told all the same.
    """
    assert turn.staff is not None
    moved = (replay.newly_answered, replay.put_right, replay.held_back, replay.now_wrong, replay.no_longer_answered)
    if not (any(moved) or replay.broken_examples or own):
        return [turn.say("check-nothing", judged=replay.judged)]
    lines = []
    if any(moved):
        lines.append(
            turn.say(
                "check-counts",
                newly=len(replay.newly_answered) + len(replay.put_right),
                wrong=len(replay.now_wrong),
                lost=len(replay.no_longer_answered),
                judged=replay.judged,
            )
        )
    wrong = (*replay.turned_wrong, *(one for one in replay.now_wrong if one not in replay.turned_wrong))
    lines += await _quoted(turn, wrong, "check-wrong")
    lines += await _quoted(turn, replay.no_longer_answered, "check-lost")
    lines += [
        turn.say("check-must" if one.must else "check-must-not", slug=one.article, words=one.text[:200])
        for one in replay.broken_examples[:_NAMED]
    ]
    lines += [
        turn.say("check-must-own" if one.must else "check-must-not", slug=one.article, words=one.text[:200])
        for one in [one for one in own if one not in replay.broken_examples][:_NAMED]
    ]
    return lines


async def _quoted(turn: Turn, questions: Sequence[int], key: str) -> list[str]:
    assert turn.staff is not None
    words = await conversations.words_of(turn.work, questions[:_NAMED])
    for one in words:
        audit.enter(turn.work, turn.staff.id, "judgement.read", f"interaction:{one}")
    return [turn.say(key, words=words[one][:200]) for one in questions[:_NAMED] if one in words]


async def warning(turn: Turn, replay: Replay, *buttons: Button, own: Sequence[Example] = ()) -> Reply:
    """Nothing is changed yet: what would go wrong, and the way to do it all the same."""
    said = "check-warning" if replay.regression else "check-warning-own" if own else "check-warning-lost"
    return Reply(text="\n".join((turn.say(said), *await lines_of(turn, replay, own))), buttons=(buttons,))
