"""Articles on record: what the shop learnt outlives restarts, every change is a version, and bad ones are refused."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core import articles
from crm_core.models import Article, ArticleVersion, AuditEntry
from crm_core.rules.knowledge import Draft, KnowledgeRefused, draft_from
from crm_core.work import Work
from tests.builders import ARTICLES, House

GIFT = Draft(
    slug="gift",
    language="en",
    title="Gift wrapping",
    category="shop",
    phrasings=("do you wrap gifts",),
    answer="We wrap gifts for free.",
)


async def does(house: House, verb: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """One verb in a transaction of its own."""
    async with house.app.records.write() as work:
        return await verb(work, *args)


async def reads(house: House, verb: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    async with house.app.records.read() as work:
        return await verb(work, *args)


async def refused(house: House, verb: Callable[..., Awaitable[Any]], *args: Any) -> str:
    """The key of a refusal; nothing else may have changed."""
    before = [await house.how_many(table) for table in (Article, ArticleVersion, AuditEntry)]
    with pytest.raises(KnowledgeRefused) as caught:
        await does(house, verb, *args)
    assert before == [await house.how_many(table) for table in (Article, ArticleVersion, AuditEntry)]
    return caught.value.key


def file_of(house: House) -> Path:
    (path,) = house.app.settings.article_paths
    return path


def rewrite(house: House, slug: str, **fields: object) -> None:
    """Change an English article in the configured file."""
    lines = [json.loads(line) for line in ARTICLES.splitlines()]
    for line in lines:
        if (line["id"], line["language"]) == (slug, "en"):
            line.update(fields)
    file_of(house).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


async def restart(house: House) -> None:
    """What every start does with the configured files."""
    await house.app.book.load_configured(house.app.records, house.app.settings.article_paths)


async def acts(house: House, slug: str) -> list[tuple[int, str]]:
    return [(one.number, one.act) for one in reversed(await reads(house, articles.versions, slug, "en"))]


# ---- what was learnt, and files ----


async def test_a_learnt_phrasing_outlives_a_restart_and_a_change_of_the_file(house: House) -> None:
    """The file's new words arrive, what it dropped goes, and what the shop learnt is still there."""
    await does(house, articles.add_phrasing, "refund", "en", "gimme my cash", None)
    await restart(house)
    after_restart = (await reads(house, articles.find, "refund", "en")).phrasings

    rewrite(house, "refund", phrasings=["refund please", "return the money"], answer="Within 10 days.")
    await restart(house)

    row = await reads(house, articles.find, "refund", "en")
    assert after_restart[-1] == "gimme my cash"
    assert len(after_restart) == 5
    assert row.phrasings == ["refund please", "return the money", "gimme my cash"]
    assert row.answer == "Within 10 days."


async def test_an_unchanged_file_leaves_alone_what_the_shop_changed(house: House) -> None:
    """An edited answer, a phrasing taken out and an archived article stay so."""
    row = await reads(house, articles.find, "refund", "en")
    edited = replace(draft_from(row), answer="Ask us.", phrasings=tuple(row.phrasings[1:]))
    await does(house, articles.save, edited, None)
    await does(house, articles.archive, "track", "en", None)

    await restart(house)
    rewrite(house, "refund", title="Money back")
    await restart(house)

    row = await reads(house, articles.find, "refund", "en")
    assert (row.title, row.answer, len(row.phrasings)) == ("Money back", "Ask us.", 3)
    assert (await reads(house, articles.find, "track", "en")).state == "archived"


async def test_where_both_changed_the_same_field_the_file_wins_and_the_shops_words_stay_in_a_version(
    house: House,
) -> None:
    row = await reads(house, articles.find, "refund", "en")
    await does(house, articles.save, replace(draft_from(row), answer="Ours."), None)
    rewrite(house, "refund", answer="The file's.")

    await restart(house)

    kept = await reads(house, articles.versions, "refund", "en")
    assert [one.content["answer"] for one in kept[:2]] == ["The file's.", "Ours."]


async def test_starting_again_and_again_adds_no_versions(house: House) -> None:
    await does(house, articles.add_phrasing, "refund", "en", "gimme my cash", None)
    before = await house.how_many(ArticleVersion)

    await restart(house)
    await restart(house)

    assert await house.how_many(ArticleVersion) == before


async def test_an_article_that_left_the_files_goes_and_its_numbers_go_on_when_it_returns(house: House) -> None:
    text = file_of(house).read_text(encoding="utf-8")
    file_of(house).write_text("".join(text.splitlines(keepends=True)[1:]), encoding="utf-8")
    await restart(house)
    gone = await reads(house, articles.find, "delivery", "en")

    file_of(house).write_text(text, encoding="utf-8")
    await restart(house)

    assert gone is None
    assert await acts(house, "delivery") == [(1, "imported"), (2, "removed"), (3, "imported")]


async def test_an_article_from_before_there_were_versions_keeps_what_it_said(house: House) -> None:
    """Its first version is what it said until then, and its file still does not undo what is learnt."""
    async with house.app.records.write() as work:
        row = await articles.find_known(work, "refund", "en")
        row.version, row.taken = 0, None
        for version in await articles.versions(work, "refund", "en"):
            await work.session.delete(version)

    await does(house, articles.add_phrasing, "refund", "en", "gimme my cash", None)
    rewrite(house, "refund", title="Money back")
    await restart(house)

    first = (await reads(house, articles.versions, "refund", "en"))[-1]
    row = await reads(house, articles.find, "refund", "en")
    assert await acts(house, "refund") == [(1, "imported"), (2, "learnt"), (3, "imported")]
    assert "gimme my cash" not in first.content["phrasings"]
    assert (row.title, row.phrasings[-1]) == ("Money back", "gimme my cash")


async def test_an_import_that_only_looks_counts_the_same_and_writes_nothing(house: House) -> None:
    """A dry run goes through the same verb in a work that cannot write."""
    drafts = [GIFT, Draft(slug="refund", language="en", title="R", category="", phrasings=("x",), answer="y")]

    async with house.app.records.read() as work:
        looked = await articles.take_over(work, drafts, "import", remove_others=False)
    versions = await house.how_many(ArticleVersion)
    async with house.app.records.write() as work:
        done = await articles.take_over(work, drafts, "import", remove_others=False)

    assert looked == done == {"added": 1, "changed": 1, "same": 0, "removed": 0}
    assert await house.how_many(ArticleVersion) == versions + 2


# ---- what staff do ----


async def test_every_change_is_a_version_with_who_and_what_and_an_audit_entry(house: House) -> None:
    await does(house, articles.save, GIFT, 7)
    await does(house, articles.save, replace(GIFT, answer="We wrap gifts for 2 EUR."), 7)
    await does(house, articles.add_phrasing, "gift", "en", "wrap it please", 8)
    await does(house, articles.unpublish, "gift", "en", 7)
    await does(house, articles.publish, "gift", "en", 8)
    await does(house, articles.archive, "gift", "en", 8)
    await does(house, articles.remove, "gift", "en", 7)

    kept = list(reversed(await reads(house, articles.versions, "gift", "en")))
    assert [(one.act, one.staff_id) for one in kept] == [
        ("edited", 7), ("edited", 7), ("learnt", 8), ("unpublished", 7), ("published", 8), ("archived", 8),
        ("removed", 7),
    ]  # fmt: skip
    assert [one.content["state"] for one in kept[-4:]] == ["draft", "published", "archived", "archived"]
    entries = await house.rows(AuditEntry, AuditEntry.subject == "article:gift:en")
    assert [entry.act.removeprefix("article.") for entry in entries] == [
        "edit", "edit", "learn", "unpublish", "publish", "archive", "remove",
    ]  # fmt: skip


async def test_what_changes_nothing_leaves_no_trace(house: House) -> None:
    await does(house, articles.save, GIFT, 7)
    before = [await house.how_many(table) for table in (ArticleVersion, AuditEntry)]

    await does(house, articles.save, GIFT, 8)
    await does(house, articles.publish, "gift", "en", 8)

    assert before == [await house.how_many(table) for table in (ArticleVersion, AuditEntry)]


async def test_a_version_is_restored_without_changing_whether_customers_get_it(house: House) -> None:
    await does(house, articles.save, GIFT, 7)
    await does(house, articles.save, replace(GIFT, answer="Never."), 7)
    await does(house, articles.unpublish, "gift", "en", 7)

    await does(house, articles.restore, "gift", "en", 1, 8)

    row = await reads(house, articles.find, "gift", "en")
    assert (row.answer, row.state, row.version) == ("We wrap gifts for free.", "draft", 4)


async def test_a_removed_article_comes_back_as_a_draft(house: House) -> None:
    await does(house, articles.save, GIFT, 7)
    await does(house, articles.remove, "gift", "en", 7)

    await does(house, articles.restore, "gift", "en", 2, 7)

    row = await reads(house, articles.find, "gift", "en")
    assert (row.answer, row.state, row.version) == ("We wrap gifts for free.", "draft", 3)


async def test_a_restored_version_has_every_field_again(house: House) -> None:
    full = replace(
        GIFT,
        tags=("xmas",),
        must_match=("wrap",),
        must_not_match=("rap",),
        attachments=({"name": "Papers", "url": "https://shop.example/papers.pdf"},),
        buttons=({"label": "Papers", "url": "https://shop.example/papers"},),
        related=("delivery",),
        valid_from=house.hands.now,
        valid_until=house.hands.now + timedelta(days=40),
    )
    await does(house, articles.save, full, 7)
    await does(house, articles.save, GIFT, 7)

    await does(house, articles.restore, "gift", "en", 1, 7)

    assert draft_from(await reads(house, articles.find, "gift", "en")) == full


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"answer": "  "}, "article_no_answer"),
        ({"answer": "x" * 3_801}, "article_long_answer"),
        ({"slug": ""}, "article_bad_slug"),
        ({"slug": "x" * 191}, "article_bad_slug"),
        ({"phrasings": ()}, "article_no_phrasing"),
        ({"phrasings": ("…",)}, "phrasing_empty"),
        ({"must_match": ("word " * 10_000,)}, "phrasing_long"),
        ({"phrasings": tuple(f"wrap {n}" for n in range(2_001))}, "phrasing_many"),
        ({"state": "secret"}, "article_bad_state"),
        ({"buttons": ({"label": "Go", "url": "javascript:alert(1)"},)}, "article_bad_link"),
        ({"attachments": ({"name": "Go"},)}, "article_bad_link"),
    ],
)
async def test_an_article_that_is_not_in_order_is_refused(house: House, fields: dict[str, Any], key: str) -> None:
    assert await refused(house, articles.save, replace(GIFT, **fields), 7) == key


async def test_an_article_that_ends_before_it_begins_is_refused(house: House) -> None:
    never = replace(GIFT, valid_from=house.hands.now, valid_until=house.hands.now)

    assert await refused(house, articles.save, never, 7) == "article_bad_dates"


async def test_a_draft_without_a_phrasing_is_kept_but_not_published(house: House) -> None:
    await does(house, articles.save, replace(GIFT, phrasings=(), state="draft"), 7)

    assert await refused(house, articles.publish, "gift", "en", 7) == "article_no_phrasing"


@pytest.mark.parametrize(
    ("wording", "key"),
    [
        ("Refund please", "phrasing_known"),
        ("  refund   PLEASE?! ", "phrasing_known"),
        ("ｒｅｆｕｎｄ please", "phrasing_known"),
        ("Where is my order", "phrasing_elsewhere"),
        ("", "phrasing_empty"),
        (" ?! ", "phrasing_empty"),
        ("x" * 1_001, "phrasing_long"),
    ],
)
async def test_a_phrasing_that_is_known_or_out_of_bounds_is_refused(house: House, wording: str, key: str) -> None:
    assert await refused(house, articles.add_phrasing, "refund", "en", wording, 7) == key


async def test_a_phrasing_with_signs_that_mean_something_to_a_database_is_learnt_and_found(house: House) -> None:
    wording = '100 % "sure"_\\ \' ; refund'
    await does(house, articles.add_phrasing, "refund", "en", wording, 7)

    assert await refused(house, articles.add_phrasing, "track", "en", wording, 7) == "phrasing_elsewhere"
    assert (await reads(house, articles.find, "refund", "en")).phrasings[-1] == wording


async def test_the_same_words_in_another_language_are_no_duplicate(house: House) -> None:
    await does(house, articles.add_phrasing, "delivery", "zh", "refund please", 7)

    assert (await reads(house, articles.find, "delivery", "zh")).phrasings[-1] == "refund please"


@pytest.mark.parametrize("verb", [articles.publish, articles.archive, articles.unpublish, articles.remove])
async def test_an_article_that_nobody_knows_is_refused(house: House, verb: Callable[..., Awaitable[Any]]) -> None:
    assert await refused(house, verb, "nothing", "en", 7) == "article_unknown"


async def test_an_article_of_the_files_can_be_archived_but_not_removed(house: House) -> None:
    assert await refused(house, articles.remove, "refund", "en", 7) == "article_configured"
    assert await refused(house, articles.restore, "refund", "en", 99, 7) == "version_unknown"


async def test_two_colleagues_in_one_transaction_get_a_version_each(house: House) -> None:
    """Turns that wait at the same moment share a transaction."""
    async with house.app.records.write() as work:
        await articles.save(work, GIFT, 7)
        await articles.add_phrasing(work, "gift", "en", "wrap it please", 8)
        await articles.add_phrasing(work, "gift", "en", "with a ribbon", 9)
        with pytest.raises(KnowledgeRefused):
            await articles.add_phrasing(work, "gift", "en", "With a ribbon?", 7)

    assert await acts(house, "gift") == [(1, "edited"), (2, "learnt"), (3, "learnt")]


# ---- what a matcher is built from ----


async def test_customers_get_what_is_published_and_valid_at_this_moment(house: House) -> None:
    now = house.hands.now
    cases: dict[str, dict[str, Any]] = {
        "draft": {"state": "draft"},
        "archived": {"state": "archived"},
        "early": {"valid_from": now + timedelta(hours=1)},
        "late": {"valid_until": now},
        "valid": {"valid_from": now, "valid_until": now + timedelta(hours=2)},
    }
    for slug, fields in cases.items():
        await does(house, articles.save, replace(GIFT, slug=slug, phrasings=(f"what is {slug}",), **fields), 7)

    async def live() -> set[str]:
        return {row.slug for row in await reads(house, articles.published)} & cases.keys()

    assert await live() == {"valid"}
    house.hands.move(hours=1, minutes=1)
    assert await live() == {"valid", "early"}
    house.hands.move(hours=1)
    assert await live() == {"early"}


async def test_the_mark_moves_with_every_change_and_with_the_clock_and_only_then(house: House) -> None:
    marks = [await reads(house, articles.version)]

    async def moved() -> bool:
        marks.append(await reads(house, articles.version))
        return marks[-1] not in marks[:-1]

    assert not await moved()
    begins = replace(
        GIFT, valid_from=house.hands.now + timedelta(hours=1), valid_until=house.hands.now + timedelta(hours=2)
    )
    await does(house, articles.save, begins, 7)
    assert await moved()
    house.hands.move(hours=1, minutes=1)
    assert await moved()
    assert not await moved()
    house.hands.move(hours=1)
    assert await moved()
    await does(house, articles.remove, "gift", "en", 7)
    assert await moved()
    house.hands.move(days=-1)
    await does(house, articles.add_phrasing, "refund", "en", "after the clock was set back", 7)
    assert await moved()


async def test_a_commit_tells_which_articles_changed(house: House) -> None:
    """So that a matcher need not wait until it looks again."""
    told: list[set[tuple[str, str]]] = []

    def listen(work: Work) -> None:
        told.append(set(work.articles))

    house.app.records.listen(listen)
    await does(house, articles.save, GIFT, 7)
    await does(house, articles.save, GIFT, 7)
    await does(house, articles.remove, "gift", "en", 7)

    assert told == [{("gift", "en")}, set(), {("gift", "en")}]


async def test_a_missing_translation_is_named_and_a_draft_is_none(house: House) -> None:
    await does(house, articles.save, GIFT, 7)
    await does(house, articles.save, replace(GIFT, language="zh", state="draft"), 7)

    missing = await reads(house, articles.missing_translations, ("en", "zh"))

    assert missing == {"cancel": ("zh",), "gift": ("zh",), "track": ("zh",)}
