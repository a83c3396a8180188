"""Consent with its proof: to which words, on which channel, by which of the customer's own words, and when."""

import hashlib
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select

from crm_core.models import Consent, ConsentText, Purpose
from crm_core.rules.consent import Said, channels, counting
from crm_core.storage.database import insert_new
from crm_core.storage.ids import new_id
from crm_core.work import Work


async def text_of(work: Work, language: str, words: str) -> str:
    """The digest of the words by which somebody was asked; they are kept as they were shown, once."""
    digest = hashlib.sha256(f"{language}\0{words}".encode()).hexdigest()
    row = {"digest": digest, "language": language[:40], "words": words, "first_shown_at": work.now}
    await work.session.execute(insert_new(work.session, ConsentText), [row])
    return digest


def give(
    work: Work,
    customer_id: int,
    granted: bool,
    source: str,
    *,
    channel: str | None = None,
    interaction_id: int | None = None,
    text_digest: str | None = None,
    staff_id: int | None = None,
) -> Consent:
    """Write down a yes or a no to marketing, for one channel or for all; it counts from the moment it is committed."""
    row = Consent(
        id=new_id(),
        customer_id=customer_id,
        purpose=Purpose.MARKETING,
        granted=granted,
        source=source,
        channel=channel,
        interaction_id=interaction_id,
        text_digest=text_digest,
        staff_id=staff_id,
        at=work.now,
    )
    work.session.add(row)
    return row


async def all_said(work: Work, customer_ids: Collection[int]) -> dict[int, list[Said]]:
    """Everything that these customers said about marketing, oldest first; who said nothing is absent."""
    statement = (
        select(Consent)
        .where(Consent.customer_id.in_(customer_ids), Consent.purpose == Purpose.MARKETING)
        .order_by(Consent.id)
    )
    found: dict[int, list[Said]] = defaultdict(list)
    for row in await work.session.scalars(statement):
        found[row.customer_id].append(Said(granted=row.granted, channel=row.channel, at=row.at))
    return dict(found)


async def agreed(work: Work, customer_ids: Collection[int]) -> dict[int, frozenset[str | None]]:
    """For which channels each of these agreed to marketing (None: all); empty for a no, absent for no word at all."""
    return {one: channels(said) for one, said in (await all_said(work, customer_ids)).items()}


async def standing(work: Work, customer_id: int) -> list[Said]:
    """What counts of all that somebody said about marketing: their no, or each yes with its channel."""
    return counting((await all_said(work, [customer_id])).get(customer_id, []))
