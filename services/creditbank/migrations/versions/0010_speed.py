"""Posting in fewer steps: what is answered and written stays the same."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"

_FOLDER = Path(__file__).parents[1] / "sql"
_SCRIPTS = ("resolution", "posting")


def upgrade() -> None:
    for name in _SCRIPTS:
        for statement in (_FOLDER / f"0010_{name}.sql").read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)
    op.execute("revoke all on function judge_deposits from public")
