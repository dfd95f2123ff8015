"""Erasing a person's record, pruning, and what was done with whole record stores."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0028"
down_revision = "0027"

_FILE = Path(__file__).parents[1] / "sql" / "0028_xapi_removals.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    # What was done stays on record, and what was erased stays erased.
    op.execute(f"revoke update, delete, truncate on xapi_operation from {role}")
    columns = "statements, refused, kept, renamed, documents, position, ended_at"
    op.execute(f"grant update ({columns}) on xapi_operation to {role}")
    op.execute(f"revoke update, delete, truncate on xapi_erased from {role}")
    # Statements go, and are renamed in, in one way each.
    op.execute(f"revoke delete, truncate on xapi_statement from {role}")
    functions = ("remove_statements", "rename_in_statements", "rename_in_filters", "analyze_statements")
    for function in functions:
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to {role}")
