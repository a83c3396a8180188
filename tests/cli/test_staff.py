"""`staff`: the colleagues as the operator sees and changes them; nobody is left without an admin."""

import pytest
from sqlalchemy import select

from crm_core import staff
from crm_core.models import AuditEntry
from crm_core.work import Records
from tests.cli.conftest import ShopFolder


@pytest.fixture
def staffed(shop: ShopFolder) -> ShopFolder:
    """A shop with an admin, an agent, and two colleagues of one name."""

    async def join(records: Records) -> None:
        for name, role in (("Ada", "admin"), ("Wei", "agent"), ("Jo", "agent"), ("Jo", "marketer")):
            async with records.write() as work:
                token = staff.invite(work, role, name)
            async with records.write() as work:
                await staff.use_invite(work, token, 1)

    shop.with_records(join)
    return shop


def test_colleagues_are_listed_moved_and_let_go(staffed: ShopFolder) -> None:
    assert staffed.does("staff", "role", "wei", "supervisor").lines == ["Wei is supervisor from now on."]
    assert staffed.does("staff", "team", "Wei", "Tea").lines == ["Wei is in team tea."]
    listed = {one["name"]: (one["role"], one["team"]) for one in staffed.does("staff", "list", "--json").json["staff"]}
    assert listed["Wei"] == ("supervisor", "tea")

    ran = staffed.does("staff", "revoke", "Wei")

    assert ran.lines == ["Wei is no colleague any more. If there is a staff group, remove them there, too."]
    assert "Wei" not in staffed.does("staff", "list").out


def test_of_two_with_one_name_the_id_says_who(staffed: ShopFolder) -> None:
    ids = [one["id"] for one in staffed.does("staff", "list", "--json").json["staff"] if one["name"] == "Jo"]

    assert "2 colleagues are called 'Jo'" in staffed.does("staff", "revoke", "Jo").err
    assert staffed.does("staff", "revoke", ids[0]).code == 0
    assert staffed.does("staff", "revoke", "Jo").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("revoke", "Ada"), "Ada is the last admin. Make somebody else admin first."),
        (("role", "Ada", "agent"), "Ada is the last admin. Make somebody else admin first."),
        (("revoke", "Eve"), "No colleague is called 'Eve'. On the staff: Ada"),
        (("team", "Eve", "tea"), "No colleague is called 'Eve'."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(staffed: ShopFolder, words: tuple[str, ...], says: str) -> None:
    ran = staffed.does("staff", *words)

    assert ran.code == 1
    assert says in ran.err


def test_a_role_that_is_none_is_no_way_to_use_the_command(staffed: ShopFolder) -> None:
    assert staffed.does("staff", "role", "Wei", "owner").code == 2


def test_what_the_operator_does_is_on_record(staffed: ShopFolder) -> None:
    staffed.does("staff", "role", "Wei", "admin")
    staffed.does("staff", "revoke", "Ada")

    async def acts(records: Records) -> list[tuple[int | None, str]]:
        async with records.read() as work:
            found = select(AuditEntry).where(AuditEntry.act.in_(("staff.role", "staff.revoke")))
            return [(one.staff_id, one.act) for one in await work.session.scalars(found.order_by(AuditEntry.id))]

    assert staffed.with_records(acts) == [(None, "staff.role"), (None, "staff.revoke")]
