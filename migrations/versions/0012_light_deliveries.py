"""Deliveries: no index on what sending changes, and room on each page, so that recording a mail touches no index.

Senders of the release before find their rows by the unique index all the same, only more slowly.

Revision: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_deliveries_leased", table_name="deliveries")
    op.drop_index("ix_deliveries_waiting", table_name="deliveries")
    op.execute("alter table deliveries set (fillfactor = 50)")


def downgrade() -> None:
    op.execute("alter table deliveries reset (fillfactor)")
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["digest_id", "id"], postgresql_where=sa.text("state = 'planned'")
    )
    op.create_index(
        "ix_deliveries_leased", "deliveries", ["lease_until"], postgresql_where=sa.text("lease_until is not null")
    )
