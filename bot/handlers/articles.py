"""Articles in the chat: how one stands and does, publishing that is tried out first, earlier versions, and synonyms."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.handlers.learning import refused
from bot.handlers.publishing import lines_of, own_examples, try_out, warning
from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import articles, synonyms
from crm_core.models import Article, ArticleState, ArticleVersion, Staff
from crm_core.reports import REPORTS
from crm_core.rules.knowledge import Draft, KnowledgeRefused, content_of, draft_from, draft_of
from knowledge_base.replay import Replay

_SCORED = timedelta(days=30)
_NAMED = 30  # articles that are named when none was asked for
_VERSIONS = 6
_PREVIEW = 600  # characters of an answer
_PHRASINGS = 5
_GROUPS = 30  # groups of synonyms that are listed with a button each


async def show(turn: Turn) -> list[Reply]:
    """`/article refund`, or `/article refund zh`: what it says, how it does, and what can be done with it."""
    slug, _, language = turn.argument.partition(" ")
    if not slug:
        return [await _which(turn)]
    try:
        row = await articles.find_known(turn.work, slug, await _language(turn, slug, language.strip()))
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return [await _card(turn, row)]


async def _which(turn: Turn) -> Reply:
    slugs = dict.fromkeys(row.slug for row in await articles.everything(turn.work))
    names = " · ".join(list(slugs)[:_NAMED])
    return turn.reply("article-which", names=names, count=len(slugs))


async def _language(turn: Turn, slug: str, wanted: str) -> str:
    """The language that was asked for, else the reader's own if there is such an article, else one that there is."""
    if wanted:
        return wanted
    for language in dict.fromkeys((turn.language, *turn.shop.texts.languages)):
        if await articles.find(turn.work, slug, language) is not None:
            return language
    return turn.language


async def _card(turn: Turn, row: Article) -> Reply:
    others = [one for one in turn.shop.texts.languages if one != row.language]
    missing = [one for one in others if await articles.find(turn.work, row.slug, one) is None]
    lines = [
        turn.say("article-title", title=row.title or row.slug, slug=row.slug, language=_name_of(turn, row.language)),
        turn.say("article-stands", state=turn.say(f"article-state-{row.state}"), version=row.version),
        *_validity(turn, row),
        *[turn.say("article-missing", language=_name_of(turn, one)) for one in missing],
        turn.say("article-phrasings", count=len(row.phrasings), some=" · ".join(map(str, row.phrasings[:_PHRASINGS]))),
        "",
        row.answer[:_PREVIEW] + ("…" if len(row.answer) > _PREVIEW else ""),
        "",
        await _score(turn, row.slug),
    ]
    return Reply(text="\n".join(lines), titled=True, buttons=_buttons(turn, row))


def _name_of(turn: Turn, language: str) -> str:
    spoken = language in turn.shop.texts.languages
    return turn.shop.texts.say(language, "language-name") if spoken else language


def _validity(turn: Turn, row: Article) -> list[str]:
    lines = []
    if row.valid_from is not None:
        lines.append(turn.say("article-from", at=_day(turn, row.valid_from)))
    if row.valid_until is not None:
        lines.append(turn.say("article-until", at=_day(turn, row.valid_until)))
    return lines


def _day(turn: Turn, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(turn.shop.zone)):%Y-%m-%d %H:%M}"


async def _score(turn: Turn, slug: str) -> str:
    report = await REPORTS["articles"].make(turn.work, turn.work.now - _SCORED)
    for row in report.rows:
        scores = dict(zip(report.columns, row, strict=True))
        if scores["article"] == slug and scores["shown"]:
            return turn.say(
                "article-score", **{name: value for name, value in scores.items() if isinstance(value, int)}
            )
    return turn.say("article-never-shown")


def _buttons(turn: Turn, row: Article) -> tuple[tuple[Button, ...], ...]:
    def button(key: str, act: str) -> Button:
        return turn.button(key, act, slug=row.slug, language=row.language)

    publish, archive = button("button-publish", "article.publish"), button("button-archive", "article.archive")
    now = {ArticleState.DRAFT: (publish, archive), ArticleState.PUBLISHED: (archive,)}.get(
        ArticleState(row.state), (publish,)
    )
    return (now, (button("button-versions", "article.show"),))


async def versions(turn: Turn) -> list[Reply]:
    """The newest versions of an article: when, what happened and by whom, each with the way back to it."""
    slug, language = _named(turn)
    found = await articles.versions(turn.work, slug, language, _VERSIONS)
    if not found:
        return [turn.reply("versions-none", slug=slug)]
    lines = [turn.say("versions-title", slug=slug), *[await _version(turn, one) for one in found]]
    rows = tuple(
        (
            Button(
                label=turn.say("button-restore", number=str(one.number)),
                act="article.restore",
                args={"slug": slug, "language": language, "number": one.number},
            ),
        )
        for one in found[1:]
    )
    return [Reply(text="\n".join(lines), titled=True, buttons=rows)]


async def _version(turn: Turn, one: ArticleVersion) -> str:
    by = await turn.work.session.get(Staff, one.staff_id) if one.staff_id else None
    act = turn.say(f"version-{one.act}")
    name = by.name if by else turn.say("version-file")
    return turn.say("version-line", number=str(one.number), at=_day(turn, one.at), act=act, name=name)


def _named(turn: Turn) -> tuple[str, str]:
    assert turn.pressed is not None
    return str(turn.pressed.args["slug"]), str(turn.pressed.args["language"])


# ---- what changes ----


async def look_publish(turn: Turn) -> Callable[[], Any] | None:
    """What publishing would change; nothing is tried when somebody said: publish anyway."""
    draft = await _to_be(turn)
    return await try_out(turn, draft) if draft is not None else None


async def _to_be(turn: Turn) -> Draft | None:
    """The article as it would be published by this press."""
    if turn.pressed is None or turn.pressed.args.get("anyway"):
        return None
    slug, language = _named(turn)
    row = await articles.find(turn.work, slug, language)
    if "number" not in turn.pressed.args:
        return draft_of(slug, language, _published(draft_from(row))) if row is not None else None
    number = int(turn.pressed.args["number"])
    kept = [one for one in await articles.versions(turn.work, slug, language) if one.number == number]
    if not kept or row is None or row.state != ArticleState.PUBLISHED:
        return None  # customers do not get it, so nothing changes for them
    return draft_of(slug, language, {**kept[0].content, "state": ArticleState.PUBLISHED.value})


def _published(draft: Draft) -> dict[str, Any]:
    return {**content_of(draft), "state": ArticleState.PUBLISHED.value}


async def publish(turn: Turn) -> list[Reply]:
    """Let customers get an article; when right answers would become wrong, only after a second, explicit word."""
    assert turn.staff is not None
    slug, language = _named(turn)
    if (held := await _held_back(turn, "button-publish-anyway", "article.publish")) is not None:
        return [held]
    try:
        await articles.publish(turn.work, slug, language, turn.staff.id)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return [await _done(turn, "article-published", slug)]


async def restore(turn: Turn) -> list[Reply]:
    """Let an article say again what it said in an earlier version."""
    assert turn.staff is not None
    assert turn.pressed is not None
    slug, language = _named(turn)
    number = int(turn.pressed.args["number"])
    if (held := await _held_back(turn, "button-restore-anyway", "article.restore", number=number)) is not None:
        return [held]
    try:
        await articles.restore(turn.work, slug, language, number, turn.staff.id)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return [await _done(turn, "article-restored", slug)]


async def _held_back(turn: Turn, key: str, act: str, **more: Any) -> Reply | None:
    if not isinstance(turn.found, Replay):
        return None
    slug, language = _named(turn)
    own = own_examples(turn.found, slug, language)
    if not (turn.found.regression or own):
        return None
    anyway = turn.button(key, act, slug=slug, language=language, anyway=True, **more)
    return await warning(turn, turn.found, anyway, own=own)


async def _done(turn: Turn, key: str, slug: str) -> Reply:
    lines = await lines_of(turn, turn.found) if isinstance(turn.found, Replay) else []
    return Reply(text="\n".join((turn.say(key, slug=slug), *lines)))


async def look_archive(turn: Turn) -> Callable[[], Any] | None:
    """What archiving would change: nothing when customers do not get it, or somebody said: archive anyway."""
    if turn.pressed is None or turn.pressed.args.get("anyway"):
        return None
    slug, language = _named(turn)
    row = await articles.find(turn.work, slug, language)
    if row is None or row.state != ArticleState.PUBLISHED:
        return None
    return await try_out(turn, draft_of(slug, language, {**content_of(row), "state": ArticleState.ARCHIVED.value}))


async def archive(turn: Turn) -> list[Reply]:
    """Customers do not get it any more; it is kept. When answers would be lost, only after a second, explicit word."""
    assert turn.staff is not None
    slug, language = _named(turn)
    found = turn.found
    if isinstance(found, Replay) and (found.regression or found.no_longer_answered):
        anyway = turn.button("button-archive-anyway", "article.archive", slug=slug, language=language, anyway=True)
        return [await warning(turn, found, anyway)]
    try:
        await articles.archive(turn.work, slug, language, turn.staff.id)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return [await _done(turn, "article-archived", slug)]


# ---- synonyms ----


async def words(turn: Turn) -> list[Reply]:
    """`/synonyms` lists groups, `/synonyms en parcel, package` adds one; a button removes one."""
    assert turn.staff is not None
    try:
        if turn.pressed is not None:
            gone = await synonyms.remove(turn.work, int(turn.pressed.args["group"]), turn.staff.id)
            return [turn.reply("synonyms-removed", words=", ".join(map(str, gone.words)))]
        language, _, written = turn.argument.partition(" ")
        if not language:
            return [await _listed(turn, one) for one in turn.shop.texts.languages]
        if language not in turn.shop.texts.languages:
            return [turn.reply("synonyms-language", languages=", ".join(turn.shop.texts.languages))]
        if not written:
            return [await _listed(turn, language)]
        added = await synonyms.add(turn.work, language, re.split(r"[,，、;；\n]", written), turn.staff.id)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return [turn.reply("synonyms-added", words=", ".join(map(str, added.words)))]


async def _listed(turn: Turn, language: str) -> Reply:
    groups = await synonyms.listed(turn.work, language)
    name = _name_of(turn, language)
    if not groups:
        return turn.reply("synonyms-none", name=name, language=language)
    shown = list(groups)[-_GROUPS:]
    lines = [", ".join(map(str, one.words)) for one in shown]
    rows = tuple(
        (
            Button(
                label=turn.say("button-remove-synonyms", word=str(one.words[0])[:40]),
                act="synonyms",
                args={"group": str(one.id)},
            ),
        )
        for one in shown
    )
    title = turn.say("synonyms-title", name=name, count=len(groups), shown=len(shown))
    return Reply(text="\n".join((title, *lines)), titled=True, buttons=rows)


HANDLER = Handler(
    name="articles",
    commands={"/article": ("article.show", show), "/synonyms": ("synonyms", words)},
    acts={
        "article.show": versions,
        "article.publish": publish,
        "article.archive": archive,
        "article.restore": restore,
        "synonyms": words,
    },
    ahead={"article.publish": look_publish, "article.restore": look_publish, "article.archive": look_archive},
)
