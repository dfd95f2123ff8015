"""The books can be cut by learner: no key, and no join of their tables, needs a second shard.

A table is cut by learner, or whole on every node, or of the node's own. A new one has to be named here.
"""

import re
from collections import defaultdict
from typing import Final

from sqlalchemy import Table, UniqueConstraint

from services.creditbank.metadata import METADATA
from tests.unit.creditbank.sql_sources import Joined, Statement, joins, statements, within

#: cut by learner: every key holds the learner's number
CUT: Final = frozenset(
    {
        "account", "account_freeze", "arrival", "arrival_lot", "award", "award_hold", "award_lot",
        "case_decision", "case_evidence", "case_remedy", "conversion", "conversion_lot", "correction",
        "departure", "departure_book", "entry", "expiring_book", "hold", "learner_case", "learner_guardian",
        "learner_identifier", "learner_organisation", "lot", "posting_line", "recognition",
        "recognition_item", "shred_key", "spent_elsewhere", "transfer", "transfer_lot",
    }
)  # fmt: skip
#: the same, by the view that unites the lines of entries with both sides of deposits
READ: Final = CUT | {"posting"}
#: the same on every shard: little, and rarely written; `learner` is the directory that leads to a shard
REPLICATED: Final = frozenset(
    {
        "client_keeper", "erased_person", "grading_scale", "institution", "learner", "outcome",
        "posting_profile", "roster_anchor", "rule", "scheme", "standing_change",
    }
)  # fmt: skip
#: of a node, for all learners of its shards: calls and files of institutions, log, events, record store
OF_THE_NODE: Final = frozenset(
    {
        "deposit_batch", "inbox", "log", "log_block", "log_checkpoint", "log_key", "log_pending", "outbox",
        "posting_file", "posting_file_batch", "posting_file_piece", "posting_item", "record_import",
        "record_imported", "record_imported_credit", "record_imported_document", "record_news",
        "record_reading", "record_summary", "record_tally", "record_tally_place",
        "refused_arrival", "suspense", "xapi_activity", "xapi_attachment", "xapi_credential",
        "xapi_credential_change", "xapi_document", "xapi_echo", "xapi_identity", "xapi_mention",
        "xapi_statement", "xapi_subscription", "xapi_subscription_change", "xapi_delivery",
        "xapi_claim", "xapi_evidence", "xapi_reacting", "xapi_reaction", "xapi_reaction_change",
        "xapi_reaction_match", "xapi_reaction_term",
        "xapi_operation", "xapi_erasure", "xapi_erased",
    }
)  # fmt: skip
#: what looks into every shard, or joins what is not cut: how often, and why it may
ASKS_ALL: Final[dict[tuple[str, str], tuple[int, str]]] = {
    ("accounts/repository.py", "lot"): (1, "a template: `books` names the learners"),
    ("books/admission.py", "entry"): (2, "audit: what calls and files say, of all shards of the node"),
    ("books/checks.py", "account"): (1, "audit: ids of the erased, against every shard"),
    ("books/checks.py", "entry"): (1, "audit: the log against every shard"),
    ("books/checks.py", "posting"): (1, "audit: the totals of institutions, summed over shards"),
    ("books/decisions.py", "correction"): (1, "audit: who decided, of every shard, against who acts as whom"),
    ("books/moves.py", "arrival"): (1, "audit: merged records move together, and are joined by the move"),
    ("books/moves.py", "departure"): (3, "audit: merged records move together, and are joined by the move"),
    ("books/records.py", "entry"): (1, "audit: what took the place of a correction, which has its learner"),
    ("files/repository.py", "entry"): (1, "a file's keys are looked up in every shard, as a deposit's are"),
    ("learners/repository.py", "learner_organisation"): (1, "coverage: a count over all shards"),
    ("moves/repository.py", "departure_book"): (1, "reconciling two nodes: a sum over all shards"),
    ("postings/repository.py", "entry"): (1, "a call's entries are of many learners: read from every shard"),
    ("recognition/repository.py", "entry"): (1, "by the ids of its own posting, which has one learner"),
    ("reconciliation/repository.py", "entry"): (2, "a call's entries are of many learners"),
    ("migrations prepare_deposits", "entry"): (
        1,
        "a key is looked up in every shard",
    ),
    ("migrations post_arrival", "arrival"): (1, "a move is known by its id alone"),
    ("migrations refuse_arrival", "arrival"): (1, "a move is known by its id alone"),
    ("migrations judge_deposits", "entry"): (2, "a key is looked up in every shard"),
    ("migrations are_known", "entry"): (1, "a key is looked up in every shard"),
}


def _name(table: Table) -> str:
    return str(table.name)


def _keys(table: Table) -> list[list[str]]:
    found = [[column.name for column in table.primary_key.columns]]
    found += [
        [one.name for one in key.columns] for key in table.constraints if isinstance(key, UniqueConstraint)
    ]
    found += [[str(one.name) for one in index.columns] for index in table.indexes if index.unique]
    return found


def test_every_table_is_cut_or_whole_or_of_the_node() -> None:
    named = [*CUT, *REPLICATED, *OF_THE_NODE]
    assert len(named) == len(set(named))
    assert {_name(table) for table in METADATA.tables.values()} == set(named)


def test_every_key_of_the_books_holds_the_learner() -> None:
    wrong = [
        f"{table.name} {key}"
        for table in METADATA.tables.values()
        if table.name in CUT
        for key in _keys(table)
        if "learner" not in key
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_foreign_key_stays_with_its_learner() -> None:
    wrong = [
        f"{table.name} to {key.referred_table.name}"
        for table in METADATA.tables.values()
        for key in table.foreign_key_constraints
        if _name(key.referred_table) not in REPLICATED
        and not (table.name in CUT and "learner" in {column.name for column in key.columns})
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def _by_learner(joined: Joined) -> bool:
    """Whether a join's condition says whose rows."""
    if joined.condition.startswith("using"):
        return bool(re.search(r"\b(learner|book)\b", joined.condition))
    of = rf"{joined.alias}\.(learner|book)"
    return bool(re.search(rf"\b{of}\b\s*(=|in\b)|=\s*{of}\b", joined.condition))


def _within_learner(joined: Joined) -> bool:
    """Whether a subselect says whose rows it looks at, or answers learner by learner."""
    return bool(re.search(rf"\b({joined.alias}\.)?(learner|book)\b", joined.condition))


def _wrong() -> dict[tuple[str, str], list[str]]:
    """By place and table what names no learner."""
    wrong = defaultdict(list)
    for statement in statements():
        for found in joins(statement.text, READ):
            if not _by_learner(found):
                wrong[statement.place, found.table].append(f"join {found.alias} {found.condition}")
        for found in within(statement.text, READ):
            if not _within_learner(found):
                wrong[statement.place, found.table].append(found.condition)
    return dict(wrong)


def test_every_join_of_the_books_stays_with_its_learner() -> None:
    wrong = _wrong()
    unnamed = [
        f"{place} {table}, {len(texts)} times: {texts}"
        for (place, table), texts in wrong.items()
        if ASKS_ALL.get((place, table), (0, ""))[0] != len(texts)
    ]
    assert not unnamed, "\n" + "\n".join(unnamed)
    assert set(ASKS_ALL) <= set(wrong), f"no longer true: {set(ASKS_ALL) - set(wrong)}"


def test_joins_are_found_and_judged() -> None:
    """The reader of SQL sees what it is to see: it must not hold everything to be right."""
    text = (
        "select 1 from account a join lot t on t.learner = a.learner and t.scheme = a.scheme"
        " left join posting p on p.entry = t.number where exists (select from hold h where h.id = $1)"
        " and exists (select from entry e where e.learner = a.learner) and a.person = $2"
    )
    found = list(joins(text, READ))
    assert [(one.table, _by_learner(one)) for one in found] == [("lot", True), ("posting", False)]
    assert found[1].condition == "on p.entry = t.number "
    looked = [(one.table, _within_learner(one)) for one in within(text, READ)]
    assert looked == [("hold", False), ("entry", True)]
    assert sum(len(list(joins(one.text, READ))) for one in statements()) > 100
    assert any(isinstance(one, Statement) and "post_deposits" in one.place for one in statements())
