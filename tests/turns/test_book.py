"""The book: what changed on record counts at once, training follows, and the embedder never stands in the way."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.articles import Book
from crm_core import articles, learning, synonyms
from crm_core.models import Interaction, Ticket
from crm_core.rules.knowledge import Draft
from knowledge_base import Article, Decision, Match, Matcher
from knowledge_base.embedders import Embedder, Remembering
from knowledge_base.embedders.http import HttpEmbedder
from knowledge_base.lexicon import Groups
from tests.builders import House, open_house
from tests.unit.knowledge.embeddings_server import (
    KEY,
    MODEL,
    EmbeddingsServer,
    Exchange,
    embeddings_server,
    held,
    hung_up,
    refused,
)

ROOT = Path(__file__).resolve().parents[2]
WORDS = "zebra xylophone please"


def draft(slug: str = "zebra", *phrasings: str, **fields: object) -> Draft:
    words = {"title": "", "category": "", "language": "en", "answer": "Stripes.", **fields}
    return Draft(slug=slug, phrasings=phrasings or (WORDS,), **words)  # type: ignore[arg-type]


async def save(house: House, one: Draft) -> None:
    async with house.app.records.write() as work:
        await articles.save(work, one, None)


def first(match: Match) -> str | None:
    return match.candidates[0].article.id if match.candidates else None


def knows(book: Book, words: str = WORDS) -> bool:
    return book.match(words, "en").reason == "same_words"


def sure(book: Book, text: str) -> float:
    """How sure it is that the refund is meant."""
    found = {one.article.id: one.confidence for one in book.match(text, "en").candidates}
    return found.get("refund", 0.0)


class Seconds:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Slow(Book):
    """Its training begins, and ends when the test says so."""

    def __init__(self) -> None:
        super().__init__(0.05)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def _made(self, found: Iterable[Article], groups: Mapping[str, Groups], *, learn: bool) -> Matcher:
        if learn:
            self.begun.set()
            assert self.go_on.wait(30)
        return super()._made(found, groups, learn=learn)

    @asynccontextmanager
    async def training(self) -> AsyncIterator[None]:
        """What is done in here is done while it trains."""
        self.begun.clear()
        self.go_on.clear()
        task = asyncio.create_task(self.settle())
        try:
            assert await asyncio.to_thread(self.begun.wait, 30)
            yield
        finally:
            self.go_on.set()
            assert await task


class Failing(Book):
    """It cannot be trained until the test says so."""

    def __init__(self, house: House, embedder: Embedder | None = None) -> None:
        self.seconds = Seconds()
        super().__init__(0.05, embedder, clock=self.seconds, now=house.hands)
        self.fails = True
        self.tried = threading.Semaphore(0)

    def _made(self, found: Iterable[Article], groups: Mapping[str, Groups], *, learn: bool) -> Matcher:
        if learn:
            self.tried.release()
            if self.fails:
                raise MemoryError("no room to learn")
        return super()._made(found, groups, learn=learn)

    @property
    def trials(self) -> int:
        """How often it was tried since this was asked last."""
        count = 0
        while self.tried.acquire(blocking=False):
            count += 1
        return count


async def test_a_training_that_failed_is_tried_again_after_longer_and_longer_pauses(house: House) -> None:
    """However often somebody looks; questions are answered meanwhile, and once it succeeds nothing is left to do."""
    book = Failing(house)
    await book.refresh(house.app.records)
    began, pauses = book.seconds.now, []
    for _ in range(9):
        last = book.seconds.now
        while not book.trials:
            assert not await book.settle_or_log()
            book.seconds.now += 15
        pauses.append(book.seconds.now - 15 - last)
        book.seconds.now -= 15
    assert pauses == [0, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert book.match("refund please", "en").decision is Decision.ANSWER
    assert book.training_failed_since is not None

    book.fails = False
    assert not await book.settle()
    book.seconds.now += 3600
    assert await book.settle()
    assert book.training_failed_since is None
    assert not await book.settle()
    assert book.trials == 1
    assert book.seconds.now > began


async def test_since_when_training_fails_is_when_it_failed_first(house: House) -> None:
    """Not the last time; and the next failure after a success counts anew, with a short pause again."""
    book = Failing(house)
    await book.refresh(house.app.records)
    with pytest.raises(MemoryError):
        await book.settle()
    first_time = book.training_failed_since
    house.hands.move(hours=1)
    book.seconds.now += 60
    assert not await book.settle_or_log()
    assert book.training_failed_since == first_time

    book.fails = False
    book.seconds.now += 120
    assert await book.settle()
    book.fails = True
    await save(house, draft())
    await book.refresh(house.app.records)
    assert not await book.settle_or_log()
    assert first_time is not None
    assert book.training_failed_since is not None
    assert book.training_failed_since > first_time + timedelta(minutes=59)
    assert book.trials == 4
    book.seconds.now += 60
    assert not await book.settle_or_log()
    assert book.trials == 1


async def test_a_change_is_a_reason_to_train_at_once(house: House) -> None:
    """It may be what mends it. What it says counts in any case, without training."""
    book = Failing(house)
    await book.refresh(house.app.records)
    assert not await book.settle_or_log()
    assert not await book.settle_or_log()
    assert book.trials == 1
    await save(house, draft())
    await book.refresh(house.app.records)

    assert knows(book)
    book.fails = False
    assert await book.settle()
    assert knows(book)
    assert book.training_failed_since is None


async def test_a_change_during_a_training_that_fails_does_not_hide_the_failure(house: House) -> None:
    """It was begun without the change, so it is due again with it, after the pause."""

    class Late(Failing):
        async def refresh_within(self) -> None:
            await save(house, draft())
            await self.refresh(house.app.records)

    book = Late(house)
    await book.refresh(house.app.records)
    await asyncio.gather(book.settle_or_log(), book.refresh_within())
    assert book.training_failed_since is not None

    book.fails = False
    book.seconds.now += 60
    assert await book.settle()
    assert knows(book)
    assert not await book.settle()


class Watched(Failing):
    """Tells whenever it has been asked to settle."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.settled = asyncio.Semaphore(0)

    async def settle_or_log(self) -> bool:
        try:
            return await super().settle_or_log()
        finally:
            self.settled.release()


async def test_the_running_bot_goes_on_and_trains_again_when_it_wakes(house: House) -> None:
    """Nothing is raised in what keeps the articles fresh, and nothing runs on and on."""
    book = Watched(house)
    await book.refresh(house.app.records)
    house.app.book = book
    stop = asyncio.Event()
    running = asyncio.create_task(house.app.run(stop))
    await book.settled.acquire()
    assert book.training_failed_since is not None

    book.fails = False
    book.seconds.now += 60
    house.app.articles_stirred.set()

    while book.training_failed_since is not None:
        await book.settled.acquire()
    stop.set()
    await running
    assert book.trials == 2


async def test_a_change_counts_at_once_and_is_trained_on_afterwards(house: House) -> None:
    """Until it was trained on, there is something to settle; then there is nothing."""
    book = house.app.book
    assert not await book.settle()
    assert not knows(book)

    await save(house, draft())
    assert await book.refresh(house.app.records)
    assert knows(book)

    assert await book.settle()
    assert knows(book)
    assert not await book.settle()
    assert not await book.refresh(house.app.records)


async def test_what_changes_while_it_trains_is_in_what_comes_of_it(house: House) -> None:
    """An article that came, one that went, one that says something else; the training was begun without them."""
    book, records = Slow(), house.app.records
    await book.refresh(records)
    async with book.training():
        await save(house, draft())
        await save(house, draft("track", "where has my zeppelin gone"))
        async with records.write() as work:
            await articles.archive(work, "refund", "en", None)
        await book.refresh(records)
        assert knows(book)

    assert knows(book)
    assert knows(book, "where has my zeppelin gone")
    assert not knows(book, "tracking number")
    found = book.match("refund please", "en").candidates
    assert ("refund", "en") not in {(one.article.id, one.article.language) for one in found}
    async with book.training():
        assert knows(book)
    assert not await book.settle()


async def test_very_many_changes_while_it_trains_are_not_lost_either(house: House) -> None:
    """More than are put in one by one."""
    book, records = Slow(), house.app.records
    await book.refresh(records)
    async with book.training():
        async with records.write() as work:
            new = [draft(f"n{n}", f"zebra number {n}x") for n in range(80)]
            await articles.take_over(work, new, "import", remove_others=False)
        await book.refresh(records)

    assert all(knows(book, f"zebra number {n}x") for n in range(80))
    async with book.training():
        assert knows(book, "zebra number 7x")
    assert knows(book, "zebra number 7x")


async def test_synonyms_count_at_once_and_also_while_it_trains(house: House) -> None:
    """What was trained with other groups is not put to use."""
    book, records = Slow(), house.app.records
    await book.refresh(records)
    before = sure(book, "gizmo status")
    async with book.training():
        async with records.write() as work:
            await synonyms.add(work, "en", ["refund", "gizmo"], 7)
        assert await book.refresh(records)
        live = sure(book, "gizmo status")
        assert live > before

    assert sure(book, "gizmo status") == live
    async with book.training():
        pass
    assert sure(book, "gizmo status") > before


@pytest.mark.parametrize("act", [articles.archive, articles.unpublish])
async def test_what_is_not_published_is_not_answered(house: House, act: object) -> None:
    """From the next refresh on."""
    book = house.app.book
    await save(house, draft())
    await book.refresh(house.app.records)
    assert knows(book)

    async with house.app.records.write() as work:
        await act(work, "zebra", "en", None)  # type: ignore[operator]
    await book.refresh(house.app.records)

    assert not knows(book)
    assert (await house.customer().says(WORDS))[0] != "Stripes."


async def test_an_article_begins_and_ends_by_the_clock(house: House) -> None:
    """Nobody touches it; there is always one more refresh."""
    book, records, now = house.app.book, house.app.records, house.hands.now
    await save(house, draft(valid_from=now + timedelta(hours=1), valid_until=now + timedelta(hours=2)))

    known = []
    for _ in range(3):
        await book.refresh(records)
        known.append(knows(book))
        house.hands.move(hours=1)

    assert known == [False, True, False]


async def test_two_books_over_one_database_follow_each_other_by_version(house: House) -> None:
    """As replicas do: what one process wrote is known to the other at its next look."""
    mine, theirs = house.app.book, Book(0.05)
    await theirs.refresh(house.app.records)
    await theirs.settle()
    await save(house, draft())
    await mine.refresh(house.app.records)
    assert (knows(mine), knows(theirs)) == (True, False)

    assert await theirs.refresh(house.app.records)
    assert knows(theirs)
    async with house.app.records.write() as work:
        await articles.remove(work, "zebra", "en", None)
    assert await theirs.refresh(house.app.records)
    assert await mine.refresh(house.app.records)
    assert (knows(mine), knows(theirs)) == (False, False)
    for text in ("refund please", "where is my parcel", "怎么退款"):
        assert first(mine.match(text, "en")) == first(theirs.match(text, "en"))


async def test_the_threshold_of_the_judged_turns_is_put_in_force(house: House) -> None:
    """Fifty verdicts, most of them against sure answers, make the bot careful; within half a minute, or at a start."""
    seconds = Seconds()
    book = Book(0.05, clock=seconds)
    await book.refresh(house.app.records)
    shipped = book.match("refund please", "en").answer_from
    house.serve(replace(house.app.shop, judge_share=0.0))  # nothing is drawn by chance
    for number in range(50):
        house.put(house.customer(f"c{number}").incoming(text="refund please"))
    await house.settle()
    asked = await house.rows(Interaction, Interaction.decision.is_not(None))
    async with house.app.records.write() as work:
        for number, one in enumerate(asked):
            sureness = 0.9 + number / 1000
            row = learning.draw(work, one, language="en", decision="answer", confidence=sureness, candidates=["refund"])
            row.verdict, row.judged_at = "none", work.now

    await book.refresh(house.app.records)
    assert book.match("refund please", "en").answer_from == shipped
    seconds.now += 31
    await book.refresh(house.app.records)

    assert book.calibration is not None
    assert (book.calibration.source, book.calibration.judged) == ("judged", 50)
    found = book.match("refund please", "en")
    assert found.answer_from == book.calibration.threshold > shipped
    await save(house, draft())
    await book.refresh(house.app.records)
    await book.settle()
    assert book.match(WORDS, "en").answer_from == book.calibration.threshold


def test_a_process_leaves_though_it_is_training() -> None:
    """The thread that trains holds nobody back."""
    script = (
        "import asyncio, threading\n"
        "from bot.articles import in_thread\n"
        "async def main():\n"
        "    begun = threading.Event()\n"
        "    task = asyncio.create_task(in_thread(lambda: (begun.set(), threading.Event().wait())))\n"
        "    await asyncio.to_thread(begun.wait)\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
        "print('left')\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "left\n", "")


# ---- the embedder ----

_TOPICS = (("deliver", "parcel", "shipping"), ("refund", "money", "okapi"), ("cancel", "stop"), ("track", "order"))


def meant(exchange: Exchange) -> None:
    """Answer with a vector that points to the topic of each text."""
    rows = [[1.0 if any(word in text for word in topic) else 0.0 for topic in _TOPICS] for text in exchange.texts]
    exchange.answer([{"index": n, "embedding": [*row, 0.1]} for n, row in enumerate(rows)])


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with embeddings_server() as running:
        yield running


@asynccontextmanager
async def shop_with(server: EmbeddingsServer, folder: Path) -> AsyncIterator[House]:
    """A shop that asks this server, and has embedded its articles."""
    (folder / "key").write_text(KEY, encoding="utf-8")
    wanted = {"EMBEDDER": "http", "EMBEDDER_URL": server.url, "EMBEDDER_MODEL": MODEL, "EMBEDDER_KEY_FILE": "key"}
    environ = {f"KNOWLEDGE__{key}": value for key, value in wanted.items()}
    async with open_house(folder, None, None, **environ) as house:
        assert server.asked == [], "opening waits for no server"
        server.orders.append(meant)
        assert await house.app.book.settle()
        assert not await house.app.book.settle()
        yield house


async def test_a_question_that_shares_no_word_is_found_by_meaning(server: EmbeddingsServer, tmp_path: Path) -> None:
    """And nobody holds the database while the server thinks."""
    free: list[bool] = []

    async with shop_with(server, tmp_path) as house:

        def watched(exchange: Exchange) -> None:
            free.append(house.nobody_writes)
            meant(exchange)

        ana = house.customer()
        server.orders.append(watched)
        heard = await ana.says("qqq okapi vvv")

    assert server.asked[-1] == ["qqq okapi vvv"]
    assert free == [True]
    assert "Refunds" in [*ana.labels, *heard] or "We refund within 14 days." in heard[0]


async def test_customers_who_ask_the_same_at_the_same_moment_are_both_understood(
    server: EmbeddingsServer, tmp_path: Path
) -> None:
    """The server is asked once."""
    async with shop_with(server, tmp_path) as house:
        ana, bo = house.customer("ana"), house.customer("bo")
        server.orders.append(meant)
        before = len(server.asked)
        for person in (ana, bo):
            house.put(person.incoming(text="qqq okapi vvv"))
        await house.settle()

        assert server.asked[before:] == [["qqq okapi vvv"]]
        assert ana.words == bo.words
        assert ana.words != []
        assert await house.how_many(Ticket) == 0


@pytest.mark.parametrize("trouble", [refused(500), refused(401), hung_up, held], ids=["500", "401", "hung up", "held"])
async def test_a_server_in_trouble_leaves_the_words(server: EmbeddingsServer, tmp_path: Path, trouble: object) -> None:
    """A question is answered by its words alone, as without an embedder."""
    embedder = HttpEmbedder(server.url, MODEL, KEY, query_time_out=0.2)
    async with open_house(tmp_path) as house:
        book = Book(0.05, Remembering(embedder))
        await book.refresh(house.app.records)
        server.orders.extend([meant, trouble, trouble])  # type: ignore[list-item]
        while await book.settle():
            pass
        house.serve(replace(house.app.shop, articles=book, understand=book.understand))

        assert "We refund within 14 days." in (await house.customer().says("refund please"))[0]
        assert await house.customer("bo").says("qqq okapi vvv") != []
        assert (await house.ticket()).reason in {"no_terms", "weak"}
        server.release.set()
        book.close()


async def test_articles_that_could_not_be_embedded_are_embedded_later(server: EmbeddingsServer, tmp_path: Path) -> None:
    """The server is left alone for a minute; nothing else waits for it."""
    seconds = Seconds()
    async with open_house(tmp_path) as house:
        book = Book(0.05, HttpEmbedder(server.url, MODEL, KEY), clock=seconds)
        await book.refresh(house.app.records)
        server.orders.append(refused(400))
        assert await book.settle()
        assert not await book.settle()
        asked = len(server.asked)
        assert not await book.settle()
        await book.understand([("okapi", "en")])
        assert len(server.asked) == asked
        assert book.match("refund please", "en").decision is Decision.ANSWER

        seconds.now += 61
        server.orders.extend([meant, meant])
        assert await book.settle()
        assert not await book.settle()
        await book.understand([("qqq okapi vvv", "en")])
        assert first(book.match("qqq okapi vvv", "en")) == "refund"
        book.close()


async def test_articles_are_embedded_although_they_cannot_be_trained_on(server: EmbeddingsServer, house: House) -> None:
    """What means the same is found while the classifiers wait."""
    book = Failing(house, HttpEmbedder(server.url, MODEL, KEY))
    await book.refresh(house.app.records)
    server.orders.extend([meant, meant])
    assert not await book.settle_or_log()

    assert await book.settle()
    await book.understand([("qqq okapi vvv", "en")])

    assert first(book.match("qqq okapi vvv", "en")) == "refund"
    assert book.training_failed_since is not None
    book.close()
