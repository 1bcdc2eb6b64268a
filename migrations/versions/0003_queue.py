"""The job queue's own tables, as procrastinate ships them.

A newer procrastinate brings scripts of its own (`procrastinate.schema.SchemaManager.get_migrations_path`); raising its
version in the lock file therefore needs a migration here that runs them.

Revision: 0003
Revises: 0002
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    op.execute(
        """
        do $$
        declare found record;
        begin
            for found in select tablename as name from pg_tables
                where schemaname = current_schema() and tablename like 'procrastinate\\_%'
            loop execute format('drop table %I cascade', found.name); end loop;
            for found in select oid::regprocedure as name from pg_proc
                where proname like 'procrastinate\\_%' and pronamespace = current_schema()::regnamespace
            loop execute format('drop function %s cascade', found.name); end loop;
            for found in select typname as name from pg_type
                where typname like 'procrastinate\\_%' and typtype in ('e', 'c')
                    and typnamespace = current_schema()::regnamespace
            loop execute format('drop type %I cascade', found.name); end loop;
        end $$
        """
    )
