"""Checking: what in the articles of a shop is wrong, or worth a look, before customers find it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from knowledge_base.article import Article
from knowledge_base.duplicates import examine
from knowledge_base.matcher import Decision, Match

FEW_PHRASINGS: Final = 4  # fewer than these are pointed out
_DRAFT: Final = "draft"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one article; `kind` is a key for a sentence, with `values` in it.

    Kinds: "must_match" and "must_not_match" (an example fails, and the shop should put it right); "duplicate", "torn",
    "translation", "over", "few" and "related" (worth a look).
    """

    kind: str
    article: str  # its id
    language: str
    values: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """Whether it fails the check, not only deserves a look."""
        return self.kind in {"must_match", "must_not_match"}


def check(
    articles: Iterable[Article], match: Callable[[str, str], Match], languages: Sequence[str], now: datetime
) -> list[Finding]:
    """Look at all articles of a shop that speaks these languages; failing examples come first.

    `match` is asked with a text and its language, and knows the articles that customers may get.
    """
    every = [one for one in articles if one.state != "archived"]
    current = [one for one in every if is_current(one, now)]
    findings = [finding for one in current for finding in _examples(one, match)]
    findings += _alike(current)
    findings += _translations(every, languages)
    for one in every:
        findings += _single(one, {other.id for other in every}, now)
    return findings


def is_current(article: Article, now: datetime) -> bool:
    """Whether customers may get it: published, begun and not over."""
    begun = article.valid_from is None or article.valid_from <= now
    over = article.valid_until is not None and article.valid_until <= now
    return article.state == "published" and begun and not over


def _examples(article: Article, match: Callable[[str, str], Match]) -> Iterator[Finding]:
    for kind, texts in (("must_match", article.must_match), ("must_not_match", article.must_not_match)):
        for text in texts:
            found = match(text, article.language)
            first = found.candidates[0] if found.candidates else None
            key = (first.article.id, first.article.language) if first else None
            is_first = key == (article.id, article.language)
            if not is_first if kind == "must_match" else is_first and found.decision is Decision.ANSWER:
                values: dict[str, str | int | float] = {
                    "text": text,
                    "first": first.article.id if first else "",
                    "confidence": round(first.confidence, 6) if first else 0.0,
                }
                yield Finding(kind, article.id, article.language, values)


def _alike(articles: Sequence[Article]) -> Iterator[Finding]:
    found = examine(articles)
    for pair in found.duplicates:
        mine, theirs = pair.example
        yield Finding(
            "duplicate",
            pair.first.id,
            pair.first.language,
            {
                "other": pair.second.id,
                "alike": pair.alike,
                "similarity": round(pair.similarity, 3),
                "mine": mine,
                "theirs": theirs,
            },
        )
    for torn in found.torn:
        yield Finding(
            "torn",
            torn.article.id,
            torn.article.language,
            {"other": torn.other.id, "phrasing": torn.phrasing, "nearest": torn.nearest},
        )


def _translations(articles: Sequence[Article], languages: Sequence[str]) -> Iterator[Finding]:
    there: dict[str, dict[str, Article]] = {}
    for one in articles:
        if one.state != _DRAFT:
            there.setdefault(one.id, {})[one.language] = one
    for versions in there.values():
        first = next(iter(versions.values()))
        for language in languages:
            if language not in versions:
                yield Finding("translation", first.id, first.language, {"missing": language})


def _single(article: Article, ids: set[str], now: datetime) -> Iterator[Finding]:
    if article.state == "published" and article.valid_until is not None and article.valid_until <= now:
        yield Finding("over", article.id, article.language, {"until": article.valid_until.isoformat()})
    if is_current(article, now) and len(article.phrasings) < FEW_PHRASINGS:
        yield Finding("few", article.id, article.language, {"count": len(article.phrasings)})
    for other in article.related:
        if other not in ids:
            yield Finding("related", article.id, article.language, {"other": other})
