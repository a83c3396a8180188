"""Getting better: turns drawn at random that staff judge, and proposals that a second person approves."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select, update

from crm_core import articles, audit, gaps
from crm_core.models import Article, ArticleState, Customer, Interaction, Judgement, Proposal, Staff
from crm_core.rules.knowledge import Draft, KnowledgeRefused, check, check_phrasing, knows
from crm_core.storage.ids import new_id
from crm_core.work import Work

RIGHT_IS: Final = "article"  # verdicts
NONE_IS_RIGHT: Final = "none"
SKIPPED: Final = "skipped"
PHRASING: Final = "phrasing"  # kinds of proposals
ARTICLE: Final = "article"
OPEN: Final = "open"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"

_WEEK = timedelta(days=7)
_HELD = timedelta(hours=1)  # for so long nobody else is asked to judge what somebody has before them
_CANDIDATES = 3
_REPLAYED = 500
_SLUG = 60  # characters


# ---- judgements ----


def draw(
    work: Work,
    interaction: Interaction,
    *,
    language: str,
    decision: str,
    confidence: float | None,
    candidates: Sequence[str],
) -> Judgement:
    """Let staff judge this turn: `candidates` are slugs, best first, `confidence` (0 to 1) is that in the first."""
    row = Judgement(
        id=new_id(),
        interaction_id=interaction.id,
        language=language[:40],
        decision=decision,
        confidence=confidence or 0.0,
        candidates=list(candidates[:_CANDIDATES]),
        drawn_at=work.now,
    )
    work.session.add(row)
    return row


async def next_to_judge(work: Work, staff_id: int, per_week: int) -> Judgement | None:
    """The oldest drawn turn that this colleague may judge now; it is kept from others for an hour.

    None when there is none, or when they judged or skipped `per_week` in the last seven days.
    """
    lately = select(func.count(Judgement.id)).where(
        Judgement.staff_id == staff_id, Judgement.judged_at > work.now - _WEEK
    )
    if (await work.session.scalar(lately) or 0) >= per_week:
        return None
    statement = (
        select(Judgement)
        .join(Interaction, Interaction.id == Judgement.interaction_id)
        .outerjoin(Customer, Customer.id == Interaction.customer_id)
        .where(
            Judgement.verdict.is_(None),
            or_(Interaction.customer_id.is_(None), Customer.key.is_not(None)),  # an erased customer's cannot be read
            or_(Judgement.staff_id.is_(None), Judgement.staff_id == staff_id, Judgement.handed_at <= work.now - _HELD),
        )
        .order_by(Judgement.drawn_at, Judgement.id)
        .limit(1)
    )
    row = await work.session.scalar(statement)
    if row is not None:
        row.staff_id, row.handed_at = staff_id, work.now
        await work.session.flush()  # the next colleague of this batch gets another
    return row


async def judge(work: Work, judgement_id: int, staff_id: int, slug: str | None, *, skipped: bool = False) -> bool:
    """Write down which article is the right answer, that none is (None), or that somebody cannot tell.

    The first verdict stands: False for any later one. KnowledgeRefused for a turn or an article that is not there.
    """
    row = await work.session.get(Judgement, judgement_id)
    if row is None:
        raise KnowledgeRefused("judgement_gone")
    if slug is not None and not skipped and slug not in row.candidates and not await _is_slug(work, slug):
        raise KnowledgeRefused("article_unknown", slug=slug[:190], language=row.language)
    verdict = SKIPPED if skipped else NONE_IS_RIGHT if slug is None else RIGHT_IS
    moved = await work.session.execute(
        update(Judgement)
        .where(Judgement.id == judgement_id, Judgement.verdict.is_(None))
        .values(verdict=verdict, right_slug=None if skipped else slug, staff_id=staff_id, judged_at=work.now)
    )
    return moved.rowcount == 1  # type: ignore[attr-defined, no-any-return]  # the result of an UPDATE is a CursorResult


async def _is_slug(work: Work, slug: str) -> bool:
    return await work.session.scalar(select(Article.id).where(Article.slug == slug).limit(1)) is not None


async def judged(work: Work, newest: int = 200) -> list[tuple[float, bool]]:
    """(confidence, whether the first candidate was right) of the newest judged turns, for the threshold."""
    statement = (
        select(Judgement.confidence, Judgement.candidates, Judgement.right_slug)
        .where(Judgement.verdict.in_((RIGHT_IS, NONE_IS_RIGHT)))
        .order_by(Judgement.judged_at.desc(), Judgement.id.desc())
        .limit(newest)
    )
    return [
        (confidence, right is not None and candidates[:1] == [right])
        for confidence, candidates, right in (await work.session.execute(statement)).all()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuestion:
    """A question whose right answer is known; `crm_core.conversations.words_of` opens its words."""

    interaction_id: int
    language: str
    right_slug: str | None  # None: no article answers it


async def judged_questions(work: Work, since: datetime) -> list[JudgedQuestion]:
    """The questions judged since then, the newest first, 500 at most."""
    statement = (
        select(Judgement.interaction_id, Judgement.language, Judgement.right_slug)
        .where(Judgement.verdict.in_((RIGHT_IS, NONE_IS_RIGHT)), Judgement.judged_at >= since)
        .order_by(Judgement.judged_at.desc(), Judgement.id.desc())
        .limit(_REPLAYED)
    )
    return [
        JudgedQuestion(interaction_id=row[0], language=row[1], right_slug=row[2])
        for row in (await work.session.execute(statement)).all()
    ]


# ---- proposals ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A proposal with its words."""

    proposal: Proposal
    wording: str
    title: str  # "" for a phrasing, as is the answer
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What an approval did."""

    kind: str  # phrasing, article
    slug: str
    language: str
    wording: str
    changed: bool  # False: the article knew this phrasing already
    gap: int | None  # the number of the gap that it closed


async def propose_phrasing(
    work: Work, staff_id: int, interaction: Interaction, slug: str, language: str, wording: str
) -> Proposal:
    """Propose a customer's wording, as read and edited by a colleague, as one more way to ask for an article.

    `interaction` is the question. KnowledgeRefused for an unknown article, or a wording that is empty, too long or
    known to it already.
    """
    row = await articles.find_known(work, slug, language)
    wording = " ".join(wording.split())
    check_phrasing(wording)
    if knows(row, wording):
        raise KnowledgeRefused("phrasing_known", slug=slug, wording=wording)
    return await _propose(work, staff_id, interaction, PHRASING, slug, language, {"wording": wording})


async def propose_article(
    work: Work,
    staff_id: int,
    interaction: Interaction,
    *,
    language: str,
    title: str,
    wording: str,
    answer: str,
    slug: str | None = None,
) -> Proposal:
    """Propose a new article from a question and the answer that an agent gave to it; without a slug one is made.

    `interaction` is the question. KnowledgeRefused when an article like this would not be in order or is there already.
    """
    if slug is None:
        slug = await free_slug(work, title or wording)
    wording = " ".join(wording.split())
    check(_new_article(slug, language, title, wording, answer))
    if await articles.find(work, slug, language) is not None:
        raise KnowledgeRefused("article_exists", slug=slug, language=language)
    await _refuse_known(work, language, wording)
    words = {"title": title[:190], "wording": wording, "answer": answer}
    return await _propose(work, staff_id, interaction, ARTICLE, slug, language, words)


async def open_proposals(work: Work, limit: int) -> list[Opened]:
    """What waits for somebody's approval, oldest first; an erased customer's words are gone and so not offered."""
    statement = (
        select(Proposal, Customer)
        .outerjoin(Customer, Customer.id == Proposal.customer_id)
        .where(Proposal.state == OPEN, or_(Proposal.customer_id.is_(None), Customer.key.is_not(None)))
        .order_by(Proposal.proposed_at, Proposal.id)
        .limit(limit)
    )
    found = []
    for row, customer in (await work.session.execute(statement)).all():
        if customer is not None:
            work.remember(customer)
        found.append(await opened(work, row))
    return found


async def opened(work: Work, row: Proposal) -> Opened:
    """A proposal with its words unsealed."""
    key = await work.key_of(row.customer_id)
    words = {
        name: ""
        if (sealed := getattr(row, name)) is None
        else work.vault.open(sealed, f"proposal.{name}:{row.id}", key, row.customer_id or 0)
        for name in ("wording", "title", "answer")
    }
    return Opened(proposal=row, **words)


async def approve(work: Work, proposal_id: int, staff: Staff, *, second_person: bool) -> Approval:
    """Let a proposal count: the next customer gets it. Whoever approves has read its words.

    KnowledgeRefused when it is gone or decided, when `second_person` is wanted and this colleague proposed it, or when
    the article is not in order any more; the proposal then stays open. The gap of its question is closed.
    """
    row = await _undecided(work, proposal_id)
    if second_person and row.proposed_by == staff.id:
        raise KnowledgeRefused("proposal_second_person")
    words = await opened(work, row)
    changed = await (_add_phrasing if row.kind == PHRASING else _add_article)(work, words, staff)
    await _decide(work, row, APPROVED, staff)
    gap = await gaps.gap_of(work, row.interaction_id)
    if gap is not None:
        await gaps.close(work, gap.number, staff.id, row.slug)
    return Approval(
        kind=row.kind,
        slug=row.slug,
        language=row.language,
        wording=words.wording,
        changed=changed,
        gap=gap.number if gap else None,
    )


async def reject(work: Work, proposal_id: int, staff: Staff) -> Proposal:
    """Let a proposal lie; KnowledgeRefused when it is gone or decided."""
    row = await _undecided(work, proposal_id)
    await _decide(work, row, REJECTED, staff)
    return row


async def free_slug(work: Work, title: str) -> str:
    """A slug for a new article that neither an article nor an open proposal has: "gift-wrapping", "article-2"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = "-".join(re.findall(r"[a-z0-9]+", plain))[:_SLUG].strip("-") or "article"
    like = func.lower(Article.slug).startswith(stem, autoescape=True)
    taken = set(await work.session.scalars(select(Article.slug).where(like)))
    waiting = select(Proposal.slug).where(Proposal.state == OPEN, Proposal.slug.startswith(stem, autoescape=True))
    taken |= set(await work.session.scalars(waiting))
    lowered = {slug.lower() for slug in taken}
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(lowered) + 3))) if slug not in lowered)


def _new_article(slug: str, language: str, title: str, wording: str, answer: str) -> Draft:
    return Draft(
        slug=slug,
        language=language,
        title=title,
        category="",
        phrasings=(wording,),
        answer=answer,
        state=ArticleState.PUBLISHED,
    )


async def _propose(
    work: Work,
    staff_id: int,
    interaction: Interaction,
    kind: str,
    slug: str,
    language: str,
    words: dict[str, str],
) -> Proposal:
    key = await work.key_of(interaction.customer_id)
    row_id = new_id()
    sealed = {
        name: work.vault.seal(text, f"proposal.{name}:{row_id}", key, interaction.customer_id or 0)
        for name, text in words.items()
    }
    row = Proposal(
        id=row_id,
        kind=kind,
        state=OPEN,
        slug=slug,
        language=language,
        interaction_id=interaction.id,
        customer_id=interaction.customer_id,
        ticket_id=interaction.ticket_id,
        proposed_by=staff_id,
        proposed_at=work.now,
        **sealed,
    )
    work.session.add(row)
    audit.enter(work, staff_id, "proposal.propose", f"proposal:{row_id}", kind=kind, slug=slug, language=language)
    await work.session.flush()
    return row


async def _add_phrasing(work: Work, words: Opened, staff: Staff) -> bool:
    row = words.proposal
    if knows(await articles.find_known(work, row.slug, row.language), words.wording):
        return False  # two proposed the same, and the other one came first
    await articles.add_phrasing(work, row.slug, row.language, words.wording, staff.id)
    return True


async def _add_article(work: Work, words: Opened, staff: Staff) -> bool:
    row = words.proposal
    if await articles.find(work, row.slug, row.language) is not None:
        raise KnowledgeRefused("article_exists", slug=row.slug, language=row.language)
    await _refuse_known(work, row.language, words.wording)  # the same question may have been proposed twice
    draft = _new_article(row.slug, row.language, words.title, words.wording, words.answer)
    await articles.save(work, draft, staff.id, "published")
    return True


async def _refuse_known(work: Work, language: str, wording: str) -> None:
    # An archived article answers nobody, so a new one may take its words.
    other = await articles.who_knows(work, language, wording)
    if other is not None and other.state != ArticleState.ARCHIVED:
        raise KnowledgeRefused("phrasing_elsewhere", slug=other.slug, wording=wording)


async def _undecided(work: Work, proposal_id: int) -> Proposal:
    # Locked until the commit: of two who decide at once the other one finds it decided.
    row = await work.session.get(Proposal, proposal_id, with_for_update=True)
    if row is None:
        raise KnowledgeRefused("proposal_gone")
    if row.state != OPEN:
        raise KnowledgeRefused("proposal_decided", state=row.state)
    return row


async def _decide(work: Work, row: Proposal, state: str, staff: Staff) -> None:
    row.state, row.decided_by, row.decided_at = state, staff.id, work.now
    act = "proposal.approve" if state == APPROVED else "proposal.reject"
    audit.enter(work, staff.id, act, f"proposal:{row.id}", kind=row.kind, slug=row.slug, language=row.language)
    await work.session.flush()
