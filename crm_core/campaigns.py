"""Campaigns: planned, materialised in batches behind a cursor, fed into the outbox a little at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from crm_core import audit, consents, outbox, saved_segments, segments
from crm_core.follow_ups import addresses_of
from crm_core.models import (
    Campaign,
    CampaignRecipient,
    CampaignState,
    Conversation,
    Customer,
    Identity,
    Lane,
    Outbox,
    OutboxState,
)
from crm_core.numbers import next_number
from crm_core.rules.consent import EVERYWHERE
from crm_core.segments.lexer import quoted
from crm_core.storage.ids import new_id
from crm_core.work import Work

BATCH = 200  # recipients materialised by one transaction
_BAD_AUDIENCE = "bad_audience"  # why a campaign was paused by itself
_AHEAD = 5_000  # customers looked up at a time, in no transaction that writes
WINDOW = 200  # rows of one campaign that wait in the outbox at a time
TERM = timedelta(days=3)  # how long after its start a campaign's messages may still leave


class CampaignRefused(Exception):
    """This cannot be done with this campaign; `key` names the sentence in the texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(slots=True, kw_only=True)
class Figures:
    """How a campaign stands; every number is derived from its recipients and their outbox rows."""

    included: int = 0
    excluded: dict[str, int] = field(default_factory=dict)  # reason -> people left out when it was planned
    suppressed: dict[str, int] = field(default_factory=dict)  # reason -> people left out when it was to be sent
    waiting: int = 0
    in_flight: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    expired: int = 0
    cancelled: int = 0

    @property
    def left_out(self) -> dict[str, int]:
        """Reason -> people left out for it, whenever that was decided."""
        reasons = self.excluded.keys() | self.suppressed.keys()
        return {reason: self.excluded.get(reason, 0) + self.suppressed.get(reason, 0) for reason in reasons}


def is_short(audience: str) -> bool:
    """Whether this is one of the short forms, which everybody understands."""
    kind, colon, _value = audience.partition(":")
    return audience == "all" or bool(colon and kind in {"language", "tag"})


async def check_audience(work: Work, audience: str, languages: Sequence[str]) -> str:
    """The audience in normal form: a question about customers, or a short form: "all", "language:zh", "tag:tea".

    Raises CampaignRefused for a short form that means nothing here, SegmentError for a question that cannot be asked.
    """
    audience = audience.strip()
    kind, colon, value = audience.partition(":")
    value = value.strip()
    if colon and kind in {"all", "language", "tag"}:
        if kind == "all" or not value or (kind == "language" and value not in languages):
            raise CampaignRefused("campaign-bad-audience", audience=audience[:60])
        return f"{kind}:{value[:40]}"
    return str(await saved_segments.read(work, audience))


async def _asked_for(work: Work, audience: str, zone: str) -> ColumnElement[bool]:
    """Whom an audience is for; merged-away customers are met as who they were merged into."""
    if is_short(audience) and audience != "all":
        kind, _, value = audience.partition(":")
        audience = f"{kind} = {quoted(value)}"
    tree = await saved_segments.read(work, audience)
    return segments.compile(tree, work.now, zone) & Customer.merged_into.is_(None)


@dataclass(frozen=True, slots=True)
class _Person:
    id: int
    language: str
    erased: bool


async def _people(work: Work, ids: Sequence[int]) -> list[_Person]:
    statement = (
        select(Customer.id, Customer.language, Customer.key.is_(None))
        .where(Customer.id.in_(ids), Customer.merged_into.is_(None))
        .order_by(Customer.id)
    )
    return [_Person(*row) for row in (await work.session.execute(statement)).all()]


async def _next_ids(work: Work, audience: str, cursor: int, zone: str) -> Sequence[int]:
    """The next customers of an audience behind the cursor, 5,000 at a time: what a question costs is paid once."""
    statement = select(Customer.id).where(Customer.id > cursor, await _asked_for(work, audience, zone))
    return (await work.session.scalars(statement.order_by(Customer.id).limit(_AHEAD))).all()


async def plan(
    work: Work,
    *,
    texts: dict[str, str],
    audience: str,
    starts_at: datetime,
    staff_id: int | None,
    held: bool = False,
) -> Campaign:
    """A new campaign that starts at `starts_at`, once it is released if it is `held`; its recipients are drawn then."""
    if not any(text.strip() for text in texts.values()):
        raise CampaignRefused("campaign-no-text")
    campaign = Campaign(
        id=new_id(),
        number=await next_number(work, "campaign"),
        texts={language: text for language, text in texts.items() if text.strip()},
        audience=audience,
        state=CampaignState.APPROVING if held else CampaignState.SCHEDULED,
        created_by=staff_id,
        created_at=work.now,
        starts_at=starts_at,
        expires_at=max(starts_at, work.now) + TERM,
        cursor=0,
    )
    work.session.add(campaign)
    work.desk_changed = True
    audit.enter(work, staff_id, "campaign.send", f"campaign:{campaign.number}", audience=audience)
    return campaign


async def dry_run(work: Work, texts: dict[str, str], audience: str, zone: str) -> Figures:
    """Who would get it now, and why everybody else would not; nothing is written.

    Days are those of `zone`, the shop's. In a large shop this takes seconds: it wants a work that only reads.
    """
    figures = Figures()
    cursor = 0
    while ids := await _next_ids(work, audience, cursor, zone):
        cursor = ids[-1]
        for start_at in range(0, len(ids), BATCH):
            people = await _people(work, ids[start_at : start_at + BATCH])
            for _person, _address, reason in await _sorted_out(work, people, texts):
                if reason:
                    figures.excluded[reason] = figures.excluded.get(reason, 0) + 1
                else:
                    figures.included += 1
    return figures


async def _sorted_out(
    work: Work, people: Sequence[_Person], texts: dict[str, str]
) -> list[tuple[_Person, tuple[Identity, Conversation] | None, str]]:
    """Each person with their address and the reason why they are left out ("" when they are not)."""
    ids = [person.id for person in people]
    agreed = await consents.agreed(work, ids)
    addresses = await addresses_of(work, ids, agreed)
    missing = [one for one in ids if one not in addresses]
    elsewhere = await addresses_of(work, missing, dict.fromkeys(missing, (EVERYWHERE,)))
    barred = await _barred(work, [one for one in missing if one not in elsewhere])
    found = []
    for person in people:
        address = addresses.get(person.id)
        if person.erased:
            reason = "erased"
        elif person.id not in agreed:
            reason = "no_consent"
        elif not agreed[person.id]:
            reason = "opted_out"
        elif person.id in elsewhere:
            reason = "no_consent"  # for a channel on which we do not meet them
        elif address is None:
            reason = barred.get(person.id, "no_address")
        else:
            reason = "" if texts.get(address[0].language) else "no_text"
        found.append((person, address, reason))
    return found


async def _barred(work: Work, customer_ids: Sequence[int]) -> dict[int, str]:
    """Why customers who have identities cannot be reached by any of them."""
    statement = select(Identity.customer_id, Identity.blocked_at).where(Identity.customer_id.in_(customer_ids))
    return {
        row[0]: "blocked" if row[1] is not None else "unreachable"
        for row in (await work.session.execute(statement)).all()
        if row[0] is not None
    }


async def to_start(work: Work) -> Sequence[Campaign]:
    """Campaigns whose time has come."""
    statement = select(Campaign).where(Campaign.state == CampaignState.SCHEDULED, Campaign.starts_at <= work.now)
    return (await work.session.scalars(statement)).all()


def start(work: Work, campaign: Campaign) -> None:
    """Let a scheduled campaign run."""
    campaign.state = CampaignState.RUNNING
    work.desk_changed = True


async def running(work: Work) -> Sequence[Campaign]:
    """Campaigns that have something to do."""
    return (
        await work.session.scalars(
            select(Campaign).where(Campaign.state == CampaignState.RUNNING).order_by(Campaign.id)
        )
    ).all()


async def to_draw(work: Work, campaign: Campaign, zone: str) -> Sequence[int]:
    """The next customers of the audience, up to 5,000, in a work that only reads; none when all are drawn.

    Raises SegmentError when the audience cannot be asked for any more: an attribute that it names is gone.
    """
    return await _next_ids(work, campaign.audience, campaign.cursor, zone)


async def materialise(work: Work, campaign: Campaign, ids: Sequence[int]) -> None:
    """Draw the first 200 of these and move the cursor in the same transaction; without any, all are drawn."""
    if not ids:
        campaign.materialised_at = work.now
        return
    ids = [one for one in ids if one > campaign.cursor][:BATCH]
    people = await _people(work, ids)
    drawn = await _sorted_out(work, people, campaign.texts)
    had = await _had_already(work, campaign, drawn)
    for person, address, reason in drawn:
        if person.id in had or (address is not None and address[0].id in had):
            continue
        work.session.add(
            CampaignRecipient(
                id=new_id(),
                campaign_id=campaign.id,
                customer_id=person.id,
                identity_id=address[0].id if address else None,
                language=address[0].language if address else person.language,
                excluded=reason or None,
            )
        )
    campaign.cursor = max([campaign.cursor, *ids])


async def _had_already(
    work: Work, campaign: Campaign, drawn: Sequence[tuple[_Person, tuple[Identity, Conversation] | None, str]]
) -> set[int]:
    """The customers and identities among these that the campaign has: records were merged or parted meanwhile."""
    people = [person.id for person, _address, _reason in drawn]
    identities = [address[0].id for _person, address, _reason in drawn if address is not None]
    statement = select(CampaignRecipient.customer_id, CampaignRecipient.identity_id).where(
        CampaignRecipient.campaign_id == campaign.id,
        or_(CampaignRecipient.customer_id.in_(people), CampaignRecipient.identity_id.in_(identities)),
    )
    return {one for row in (await work.session.execute(statement)).all() for one in row if one is not None}


async def feed(work: Work, campaign: Campaign) -> int:
    """Put the next recipients into the outbox, where at most 200 rows of the campaign wait; returns how many."""
    waiting = await work.session.scalar(
        select(func.count())
        .select_from(CampaignRecipient)
        .join(Outbox, Outbox.id == CampaignRecipient.outbox_id)
        .where(CampaignRecipient.campaign_id == campaign.id, Outbox.state == OutboxState.QUEUED)
    )
    room = WINDOW - (waiting or 0)
    if room <= 0:
        return 0
    statement = (
        select(CampaignRecipient, Identity, Conversation)
        .join(Identity, Identity.id == CampaignRecipient.identity_id)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .where(
            CampaignRecipient.campaign_id == campaign.id,
            CampaignRecipient.outbox_id.is_(None),
            CampaignRecipient.excluded.is_(None),
        )
        .order_by(CampaignRecipient.id)
        .limit(room)
    )
    rows = (await work.session.execute(statement)).all()
    for recipient, identity, conversation in rows:
        row = outbox.queue(
            work,
            channel=identity.channel,
            chat=identity.chat,
            lane=Lane.CAMPAIGN,
            conversation_id=conversation.id,
            subject=f"recipient:{recipient.id}",
            expires_at=campaign.expires_at,
        )
        recipient.outbox_id = row.id
    return len(rows)


async def finish_if_done(work: Work, campaign: Campaign) -> bool:
    """End a campaign when everybody is drawn and nothing of it waits or is under way."""
    figures = await figures_of(work, campaign)
    if campaign.materialised_at is None or figures.waiting or figures.in_flight:
        return False
    campaign.state = CampaignState.DONE
    campaign.finished_at = work.now
    work.desk_changed = True
    return True


async def queue_progress(work: Work, campaign: Campaign, every: timedelta, done: bool) -> None:
    """Let whoever planned a campaign see how it stands, edited in place, now and then and at the end."""
    if campaign.created_by is None:
        return
    subject = f"progress:{campaign.id}"
    newest = await work.session.scalar(select(func.max(Outbox.created_at)).where(Outbox.subject == subject))
    if newest is not None and not done and work.now - newest < every:
        return
    await outbox.queue_for_staff(work, campaign.created_by, subject=subject, thread=f"campaign:{campaign.id}")


async def figures_of(work: Work, campaign: Campaign) -> Figures:
    """How a campaign stands."""
    statement = (
        select(CampaignRecipient.excluded, Outbox.state, Outbox.reason, func.count())
        .outerjoin(Outbox, Outbox.id == CampaignRecipient.outbox_id)
        .where(CampaignRecipient.campaign_id == campaign.id)
        .group_by(CampaignRecipient.excluded, Outbox.state, Outbox.reason)
    )
    figures = Figures()
    for excluded, state, reason, count in (await work.session.execute(statement)).all():
        _add(figures, excluded, state, reason, count)
    return figures


def _add(figures: Figures, excluded: str | None, state: str | None, reason: str | None, count: int) -> None:
    if excluded:
        figures.excluded[excluded] = figures.excluded.get(excluded, 0) + count
        return
    figures.included += count
    if state is None or state == OutboxState.QUEUED:
        figures.waiting += count
    elif state == OutboxState.SUPPRESSED:
        figures.suppressed[reason or ""] = figures.suppressed.get(reason or "", 0) + count
    else:
        setattr(figures, state, getattr(figures, state) + count)


async def in_doubt(work: Work, campaign: Campaign) -> Sequence[int]:
    """The customers who may or may not have got it."""
    statement = (
        select(CampaignRecipient.customer_id)
        .join(Outbox, Outbox.id == CampaignRecipient.outbox_id)
        .where(CampaignRecipient.campaign_id == campaign.id, Outbox.state == OutboxState.IN_DOUBT)
        .order_by(CampaignRecipient.customer_id)
    )
    return (await work.session.scalars(statement)).all()


async def resend_doubtful(work: Work, campaign: Campaign, staff_id: int | None) -> int:
    """A person's decision to send once more what is in doubt, up to 500 rows; who had got it then gets it twice."""
    statement = (
        select(Outbox)
        .where(Outbox.id.in_(_outbox_ids(campaign)), Outbox.state == OutboxState.IN_DOUBT)
        .order_by(Outbox.id)
        .limit(500)
    )
    rows = (await work.session.scalars(statement)).all()
    for row in rows:
        row.expires_at = work.now + timedelta(days=1)
        await outbox.resend(work, row)
    audit.enter(work, staff_id, "campaign.resend", f"campaign:{campaign.number}", rows=len(rows))
    return len(rows)


def check_can(campaign: Campaign, act: str) -> None:
    """Raise CampaignRefused unless the campaign's state allows "release", "pause", "resume" or "cancel"."""
    allowed = {
        "release": (CampaignState.APPROVING,),
        "pause": (CampaignState.RUNNING,),
        "resume": (CampaignState.PAUSED,),
        "cancel": (CampaignState.APPROVING, CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED),
    }[act]
    if campaign.state not in allowed:
        raise CampaignRefused("campaign-cannot", number=campaign.number, state=campaign.state)


def release(work: Work, campaign: Campaign, staff_id: int | None) -> None:
    """A second person agreed, or its planner gave their PIN: it leaves at its time, or now if that is over."""
    check_can(campaign, "release")
    campaign.state = CampaignState.SCHEDULED
    campaign.expires_at = max(campaign.starts_at, work.now) + TERM
    work.desk_changed = True
    audit.enter(work, staff_id, "campaign.release", f"campaign:{campaign.number}")


def pause(work: Work, campaign: Campaign, staff_id: int | None) -> None:
    """Let nothing more of it leave; what waits stays in the outbox."""
    check_can(campaign, "pause")
    campaign.state = CampaignState.PAUSED
    work.desk_changed = True
    audit.enter(work, staff_id, "campaign.pause", f"campaign:{campaign.number}")


def hold(work: Work, campaign: Campaign) -> None:
    """Pause a campaign whose audience cannot be asked for any more, until somebody has put that right."""
    campaign.state = CampaignState.PAUSED
    campaign.reason = _BAD_AUDIENCE
    work.desk_changed = True
    audit.enter(work, None, "campaign.hold", f"campaign:{campaign.number}")


async def resume(work: Work, campaign: Campaign, staff_id: int | None) -> None:
    """Go on where it was paused."""
    check_can(campaign, "resume")
    campaign.state = CampaignState.RUNNING
    campaign.expires_at = max(campaign.expires_at, work.now + timedelta(days=1))
    campaign.reason = None
    await work.session.execute(
        update(Outbox)
        .where(Outbox.id.in_(_outbox_ids(campaign)), Outbox.state == OutboxState.QUEUED)
        .values(not_before=None, expires_at=campaign.expires_at)
        .execution_options(synchronize_session=False)
    )
    work.desk_changed = True
    audit.enter(work, staff_id, "campaign.resume", f"campaign:{campaign.number}")


async def cancel(work: Work, campaign: Campaign, staff_id: int | None) -> None:
    """End it: what waits is cancelled, what left stays sent."""
    check_can(campaign, "cancel")
    campaign.state = CampaignState.CANCELLED
    campaign.finished_at = work.now
    await work.session.execute(
        update(Outbox)
        .where(Outbox.id.in_(_outbox_ids(campaign)), Outbox.state == OutboxState.QUEUED)
        .values(state=OutboxState.CANCELLED, reason="cancelled", settled_at=work.now)
        .execution_options(synchronize_session=False)
    )
    await work.session.execute(
        update(CampaignRecipient)
        .where(
            CampaignRecipient.campaign_id == campaign.id,
            CampaignRecipient.outbox_id.is_(None),
            CampaignRecipient.excluded.is_(None),
        )
        .values(excluded="cancelled")
        .execution_options(synchronize_session=False)
    )
    work.desk_changed = True
    audit.enter(work, staff_id, "campaign.cancel", f"campaign:{campaign.number}")


def _outbox_ids(campaign: Campaign) -> Select[int | None]:
    return select(CampaignRecipient.outbox_id).where(
        CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.outbox_id.is_not(None)
    )


async def get(work: Work, campaign_id: int) -> Campaign | None:
    """One campaign by id."""
    return await work.session.get(Campaign, campaign_id)


async def by_number(work: Work, number: int) -> Campaign | None:
    """One campaign by its number."""
    return await work.session.scalar(select(Campaign).where(Campaign.number == number))


async def newest(work: Work, limit: int = 10) -> Sequence[Campaign]:
    """The newest campaigns first."""
    return (await work.session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(limit))).all()


async def text_for(work: Work, recipient_id: int) -> str | None:
    """What one recipient is to read; None when the campaign is gone."""
    recipient = await work.session.get(CampaignRecipient, recipient_id)
    campaign = await work.session.get(Campaign, recipient.campaign_id) if recipient else None
    if recipient is None or campaign is None:
        return None
    text = campaign.texts.get(recipient.language)
    return str(text) if text else None
