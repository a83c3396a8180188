"""Knowledge: versions, synonyms, judgements and proposals."""

import sqlalchemy as sa
from alembic import op

import crm_core.storage.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=190), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("content", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_version")),
        sa.UniqueConstraint("slug", "language", "number", name=op.f("uq_article_version_slug_language_number")),
    )
    op.create_table(
        "synonym_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("words", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("changed_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym_group")),
    )
    with op.batch_alter_table("synonym_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_synonym_group_language"), ["language"], unique=False)

    op.create_table(
        "gap",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("opened_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("closed_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("slug", sa.String(length=190), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
        sa.UniqueConstraint("number", name=op.f("uq_gap_number")),
    )
    with op.batch_alter_table("gap", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gap_state"), ["state"], unique=False)

    op.create_table(
        "gap_question",
        sa.Column(
            "interaction_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("gap_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gap_id"],
            ["gap.id"],
            name=op.f("fk_gap_question_gap_id_gap"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interaction.id"],
            name=op.f("fk_gap_question_interaction_id_interaction"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("interaction_id", name=op.f("pk_gap_question")),
    )
    with op.batch_alter_table("gap_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gap_question_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_gap_question_gap_id"), ["gap_id"], unique=False)

    op.create_table(
        "judgement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("candidates", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("drawn_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("handed_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.Column("verdict", sa.String(length=40), nullable=True),
        sa.Column("right_slug", sa.String(length=190), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("judged_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interaction.id"],
            name=op.f("fk_judgement_interaction_id_interaction"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
        sa.UniqueConstraint("interaction_id", name=op.f("uq_judgement_interaction_id")),
    )
    with op.batch_alter_table("judgement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_judgement_judged_at"), ["judged_at"], unique=False)
        batch_op.create_index("ix_judgement_open", ["verdict", "drawn_at"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=190), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("interaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("title", crm_core.storage.types.Sealed(), nullable=True),
        sa.Column("wording", crm_core.storage.types.Sealed(), nullable=True),
        sa.Column("answer", crm_core.storage.types.Sealed(), nullable=True),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("proposed_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_proposal_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interaction.id"],
            name=op.f("fk_proposal_interaction_id_interaction"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_interaction_id"), ["interaction_id"], unique=False)
        batch_op.create_index("ix_proposal_state", ["state", "proposed_at"], unique=False)

    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tags", crm_core.storage.types.JsonText(), nullable=False, server_default="[]"))
        batch_op.add_column(
            sa.Column("must_match", crm_core.storage.types.JsonText(), nullable=False, server_default="[]")
        )
        batch_op.add_column(
            sa.Column("must_not_match", crm_core.storage.types.JsonText(), nullable=False, server_default="[]")
        )
        batch_op.add_column(
            sa.Column("attachments", crm_core.storage.types.JsonText(), nullable=False, server_default="[]")
        )
        batch_op.add_column(
            sa.Column("buttons", crm_core.storage.types.JsonText(), nullable=False, server_default="[]")
        )
        batch_op.add_column(
            sa.Column("related", crm_core.storage.types.JsonText(), nullable=False, server_default="[]")
        )
        batch_op.add_column(sa.Column("state", sa.String(length=40), nullable=False, server_default="published"))
        batch_op.add_column(sa.Column("valid_from", crm_core.storage.types.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("valid_until", crm_core.storage.types.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("taken", crm_core.storage.types.JsonText(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
