"""Retention: every class of data goes when its term is over, not earlier, and nothing else with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from crm_core import retention
from crm_core.conversations import body_of
from crm_core.models import (
    Attachment,
    AuditEntry,
    AuditLink,
    Base,
    Identity,
    ImportRun,
    Inbox,
    Interaction,
    InteractionAbout,
    Invite,
    MessageLink,
    Outbox,
    StoredFile,
    WebSession,
)
from crm_core.rules.retention import RETENTION, Kept, Months, term_of
from crm_core.storage.ids import id_at, new_id
from crm_core.work import Work
from tests.builders import House

TABLES: dict[Kept, type[Base]] = {
    Kept.MESSAGES: Interaction,
    Kept.DELIVERIES: Outbox,
    Kept.FILES: StoredFile,
    Kept.ATTACHMENTS: Attachment,
    Kept.PICTURES: StoredFile,
    Kept.EXPORTS: StoredFile,
    Kept.STAFF_TALK: Interaction,
    Kept.AUDIT: AuditEntry,
    Kept.RAW_UPDATES: Inbox,
    Kept.SET_ASIDE: Inbox,
    Kept.WEB_SESSIONS: WebSession,
    Kept.INVITES: Invite,
    Kept.IMPORTS: ImportRun,
}

Make = Callable[[House, Work, datetime], Awaitable[Any]]


async def _interaction(work: Work, at: datetime, *, staff: bool) -> Interaction:
    like = Interaction.customer_id.is_(None) if staff else Interaction.customer_id.is_not(None)
    pattern = await work.session.scalar(select(Interaction).where(like).limit(1))
    assert pattern is not None
    row_id = new_id()
    key = await work.key_of(pattern.customer_id)
    row = Interaction(
        id=row_id, conversation_id=pattern.conversation_id, customer_id=pattern.customer_id, rev=1000, kind="message",
        body=work.vault.seal("old words", f"interaction.body:{row_id}", key, pattern.customer_id or 0), at=at,
    )  # fmt: skip
    work.session.add(row)
    await work.session.flush()
    return row


async def _identity(work: Work) -> Identity:
    found = await work.session.scalar(select(Identity).where(Identity.customer_id.is_not(None)).limit(1))
    assert found is not None
    return found


async def message(_house: House, work: Work, at: datetime) -> Any:
    return await _interaction(work, at, staff=False)


async def staff_talk(_house: House, work: Work, at: datetime) -> Any:
    row = await _interaction(work, at, staff=True)
    work.session.add(InteractionAbout(customer_id=(await _identity(work)).customer_id or 0, interaction_id=row.id))
    return row


async def delivery(_house: House, work: Work, at: datetime) -> Any:
    row = Outbox(id=new_id(), channel="memory", chat="ana", lane=2, state="sent", created_at=at, settled_at=at)
    work.session.add_all((row, MessageLink(channel="memory", chat="ana", message_id=str(row.id), outbox_id=row.id)))
    return row


def stored(kind: str) -> Make:
    async def make(house: House, work: Work, at: datetime) -> Any:
        row = await house.app.files.keep(
            work, await _identity(work), file_name="a.png", kind=kind, mime="image/png", data=b"x"
        )
        row.created_at = at
        return row

    return make


async def attachment(_house: House, work: Work, at: datetime) -> Any:
    said = await _interaction(work, at, staff=False)
    said.body = b""
    row_id = new_id()
    row = Attachment(
        id=row_id, interaction_id=said.id, channel="telegram:1", ref="abc", kind="photo", mime="image/png", size=1,
        file_name=work.vault.seal(
            "a.png", f"attachment.file_name:{row_id}", await work.key_of(said.customer_id), said.customer_id or 0
        ),
    )  # fmt: skip
    work.session.add(row)
    return row


async def audit_entry(_house: House, work: Work, at: datetime) -> Any:
    row = AuditEntry(id=id_at(at, 0), act="customer.show", subject="customer:1", detail={}, at=at)
    seq = await work.session.scalar(select(func.max(AuditLink.seq))) or 0
    work.session.add_all((row, AuditLink(seq=seq + 1, entry_id=row.id, entry_hash="x", hash=str(row.id), at=at)))
    await work.session.flush()
    return row


def update(state: str) -> Make:
    async def make(_house: House, work: Work, at: datetime) -> Any:
        row_id = new_id()
        raw = work.vault.seal("{}", f"inbox.raw:{row_id}", None)
        row = Inbox(
            id=row_id, channel="memory", external_id=str(row_id), sender="ana", raw=raw, state=state, received_at=at
        )
        work.session.add(row)
        return row

    return make


async def web_session(_house: House, work: Work, at: datetime) -> Any:
    identity = await _identity(work)
    row_id = new_id()
    row = WebSession(id=row_id, token_hash=str(row_id), identity_id=identity.id, created_at=at, expires_at=at)
    work.session.add(row)
    return row


async def invite(_house: House, work: Work, at: datetime) -> Any:
    row_id = new_id()
    row = Invite(id=row_id, token_hash=str(row_id), role="agent", name="Wei", expires_at=at)
    work.session.add(row)
    return row


async def import_run(_house: House, work: Work, at: datetime) -> Any:
    row_id = new_id()
    row = ImportRun(
        id=row_id, kind="orders", digest=str(row_id), cursor=1, total=1, counts={}, started_at=at, changed_at=at,
        finished_at=at,
    )  # fmt: skip
    work.session.add(row)
    return row


MAKERS: dict[Kept, Make] = {
    Kept.MESSAGES: message,
    Kept.DELIVERIES: delivery,
    Kept.FILES: stored("photo"),
    Kept.ATTACHMENTS: attachment,
    Kept.PICTURES: stored("made"),
    Kept.EXPORTS: stored("export"),
    Kept.STAFF_TALK: staff_talk,
    Kept.AUDIT: audit_entry,
    Kept.RAW_UPDATES: update("done"),
    Kept.SET_ASIDE: update("set_aside"),
    Kept.WEB_SESSIONS: web_session,
    Kept.INVITES: invite,
    Kept.IMPORTS: import_run,
}
_EMPTY: dict[Kept, tuple[str, object]] = {
    Kept.MESSAGES: ("body", b""),
    Kept.STAFF_TALK: ("body", b""),
    Kept.DELIVERIES: ("chat", ""),
}


@pytest.mark.parametrize("kept", list(Kept))
async def test_what_was_kept_for_its_term_goes_and_what_was_not_stays(house: House, kept: Kept) -> None:
    """One row an hour too old, one an hour too young."""
    await house.colleague("Wei")
    await house.customer().says("hello")
    term = term_of(kept, Months())
    assert term is not None
    async with house.app.records.write() as work:
        old_id = (await MAKERS[kept](house, work, work.now - term - timedelta(hours=1))).id
        young_id = (await MAKERS[kept](house, work, work.now - term + timedelta(hours=1))).id
    async with house.app.records.read() as work:
        assert (await retention.due(work, Months()))[kept] == 1

    counts = await retention.sweep(house.app.records, house.app.files, Months())

    assert counts[kept] == 1
    there = {one.id: one for one in await house.rows(TABLES[kept])}
    if RETENTION[kept].emptied:
        column, empty = _EMPTY[kept]
        assert getattr(there[old_id], column) == empty
        assert getattr(there[young_id], column) != empty
    else:
        assert (old_id in there, young_id in there) == (False, True)
    if TABLES[kept] is StoredFile:
        assert (house.app.files.folder / str(old_id)).exists() is False
        assert (house.app.files.folder / str(young_id)).exists() is True


def test_every_class_of_the_table_is_tested() -> None:
    """A class without a test here would be a promise that nobody holds."""
    assert set(MAKERS) == set(Kept) == set(RETENTION)
    assert all(table in Base.metadata.tables for rule in RETENTION.values() for table in rule.tables)


async def test_emptied_words_are_read_as_none(house: House) -> None:
    """Cards, pages and reports go on without them."""
    wei, ana = await house.colleague("Wei"), house.customer()
    await ana.says("I like oolong")
    await ana.says("/agent")
    house.hands.move(days=800)
    await retention.sweep(house.app.records, house.app.files, Months())

    async with house.app.records.read() as work:
        said = await house.rows(Interaction, Interaction.customer_id.is_not(None))
        assert {await body_of(work, one) for one in said} == {""}
    assert "I like oolong" not in " ".join(await wei.says("/claim 1"))


@pytest.mark.parametrize("kept", [one for one in Kept if RETENTION[one].setting])
async def test_nothing_a_shop_keeps_for_good_goes(house: House, kept: Kept) -> None:
    """0 months are no term."""
    months = Months(**{RETENTION[kept].setting: 0})
    assert term_of(kept, months) is None
    async with house.app.records.read() as work:
        assert (await retention.due(work, months))[kept] == 0


async def test_it_is_done_once_a_day(house: House) -> None:
    await house.ring("retention")
    async with house.app.records.read() as work:
        first = await retention.last(work)
    house.hands.move(hours=23)
    await house.ring("retention")
    async with house.app.records.read() as work:
        assert await retention.last(work) == first
    house.hands.move(hours=2)
    await house.ring("retention")
    async with house.app.records.read() as work:
        assert await retention.last(work) != first


def test_audit_links_outlive_their_entries() -> None:
    """The chain stays whole: only entries have a term."""
    assert AuditLink.__tablename__ not in {table for rule in RETENTION.values() for table in rule.tables}
