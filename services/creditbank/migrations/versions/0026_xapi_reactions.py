"""Rules that turn statements into credits."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0026"
down_revision = "0025"

_FILE = Path(__file__).parents[1] / "sql" / "0026_xapi_reactions.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    # Who decided, and by which statements credits were given, stays as it was; erasure alone takes that away.
    op.execute(f"revoke update, delete, truncate on xapi_reaction_change from {role}")
    op.execute(f"revoke update, truncate on xapi_evidence from {role}")
