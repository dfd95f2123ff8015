"""Files of credits, what waits for its learner, what schemes are, and lots that expire as these say."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0005"
down_revision = "0004"

_FOLDER = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    for name in ("files", "suspense", "schemes", "posting", "registration"):
        for statement in (_FOLDER / f"0005_{name}.sql").read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)
    # what was decided stays
    op.execute(f"revoke update, delete, truncate on standing_change from {service_role()}")
