"""`import`: checked whole, written once, known again; a dry run leaves nothing."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crm_core import consents, contacts, conversations, customers
from crm_core.models import Article, Base, Consent, Customer, CustomerTag, Order, OrderLine
from crm_core.work import Records
from tests.cli.conftest import ShopFolder

SAMPLE = Path(__file__).resolve().parents[2] / "knowledge_base" / "sample"
ANA: dict[str, Any] = {
    "name": "Ana Lima", "language": "en", "email": "ana@example.com", "phone": "+15005550199", "tags": ["tea"],
}  # fmt: skip
ORDER: dict[str, Any] = {
    "external_ref": "A-1", "customer_email": "Ana@Example.com", "state": "paid", "total_minor": 1200, "currency": "EUR",
    "placed_at": "2026-03-01T09:30:00Z",
    "lines": [{"product": "Green tea", "sku": "G", "quantity": 2, "unit_price_minor": 600}],
}  # fmt: skip


def how_many(shop: ShopFolder, table: type[Base]) -> int:
    """How many rows of a table."""

    async def count(records: Records) -> int:
        async with records.read() as work:
            return (await work.session.scalar(select(func.count()).select_from(table))) or 0

    return shop.with_records(count)


def counts(shop: ShopFolder, *args: str) -> tuple[int, int, int]:
    """Import, and what was added, changed and the same."""
    found = shop.does("import", *args, "--json").json
    return found["added"], found["changed"], found["same"]


def test_customers_are_imported_once(shop: ShopFolder) -> None:
    """The same file again changes nothing; what is new in it is added."""
    file = shop.write("customers.jsonl", ANA, {"email": "bo@example.com"})

    assert counts(shop, "customers", file) == (2, 0, 0)
    assert counts(shop, "customers", file) == (0, 0, 2)

    shop.write("customers.jsonl", {**ANA, "email": "ANA@example.com", "tags": ["new"]}, {"email": "cy@example.com"})
    assert counts(shop, "customers", file) == (1, 1, 0)
    assert how_many(shop, Customer) == 3
    assert how_many(shop, CustomerTag) == 2


def test_what_is_known_of_a_customer_is_sealed_and_can_be_read_again(shop: ShopFolder) -> None:
    """Name and address stand in no file in clear; the verbs open them."""
    shop.does("import", "customers", shop.write("customers.jsonl", ANA))

    async def look(records: Records) -> tuple[str, str, list[str]]:
        async with records.read() as work:
            ana = next(iter(await contacts.by_email(work, "ana@example.com")), None)
            assert ana is not None
            return await conversations.name_of(work, ana), ana.source, await customers.tags_of(work, ana.id)

    assert shop.with_records(look) == ("Ana Lima", "import", ["tea"])
    assert all(b"Ana Lima" not in file.read_bytes() for file in shop.database.parent.iterdir())


def test_a_new_name_is_taken_over_and_nothing_is_taken_away(shop: ShopFolder) -> None:
    """What the file leaves out stays as it is."""
    shop.does("import", "customers", shop.write("customers.jsonl", ANA))

    taken = counts(shop, "customers", shop.write("customers.jsonl", {"email": "ana@example.com", "name": "Ana Silva"}))

    async def look(records: Records) -> tuple[str, list[str], list[str]]:
        async with records.read() as work:
            ana = next(iter(await contacts.by_email(work, "ana@example.com")), None)
            assert ana is not None
            reaches = [one.value for one in await contacts.of(work, ana.id)]
            return await conversations.name_of(work, ana), reaches, await customers.tags_of(work, ana.id)

    assert taken == (0, 1, 0)
    assert shop.with_records(look) == ("Ana Silva", ["ana@example.com", "+15005550199"], ["tea"])


def test_an_import_never_overrules_an_opt_out(shop: ShopFolder) -> None:
    """Who said no by themselves stays out; a no in the file counts at once."""
    shop.does("import", "customers", shop.write("customers.jsonl", {**ANA, "consent": True}))

    async def opt_out(records: Records) -> None:
        async with records.write() as work:
            ana = next(iter(await contacts.by_email(work, "ana@example.com")), None)
            assert ana is not None
            consents.give(work, ana.id, granted=False, source="command")

    shop.with_records(opt_out)

    ran = shop.does("import", "customers", str(shop.folder / "customers.jsonl"))

    assert ran.lines[-1] == "1 opted out of marketing by themselves and stay opted out."
    assert how_many(shop, Consent) == 2
    shop.write("customers.jsonl", {"email": "bo@example.com", "consent": True})
    shop.does("import", "customers", str(shop.folder / "customers.jsonl"))
    shop.write("customers.jsonl", {"email": "bo@example.com", "consent": False})
    assert counts(shop, "customers", str(shop.folder / "customers.jsonl")) == (0, 1, 0)


def test_everything_that_is_wrong_is_named_by_line_and_nothing_is_imported(shop: ShopFolder) -> None:
    """One bad line keeps all of them out."""
    file = shop.folder / "customers.jsonl"
    file.write_text(
        '{"email": "ana@example.com"}\n'
        "hello\n"
        '{"name": "Bo"}\n'
        '{"email": "bo"}\n'
        '{"email": "ANA@example.com"}\n'
        '{"email": "cy@example.com", "languge": "en"}\n'
        '{"email": "di@example.com", "language": "fr"}\n'
        '{"email": "ed@example.com", "tags": "tea"}\n'
        '{"email": "fi@example.com", "consent": "yes"}\n'
        '{"email": "gu@example.com", "phone": "call me"}\n'
        "[]\n",
        encoding="utf-8",
    )

    ran = shop.does("import", "customers", str(file))

    assert ran.code == 1
    assert ran.err.splitlines() == [
        f"{file}:2: this is not a JSON object: Expecting value at character 1.",
        f'{file}:3: "email" is missing.',
        f'{file}:4: "email" "bo" should look like ana@example.com.',
        f"{file}:5: the e-mail address ANA@example.com stands in line 1 already.",
        f'{file}:6: unknown field "languge".',
        f'{file}:7: "language" "fr" should be en or zh.',
        f'{file}:8: "tags" should be a list of words of at most 40 characters.',
        f'{file}:9: "consent" should be true or false.',
        f'{file}:10: "phone" "call me" should look like +15005550101.',
        f"{file}:11: a line must be one JSON object.",
        "Nothing was imported.",
    ]
    assert not shop.database.exists()


def test_orders_are_imported_once_and_brought_up_to_date(shop: ShopFolder) -> None:
    """Source and reference name an order; its lines are replaced with it."""
    shop.does("import", "customers", shop.write("customers.jsonl", ANA))
    file = shop.write("orders.jsonl", ORDER, {**ORDER, "external_ref": "A-2"})

    assert counts(shop, "orders", file) == (2, 0, 0)
    assert counts(shop, "orders", file) == (0, 0, 2)
    shop.write("orders.jsonl", {**ORDER, "state": "shipped"}, {**ORDER, "external_ref": "A-2"})
    assert counts(shop, "orders", file, "--dry-run") == (0, 1, 1)
    assert counts(shop, "orders", file) == (0, 1, 1)
    assert counts(shop, "orders", file, "--source", "other") == (2, 0, 0)
    assert (how_many(shop, Order), how_many(shop, OrderLine)) == (4, 4)


def test_an_order_of_somebody_unknown_keeps_all_orders_out(shop: ShopFolder) -> None:
    """The line is named, and what it needs."""
    shop.does("import", "customers", shop.write("customers.jsonl", ANA))
    file = shop.write("orders.jsonl", ORDER, {**ORDER, "external_ref": "A-2", "customer_email": "bo@example.com"})

    ran = shop.does("import", "orders", file)

    assert ran.code == 1
    assert ran.err.splitlines() == [
        f"{file}:2: order A-2 is of bo@example.com, who is no customer on record.",
        "Nothing was imported.",
    ]
    assert how_many(shop, Order) == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("total_minor", 12.5, '"total_minor" should be a whole number from 0.'),
        ("total_minor", True, '"total_minor" should be a whole number from 0.'),
        ("currency", "euro", '"currency" has 4 characters, 3 are allowed.'),
        ("currency", "eur", '"currency" "eur" should look like EUR.'),
        ("placed_at", "2026-03-01 09:30", "should be a time with its zone, such as 2026-03-01T09:30:00Z."),
        ("lines", {}, '"lines" should be a list of objects.'),
        ("lines", [{"product": "x", "quantity": 0, "unit_price_minor": 1}], '"lines[0].quantity" should be a whole'),
        ("lines", [{"product": "x", "quantity": 1, "unit_price_minor": 1, "tax": 1}], 'unknown field "lines[0].tax".'),
        ("state", None, '"state" is missing.'),
        ("state", " ", '"state" is empty.'),
    ],
)
def test_each_field_of_an_order_is_checked(shop: ShopFolder, field: str, value: object, said: str) -> None:
    """The sentence names the field and what it should be."""
    ran = shop.does("import", "orders", shop.write("orders.jsonl", {**ORDER, field: value}))

    assert ran.code == 1
    assert said in ran.err


def test_articles_are_imported_once(shop: ShopFolder) -> None:
    """The same file again changes nothing; a changed answer is taken over."""
    article = {"id": "dogs", "language": "en", "phrasings": ["may I bring my dog"], "answer": "Do."}
    file = shop.write("more.jsonl", article)

    assert counts(shop, "articles", file) == (1, 0, 0)
    assert counts(shop, "articles", file) == (0, 0, 1)
    shop.write("more.jsonl", {**article, "answer": "On a lead, please."})
    assert counts(shop, "articles", file, "--dry-run") == (0, 1, 0)
    assert counts(shop, "articles", file) == (0, 1, 0)


def test_articles_of_the_configured_files_stay_theirs(shop: ShopFolder) -> None:
    """The same words are left alone; other words are taken over with a warning, for the files win at the next start."""

    async def nothing(house: object) -> None:
        """Opening the house took the configured articles over."""

    shop.with_house(nothing)

    assert counts(shop, "articles", str(shop.folder / "articles.jsonl")) == (0, 0, 6)
    other = shop.write("other.jsonl", {"id": "refund", "language": "en", "phrasings": ["refund"], "answer": "No."})
    found = shop.does("import", "articles", other, "--json").json
    assert found["changed"] == 1
    assert "win again at the next start" in found["notes"][0]


@pytest.mark.sqlite_only("a database on a server is taken to be there")
@pytest.mark.parametrize("kind", ["articles", "customers"])
def test_a_dry_run_makes_no_database(shop: ShopFolder, kind: str) -> None:
    """Everything would be new, and nothing is there afterwards."""
    file = {"articles": shop.folder / "articles.jsonl", "customers": SAMPLE / "customers.jsonl"}[kind]

    ran = shop.does("import", kind, str(file), "--dry-run")

    assert ran.code == 0
    assert "would be added, 0 would be changed, 0 known just so." in ran.out
    assert not shop.database.parent.exists()


def test_a_dry_run_writes_nothing_into_a_database(shop: ShopFolder) -> None:
    """What would be added is counted and not added."""
    shop.does("migrate")

    assert counts(shop, "customers", str(SAMPLE / "customers.jsonl"), "--dry-run") == (12, 0, 0)
    assert counts(shop, "articles", str(SAMPLE / "articles"), "--dry-run") == (84, 0, 0)
    assert (how_many(shop, Customer), how_many(shop, Article)) == (0, 0)


def test_the_sample_files_can_be_imported(shop: ShopFolder) -> None:
    """The sample shop's own files hold to the form, and more of them than fit one transaction."""
    many = [{"email": f"c{number}@example.com", "tags": ["many"]} for number in range(101)]

    assert counts(shop, "customers", str(SAMPLE / "customers.jsonl")) == (12, 0, 0)
    assert counts(shop, "orders", str(SAMPLE / "orders.jsonl")) == (20, 0, 0)
    assert counts(shop, "customers", shop.write("many.jsonl", *many)) == (101, 0, 0)
    assert counts(shop, "customers", shop.write("many.jsonl", *many)) == (0, 0, 101)


@pytest.mark.parametrize("kind", ["customers", "orders"])
def test_an_empty_and_a_missing_file_are_refused(shop: ShopFolder, kind: str) -> None:
    """Nothing to import is a mistake, not a success."""
    empty = shop.write("empty.jsonl")

    assert shop.does("import", kind, empty).err.splitlines()[0] == f"{empty}: there is nothing in it."
    assert shop.does("import", kind, "no.jsonl").err == "no.jsonl: No such file or directory.\n"


DOGS: dict[str, Any] = {"id": "dogs", "language": "en", "phrasings": ["may I bring my dog"], "answer": "Do."}


def test_a_dry_run_says_what_would_become_of_each_article(shop: ShopFolder) -> None:
    """Added, changed with its fields, or the same; afterwards nothing is different."""
    cats = {**DOGS, "id": "cats", "answer": "Better not."}
    shop.does("import", "articles", shop.write("more.jsonl", DOGS, cats))
    file = shop.write("more.jsonl", {**DOGS, "answer": "On a lead.", "tags": ["pets"]}, cats, {**DOGS, "id": "birds"})

    ran = shop.does("import", "articles", file, "--dry-run")

    assert ran.lines == [
        f"{file}: 1 articles would be added, 1 would be changed, 1 known just so.",
        "  changed  en/dogs: answer, tags",
        "  same     en/cats",
        "  added    en/birds",
    ]
    assert shop.does("import", "articles", file, "--dry-run", "--json").json["articles"] == [
        {"id": "dogs", "language": "en", "change": "changed", "fields": ["answer", "tags"]},
        {"id": "cats", "language": "en", "change": "same", "fields": []},
        {"id": "birds", "language": "en", "change": "added", "fields": []},
    ]
    assert how_many(shop, Article) == 2


def test_every_wrong_line_of_an_article_file_is_named_and_nothing_is_imported(shop: ShopFolder) -> None:
    """Not only the first one; a good line among them does not come in either."""
    file = shop.write(
        "more.jsonl", DOGS, {**DOGS, "answer": ""}, {**DOGS, "id": "cats", "phrasings": [" ", "x " * 10_000]}, DOGS
    )

    ran = shop.does("import", "articles", file)

    assert ran.code == 1
    assert ran.err.splitlines() == [
        f'{file}:2: article "dogs" has no answer.',
        f'{file}:3: article "cats" has an empty phrasing.',
        f'{file}:3: a phrasing of article "cats" has 19999 characters, 1000 are allowed.',
        f'{file}:4: duplicate id "dogs" for language "en", first in {file}:1.',
    ]
    assert not shop.database.exists()


def test_more_wrong_lines_than_anybody_reads_are_counted(shop: ShopFolder) -> None:
    """Fifty are shown."""
    file = shop.write("more.jsonl", *({**DOGS, "id": ""} for _ in range(80)))

    lines = shop.does("import", "articles", file, "--dry-run").err.splitlines()

    assert len(lines) == 51
    assert lines[-1] == "… and 30 more."


def test_columns_that_nobody_knows_are_named(shop: ShopFolder) -> None:
    """The rest of the table comes in."""
    file = shop.folder / "articles.csv"
    file.write_text("id,language,phrasings,answer,colour\ndogs,en,may I bring my dog,Do.,brown\n", encoding="utf-8")

    found = shop.does("import", "articles", str(file), "--json").json

    assert found["added"] == 1
    assert found["notes"] == [f"{file}:1: these columns are left out, nobody knows them: colour."]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.xlsx", "out.md", "out.html", "folder"])
def test_what_was_exported_changes_nothing_when_it_is_imported(shop: ShopFolder, name: str) -> None:
    """The sample shop and an article with every field, in every form, into the same shop and into a new one."""
    full = {
        **DOGS, "tags": ["a, b"], "title": "=Dogs?", "category": "pets", "must_match": ["=dog"], "related": ["cats"],
        "must_not_match": ["hot | dog"], "state": "draft", "valid_from": "2026-01-01", "valid_until": "2026-12-31",
        "buttons": [{"label": "Map", "url": "https://x.example/?a=b"}], "answer": "# Do.\n\n## Really",
        "attachments": [{"name": "Rules", "url": "https://x.example/r.pdf"}],
    }  # fmt: skip
    shop.does("import", "articles", str(SAMPLE / "articles"))
    shop.does("import", "articles", shop.write("more.jsonl", full))
    out = str(shop.folder / name)

    ran = shop.does("export", "articles", out)

    assert ran.code == 0
    assert ran.out.startswith(f"{out}: 85 articles written as ")
    assert counts(shop, "articles", out) == (0, 0, 85)
    shop.lose_records()
    assert counts(shop, "articles", out) == (85, 0, 0)
    assert counts(shop, "articles", str(SAMPLE / "articles")) == (0, 0, 84)


def test_an_export_can_be_of_one_language(shop: ShopFolder) -> None:
    """And of a form of its own."""
    shop.does("import", "articles", str(SAMPLE / "articles"))
    out = shop.folder / "out"

    found = shop.does("export", "articles", str(out), "--format", "html", "--language", "zh", "--json").json

    assert (found["format"], found["articles"]) == ("html", 42)
    assert {path.suffix for path in (out / "zh").iterdir()} == {".html"}
    assert [path.name for path in out.iterdir()] == ["zh"]


def test_an_export_overwrites_nothing_unasked(shop: ShopFolder) -> None:
    """What cannot be written is said in words, and nothing is touched."""
    shop.does("import", "articles", shop.write("more.jsonl", DOGS))
    mine = shop.folder / "mine.csv"
    mine.write_text("mine", encoding="utf-8")

    ran = shop.does("export", "articles", str(mine))

    assert (ran.code, mine.read_text(encoding="utf-8")) == (1, "mine")
    assert ran.err == f"{mine} is there already and was left as it is: choose another name, or add --overwrite.\n"
    assert "the forms are jsonl csv xlsx" in shop.does("export", "articles", "x.docx").err
    assert "is a folder, and csv is one file" in shop.does("export", "articles", "x", "--format", "csv").err
    assert shop.does("export", "articles", "x.csv", "--language", "fr").err == "There are no articles to write.\n"
    assert shop.does("export", "articles", str(mine), "--overwrite").code == 0


@pytest.mark.sqlite_only("a database on a server is taken to be there")
def test_an_export_needs_a_database(shop: ShopFolder) -> None:
    """There is nothing on record yet, and none is made."""
    ran = shop.does("export", "articles", "x.csv")

    assert ran.code == 1
    assert "There is no database yet" in ran.err
    assert not shop.database.exists()
