"""Merged and erased people, and guardians' consent; the books stay as they are."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0002"
down_revision = "0001"

_FOLDER = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    for name in ("lives", "resolution", "posting"):
        for statement in (_FOLDER / f"0002_{name}.sql").read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)
    op.execute("revoke all on function cut_links from public")
    op.execute(f"grant execute on function cut_links to {service_role()}")
