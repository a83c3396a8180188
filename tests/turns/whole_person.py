"""Somebody with at least one row in every table that can hold anything of a person, and canaries in all words."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from crm_core import consents, contacts, conversations, customers, orders_apart, tickets
from crm_core.conversations import Words, record
from crm_core.files import FileStore
from crm_core.models import (
    Attribute,
    AttributeValue,
    Base,
    Campaign,
    CampaignRecipient,
    ContactKind,
    Conversation,
    Customer,
    CustomerChange,
    CustomerNote,
    Dialogue,
    FollowUp,
    Gap,
    GapQuestion,
    Identity,
    IdentityLink,
    Interaction,
    InteractionAbout,
    Judgement,
    Kind,
    Lane,
    Merge,
    MergeSuggestion,
    MessageLink,
    Order,
    OrderEvent,
    OrderLine,
    Outbox,
    OutboxState,
    Payment,
    Proposal,
    RfmScore,
    StageChange,
    StoredFile,
    WebSession,
)
from crm_core.rules.orders import OrderDraft
from crm_core.storage.ids import new_id
from crm_core.work import Work

CANARY = "CANARY"
PHONE = "+4917012345678"
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


async def make_whole(work: Work, store: FileStore, staff_talk: Interaction) -> Customer:
    """A customer called CANARY, and another who was merged into them, with everything on record."""
    identity, customer, talk = await customers.welcome(
        work, channel="memory", external_id="9701", chat="9701", language="en", name=f"{CANARY} name"
    )
    other = customers.create(work, language="en", name=f"{CANARY} other", source="import", number=900)
    other.merged_into = customer.id
    await work.session.flush()
    customer.company, customer.time_zone, customer.birth_day = f"{CANARY} Ltd", "Asia/Shanghai", "03-27"
    customer.birthday = _sealed(work, customer, "1990-03-27", f"customer.birthday:{customer.id}")
    contacts.add(work, customer, ContactKind.EMAIL, f"{CANARY}@example.org")
    contacts.add(work, customer, ContactKind.PHONE, PHONE)
    contacts.add(work, other, ContactKind.ADDRESS, f"{CANARY} street 1")
    customers.tag(work, customer.id, [f"{CANARY}-tag"])
    consents.give(work, customer.id, True, "chat")
    said = await _talk(work, store, customer, identity, talk)
    await _dealings(work, customer, talk, said)
    await _learning(work, customer, said)
    work.session.add(InteractionAbout(customer_id=customer.id, interaction_id=staff_talk.id))
    for one in _plain(customer, other, identity, talk):
        work.session.add(one)
    await work.session.flush()
    return customer


def _sealed(work: Work, customer: Customer, words: str, place: str) -> bytes:
    return work.vault.seal(words, place, customer.key, customer.id)


async def _talk(
    work: Work, store: FileStore, customer: Customer, identity: Identity, talk: Conversation
) -> Interaction:
    file: StoredFile = await store.keep(
        work, identity, file_name=f"{CANARY}.png", kind="photo", mime="image/png", data=CANARY.encode() * 9
    )
    attachment: dict[str, Any] = {
        "channel": "memory", "ref": f"file:{file.id}", "kind": "photo", "file_name": f"{CANARY}.png",
        "mime": "image/png", "size": 9,
    }  # fmt: skip
    words = Words(
        kind=Kind.MESSAGE,
        text=f"{CANARY} words",
        source_key="memory:9701:u1",
        decision="escalate",
        attachment=attachment,
    )
    said = await record(work, talk, words)
    row = Outbox(
        id=new_id(), channel="memory", chat="9701", lane=Lane.REPLY, conversation_id=talk.id, interaction_id=said.id,
        token="t" * 22, buttons={"prompt": "", "rows": [[{"label": CANARY, "act": "x", "args": {}}]]},
        state=OutboxState.SENT, created_at=WHEN,
    )  # fmt: skip
    queued = Outbox(
        id=new_id(), channel="memory", chat="9701", lane=Lane.CAMPAIGN, conversation_id=talk.id,
        state=OutboxState.QUEUED, created_at=WHEN,
    )  # fmt: skip
    work.session.add_all((row, queued))
    work.session.add(MessageLink(channel="memory", chat="9701", message_id="1", outbox_id=row.id))
    ticket = await tickets.open_ticket(work, talk, said, "weak")
    assert ticket.customer_id == customer.id
    work.session.add(Dialogue(conversation_id=talk.id, kind="order", step="which", answers={}, updated_at=WHEN))
    return said


async def _dealings(work: Work, customer: Customer, talk: Conversation, said: Interaction) -> None:
    order_id, campaign_id = new_id(), new_id()
    work.session.add(
        Order(
            id=order_id,
            source="import",
            external_ref="A-1",
            customer_id=customer.id,
            state="paid",
            total_minor=500,
            currency="EUR",
            placed_at=WHEN,
            tracking=f"{CANARY}-track",
        )
    )
    work.session.add_all((
        OrderLine(id=new_id(), order_id=order_id, product="tea", sku="T", quantity=1, unit_price_minor=500),
        OrderEvent(id=new_id(), order_id=order_id, state="paid", at=WHEN),
        Payment(id=new_id(), order_id=order_id, kind="payment", amount_minor=500, external_ref="P-1", at=WHEN),
        Campaign(
            id=campaign_id, number=1, texts={"en": "tea"}, audience="all", state="done", created_at=WHEN,
            starts_at=WHEN, expires_at=WHEN,
        ),
        CampaignRecipient(
            id=new_id(), campaign_id=campaign_id, customer_id=customer.id, identity_id=talk.identity_id, language="en"
        ),
        FollowUp(id=new_id(), kind="after_resolved", customer_id=customer.id, at=WHEN),
        StageChange(id=new_id(), customer_id=customer.id, before="lead", after="active", reason="first_order", at=WHEN),
        RfmScore(customer_id=customer.id, recency=1, frequency=2, money=3, at=WHEN),
    ))  # fmt: skip
    stray = OrderDraft(
        source="import", external_ref="B-1", customer_id=0, state="paid", total_minor=1, currency="EUR", placed_at=WHEN
    )
    await orders_apart.keep(work, [orders_apart.Stray(order=stray, phone=PHONE)])
    assert said.id


async def _learning(work: Work, customer: Customer, said: Interaction) -> None:
    gap_id, proposal_id = new_id(), new_id()
    work.session.add_all((
        Gap(id=gap_id, number=1, language="en", state="open", opened_at=WHEN),
        GapQuestion(interaction_id=said.id, gap_id=gap_id, cause="escalated", at=WHEN),
        Judgement(
            id=new_id(), interaction_id=said.id, language="en", decision="escalate", confidence=0.1, candidates=[],
            drawn_at=WHEN,
        ),
        Proposal(
            id=proposal_id, kind="phrasing", state="open", slug="refund", language="en", interaction_id=said.id,
            customer_id=customer.id, wording=_sealed(work, customer, f"{CANARY} w", f"proposal.wording:{proposal_id}"),
            proposed_at=WHEN,
        ),
    ))  # fmt: skip


def _plain(customer: Customer, other: Customer, identity: Identity, talk: Conversation) -> list[Base]:
    first, second = sorted((customer.id, other.id))
    return [
        IdentityLink(id=new_id(), token_hash="link", identity_id=identity.id, expires_at=WHEN),
        WebSession(id=new_id(), token_hash="web", identity_id=identity.id, created_at=WHEN, expires_at=WHEN),
        Merge(
            id=new_id(), kept_id=customer.id, merged_id=other.id, proof="person", moved={"filled": [CANARY]}, at=WHEN
        ),
        MergeSuggestion(id=new_id(), first_id=first, second_id=second, reason="phone", at=WHEN),
    ]


async def add_sealed_rows(work: Work, customer_id: int) -> None:
    """A note, a change and a personal attribute, as the record's verbs would write them."""
    customer = await work.session.get_one(Customer, customer_id)
    note_id, change_id = new_id(), new_id()
    attribute = await work.session.scalar(select(Attribute).limit(1))
    assert attribute is not None
    place = f"attribute_value.sealed:{customer.id}.{attribute.id}"
    work.session.add_all((
        CustomerNote(
            id=note_id, customer_id=customer.id, at=WHEN,
            body=_sealed(work, customer, f"{CANARY} note", f"customer_note.body:{note_id}"),
        ),
        CustomerChange(
            id=change_id, customer_id=customer.id, field="name", source="chat", at=WHEN,
            after=_sealed(work, customer, f"{CANARY} name", f"customer_change.after:{change_id}"),
        ),
        AttributeValue(
            customer_id=customer.id, attribute_id=attribute.id, at=WHEN,
            sealed=_sealed(work, customer, f"{CANARY} allergy", place),
        ),
    ))  # fmt: skip


async def staff_says(work: Work, words: str) -> Interaction:
    """Something that was said to a colleague in their own talk."""
    talk = await work.session.scalar(select(Conversation).where(Conversation.customer_id.is_(None)).limit(1))
    assert talk is not None
    return await conversations.record(work, talk, Words(kind=Kind.REPLY, text=words))
