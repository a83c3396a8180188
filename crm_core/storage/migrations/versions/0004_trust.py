"""Trust: keys of the house, secrets, erasures, approvals, proof of consent, and an audit log that is chained.

Forward only: who wants to go back restores the backup that was made before.
"""

import sqlalchemy as sa
from alembic import op

from crm_core.storage.types import JsonText, Sealed, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_tables()
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", UtcTime(), nullable=True))
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(length=190), nullable=True))
        batch_op.add_column(sa.Column("interaction_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("text_digest", sa.String(length=190), nullable=True))
        batch_op.add_column(sa.Column("staff_id", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("pin_hash", sa.String(length=190), nullable=True))
        batch_op.add_column(sa.Column("pin_failures", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("pin_locked_until", UtcTime(), nullable=True))
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team", sa.String(length=40), server_default="", nullable=False))


def _create_tables() -> None:
    op.create_table(
        "data_key",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("wrapped", Sealed(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_key")),
    )
    op.create_table(
        "rekeying",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rekeying")),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", Sealed(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )
    op.create_table(
        "consent_text",
        sa.Column("digest", sa.String(length=190), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("first_shown_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_consent_text")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("counts", JsonText(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_erasure_customer_id")),
    )
    op.create_index(op.f("ix_erasure_finished_at"), "erasure", ["finished_at"], unique=False)
    op.create_table(
        "interaction_about",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", _KEY, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interaction.id"],
            name=op.f("fk_interaction_about_interaction_id_interaction"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("customer_id", "interaction_id", name=op.f("pk_interaction_about")),
    )
    op.create_index(op.f("ix_interaction_about_interaction_id"), "interaction_about", ["interaction_id"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("args", JsonText(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index("ix_approval_waiting", "approval", ["decided_at", "expires_at"], unique=False)
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", sa.String(length=190), nullable=False),
        sa.Column("hash", sa.String(length=190), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_link_entry_id")),
    )
