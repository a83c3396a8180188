"""`ask` and `match`: what the knowledge base would say, without anybody being told."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.options import AsJson, Config, has_database, opened, say, say_json, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from knowledge_base import Match

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
    "other_language": "there are articles, but in another language",
    "no_articles": "there are no articles",
}


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("ask")(ask)
    app.command("match")(match)


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What a customer would write.")],
    language: Annotated[
        str, typer.Option("--language", help="The customer's own language, asked where the script does not tell.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what the bot would say to a question, and why.

    The articles are those on record, or those of the configured files when there is no database yet. Nothing is written
    and no server is needed.
    """
    settings = settings_of(config)
    found, source = asyncio.run(_match(settings, question, language or settings.shop.languages[0]))
    if as_json:
        say_json(_as_json(found, source))
    else:
        _show(found, source)


async def _match(settings: "Settings", question: str, language: str) -> tuple["Match", str]:
    from bot.articles import Book
    from knowledge_base import Matcher, read_articles

    share = settings.knowledge.wrong_answers_at_most
    if has_database(settings):
        async with opened(settings) as records:
            book = Book(share)
            await book.refresh(records)
        if len(book):
            return book.match(question, language), "database"
    articles = [article for path in settings.article_paths for article in read_articles(path)]
    return Matcher(articles, share).match(question, language), "files"


def _as_json(found: "Match", source: str) -> dict[str, Any]:
    return {
        "decision": found.decision.value,
        "reason": found.reason,
        "why": REASONS[found.reason],
        "language": found.language,
        "articles_from": source,
        "candidates": [
            {"id": one.article.id, "title": one.article.title, "confidence": round(one.confidence, 6)}
            for one in found.candidates
        ],
        "suggestions": [one.article.id for one in found.suggestions] if found.decision == "suggest" else [],
        "answer": found.candidates[0].article.answer if found.decision == "answer" else None,
    }


def _show(found: "Match", source: str) -> None:
    where = "on record" if source == "database" else "in the configured files"
    say(f"{found.decision.value}: {DECISIONS[found.decision.value]}, for {REASONS[found.reason]}.")
    say(f"language: {found.language}; articles: those {where}")
    if found.candidates:
        say("candidates:")
    for one in found.candidates[:5]:
        say(f"  {one.confidence:6.1%}  {one.article.id}  {one.article.title}".rstrip())
    if found.decision == "answer":
        say("answer:")
        say("\n".join(f"  {line}".rstrip() for line in found.candidates[0].article.answer.splitlines()))


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
