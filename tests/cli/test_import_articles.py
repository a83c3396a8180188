"""`import articles` tries out what it would change, tells it, and takes nothing over that does harm unasked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.articles import Book
from bot.importing.articles import import_articles, read_article_file
from crm_core import learning
from crm_core.models import Article, AuditEntry, Interaction
from crm_core.work import Records
from tests.builders import House
from tests.cli.conftest import Ran, ShopFolder
from tests.cli.test_import import SAMPLE, counts

DOGS: dict[str, Any] = {
    "id": "dogs", "language": "en", "phrasings": ["may I bring my dog", "are dogs allowed"], "answer": "Do.",
}  # fmt: skip
CATS: dict[str, Any] = {**DOGS, "id": "cats", "phrasings": [f"do {number} cats count" for number in range(14)]}
CASH: dict[str, Any] = {"id": "cash", "language": "en", "phrasings": ["refund please"], "answer": "No cash."}
REFUND: dict[str, Any] = {
    "id": "refund", "language": "en", "phrasings": ["how do I get a refund"], "answer": "We refund within 14 days.",
    "title": "Refunds",
}  # fmt: skip


def judged(shop: ShopFolder, asked: Mapping[str, str | None]) -> None:
    """Customers asked this, and staff said which article would have been right, or that none is."""

    async def ask(house: House) -> None:
        house.serve(replace(house.app.shop, judge_share=0.0))
        for number, words in enumerate(asked):
            await house.customer(f"c{number}").says(words)

    async def judge(records: Records) -> None:
        async with records.write() as work:
            found = await work.session.scalars(
                select(Interaction).where(Interaction.decision.is_not(None)).order_by(Interaction.id)
            )
            for one, right in zip(found.all(), asked.values(), strict=True):
                row = learning.draw(work, one, language="en", decision="x", confidence=0.5, candidates=["refund"])
                row.verdict, row.right_slug = (learning.RIGHT_IS if right else learning.NONE_IS_RIGHT), right
                row.judged_at = work.now

    shop.with_house(ask)
    shop.with_records(judge)


def known(shop: ShopFolder, slug: str) -> list[str]:
    """The phrasings of an English article on record."""

    async def look(records: Records) -> list[str]:
        async with records.read() as work:
            rows = await work.session.scalars(select(Article).where(Article.slug == slug, Article.language == "en"))
            return [str(phrasing) for row in rows for phrasing in row.phrasings]

    return shop.with_records(look)


def read_in_the_log(shop: ShopFolder) -> int:
    """How many judged questions were read, as the audit log has it."""

    async def count(records: Records) -> int:
        async with records.read() as work:
            statement = select(func.count(AuditEntry.id)).where(AuditEntry.act == "judgement.read")
            return await work.session.scalar(statement) or 0

    return shop.with_records(count)


def imports(shop: ShopFolder, *lines: dict[str, Any], more: tuple[str, ...] = ()) -> Ran:
    """Import these articles."""
    return shop.does("import", "articles", shop.write("more.jsonl", *lines), *more)


def test_what_an_import_changes_is_told_in_the_dry_run_and_in_the_import(shop: ShopFolder) -> None:
    """And the second time there is nothing to tell."""
    judged(shop, {"may I bring my dog along": "dogs", "refund please": "refund"})
    said = (
        "Tried on 2 judged questions of the last month and on the examples: 1 newly answered, 0 now wrong, "
        "0 no longer answered; no examples fail."
    )

    assert imports(shop, DOGS, more=("--dry-run",)).lines[-1] == said
    assert known(shop, "dogs") == []
    assert imports(shop, DOGS).lines[-1] == said
    assert known(shop, "dogs") == DOGS["phrasings"]
    for more in ((), ("--dry-run",)):
        assert "Tried" not in imports(shop, DOGS, more=more).out
    assert imports(shop, DOGS, more=("--json",)).json["trial"] is None


def test_what_is_known_just_so_is_not_tried_again(shop: ShopFolder) -> None:
    """A large file that is imported every night costs a comparison, and no training."""

    class Untouched(Book):
        async def refresh(self, records: Records) -> bool:
            raise AssertionError("nothing is different, and yet it is tried")

    imports(shop, DOGS, CATS)
    drafts, _warnings = read_article_file(shop.folder / "more.jsonl")

    taken = shop.with_records(lambda records: import_articles(records, drafts, Untouched(0.05), dry_run=False))

    assert (taken.added, taken.changed, taken.same) == (0, 0, 2)


def test_an_answer_that_would_become_wrong_keeps_all_of_them_out(shop: ShopFolder) -> None:
    """The question is quoted, which the audit log holds; it takes an explicit word to do it all the same."""
    judged(shop, {"refund please": "refund", "how do I track my order": "track"})
    outcome = (
        "Tried on 2 judged questions of the last month and on the examples: 0 newly answered, 1 now wrong, "
        "0 no longer answered; no examples fail."
    )

    dry = imports(shop, DOGS, REFUND, CASH, more=("--dry-run",))
    assert (dry.code, dry.lines[-2:]) == (0, [outcome, 'WARNING  Now wrong: "refund please".'])
    assert read_in_the_log(shop) == 1

    ran = imports(shop, DOGS, REFUND, CASH)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        outcome,
        'Now wrong: "refund please".',
        "--despite-warnings imports them all the same.",
        "Nothing was imported.",
    ]
    assert (known(shop, "dogs"), known(shop, "cash")) == ([], [])
    assert len(known(shop, "refund")) == 4

    done = imports(shop, DOGS, REFUND, CASH, more=("--despite-warnings", "--json")).json
    assert (done["added"], done["changed"]) == (2, 1)
    assert done["trial"] == {
        "judged": 2, "newly_answered": 0, "now_wrong": 1, "no_longer_answered": 0, "failing_examples": [],
        "warnings": ['Now wrong: "refund please".'],
    }  # fmt: skip
    assert (known(shop, "cash"), known(shop, "refund")) == (["refund please"], ["how do I get a refund"])


def test_a_question_that_no_article_answers_may_not_get_an_answer_either(shop: ShopFolder) -> None:
    """Staff said that none is right: handing it over was."""
    judged(shop, {"may I bring my dog": None})

    ran = imports(shop, DOGS)

    assert ran.code == 1
    assert 'Now wrong: "may I bring my dog".' in ran.err


def test_an_answer_that_is_lost_is_told_and_stops_nothing(shop: ShopFolder) -> None:
    """A person answers it: that is dear, and not wrong."""
    judged(shop, {"tracking number": "track"})
    track = {"id": "track", "language": "en", "phrasings": ["where is my order"], "answer": "In your mail."}

    ran = imports(shop, track)

    assert ran.code == 0, ran.err
    assert "0 now wrong, 1 no longer answered" in ran.lines[-1]


@pytest.mark.sqlite_only("it looks whether there is a file")
@pytest.mark.parametrize("with_records", [False, True])
def test_an_article_that_fails_its_own_example_is_refused(shop: ShopFolder, with_records: bool) -> None:
    """In the very first import, too, and for both kinds of example; nothing is made by a dry run."""
    if with_records:
        shop.does("migrate")
    wrong = {**DOGS, "must_match": ["do 3 cats count"], "must_not_match": ["are dogs allowed"]}

    dry = imports(shop, CATS, wrong, more=("--dry-run",))

    assert dry.code == 0
    assert dry.lines[-3:] == [
        "Tried on the examples: 2 examples fail.",
        'WARNING  en/dogs must be first for "do 3 cats count", and is not.',
        'WARNING  en/dogs must not be the answer to "are dogs allowed", and is.',
    ]
    assert shop.database.exists() is with_records
    ran = imports(shop, CATS, wrong)
    assert ran.code == 1
    assert ran.err.splitlines()[1] == 'en/dogs must be first for "do 3 cats count", and is not.'
    assert known(shop, "dogs") == []
    assert imports(shop, CATS, wrong, more=("--despite-warnings",)).code == 0
    assert known(shop, "dogs") == DOGS["phrasings"]


def test_an_example_of_another_article_may_not_break(shop: ShopFolder) -> None:
    """One that failed before is no news; one that held counts, though its article is not in the file."""
    kettle = {"id": "kettle", "language": "en", "phrasings": ["do you sell kettles"], "answer": "We do."}
    mugs = {"id": "mugs", "language": "en", "phrasings": ["do you sell mugs"], "answer": "We do not."}
    imports(shop, CATS, {**mugs, "must_match": ["do 3 cats count"]}, more=("--despite-warnings",))
    assert imports(shop, {**kettle, "must_match": ["kettles for sale"]}).code == 0
    other = {"id": "used", "language": "en", "phrasings": ["kettles for sale", "used kettles"], "answer": "Used ones."}

    ran = imports(shop, other)

    assert ran.code == 1
    assert ran.err.splitlines()[:2] == [
        "Tried on the examples: one example fails.",
        'en/kettle must be first for "kettles for sale", and is not.',
    ]


def test_what_customers_do_not_get_is_not_tried(shop: ShopFolder) -> None:
    """A draft, and an article whose time is over: their examples cannot hold."""
    for kept_back in ({"state": "draft"}, {"valid_until": "2001-01-01"}, {"state": "archived"}):
        ran = imports(shop, CATS, {**DOGS, **kept_back, "must_match": ["do 3 cats count"]})

        assert ran.code == 0, ran.err
        assert "Tried" not in ran.out


def test_what_the_shop_learnt_stays_in_the_trial(shop: ShopFolder) -> None:
    """The articles are tried as they will be: with the phrasings that the chat added and the file does not know."""
    judged(shop, {"give me my money": "refund"})

    async def learn(house: House) -> None:
        await house.learn("refund", "en", "give me my money")

    shop.with_house(learn)

    ran = imports(shop, {**REFUND, "answer": "We refund within 30 days."})

    assert ran.code == 0
    assert "0 now wrong, 0 no longer answered" in ran.lines[-1]
    assert "give me my money" in known(shop, "refund")


def test_more_failures_than_anybody_reads_are_counted(shop: ShopFolder) -> None:
    ran = imports(shop, CATS, {**DOGS, "must_match": CATS["phrasings"]})

    assert ran.err.splitlines()[-3:] == [
        "… and 4 more examples.",
        "--despite-warnings imports them all the same.",
        "Nothing was imported.",
    ]


def test_the_sample_articles_do_what_their_examples_want(shop: ShopFolder) -> None:
    """They come in without a warning, into a shop with other articles as well."""

    async def nothing(_house: House) -> None:
        """Opening the house took the configured articles over."""

    shop.with_house(nothing)

    assert counts(shop, "articles", str(SAMPLE / "articles")) == (84, 0, 0)
