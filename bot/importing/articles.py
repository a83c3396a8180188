"""Importing articles: files are read and checked whole, and tried out, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.articles import Book, judged_lately
from bot.importing.refused import ImportRefused
from bot.shelf import draft_of
from crm_core import articles, audit
from crm_core.imports import Taken
from crm_core.rules.knowledge import Draft, content_of, draft_from
from crm_core.work import Records, Work
from knowledge_base.importers import read_with_warnings
from knowledge_base.replay import Example, Replay

_SOURCE = "import"
_ARTICLES_A_TIME = 200
_NAMED = 3  # questions that are quoted
_EXAMPLES_NAMED = 10


@dataclass(frozen=True, slots=True)
class Change:
    """What an import does to one article: added, changed (and in which fields), or same."""

    slug: str
    language: str
    what: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What the articles of a file change, tried on the examples and on last month's judged questions."""

    replay: Replay
    failing: tuple[Example, ...]  # of the articles that the file adds or changes, and others that held before
    quoted: tuple[str, ...]  # some of the questions that are answered wrongly then

    @property
    def says(self) -> str:
        """The outcome in one sentence."""
        found, failing = self.replay, _counted(len(self.failing), "example fails", "examples fail")
        if not found.judged:
            return f"Tried on the examples: {failing}."
        newly = len(found.newly_answered) + len(found.put_right)
        return (
            f"Tried on {_counted(found.judged, 'judged question', 'judged questions')} of the last month and on the "
            f"examples: {newly} newly answered, {len(found.now_wrong)} now wrong, "
            f"{len(found.no_longer_answered)} no longer answered; {failing}."
        )

    @property
    def warnings(self) -> list[str]:
        """A sentence for each thing that goes wrong; no more of them than a person reads."""
        return [
            *[f'Now wrong: "{words[:200]}".' for words in self.quoted],
            *_and_more(len(self.replay.now_wrong) - len(self.quoted), "questions"),
            *[_failing(one) for one in self.failing[:_EXAMPLES_NAMED]],
            *_and_more(len(self.failing) - _EXAMPLES_NAMED, "examples"),
        ]


def _counted(count: int, one: str, many: str) -> str:
    return f"one {one}" if count == 1 else f"{count or 'no'} {many}"


def _failing(example: Example) -> str:
    place = f"{example.language}/{example.article}"
    if example.must:
        return f'{place} must be first for "{example.text[:200]}", and is not.'
    return f'{place} must not be the answer to "{example.text[:200]}", and is.'


def _and_more(count: int, what: str) -> list[str]:
    return [f"… and {count} more {what}."] if count > 0 else []


@dataclass(slots=True)
class TakenArticles(Taken):
    """The counts of an import of articles, and what it does to each of them in the order of the file."""

    changes: list[Change] = field(default_factory=list)
    trial: Trial | None = None  # None when there is nothing to tell


def read_article_file(file: Path) -> tuple[list[Draft], list[str]]:
    """The articles of a file or folder, and a sentence for each thing passed over; raises ArticleError."""
    reading = read_with_warnings(file)
    return [draft_of(article) for article in reading.articles], reading.warnings


async def import_articles(
    records: Records | None,
    drafts: Sequence[Draft],
    book: Book,
    *,
    dry_run: bool,
    despite_warnings: bool = False,
) -> TakenArticles:
    """Store articles by id and language; without records (there is no database yet) all of them are new.

    They are tried out in `book` first. ImportRefused, and nothing is written, when a judged question would be answered
    wrongly that is not now, or an example would fail, unless that was said to be all right.
    """
    taken = TakenArticles()
    trial = await _try_out(records, await _take(records, drafts, taken, write=False), book)
    if not dry_run:
        if trial is not None and trial.warnings and not despite_warnings:
            raise ImportRefused([trial.says, *trial.warnings, "--despite-warnings imports them all the same."])
        taken = TakenArticles()
        await _take(records, drafts, taken, write=True)
    taken.trial = trial
    for change in taken.changes:
        taken.count(change.what)
    return taken


async def _take(records: Records | None, drafts: Sequence[Draft], taken: TakenArticles, *, write: bool) -> list[Draft]:
    """Take them over batch by batch, or only see what that does; the articles that are new or different afterwards."""
    if records is None:
        taken.changes = [Change(draft.slug, draft.language, "added") for draft in drafts]
        return list(drafts)
    different = []
    for start in range(0, len(drafts), _ARTICLES_A_TIME):
        # A unit that reads never flushes: the same verb then only counts.
        async with records.write() if write else records.read() as work:
            different += await _take_some(work, drafts[start : start + _ARTICLES_A_TIME], taken)
    return different


async def _take_some(work: Work, drafts: Sequence[Draft], taken: TakenArticles) -> list[Draft]:
    rows = {(row.slug, row.language): row for row in await articles.everything(work)}
    before = {key: content_of(draft_from(row)) for key, row in rows.items()}
    # What says the same stays whose it is, a configured file's or the desk's.
    new = [one for one in drafts if before.get((one.slug, one.language)) != content_of(one)]
    configured = {key for key, row in rows.items() if row.source == "config"}
    await articles.take_over(work, new, _SOURCE, remove_others=False)
    different = []
    others = 0
    for draft in drafts:
        key = draft.slug, draft.language
        if key not in rows:
            taken.changes.append(Change(*key, "added"))
            different.append(draft)
            continue
        now = content_of(draft_from(rows[key]))
        fields = tuple(name for name, value in now.items() if value != before[key][name])
        taken.changes.append(Change(*key, "changed" if fields else "same", fields))
        if fields:
            different.append(draft_from(rows[key]))
            others += key in configured
    if others:
        taken.notes.append(
            f"{others} of them stand in the configured files ([knowledge] articles) with other "
            "words; those files win again at the next start."
        )
    return different


async def _try_out(records: Records | None, drafts: Sequence[Draft], book: Book) -> Trial | None:
    """What these articles, as they would be, change for customers; None when there is nothing to tell of it."""
    if not drafts:
        return None
    if records is not None:
        await book.refresh(records)
    if not book.differs(drafts):
        return None
    questions = []
    if records is not None:
        async with records.read() as work:
            questions = await judged_lately(work)
    replay = await book.replay_all(drafts, questions)
    named = {(one.slug, one.language) for one in drafts}
    failing = tuple(
        one for one in replay.failing_examples if (one.article, one.language) in named or one in replay.broken_examples
    )
    if not (questions or failing):
        return None
    wrong = (*replay.turned_wrong, *(one for one in replay.now_wrong if one not in replay.turned_wrong))[:_NAMED]
    if records is not None and wrong:
        async with records.write() as work:
            for one in wrong:
                audit.enter(work, None, "judgement.read", f"interaction:{one}")
    words = {one.key: one.text for one in questions}
    return Trial(replay, failing, tuple(words[one] for one in wrong))
