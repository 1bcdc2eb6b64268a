"""Model calls whose answer was deleted for its age.

Revision: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _allow("started", "answered", "failed", "lost", "forgotten")


def downgrade() -> None:
    op.execute("update model_calls set state = 'failed' where state = 'forgotten'")
    _allow("started", "answered", "failed", "lost")


def _allow(*states: str) -> None:
    op.drop_constraint(op.f("ck_model_calls_state"), "model_calls", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_model_calls_state"), "model_calls", f"state in ({listed})")
