"""What the shop knows: articles and their versions, synonyms, and what people judge and propose to make it better."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references
from crm_core.storage.types import Sealed


class ArticleState(StrEnum):
    """Whether customers may get an article."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Article(Base):
    """An answer in one language and the ways in which people ask for it, as it stands now."""

    __tablename__ = "article"
    __table_args__ = (UniqueConstraint("slug", "language"),)
    id: Mapped[Id]
    slug: Mapped[Name]  # the article's id in files, the same in every language
    language: Mapped[Word]
    title: Mapped[Name]
    category: Mapped[Name]
    tags: Mapped[list[Any]] = mapped_column(default=list)
    phrasings: Mapped[list[Any]]
    answer: Mapped[str] = mapped_column(Text)
    must_match: Mapped[list[Any]] = mapped_column(
        default=list
    )  # questions that this article has to be the first candidate for
    must_not_match: Mapped[list[Any]] = mapped_column(default=list)  # questions that it may not be the answer to
    attachments: Mapped[list[Any]] = mapped_column(default=list)  # {"name", "url"}: files that go with the answer
    buttons: Mapped[list[Any]] = mapped_column(default=list)  # {"label", "url"}: links below the answer
    related: Mapped[list[Any]] = mapped_column(default=list)  # slugs of articles that people want next
    state: Mapped[Word] = mapped_column(default=ArticleState.PUBLISHED)
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    source: Mapped[Name]  # "config" for the configured folder, else "import" or "desk"
    taken: Mapped[dict[str, Any] | None]  # what its file said when it was last taken over; None: it never came from one
    version: Mapped[int] = mapped_column(default=0)  # the number of the newest ArticleVersion
    changed_at: Mapped[datetime]


class ArticleVersion(Base):
    """What an article said from one moment on, and who made it say so; append-only."""

    __tablename__ = "article_version"
    __table_args__ = (UniqueConstraint("slug", "language", "number"),)
    id: Mapped[Id]
    slug: Mapped[Name]
    language: Mapped[Word]
    number: Mapped[int]  # 1, 2, 3 … for each slug and language
    act: Mapped[Word]  # imported, edited, published, archived, learnt, removed
    content: Mapped[dict[str, Any]]  # every field of the article after the act
    staff_id: Mapped[int | None]  # None: a file or the command line
    at: Mapped[datetime]


class SynonymGroup(Base):
    """Words that mean the same in this shop, in one language."""

    __tablename__ = "synonym_group"
    id: Mapped[Id]
    language: Mapped[Word] = mapped_column(index=True)
    words: Mapped[list[Any]]
    changed_at: Mapped[datetime]


class Judgement(Base):
    """One turn drawn at random for staff to judge: which article is the right answer, or none. The words stay there."""

    __tablename__ = "judgement"
    __table_args__ = (Index("ix_judgement_open", "verdict", "drawn_at"),)
    id: Mapped[Id]
    interaction_id: Mapped[int] = mapped_column(references("interaction.id", ondelete="CASCADE"), unique=True)
    language: Mapped[Word]
    decision: Mapped[Word]  # what was decided at the time
    confidence: Mapped[float]  # in the first candidate, 0 when there was none
    candidates: Mapped[list[Any]]  # slugs, best first, at most three
    drawn_at: Mapped[datetime]
    handed_at: Mapped[datetime | None]  # when it was last shown to `staff_id`, so that nobody else is asked meanwhile
    verdict: Mapped[Word | None]  # article, none, skipped; None: nobody judged it yet
    right_slug: Mapped[Name | None]  # with the verdict "article"
    staff_id: Mapped[int | None]
    judged_at: Mapped[datetime | None] = mapped_column(index=True)


class Gap(Base):
    """Questions that no article answered and that ask for the same thing; the words stay with the interactions."""

    __tablename__ = "gap"
    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    language: Mapped[Word]  # of most of its questions
    state: Mapped[Word] = mapped_column(index=True)  # open, closed
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None]
    slug: Mapped[Name | None]  # the article that closed it, if one did


class GapQuestion(Base):
    """One question of a gap."""

    __tablename__ = "gap_question"
    interaction_id: Mapped[int] = mapped_column(
        references("interaction.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    gap_id: Mapped[int] = mapped_column(references("gap.id", ondelete="CASCADE"), index=True)
    cause: Mapped[Word]  # escalated, not_helped
    at: Mapped[datetime] = mapped_column(index=True)


class Proposal(Base):
    """A wording or an article that somebody wants to add; it counts only once somebody else approved it."""

    __tablename__ = "proposal"
    __table_args__ = (Index("ix_proposal_state", "state", "proposed_at"),)
    id: Mapped[Id]
    kind: Mapped[Word]  # phrasing, article
    state: Mapped[Word]  # open, approved, rejected
    slug: Mapped[Name]  # the article it is for, or the new one's
    language: Mapped[Word]
    interaction_id: Mapped[int] = mapped_column(references("interaction.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[int | None] = mapped_column(references("customer.id", ondelete="CASCADE"))
    ticket_id: Mapped[int | None]
    title: Mapped[bytes | None] = mapped_column(Sealed)
    wording: Mapped[bytes | None] = mapped_column(Sealed)  # under the customer's key, as read and edited by staff
    answer: Mapped[bytes | None] = mapped_column(Sealed)  # for a new article
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
