"""`ask`, `match` and `knowledge check`: what the knowledge base would say, without anybody being told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.options import AsJson, Config, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.articles import Book
    from bot.config import Settings
    from knowledge_base import Article, Match
    from knowledge_base.checking import Finding

knowledge = typer.Typer(
    help="Look after the knowledge base.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
DECISIONS = {
    "answer": "the bot would answer",
    "suggest": "the bot would ask back",
    "escalate": "the bot would not answer by itself",
}
REASONS = {
    "sure": "it is sure of the first article",
    "same_words": "an article has these very words among its phrasings",
    "close_second": "two articles are about equally near",
    "half_sure": "it is not sure enough of the first article",
    "weak": "no article is near enough",
    "no_terms": "no article has any of these words",
    "no_words": "there are no words in the question",
    "empty": "the question is empty",
    "smalltalk_greeting": "this is a greeting",
    "smalltalk_thanks": "this is a word of thanks",
    "smalltalk_goodbye": "this is a goodbye",
    "smalltalk_abuse": "these are harsh words and no question",
    "smalltalk_person": "a person is wanted and nothing else",
    "smalltalk_ok": "this only says yes",
    "smalltalk_no": "this only says no",
    "one_word": "it is one word that several articles know",
    "other_language": "what is known of this is there in another language only",
    "no_articles": "there are no articles",
}


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("ask")(ask)
    app.command("match")(match)
    app.add_typer(knowledge, name="knowledge")


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What a customer would write.")],
    language: Annotated[
        str, typer.Option("--language", help="The customer's own language, asked where the script does not tell.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what the bot would say to a question, and why.

    The articles are those on record, or those of the configured files when there is none yet. Nothing is written and no
    server is needed. With [knowledge] embedder it is asked too; when it does not answer, that is said, and words alone
    are matched.
    """
    settings = settings_of(config)
    found, source, note = asyncio.run(_match(settings, question, language or settings.shop.languages[0]))
    if as_json:
        say_json(_as_json(found, source, note))
    else:
        _show(found, source, question, note)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What the commands look at: every article, and the matcher over those that customers may get now."""

    book: "Book"
    articles: "Sequence[Article]"
    source: str  # database or files
    now: datetime


@asynccontextmanager
async def _shelf(settings: "Settings") -> AsyncIterator[_Shelf]:
    """The articles on record, or those of the configured files; the matcher trained, the embedder asked for them."""
    from bot import logs
    from bot.articles import Book
    from bot.embedding import make_embedder
    from bot.opening import utc_now
    from knowledge_base import read_articles
    from knowledge_base.checking import is_current

    logs.set_up("error", as_json=settings.log.json)  # what the embedder says is said by the command
    book = Book(settings.knowledge.wrong_answers_at_most, make_embedder(settings))
    try:
        found, source, now = await _on_record(settings, book), "database", utc_now()
        if not found:
            found, source = [one for path in settings.article_paths for one in read_articles(path)], "files"
            await book.hold(one for one in found if is_current(one, now))
        while await book.settle():
            pass
        yield _Shelf(book, found, source, now)
    finally:
        book.close()


async def _on_record(settings: "Settings", book: "Book") -> "list[Article]":
    """Every article on record, none without a database; the book takes up those that customers may get."""
    from bot.shelf import article_of
    from crm_core import articles

    if not has_database(settings):
        return []
    async with opened(settings) as records:
        await book.refresh(records)
        async with records.read() as work:
            return [article_of(row) for row in await articles.everything(work)]


async def _match(settings: "Settings", question: str, language: str) -> tuple["Match", str, str]:
    """What the bot would decide, where the articles are from, and what is to be said of the embedder."""
    from knowledge_base.asides import told_apart

    async with _shelf(settings) as shelf:
        await shelf.book.understand([(question, language)])
        found = told_apart(shelf.book.match(question, language), question)
        return found, shelf.source, _without_meaning(shelf.book.embedder_error)


def _without_meaning(error: str | None) -> str:
    """What is said when the embedder did not answer, "" when it did or when there is none."""
    return f"The embedder did not answer, so words alone were matched: {error.rstrip('.')}." if error else ""


def _as_json(found: "Match", source: str, note: str) -> dict[str, Any]:
    return {
        "decision": found.decision.value,
        "reason": found.reason,
        "why": REASONS[found.reason],
        "language": found.language,
        "articles_from": source,
        "answer_from": _answer_from(found),
        "candidates": [
            {
                "id": one.article.id,
                "title": one.article.title,
                "confidence": round(one.confidence, 6),
                "terms": list(one.terms),
            }
            for one in found.candidates
        ],
        "suggestions": [one.article.id for one in found.suggestions] if found.decision == "suggest" else [],
        "answer": found.candidates[0].article.answer if found.decision == "answer" else None,
        "notes": [note] if note else [],
    }


def _show(found: "Match", source: str, question: str, note: str) -> None:
    from bot.explaining import as_written

    where = "on record" if source == "database" else "in the configured files"
    say(f"{found.decision.value}: {DECISIONS[found.decision.value]}, for {REASONS[found.reason]}.")
    say(f"language: {found.language}; articles: those {where}")
    if note:
        say(note)
    if (answer_from := _answer_from(found)) is not None:
        say(f"by itself the bot answers from {answer_from:.1%} on")
    if found.candidates:
        say("candidates:")
    for one in found.candidates[:5]:
        language = "" if one.article.language == found.language else f" ({one.article.language})"
        say(f"  {one.confidence:6.1%}  {one.article.id}{language}  {one.article.title}".rstrip())
        if words := as_written(one.terms, question):
            say(f"          shared words: {', '.join(words)}")
    if len(found.candidates) > 1:
        first, second = found.candidates[:2]
        behind = (first.confidence - second.confidence) * 100
        say(f"second: {second.article.id}, {behind:.1f} points behind {first.article.id}")
    if found.decision == "answer":
        say("answer:")
        say("\n".join(f"  {line}".rstrip() for line in found.candidates[0].article.answer.splitlines()))


def _answer_from(found: "Match") -> float | None:
    """The confidence from which on the matcher answers by itself, where it says so."""
    value = getattr(found, "answer_from", None)
    return None if value is None else float(value)


def match(
    articles: Annotated[Path, typer.Option("--articles", metavar="FILE", help="Articles, a file or a folder.")],
    questions: Annotated[
        Path, typer.Option("--questions", metavar="FILE", help='Questions as JSON Lines: {"text": …} a line.')
    ],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the decisions are written.")],
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Take [knowledge] wrong_answers_at_most from here, not 0.05."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Match a file of questions with a file of articles.

    For measuring: line by line the output says what was decided, why, and the candidates with their confidence. Neither
    a database nor a configuration is needed.
    """
    from knowledge_base import match_files

    share = settings_of(config).knowledge.wrong_answers_at_most if config else 0.05
    found = match_files(articles, questions, output, share)
    if as_json:
        say_json(
            {
                "questions": found.questions,
                "answered": found.answered,
                "suggested": found.suggested,
                "escalated": found.escalated,
                "output": str(output),
            }
        )
    else:
        say(
            f"{found.questions} questions: {found.answered} answered, {found.suggested} asked back, "
            f"{found.escalated} escalated. Written to {output}."
        )


_FINDINGS = {
    "must_match": '{place} must be first for "{text}", and {first} is',
    "must_not_match": '{place} must not be the answer to "{text}", and is ({confidence:.1%} sure)',
    "duplicate": '{place} and {other} say nearly the same in their {alike} ("{mine}" / "{theirs}")',
    "torn": '{place}: "{phrasing}" pulls towards {other} ("{nearest}")',
    "translation": "{place} has no version in {missing}",
    "over": "{place} is over since {until}: archive it, or change its end",
    "few": "{place} has few phrasings ({count}): five or more make it easier to find",
    "related": "{place} names {other} as related, which is no article",
}


@knowledge.command("check")
def check(config: Config = None, as_json: AsJson = False) -> None:
    """Look whether the articles do what they should.

    Their examples are tried, articles that say the same and phrasings that pull two ways are pointed out, and so are
    missing translations, articles that are over or have few phrasings, and related articles that there are not. The
    articles are those on record, or those of the configured files when there is none yet. With [knowledge] embedder the
    examples are tried with it, as the bot would. The exit code is 1 when an example fails; the rest are notes.
    """
    settings = settings_of(config)
    findings, count, source, note = asyncio.run(_check(settings))
    failing = sum(one.wrong for one in findings)
    if as_json:
        say_json(
            {
                "articles": count,
                "articles_from": source,
                "failing": failing,
                "findings": [
                    {"kind": one.kind, "wrong": one.wrong, "id": one.article, "language": one.language, **one.values}
                    for one in findings
                ],
                "notes": [note] if note else [],
            }
        )
    else:
        for one in findings:
            say(f"{'WRONG' if one.wrong else 'note '}  {_sentence(one)}.")
        if note:
            say(note)
        where = "on record" if source == "database" else "in the configured files"
        say(f"{count} articles {where}: {failing} examples fail, {len(findings) - failing} notes.")
    if failing:
        raise typer.Exit(1)


def _sentence(finding: "Finding") -> str:
    values = {name: value[:80] if isinstance(value, str) else value for name, value in finding.values.items()}
    values["first"] = values.get("first") or "nothing"
    return _FINDINGS[finding.kind].format(place=f"{finding.language}/{finding.article}", **values)


async def _check(settings: "Settings") -> tuple[list["Finding"], int, str, str]:
    """The findings, the number of articles, where they are from, and what is to be said of the embedder."""
    from knowledge_base.checking import check, is_current

    async with _shelf(settings) as shelf:
        current = [one for one in shelf.articles if is_current(one, shelf.now)]
        found: dict[tuple[str, str], Match] = {}
        error = shelf.book.embedder_error
        for one in current:
            for text in (*one.must_match, *one.must_not_match):
                await shelf.book.understand([(text, one.language)])
                error = error or shelf.book.embedder_error
                found[text, one.language] = shelf.book.match(text, one.language)
        languages = settings.shop.languages
        findings = check(shelf.articles, lambda text, language: found[text, language], languages, shelf.now)
        return findings, len(shelf.articles), shelf.source, _without_meaning(error)
