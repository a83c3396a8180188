"""`audit …`: the chain is verified, a place of it printed, the log listed; a break is named and ends with code 1."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from crm_core import audit, audit_chain
from crm_core.storage import triggers
from crm_core.work import Records
from tests.cli.conftest import ShopFolder


async def _ann_is_looked_at(records: Records) -> None:
    async with records.write() as work:
        for number in range(5):
            work.now -= timedelta(minutes=number)
            audit.enter(work, None, "customer.show", f"customer:{number}", why="asked")
    await audit_chain.link_all(records)


@pytest.fixture
def busy(shop: ShopFolder) -> ShopFolder:
    """A shop with a little in its audit log."""
    shop.with_records(_ann_is_looked_at)
    return shop


def change(shop: ShopFolder, *statements: str) -> None:
    """Change the database as who may drop its triggers."""

    async def go(records: Records) -> None:
        async with records.database.write() as session:
            await (await session.connection()).run_sync(triggers.drop)
            for one in statements:
                await session.execute(text(one))

    shop.with_records(go)


def test_a_whole_chain_is_said_to_be_whole(busy: ShopFolder) -> None:
    ran = busy.does("audit", "verify")

    assert ran.code == 0
    assert ran.lines[0].startswith("The chain is whole: 5 links")
    assert "No anchor was kept" in ran.out
    facts = busy.does("audit", "verify", "--json").json
    assert (facts["whole"], facts["links"], facts["entries"], facts["waiting"]) == (True, 5, 5, 0)


def test_the_first_broken_link_is_named(busy: ShopFolder) -> None:
    change(busy, "UPDATE audit_entry SET staff_id = 7 WHERE subject IN ('customer:2', 'customer:4')")

    ran = busy.does("audit", "verify")
    facts = busy.does("audit", "verify", "--json")

    assert (ran.code, facts.code) == (1, 1)
    assert "BROKEN at link 3" in ran.lines[0]
    assert (facts.json["broken"]["what"], facts.json["broken"]["seq"], facts.json["links"]) == ("edited", 3, 2)


def test_an_anchor_that_somebody_kept_finds_a_chain_that_was_cut(busy: ShopFolder) -> None:
    place = busy.does("audit", "anchor", "--json").json
    given = ("--seq", str(place["seq"]), "--hash", place["hash"])
    assert busy.does("audit", "verify", *given).code == 0

    change(busy, "DELETE FROM audit_link WHERE seq > 3", "DELETE FROM audit_entry WHERE subject > 'customer:2'")

    assert busy.does("audit", "verify").code == 0  # nobody else could tell
    assert "ends before a kept anchor" in busy.does("audit", "verify", *given).out


def test_the_line_of_an_anchor_is_read_from_a_file(busy: ShopFolder) -> None:
    line = busy.does("audit", "anchor").out
    file = busy.folder / "mine"
    file.write_text(f"nonsense\n{line}", encoding="utf-8")

    ran = busy.does("audit", "verify", "--anchor", str(file))

    assert ran.code == 0
    assert "1 lines of the anchor file" in ran.out
    assert "agrees with 1 kept anchors" in ran.out
    file.write_text(line.replace(" 5 ", " 4 "), encoding="utf-8")
    assert "something else than a kept anchor" in busy.does("audit", "verify", "--anchor", str(file)).out


@pytest.mark.parametrize(
    "wrong", [("--seq", "3"), ("--hash", "a" * 64), ("--seq", "3", "--hash", "xyz"), ("--anchor", "nowhere")]
)
def test_what_is_no_anchor_is_refused_in_words(busy: ShopFolder, wrong: tuple[str, ...]) -> None:
    ran = busy.does("audit", "verify", *wrong)

    assert ran.code != 0
    assert "anchor" in ran.err.lower() or "cannot be read" in ran.err


def test_a_file_without_any_anchor_is_refused(busy: ShopFolder) -> None:
    ran = busy.does("audit", "verify", "--anchor", str(busy.folder / "config.toml"))

    assert ran.code != 0
    assert "holds no anchor" in ran.err


def test_there_is_no_anchor_before_the_first_entry(shop: ShopFolder) -> None:
    shop.does("migrate")

    assert "Nothing was entered" in shop.does("audit", "anchor").err


def test_what_a_command_entered_is_linked_when_it_ends(shop: ShopFolder) -> None:
    shop.does("invite", "--role", "agent", "--name", "Wei")

    assert shop.does("audit", "verify", "--json").json["links"] == 1


def test_the_log_is_listed_by_colleague_customer_and_time(busy: ShopFolder) -> None:
    async def go(records: Records) -> None:
        async with records.write() as work:
            work.now = datetime(2020, 1, 1, tzinfo=UTC)
            audit.enter(work, None, "old", "customer:9")

    busy.with_records(go)

    listed = busy.does("audit", "list", "--json").json
    assert [one["subject"] for one in listed] == [f"customer:{number}" for number in (4, 3, 2, 1, 0)]
    assert "why=asked" in busy.does("audit", "list").out
    assert len(busy.does("audit", "list", "--since", "2019-12-31", "--json").json) == 6
    assert len(busy.does("audit", "list", "--limit", "2", "--json").json) == 2
    assert "No colleagues" in busy.does("audit", "list", "--staff", "Nobody").err
    assert "no customer #5" in busy.does("audit", "list", "--customer", "5").err
    assert "neither" in busy.does("audit", "list", "--since", "once").err


def test_what_is_about_a_customer_is_listed(shop: ShopFolder) -> None:
    customers = shop.write("people.jsonl", {"name": "Ann", "external_ref": "1"}, {"name": "Ben", "external_ref": "2"})
    assert shop.does("import", "customers", customers).code == 0
    shop.does("customer", "show", "1")
    shop.does("customer", "show", "2")

    listed = shop.does("audit", "list", "--customer", "2", "--json").json

    assert [(one["act"], one["subject"]) for one in listed] == [("customer.show", "customer:2")]


def test_the_report_says_how_often_who_did_what(busy: ShopFolder) -> None:
    (row,) = busy.does("report", "audit", "--json").json["rows"]

    assert (row["who"], row["act"], row["times"], row["subjects"]) == (None, "customer.show", 5, 5)


def finding(shop: ShopFolder, check: str) -> tuple[str, str]:
    """State and words of one check of the doctor."""
    one = next(one for one in shop.does("doctor", "--json").json["checks"] if one["check"] == check)
    return one["state"], one["says"]


def test_the_doctor_looks_at_triggers_links_and_anchors(busy: ShopFolder) -> None:
    assert finding(busy, "audit triggers")[0] == "good"
    assert finding(busy, "audit chain") == ("good", "Every entry is linked, 5 so far.")
    assert finding(busy, "audit anchors")[0] == "note"

    busy.settings.anchor_file.write_text(busy.does("audit", "anchor").out, encoding="utf-8")
    assert finding(busy, "audit anchors")[0] == "good"

    change(busy, "UPDATE audit_link SET hash = 'f' WHERE seq = 5", "DELETE FROM audit_link WHERE seq = 4")
    assert finding(busy, "audit anchors")[0] == "wrong"
    assert finding(busy, "audit chain")[0] == "note"
    state, says = finding(busy, "audit triggers")
    assert state == "wrong"
    assert "tr_audit_entry_update" in says


def test_who_makes_a_backup_is_on_record(busy: ShopFolder) -> None:
    assert busy.does("backup", str(busy.folder / "backups"), "--keys", str(busy.folder / "elsewhere")).code == 0

    newest = busy.does("audit", "list", "--json").json[0]
    assert (newest["act"], newest["detail"]) == ("backup.make", {"keys": True})
    assert newest["subject"].startswith("backup:frontdesk-")
