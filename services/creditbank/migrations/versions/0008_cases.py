"""Cases, and registrations among what waits for a decision."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0008"
down_revision = "0007"

_FILE = Path(__file__).parents[1] / "sql" / "0008_cases.sql"
#: what was said and decided stays; only how far a case is goes on
_KEPT = "learner_case, case_evidence, case_decision, case_remedy"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke update, delete, truncate on {_KEPT} from {role}")
    op.execute(
        "grant update (state, due_at, version, appealed_at, appealed_by, appeal_reasons)"
        f" on learner_case to {role}"
    )
    op.execute("revoke all on function forget_cases from public")
