"""`init`, `migrate`, `run` and the sample shop: from an empty folder to links that open."""

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

from sqlalchemy import func, select

from bot.config import load_settings
from bot.sample import load_sample, sample_links
from crm_core import customers
from crm_core.models import Base, Customer, Invite, Meta, Order
from crm_core.work import Records
from knowledge_base import read_articles
from tests import servers
from tests.cli.conftest import ShopFolder, command

ROOT = Path(__file__).resolve().parents[2]


def test_init_writes_a_shop_that_reads_well(tmp_path: Path) -> None:
    """Its settings are valid, its own paths are below it, and it has one article in each language."""
    ran = command("init", str(tmp_path / "shop"))

    settings = load_settings(tmp_path / "shop" / "config.toml", {})

    assert ran.code == 0
    assert settings.article_paths == (tmp_path / "shop" / "articles",)
    assert settings.key_file == tmp_path / "shop" / "var" / "frontdesk.key"
    assert {article.language for article in read_articles(settings.article_paths[0])} == {"en", "zh"}
    assert command("doctor", "--config", str(tmp_path / "shop" / "config.toml")).code == 0


def test_init_never_overwrites(tmp_path: Path) -> None:
    """One file in the way keeps all of them back."""
    (tmp_path / "config.toml").write_text("mine", encoding="utf-8")

    ran = command("init", str(tmp_path))

    assert (ran.code, ran.err) == (1, f"{tmp_path / 'config.toml'} exists already; nothing was written.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_the_new_shop_has_every_setting_of_the_reference(tmp_path: Path) -> None:
    """Comments and values are those of config.toml, but for the articles."""
    reference = (ROOT / "config.toml").read_text(encoding="utf-8").splitlines()
    command("init", str(tmp_path))
    new = (tmp_path / "config.toml").read_text(encoding="utf-8").splitlines()

    different = [pair for pair in zip(reference, new, strict=True) if pair[0] != pair[1]]

    assert different == [('articles = "knowledge_base/sample/articles"', 'articles = "articles"')]
    assert tomllib.loads("\n".join(new))


def test_migrate_says_what_it_did(shop: ShopFolder) -> None:
    """The first time it makes everything, the second time nothing."""
    servers.url_in(shop.folder, bare=True)

    first, second = shop.does("migrate"), shop.does("migrate")

    assert first.lines[0].startswith(f"Made the key file {shop.settings.key_file}.")
    assert first.lines[1].startswith("Made the database, at revision ")
    assert second.lines[0].endswith("nothing was done.")


def test_the_sample_is_loaded_once(shop: ShopFolder) -> None:
    """Twelve customers, twenty orders, some of them agreed to marketing; a later start adds nothing."""

    async def load_twice(records: Records) -> tuple[bool, bool]:
        return await load_sample(records), await load_sample(records)

    async def look(records: Records) -> tuple[int, int, set[str], int]:
        async with records.read() as work:
            people = (await work.session.scalars(select(Customer))).all()
            agreed = await customers.consented(work, [one.id for one in people])
            orders = await work.session.scalar(select(func.count()).select_from(Order))
            return len(people), orders or 0, {one.source for one in people}, len(agreed)

    assert shop.with_records(load_twice) == (True, False)
    assert shop.with_records(look) == (12, 20, {"sample"}, 4)


def test_the_sample_stays_out_of_a_shop_that_has_customers(shop: ShopFolder) -> None:
    """Real people are never mixed with made-up ones."""
    shop.does("import", "customers", shop.write("customers.jsonl", {"email": "ana@example.com"}))

    assert shop.with_records(load_sample) is False


def test_a_sample_that_was_taken_out_does_not_come_back(shop: ShopFolder) -> None:
    """It is remembered that it was loaded."""

    async def load_and_remove(records: Records) -> bool:
        await load_sample(records)
        async with records.write() as work:
            for one in await work.session.scalars(select(Customer)):
                await work.session.delete(one)
        return await load_sample(records)

    assert shop.with_records(load_and_remove) is False


def test_the_links_open_the_desk_for_each_kind_of_colleague(shop: ShopFolder) -> None:
    """Each is a one-time invite."""

    async def links(records: Records) -> tuple[list[tuple[str, str]], int]:
        found = await sample_links(records, "http://127.0.0.1:8080")
        return found, await _how_many(records, Invite)

    found, invites = shop.with_records(links)

    assert [who for who, _ in found] == ["agent", "supervisor", "marketer", "admin"]
    assert all(link.startswith("http://127.0.0.1:8080/desk/enter/") for _, link in found)
    assert invites == 4


async def _how_many(records: Records, table: type[Base]) -> int:
    async with records.read() as work:
        return (await work.session.scalar(select(func.count()).select_from(table))) or 0


def test_run_serves_until_it_is_told_to_leave(shop: ShopFolder) -> None:
    """The sample is loaded, the links are printed, and SIGTERM ends it with 0."""
    config = shop.folder / "config.toml"
    line = [sys.executable, "-m", "bot", "run", "--sample", "--config", str(config)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            assert running.stdout.readline() == "Frontdesk is ready.\n"
            running.send_signal(signal.SIGTERM)
            out, err = running.stdout.read(), running.stderr.read()
        finally:
            running.kill()

    assert running.returncode == 0, err
    assert "agent: " in out
    assert "Traceback" not in err
    assert shop.with_records(lambda records: _how_many(records, Meta)) >= 1
