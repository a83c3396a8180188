"""The customer's record: contacts, attributes, stages, merges, segments, and orders with all that happens to them.

Forward only: who wants to go back restores the backup that was made before.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

import crm_core.storage.types
from crm_core.storage.database import DatabaseError
from crm_core.storage.ids import new_id
from crm_core.storage.migrations import settle_foreign_keys
from crm_core.storage.vault import Vault

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH = 500


def upgrade() -> None:
    _see_that_there_is_a_key()
    _create_tables()
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.alter_column(
            "audience", existing_type=sa.VARCHAR(length=190), type_=sa.Text(), existing_nullable=False
        )

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("named", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("birthday", crm_core.storage.types.Sealed(), nullable=True))
        batch_op.add_column(sa.Column("birth_day", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("company", sa.String(length=190), nullable=True))
        batch_op.add_column(sa.Column("time_zone", sa.String(length=190), nullable=True))
        batch_op.add_column(sa.Column("stage", sa.String(length=40), server_default="lead", nullable=False))
        batch_op.add_column(sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(
            sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_unique_constraint(batch_op.f("uq_customer_number"), ["number"])
        batch_op.create_index("ix_customer_company", ["company"], unique=False)
        batch_op.create_index(
            "ix_customer_merged_into",
            ["merged_into"],
            unique=False,
            sqlite_where=sa.text("merged_into IS NOT NULL"),
            postgresql_where=sa.text("merged_into IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_customer_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_customer_stage", ["stage"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_customer_owner_id_staff"),
            "staff",
            ["owner_id"],
            ["id"],
            initially="DEFERRED",
            deferrable=True,
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_customer_merged_into_customer"),
            "customer",
            ["merged_into"],
            ["id"],
            initially="DEFERRED",
            deferrable=True,
        )

    _move_contacts()
    _number_customers()
    settle_foreign_keys(op.get_bind())

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_email_blind"))
        batch_op.drop_index(batch_op.f("ix_customer_phone_blind"))
        batch_op.drop_column("email_blind")
        batch_op.drop_column("phone_blind")
        batch_op.drop_column("phone")
        batch_op.drop_column("email")

    with op.batch_alter_table("campaign_recipient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_recipient_customer_id"), ["customer_id"], unique=False)

    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.create_index("ix_customer_tag_tag", ["tag", "customer_id"], unique=False)

    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proof", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("proven_at", crm_core.storage.types.UtcTime(), nullable=True))

    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.create_index("ix_order_line_product", ["product", "order_id"], unique=False)
        batch_op.create_index("ix_order_line_sku", ["sku", "order_id"], unique=False)

    with op.batch_alter_table("shop_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tracking", sa.String(length=190), nullable=True))
        batch_op.add_column(sa.Column("carrier", sa.String(length=190), nullable=True))
        batch_op.drop_index(batch_op.f("ix_shop_order_customer_id"))
        batch_op.create_index("ix_shop_order_customer_id", ["customer_id", "placed_at", "state"], unique=False)
        batch_op.create_index("ix_shop_order_external_ref", ["external_ref"], unique=False)
        batch_op.create_index("ix_shop_order_money", ["customer_id", "currency", "state", "total_minor"], unique=False)
        batch_op.create_index("ix_shop_order_placed_at", ["placed_at", "customer_id", "state"], unique=False)
        batch_op.create_index("ix_shop_order_tracking", ["tracking"], unique=False)


def _create_tables() -> None:
    op.create_table(
        "attribute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("labels", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("choices", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("created_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("archived_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribute")),
        sa.UniqueConstraint("key", name=op.f("uq_attribute_key")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=190), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("counts", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("started_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("changed_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("finished_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("digest", name=op.f("uq_import_run_digest")),
    )
    op.create_table(
        "order_apart",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_ref", sa.String(length=190), nullable=False),
        sa.Column("body", crm_core.storage.types.Sealed(), nullable=False),
        sa.Column("email_blind", sa.String(length=40), nullable=True),
        sa.Column("phone_blind", sa.String(length=40), nullable=True),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_apart")),
        sa.UniqueConstraint("source", "external_ref", name=op.f("uq_order_apart_source_external_ref")),
    )
    with op.batch_alter_table("order_apart", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_apart_email_blind"), ["email_blind"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_apart_phone_blind"), ["phone_blind"], unique=False)

    op.create_table(
        "segment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("changed_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("name", name=op.f("uq_segment_name")),
    )
    op.create_table(
        "used_nonce",
        sa.Column("nonce_hash", sa.String(length=190), nullable=False),
        sa.Column("expires_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("nonce_hash", name=op.f("pk_used_nonce")),
    )
    with op.batch_alter_table("used_nonce", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_nonce_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "attribute_value",
        sa.Column(
            "customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "attribute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("text", sa.String(length=190), nullable=True),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("sealed", crm_core.storage.types.Sealed(), nullable=True),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"],
            ["attribute.id"],
            name=op.f("fk_attribute_value_attribute_id_attribute"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_attribute_value_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("customer_id", "attribute_id", name=op.f("pk_attribute_value")),
    )
    with op.batch_alter_table("attribute_value", schema=None) as batch_op:
        batch_op.create_index("ix_attribute_value_number", ["attribute_id", "number"], unique=False)
        batch_op.create_index("ix_attribute_value_text", ["attribute_id", "text"], unique=False)

    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", crm_core.storage.types.Sealed(), nullable=False),
        sa.Column("blind", sa.String(length=40), nullable=True),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("verified_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.Column("created_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_contact_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index("ix_contact_blind", ["blind", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "customer_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(length=190), nullable=False),
        sa.Column("before", crm_core.storage.types.Sealed(), nullable=True),
        sa.Column("after", crm_core.storage.types.Sealed(), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_customer_change_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_change")),
    )
    with op.batch_alter_table("customer_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_change_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "customer_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("body", crm_core.storage.types.Sealed(), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_customer_note_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_note")),
    )
    with op.batch_alter_table("customer_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_note_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "merge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kept_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merged_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proof", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("moved", crm_core.storage.types.JsonText(), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("undone_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["kept_id"],
            ["customer.id"],
            name=op.f("fk_merge_kept_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"],
            ["customer.id"],
            name=op.f("fk_merge_merged_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    with op.batch_alter_table("merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merge_merged_id"), ["merged_id"], unique=False)

    op.create_table(
        "merge_suggestion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("first_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("second_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("decided_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["first_id"],
            ["customer.id"],
            name=op.f("fk_merge_suggestion_first_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["second_id"],
            ["customer.id"],
            name=op.f("fk_merge_suggestion_second_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_suggestion")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_merge_suggestion_first_id_second_id")),
    )
    with op.batch_alter_table("merge_suggestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_suggestion_decided_at"), ["decided_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_merge_suggestion_second_id"), ["second_id"], unique=False)

    op.create_table(
        "name_token",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_name_token_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("token", "customer_id", name=op.f("pk_name_token")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("name_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_name_token_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "rfm_score",
        sa.Column(
            "customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("recency", sa.BigInteger(), nullable=False),
        sa.Column("frequency", sa.BigInteger(), nullable=False),
        sa.Column("money", sa.BigInteger(), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_rfm_score_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_rfm_score")),
    )
    op.create_table(
        "stage_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_stage_change_customer_id_customer"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_change")),
    )
    with op.batch_alter_table("stage_change", schema=None) as batch_op:
        batch_op.create_index("ix_stage_change_at", ["at"], unique=False)
        batch_op.create_index("ix_stage_change_customer_id", ["customer_id", "id"], unique=False)

    op.create_table(
        "identity_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(length=190), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.Column("used_at", crm_core.storage.types.UtcTime(), nullable=True),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["identity.id"],
            name=op.f("fk_identity_link_identity_id_identity"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_identity_link_token_hash")),
    )
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_link_identity_id"), ["identity_id"], unique=False)

    op.create_table(
        "order_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["shop_order.id"],
            name=op.f("fk_order_event_order_id_shop_order"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_event")),
        sa.UniqueConstraint("order_id", "state", "at", name=op.f("uq_order_event_order_id_state_at")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("external_ref", sa.String(length=190), nullable=False),
        sa.Column("at", crm_core.storage.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["shop_order.id"],
            name=op.f("fk_payment_order_id_shop_order"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("order_id", "external_ref", name=op.f("uq_payment_order_id_external_ref")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index("ix_payment_kind", ["kind", "order_id", "amount_minor"], unique=False)


_customer = sa.table(
    "customer",
    sa.column("id", sa.BigInteger),
    sa.column("number", sa.BigInteger),
    sa.column("key", sa.LargeBinary),
    sa.column("email", sa.LargeBinary),
    sa.column("email_blind", sa.String),
    sa.column("phone", sa.LargeBinary),
    sa.column("phone_blind", sa.String),
    sa.column("created_at", sa.BigInteger),
)
_has_contact = sa.or_(_customer.c.email.is_not(None), _customer.c.phone.is_not(None))
_contact = sa.table(
    "contact",
    sa.column("id", sa.BigInteger),
    sa.column("customer_id", sa.BigInteger),
    sa.column("kind", sa.String),
    sa.column("value", sa.LargeBinary),
    sa.column("blind", sa.String),
    sa.column("label", sa.String),
    sa.column("main", sa.Boolean),
    sa.column("created_at", sa.BigInteger),
)


def _see_that_there_is_a_key() -> None:
    """What is sealed for its old place is sealed anew; asked first, since not every database takes tables back."""
    sealed = sa.select(_customer.c.id).where(_has_contact).limit(1)
    if context.config.attributes.get("vault") is None and op.get_bind().scalar(sealed) is not None:
        raise DatabaseError("database_needs_key")


def _move_contacts() -> None:
    """The e-mail and phone that stood in the customer's row, sealed anew for their places as contacts.

    An erased customer's cannot be opened any more and are dropped.
    """
    connection, vault, last = op.get_bind(), context.config.attributes.get("vault"), 0
    while True:
        statement = (
            sa.select(_customer).where(_customer.c.id > last, _has_contact).order_by(_customer.c.id).limit(_BATCH)
        )
        rows = connection.execute(statement).mappings().all()
        if not rows:
            return
        assert vault is not None
        last = rows[-1]["id"]
        moved = [
            _contact_of(row, kind, vault) for row in rows for kind in ("email", "phone") if row["key"] and row[kind]
        ]
        if moved:
            connection.execute(sa.insert(_contact), moved)


def _number_customers() -> None:
    """Numbers in the order in which they came."""
    connection = op.get_bind()
    ids = connection.execute(sa.select(_customer.c.id).order_by(_customer.c.id)).scalars().all()
    if ids:
        numbered = [{"row": row, "place": place} for place, row in enumerate(ids, start=1)]
        statement = _customer.update().where(_customer.c.id == sa.bindparam("row"))
        connection.execute(statement.values(number=sa.bindparam("place")), numbered)
        connection.execute(
            sa.text("INSERT INTO sequence (name, value) VALUES ('customer', :value)"), {"value": len(ids)}
        )


def _contact_of(row: Any, kind: str, vault: Vault) -> dict[str, Any]:
    contact_id, owner, key = new_id(), row["id"], row["key"]
    text = vault.open(row[kind], f"customer.{kind}:{owner}", key, owner)
    return {
        "id": contact_id,
        "customer_id": owner,
        "kind": kind,
        "value": vault.seal(text, f"contact.value:{contact_id}", key, owner),
        "blind": row[f"{kind}_blind"],
        "label": "",
        "main": True,
        "created_at": row["created_at"],
    }
