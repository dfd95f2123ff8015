"""Moves of learners between bank nodes: out by one function, in by another, and what is refused meanwhile."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0013"
down_revision = "0012"

_FOLDER = Path(__file__).parents[1] / "sql"
_SCRIPTS = ("tables", "documents", "posting", "judging", "departing", "arriving")
_TABLES = "departure, departure_book, arrival, arrival_lot, refused_arrival, spent_elsewhere"
_WRITERS = (
    "post_departure",
    "settle_departure",
    "post_return",
    "withdraw_departure",
    "note_departure",
    "post_arrival",
    "refuse_arrival",
)
#: parts of the writers, of no use to anybody else
_INNER = ("judge_deposits", "moving_statement", "departure_refusal", "account_knows_its_home", "forget_moves")


def upgrade() -> None:
    for name in _SCRIPTS:
        for statement in (_FOLDER / f"0013_{name}.sql").read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke all on {_TABLES} from {role}")
    op.execute(f"grant select on {_TABLES} to {role}")
    for function in (*_WRITERS, *_INNER):
        op.execute(f"revoke all on function {function} from public")
    for writer in _WRITERS:
        op.execute(f"grant execute on function {writer} to {role}")
