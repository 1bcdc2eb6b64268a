"""Digests: subscribers, what is sent to them, what comes back.

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("rate_factor", sa.Double(), server_default=sa.text("1"), nullable=False),
        sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('due', 'sending', 'paused', 'sent', 'empty', 'missed')", name=op.f("ck_digests_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("cadence", "zone", "period", name=op.f("uq_digests_cadence_zone_period")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cadence", sa.Text(), server_default=sa.text("'weekly'"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'ko'"), nullable=False),
        sa.Column("zone", sa.Text(), server_default=sa.text("'Asia/Seoul'"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("token_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmations", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmation_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("network_hash", sa.Text(), nullable=True),
        sa.Column("covered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forum_user_id", sa.Integer(), nullable=True),
        sa.Column("forum_username", sa.Text(), nullable=True),
        sa.Column("forum_base", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(address is null) = (state = 'erased')", name=op.f("ck_subscribers_address_until_erased")),
        sa.CheckConstraint("cadence in ('weekly', 'daily')", name=op.f("ck_subscribers_cadence")),
        sa.CheckConstraint("language in ('ko', 'both', 'en')", name=op.f("ck_subscribers_language")),
        sa.CheckConstraint(
            "state in ('pending', 'active', 'unsubscribed', 'bounced', 'complained', 'erased')",
            name=op.f("ck_subscribers_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
        sa.UniqueConstraint("forum_user_id", name=op.f("uq_subscribers_forum_user_id")),
    )
    op.create_index(
        "ix_subscribers_active",
        "subscribers",
        ["cadence", "zone"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "renderings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mailed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("paper_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_renderings_digest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renderings")),
        sa.UniqueConstraint(
            "digest_id",
            "language",
            "start",
            "mailed_until",
            "seen",
            name=op.f("uq_renderings_digest_id_language_start_mailed_until_seen"),
        ),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("rendering_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("server", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("may_be_second_copy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('planned', 'sending', 'sent', 'refused', 'skipped', 'doubtful', 'bounced', 'complained')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_deliveries_digest_id")),
        sa.ForeignKeyConstraint(["rendering_id"], ["renderings.id"], name=op.f("fk_deliveries_rendering_id")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_deliveries_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("digest_id", "subscriber_id", name=op.f("uq_deliveries_digest_id_subscriber_id")),
    )
    op.create_index(
        "ix_deliveries_leased",
        "deliveries",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("lease_until is not null"),
    )
    op.create_index("ix_deliveries_subscriber_id", "deliveries", ["subscriber_id"], unique=False)
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["digest_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "bounce_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_bounce_events_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce_events")),
        sa.UniqueConstraint("content_key", name=op.f("uq_bounce_events_content_key")),
    )
    op.create_index(op.f("ix_bounce_events_delivery_id"), "bounce_events", ["delivery_id"], unique=False)
    op.create_table(
        "bounce_scores",
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_bounce_scores")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_at", "attempts", ["at"], unique=False)
    op.create_index("ix_attempts_who_at", "attempts", ["who", "at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_bounce_events_delivery_id"), table_name="bounce_events")
    op.drop_index("ix_deliveries_waiting", table_name="deliveries", postgresql_where=sa.text("state = 'planned'"))
    op.drop_index("ix_deliveries_subscriber_id", table_name="deliveries")
    op.drop_index("ix_deliveries_leased", table_name="deliveries", postgresql_where=sa.text("lease_until is not null"))
    op.drop_index("ix_subscribers_active", table_name="subscribers", postgresql_where=sa.text("state = 'active'"))
    op.drop_index("ix_attempts_who_at", table_name="attempts")
    op.drop_index("ix_attempts_at", table_name="attempts")
    op.drop_table("attempts")
    op.drop_table("bounce_scores")
    op.drop_table("bounce_events")
    op.drop_table("deliveries")
    op.drop_table("renderings")
    op.drop_table("subscribers")
    op.drop_table("digests")
