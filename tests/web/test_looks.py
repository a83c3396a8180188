"""Whoever is handed a customer's words or files at the desk is on record before they have them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_core.models import AuditEntry
from tests.builders import settings_in
from tests.web.records_served import RealServed, over_records

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[RealServed]:
    """The pages over an empty database."""
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true")) as opened:
        yield opened


async def looks(served: RealServed) -> list[str]:
    """What colleagues looked at, in order."""
    acts = ("ticket.list", "ticket.read", "file.open")
    async with served.app.records.read() as work:
        statement = select(AuditEntry.act).where(AuditEntry.act.in_(acts), AuditEntry.staff_id.is_not(None))
        return list(await work.session.scalars(statement.order_by(AuditEntry.id)))


async def test_the_list_a_ticket_and_a_file_are_looks_and_the_customer_leaves_none(served: RealServed) -> None:
    async with served.client() as ana, served.client() as agent:
        await ana.get("/chat")
        await agent.post(f"/desk/enter/{await served.invite()}")
        kept = (await ana.post("/chat/upload", files={"file": ("spout.png", PNG)})).json()
        async with (
            served.page("/chat/socket", ana.cookies["frontdesk_visitor"]) as customer,
            served.page("/desk/socket", agent.cookies["frontdesk_staff"], {}) as desk,
        ):
            await customer.send(type="say", client_id="c-1", text="", attachment=kept["ref"])
            address = (await customer.hear("messages"))["messages"][0]["attachment"]["url"]
            await ana.get(address)
            assert await looks(served) == []

            while not (threads := (await desk.hear("threads"))["threads"]):
                pass
            assert await looks(served) == ["ticket.list"]
            await desk.send(type="open", thread=threads[0]["id"], cursor=0)
            await desk.hear("messages")
            assert await looks(served) == ["ticket.list", "ticket.read"]

            for _time in range(2):
                assert (await agent.get(address)).content == PNG
            assert await looks(served) == ["ticket.list", "ticket.read", "file.open"]
