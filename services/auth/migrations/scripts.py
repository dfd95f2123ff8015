"""Migrations written as SQL: `sql/<name>.sql`, its statements parted by empty lines."""

from pathlib import Path

from alembic import op

_FOLDER = Path(__file__).parent / "sql"


def run_script(name: str) -> None:
    """Run each statement of one script in the migration's transaction."""
    for statement in (_FOLDER / f"{name}.sql").read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
