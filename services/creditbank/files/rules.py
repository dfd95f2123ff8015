"""What a file of credits is: its states, its rows, and the names a row's fields have in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple, get_args
from uuid import UUID

from services.creditbank.deposits.rules import Item

State = Literal[
    "queued",
    "reading",
    "judging",
    "awaiting_approval",
    "posting",
    "posted",
    "judged",
    "refused",
    "rejected",
    "failed",
]
Outcome = Literal["accepted", "posted", "replayed", "conflict", "refused", "suspended"]
Encoding = Literal["utf-8", "gb18030"]

STATES: Final[tuple[str, ...]] = get_args(State)
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
UNDER_WAY: Final = ("queued", "reading", "judging", "awaiting_approval", "posting")
#: states in which a worker has something to do
WORK: Final = ("queued", "reading", "judging", "posting")
MOST_ROWS: Final = 100_000
#: a row of several subjects is an item for each
MOST_ITEMS: Final = 500_000
LARGEST_UPLOAD: Final = 64 * 1024 * 1024
#: items worked on together, and read together
PART: Final = 1_000
#: a file whose workers died so often without getting any further is given up
ATTEMPTS: Final = 3
#: files of one institution that may be under way
MOST_UNDER_WAY: Final = 20

#: why a whole file is refused
FILE_REFUSALS: Final = (
    "not_text",
    "empty",
    "columns_missing",
    "columns_repeated",
    "too_many_rows",
    "row_endless",
    "items_refused",
    "not_registered",
    "unknown",
    "scheme_unknown",
)
#: why a row is none that could be posted
ROW_FAULTS: Final = (
    "row_malformed",
    "value_missing",
    "value_invalid",
    "value_repeated",
    "not_passed",
    "grade_unknown",
    "modified_record",
    "cancelled_record",
)


class Row(NamedTuple):
    """One item read from a file: `item` to post, or the reason why there is none and the field it is in."""

    line: int
    key: str | None
    item: Item | None
    reason: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """How rows of a file name what an item has.

    `rows`: an item a row; `subjects`: a learner's term a row, with groups of columns for its subjects
    (India's Academic Bank of Credits); `lines`: a JSON document a line.
    """

    code: str
    form: Literal["rows", "subjects", "lines"]
    columns: Mapping[str, str] = field(default_factory=dict)
    date_format: str = "YYYY-M-D"
    decimal_mark: Literal[".", ","] = "."
    encoding: Encoding = "utf-8"
    #: guessed from the header where none is said
    delimiter: str | None = None
    #: the bank's name of a grade for the file's; nothing where it earns no credits
    grades: Mapping[str, str | None] = field(default_factory=dict)
    #: whether a grade the map does not name stays as it is
    keeps_grades: bool = True


#: columns of a plain file; learner and course are named by their roster's id or by the product's
PLAIN_COLUMNS: Final = {
    name: name
    for name in (
        "key",
        "learner",
        "learner_id",
        "course",
        "course_id",
        "credits",
        "earned_on",
        "attempt",
        "grade",
    )
}
_SUBJECT_COLUMNS: Final = {
    "status": "MRKS_REC_STATUS",
    "year": "YEAR",
    "month": "MONTH",
    "term": "SEM",
    "examination": "EXAM_TYPE",
    "earned_on": "DOI",
    "course": "SUB{n}",
    "credits": "SUB{n}_CREDIT",
    "grade": "SUB{n}_GRADE",
}
PROFILES: Final = {
    profile.code: profile
    for profile in (
        Profile("plain", "rows", PLAIN_COLUMNS),
        Profile("json-lines", "lines"),
        Profile("abc", "subjects", {"learner": "REGN_NO", **_SUBJECT_COLUMNS}, "D/M/YYYY"),
        Profile("abc-account", "subjects", {"learner": "ABC_ACCOUNT_ID", **_SUBJECT_COLUMNS}, "D/M/YYYY"),
    )
}


class Judged(NamedTuple):
    """What a dry run found of one item; `learner` is who it is about, as far as anybody knows."""

    number: int
    outcome: str
    reason: str | None
    entry: UUID | None
    learner: int | None


class Memory:
    """What earlier parts of a dry run would have posted: each is judged as if the books were untouched."""

    def __init__(self) -> None:
        self._keys: dict[str, Item] = {}
        self._attempts: set[tuple[int, str]] = set()

    def judge(self, item: Item, judged: Judged) -> Judged:
        """The same judgement, corrected by what came earlier in the file."""
        if judged.outcome != "accepted":
            return judged
        earlier = self._keys.get(item.key)
        if earlier is not None:
            return judged._replace(outcome="replayed" if earlier == item else "conflict")
        if item.attempt is not None and judged.learner is not None:
            attempt = (judged.learner, item.attempt)
            if attempt in self._attempts:
                return judged._replace(outcome="refused", reason="attempt_already_posted")
            self._attempts.add(attempt)
        self._keys[item.key] = item
        return judged


def last_day_of(year: int, month: int) -> date:
    """The last day of a month: when credits of an examination known by its month only were earned."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
