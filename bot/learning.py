"""Puts unanswered questions that ask for the same thing into gaps; runs in the background, woken by what happens."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from bot.turn import Articles
from crm_core import conversations, gaps
from crm_core.work import Records, Work
from knowledge_base.gaps import Assignments, Group, Question, group

log = structlog.get_logger(__name__)

_SINCE = timedelta(days=30)  # older questions are no gap any more
_REMEMBERED = timedelta(days=90)  # questions of gaps that new ones are compared with …
_COMPARED = 2000  # … and how many of them
_AT_ONCE = 200
_PAUSE = 10.0  # seconds between two looks, however much happens
_AT_LEAST = 300.0  # seconds; what did not help or was turned down wakes nobody


class GapKeeper:
    """Looks for questions that belong to no gap yet and finds each its place; one process at a time does it."""

    def __init__(self, records: Records, articles: Articles) -> None:
        self._records = records
        self._articles = articles
        self._stirred = asyncio.Event()
        self._left_out: set[int] = set()  # questions that say nothing or can be read no more: not asked again
        records.listen(self._note)

    def _note(self, work: Work) -> None:
        if work.desk_changed:
            self._stirred.set()

    async def run(self) -> None:
        """Group what came up, until cancelled."""
        while True:
            self._stirred.clear()
            try:
                found = await self.group()
                if found:
                    log.info("Unanswered questions were put into gaps.", questions=found)
            except Exception:
                # The border of this work: the next look tries again, and nobody waits for it.
                log.exception("Unanswered questions could not be grouped.")
            await asyncio.sleep(_PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), _AT_LEAST)

    async def group(self) -> int:
        """Find a gap for every question that has none; how many found one."""
        placed = 0
        while True:
            async with self._records.read() as work:
                asked = await gaps.ungrouped(work, work.now - _SINCE, _AT_ONCE + len(self._left_out))
                asked = [one for one in asked if one.interaction_id not in self._left_out][:_AT_ONCE]
                if not asked:
                    return placed
                known = await gaps.groups(work, work.now - _REMEMBERED, _COMPARED)
                members = [number for _language, questions in known.values() for number in questions]
                words = await conversations.words_of(work, [*(one.interaction_id for one in asked), *members])
            languages = await self._languages({one.interaction_id: words.get(one.interaction_id, "") for one in asked})
            questions = [
                Question(one.interaction_id, words[one.interaction_id], languages[one.interaction_id])
                for one in asked
                if one.interaction_id in words
            ]
            groups = [
                Group(number, texts)
                for number, (_language, ids) in known.items()
                if (texts := tuple(words[one] for one in ids if one in words))
            ]
            found = await asyncio.to_thread(group, questions, groups)
            self._left_out |= {one.interaction_id for one in asked if one.interaction_id not in words}
            self._left_out |= set(found.left_out)
            placed += await self._write(asked, found, languages, {number: one[0] for number, one in known.items()})

    async def _languages(self, words: Mapping[int, str]) -> dict[int, str]:
        """What each question is written in, as the matcher takes it; others have their turn in between."""
        found = {}
        for key, text in words.items():
            found[key] = self._articles.match(text, "").language if text else ""
            await asyncio.sleep(0)
        return found

    async def _write(
        self,
        asked: Sequence[gaps.Question],
        found: Assignments,
        languages: Mapping[int, str],
        known: Mapping[int, str],
    ) -> int:
        by_id = {one.interaction_id: one for one in asked}
        joining: dict[int, list[gaps.Question]] = {}
        for key, number in found.joined.items():
            joining.setdefault(number, []).append(by_id[key])
        async with self._records.write() as work:
            for number, questions in joining.items():
                await gaps.assign(work, number, questions, language=known[number])
            for keys in found.opened:
                language = Counter(languages[key] for key in keys).most_common(1)[0][0]
                await gaps.assign(work, None, [by_id[key] for key in keys], language=language)
        return len(found.joined) + sum(map(len, found.opened))
