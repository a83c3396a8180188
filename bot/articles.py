"""The articles that the counter answers from: read from files, kept in the records, handed to the matcher."""

import asyncio
import contextlib
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import structlog

from bot.opening import utc_now
from bot.shelf import article_of, draft_of
from bot.threshold import calibration_of
from crm_core import articles, conversations, learning, synonyms
from crm_core.models import Article as ArticleRow
from crm_core.rules.knowledge import Draft
from crm_core.work import Records, Work
from knowledge_base import Article, ArticleError, Match, Matcher, read_articles
from knowledge_base.calibration import Calibration
from knowledge_base.checking import is_current
from knowledge_base.embedders import Embedder, EmbedderError
from knowledge_base.lexicon import Groups
from knowledge_base.meaning import Meanings
from knowledge_base.replay import JudgedQuestion, Replay, replay

log = structlog.get_logger(__name__)

_CONFIGURED = "config"
_CALIBRATE_EVERY = 30.0  # seconds
_LIVE_AT_MOST: Final = 50  # changed articles up to which each is put into the live matcher; more are built anew
_SMALL: Final = 1_500  # phrasings that are trained on within about a second
_TRIED: Final = timedelta(days=30)  # questions judged within this time are tried when articles change
_TRAIN_AGAIN: Final = 60.0  # seconds after a training failed; twice as long after each further time
_TRAIN_AGAIN_AT_MOST: Final = 3_600.0
_EMBED_AGAIN: Final = 60.0  # seconds after the embedder could not embed the articles
_MOST_MEANT: Final = 512  # questions whose nearness by meaning is kept until they are matched

_Key = tuple[str, str]  # article id, language
_T = TypeVar("_T")
_V = TypeVar("_V")


def drafts_of(paths: Sequence[Path]) -> list[Draft]:
    """Every article in these files and folders; an id that two of them use for one language is an ArticleError."""
    found: dict[_Key, Draft] = {}
    first: dict[_Key, Path] = {}
    for path in paths:
        for one in read_articles(path):
            key = (one.id, one.language)
            if key in found:
                raise ArticleError("duplicate_id", path, id=one.id, language=one.language, first=str(first[key]))
            first[key] = path
            found[key] = draft_of(one)
    return list(found.values())


async def judged_lately(work: Work) -> list[JudgedQuestion]:
    """The questions judged within a month, with the customers' words: what a change of articles is tried on."""
    judged = await learning.judged_questions(work, work.now - _TRIED)
    words = await conversations.words_of(work, [one.interaction_id for one in judged])
    return [
        JudgedQuestion(one.interaction_id, words[one.interaction_id], one.language, one.right_slug)
        for one in judged
        if one.interaction_id in words
    ]


class Book:
    """The matcher over the articles that customers may get, and what it is tuned with.

    `refresh` takes up what changed in the records at once; what has to be trained follows in a thread, by `settle`.
    """

    def __init__(
        self,
        wrong_answers_at_most: float,
        embedder: Embedder | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._clock = clock  # seconds
        self._now = now
        self._wrong_answers_at_most = wrong_answers_at_most
        self._embedder = embedder
        self._version: tuple[int, ...] | None = None
        self._matcher = Matcher((), wrong_answers_at_most)
        self._articles: dict[_Key, Article] = {}
        self._synonyms: dict[str, Groups] = {}
        self._calibrate_after = -math.inf
        self._trained = True  # whether the matcher was trained on the articles as they are
        self._train_after = -math.inf
        self._failures = 0  # trainings that failed since the last one that did not
        self.training_failed_since: datetime | None = None  # the first of them
        self._meanings: Meanings | None = None
        self._embedded: Mapping[_Key, Article] | None = None  # the articles that the meanings are of
        self._embed_after = -math.inf
        self._meant: dict[tuple[str, str], tuple[Mapping[str, float], int]] = {}  # …, how often it will be matched
        self.calibration: Calibration | None = None
        self.embedder_error: str | None = None  # why the embedder did not answer when it was asked last

    async def hold(self, found: Iterable[Article]) -> None:
        """Take these articles, where there are no records to take them from."""
        await self._take_up({(article.id, article.language): article for article in found}, {})

    async def load_configured(self, records: Records, paths: Sequence[Path]) -> None:
        """Bring the records up to the configured files, then the matcher up to the records."""
        drafts = drafts_of(paths)
        async with records.read() as work:
            current = {(row.slug, row.language): row for row in await articles.everything(work)}
        if _differs(drafts, current):
            async with records.write() as work:
                await articles.take_over(work, drafts, _CONFIGURED, remove_others=True)
        await self.refresh(records)

    async def refresh(self, records: Records) -> bool:
        """Take up articles, synonyms and verdicts as they are on record; True when articles or synonyms changed."""
        await self._calibrate(records)
        async with records.read() as work:
            version = await articles.version(work)
            if version == self._version:
                return False
            found = {(row.slug, row.language): article_of(row) for row in await articles.published(work)}
            groups: dict[str, Groups] = dict(await synonyms.groups(work))
        await self._take_up(found, groups)
        self._version = version
        return True

    async def _take_up(self, found: dict[_Key, Article], groups: dict[str, Groups]) -> None:
        changed = [key for key, article in found.items() if self._articles.get(key) != article]
        gone = [key for key in self._articles if key not in found]
        if groups == self._synonyms and len(changed) + len(gone) <= _LIVE_AT_MOST and self._version is not None:
            for key in gone:
                self._matcher.remove(*key)
            for key in changed:
                self._matcher.replace(found[key])
        else:
            self._matcher = await in_thread(lambda: self._made(found.values(), groups, learn=False))
        self._articles, self._synonyms = found, groups
        self._trained, self._train_after = False, -math.inf  # what changed may be what let the training fail

    async def settle(self) -> bool:
        """Do in a thread what is due: train on the articles as they are, or, when that is done, embed them.

        What changes meanwhile counts at once, here and in what comes of the training. False when nothing is to do now.
        A training that failed is raised, and due again after a while, longer each time, or when articles change.
        """
        if self._trained or self._clock() < self._train_after:
            return await self._embed()
        await self._train()
        return True

    async def settle_or_log(self) -> bool:
        """As `settle`, for those who serve on whatever happens: a failure is logged, and False."""
        try:
            return await self.settle()
        except Exception:
            log.exception(
                "The matcher could not be trained and will be again later; until then questions are matched with what "
                "it has learnt so far.",
                failures=self._failures,
            )
            return False

    async def _train(self) -> None:
        found, groups = self._articles, self._synonyms
        self._trained = True
        try:
            matcher = await in_thread(lambda: self._made(found.values(), groups, learn=True))
        except Exception:
            self._trained = False
            self._train_after = self._clock() + min(_TRAIN_AGAIN * 2**self._failures, _TRAIN_AGAIN_AT_MOST)
            self._failures += 1
            self.training_failed_since = self.training_failed_since or self._now()
            raise
        self._failures, self.training_failed_since = 0, None
        gone = found.keys() - self._articles.keys()
        changed = [article for key, article in self._articles.items() if found.get(key) != article]
        if groups == self._synonyms and len(changed) + len(gone) <= _LIVE_AT_MOST:  # else it is trained anew at once
            for key in gone:
                matcher.remove(*key)
            for article in changed:
                matcher.replace(article)
            self._matcher = matcher
            self._tune()

    def _made(self, found: Iterable[Article], groups: Mapping[str, Groups], *, learn: bool) -> Matcher:
        matcher = Matcher(
            found,
            self._wrong_answers_at_most,
            answer_from=self.calibration.threshold if self.calibration else None,
            synonyms=groups,
            learn=learn,
        )
        matcher.prepare()
        return matcher

    async def _calibrate(self, records: Records) -> None:
        if self._clock() < self._calibrate_after:
            return
        self._calibrate_after = self._clock() + _CALIBRATE_EVERY
        async with records.read() as work:
            self.calibration = await calibration_of(work, self._wrong_answers_at_most)
        self._tune()

    def _tune(self) -> None:
        if self.calibration is not None:
            self._matcher.answer_from = self.calibration.threshold

    async def _embed(self) -> bool:
        embedder, found = self._embedder, self._articles
        if embedder is None or self._embedded is found or self._clock() < self._embed_after:
            return False
        try:
            self._meanings = await in_thread(lambda: Meanings(found.values(), embedder))
        except EmbedderError as error:
            log.warning("The embedder did not answer; questions are matched by their words alone.", error=str(error))
            self.embedder_error = str(error)
            self._embed_after = self._clock() + _EMBED_AGAIN
            return False
        self._embedded, self.embedder_error = found, None
        return True

    async def understand(self, questions: Sequence[tuple[str, str]]) -> None:
        """Ask the embedder, if there is one, what these (text, language) mean, before they are matched; never fails."""
        if self._embedder is None or self._meanings is None:
            return
        wanted = Counter(questions)  # two customers may ask the same at the same moment
        await asyncio.gather(*(self._understand(text, language, times) for (text, language), times in wanted.items()))

    async def _understand(self, text: str, language: str, times: int) -> None:
        embedder, meanings = self._embedder, self._meanings
        if embedder is None or meanings is None or not text.strip():
            return
        try:
            vector = (await in_thread(lambda: embedder.embed([text])))[0]
        except EmbedderError as error:
            log.warning("The embedder did not answer; a question is matched by its words alone.", error=str(error))
            self.embedder_error = str(error)
            return
        self.embedder_error = None
        spoken = self._matcher.language_of(text, language)
        while len(self._meant) >= _MOST_MEANT:
            self._meant.pop(next(iter(self._meant)))
        self._meant[text, language] = meanings.nearest(vector, spoken), times

    def match(self, text: str, language: str) -> Match:
        """Which article answers `text`; its script decides the language, `language` only where it cannot."""
        return self._matcher.match(text, language, self._meaning(text, language))

    def _meaning(self, text: str, language: str) -> Mapping[str, float] | None:
        """What is known of a question's meaning; kept no longer than it is needed, for the words are not ours."""
        near, times = self._meant.pop((text, language), (None, 0))
        if near is not None and times > 1:
            self._meant[text, language] = near, times - 1
        return near

    def find(self, article_id: str, language: str) -> Article | None:
        """The article with this id in this language."""
        return self._articles.get((article_id, language))

    async def replay(self, draft: Draft, judged: Sequence[JudgedQuestion]) -> Replay:
        """What would change if this draft were what customers get, tried in a thread with articles as they are now."""
        return await self.replay_all([draft], judged)

    async def replay_all(self, drafts: Iterable[Draft], judged: Sequence[JudgedQuestion]) -> Replay:
        """As `replay`, with all of these drafts in place at once."""
        before, after, groups = dict(self._articles), self._with(drafts), self._synonyms

        def try_both() -> Replay:
            made = [self._made(found.values(), groups, learn=True) for found in (before, after)]
            return replay(made[0], made[1], judged)

        return await in_thread(try_both)

    def differs(self, drafts: Iterable[Draft]) -> bool:
        """Whether customers would get anything else with these drafts in place."""
        return self._with(drafts) != self._articles

    def _with(self, drafts: Iterable[Draft]) -> dict[_Key, Article]:
        after = dict(self._articles)
        for article in map(article_of, drafts):
            if is_current(article, self._now()):
                after[article.id, article.language] = article
            else:
                after.pop((article.id, article.language), None)
        return after

    def close(self) -> None:
        """Let go of the embedder."""
        if self._embedder is not None:
            with contextlib.suppress(EmbedderError):
                self._embedder.close()

    @property
    def is_small(self) -> bool:
        """Whether training takes a moment only, so that it is worth waiting for."""
        return sum(len(article.phrasings) for article in self._articles.values()) <= _SMALL

    def __len__(self) -> int:
        return len(self._articles)


async def in_thread(work: Callable[[], _T]) -> _T:
    """Run something slow in a thread that does not keep the process from leaving, as those of an executor do."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised where the work is awaited
            _tell(loop, done.set_exception, error, done)
        else:
            _tell(loop, done.set_result, result, done)

    threading.Thread(target=run, name="knowledge", daemon=True).start()
    return await done


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[[_V], None], value: _V, done: "asyncio.Future[_T]") -> None:
    def deliver() -> None:
        if not done.done():
            tell(value)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(deliver)


def _differs(drafts: Sequence[Draft], current: dict[_Key, ArticleRow]) -> bool:
    configured = {key for key, row in current.items() if row.source == _CONFIGURED}
    if configured != {(one.slug, one.language) for one in drafts}:
        return True
    return not all(articles.up_to_date(current[one.slug, one.language], one) for one in drafts)
