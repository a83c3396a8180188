"""No turn holds the database while the matcher thinks: no customer's, no colleague's look-up, no rehearsal."""

from collections.abc import Sequence
from dataclasses import replace

from bot.learning import GapKeeper
from crm_core.models import Inbox
from crm_core.rules.knowledge import Draft
from knowledge_base import Article, Match
from knowledge_base.replay import JudgedQuestion, Replay
from tests.builders import House


class Watch:
    """The house's own articles; each time they are asked, the database must be free to be written to."""

    calibration = None

    def __init__(self, house: House) -> None:
        self._book = house.app.book
        self._house = house
        self.asked: list[str] = []

    def _free(self, what: str) -> None:
        self.asked.append(what)
        assert self._house.nobody_writes, what

    def match(self, text: str, language: str) -> Match:
        self._free("match")
        return self._book.match(text, language)

    def find(self, article_id: str, language: str) -> Article | None:
        return self._book.find(article_id, language)

    async def replay(self, draft: Draft, judged: Sequence[JudgedQuestion]) -> Replay:
        self._free("replay")
        return Replay((), (), (), (), (), (), (), (), len(judged))


async def test_the_matcher_is_never_asked_inside_a_transaction(house: House) -> None:
    """Answers, look-ups, teaching, gaps, rehearsals and the grouping in the background."""
    wei, mia = await house.colleague("Wei"), await house.colleague("Mia", "supervisor")
    watch = Watch(house)
    house.read_from(watch)
    house.serve(replace(house.app.shop, chance=lambda: 0.0, judge_share=0.1))
    await house.customer().says("elephants allowed inside")
    asked = {"a question": len(watch.asked)}

    for what, person, words in (
        ("why", wei, "/why 1"),
        ("ask", wei, "/ask refund please"),
        ("teach", wei, "/learn 1"),
        ("propose", wei, "/learn 1 delivery"),
    ):
        before = len(watch.asked)
        await person.says(words)
        asked[what] = len(watch.asked) - before
    await mia.says("/proposals")
    await mia.presses("Approve")
    before = len(watch.asked)
    await GapKeeper(house.app.records, watch).group()
    asked["group"] = len(watch.asked) - before
    await mia.says("/gaps")
    await mia.says("/article refund")
    await mia.presses("Archive")
    await mia.says("/article refund")
    await mia.presses("Publish")

    assert all(asked.values()), asked
    assert watch.asked.count("replay") == 3
    assert await house.how_many(Inbox, Inbox.attempts > 0) == 0, "no look-up found the database held"
