"""What a query for statements asks for, and the SQL that finds it.

A statement meets the filters if itself or one that it targets meets them all (part three, 2.1.3). Each way in
which that can be is a branch: it walks one index in the order of storing and stops after a page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

#: bits of a position below the milliseconds
SHIFT: Final = 20
#: what parts the statements of a page; no statement has a line break in it
SEPARATOR: Final = b",\n"


@dataclass(frozen=True, slots=True)
class Filters:
    """Keys to find statements by, all within one organisation. `None` where nothing is asked.

    `since` is exclusive and `until` inclusive, both in milliseconds since 1970. `mine` limits all to what one
    authority vouches for, or else what one agent did.
    """

    agent: str | None = None
    #: the same agent as a member of a group
    member: str | None = None
    #: the same agent anywhere else, if that is asked for too
    related_agent: str | None = None
    verb: str | None = None
    activity: str | None = None
    related_activity: str | None = None
    registration: str | None = None
    since: int | None = None
    until: int | None = None
    ascending: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """What the caller may see at most: what one authority vouches for or one agent did; without both, all."""

    authority: str | None = None
    actor: str | None = None


@dataclass(slots=True)
class Query:
    """SQL text and the values of its parameters, which come to be together."""

    text: str = ""
    values: list[object] = field(default_factory=list)
    _places: dict[tuple[type, object], str] = field(default_factory=dict)

    def value(self, value: object, sql_type: str) -> str:
        """The place of a value; the same value has one place only.

        As a scalar query, which no plan looks into: so one plan serves all values, where to plan anew for
        each took twice as long as to carry it out.
        """
        known = (type(value), value)
        if known not in self._places:
            self.values.append(value)
            self._places[known] = f"(select ${len(self.values)}::{sql_type})"
        return self._places[known]


def page(filters: Filters, limits: Limits, organisation: UUID, after: int | None, most_bytes: int) -> Query:
    """The query of one page. Its one row: bodies joined by SEPARATOR, hashes of attachments by spaces, the
    last position, how many it has, and how many were found: one more than a page may have if there are more;
    of large statements fewer come than were found. `after` is the position the page before ended with.
    """
    query = Query()
    owner = query.value(organisation, "uuid")
    order = "asc" if filters.ascending else "desc"
    # as a constant, so that plans are made for pages
    rows = filters.limit + 1
    branches = [
        f"(select s.organisation, s.position, s.body, s.attachments from {source}"
        f" where {' and '.join(conditions)} order by {walked}.position {order} limit {rows})"
        for walked, source, conditions in _branches(query, filters, limits, owner, after)
    ]
    query.text = f"""
select string_agg(body, convert_to(E',\\n', 'UTF8')) filter (where fits) as bodies,
  string_agg(array_to_string(attachments, ' '), ' ') filter (where fits) as attachments,
  {"max" if filters.ascending else "min"}(position) filter (where fits) as last,
  count(*) filter (where fits) as kept, count(*) as found
from (
  select position, body, attachments, row_number() over w < {rows}
    and sum(octet_length(body)) over w - octet_length(body) < {query.value(most_bytes, "bigint")} as fits
  from (
    select distinct on (position) position, body, attachments from ({" union all ".join(branches)}) as either
    where organisation = {owner} order by position {order} limit {rows}
  ) as chosen
  window w as (order by position {order} rows unbounded preceding)
) as weighed
"""
    return query


def short_page(
    filters: Filters, limits: Limits, organisation: UUID, after: int | None, most_bytes: int
) -> Query | None:
    """The same page by one walk, for what nearly all ask: one value at most; None where it is more.

    Its one row: bodies joined by SEPARATOR, one more than a page may have if there are more; the page's last
    position; how many were found; whether each is so small that all fit. Nothing is found where a statement
    may meet the filters in another way than by its own column; then `page` has to be asked.
    """
    asked = [
        (column, value)
        for column, value in (
            ("actor", filters.agent),
            ("verb", filters.verb),
            ("object", filters.activity),
            ("registration", filters.registration),
        )
        if value is not None
    ]
    if len(asked) > 1 or filters.related_agent is not None or filters.related_activity is not None:
        return None
    query = Query()
    owner = query.value(organisation, "uuid")
    conditions = ["not s.voided", *_times_of("s", query, filters, after), *_limits(query, limits)]
    for column, value in asked:
        place = query.value(value, "uuid")
        conditions.append(f"s.{column} = {place}")
        # by order and limit, since for `exists` a plan reads the table and hopes to meet one soon
        conditions += [
            f"(select true from {other} order by position limit 1) is null"
            for other in _otherwise(query, filters, column, place)
        ]
    if not asked:
        conditions.append(f"s.organisation = {owner}")
    order = "asc" if filters.ascending else "desc"
    # the limit is none that a plan may look into: all of what a value has, sorted, is hardly ever so few
    small = f"octet_length(body) <= {most_bytes // filters.limit}"
    query.text = f"""
select string_agg(body, convert_to(E',\\n', 'UTF8')) filter (where {small}) as bodies,
  (array_agg(position))[least(count(*), {filters.limit})] as last, count(*) as found, bool_and({small}) as fit
from (
  select s.organisation, s.position, s.body from xapi_statement s
  where {" and ".join(conditions)} order by s.position {order} limit (select {filters.limit + 1})
) as walked
where organisation = {owner}
"""
    return query


def _otherwise(query: Query, filters: Filters, column: str, place: str) -> Iterator[str]:
    """Where what else meets a filter than a statement's own column would be; looked at once a page."""
    yield f"xapi_echo where {column} = {place}"
    if column == "actor":
        yield f"xapi_echo where object = {place}"
        yield f"xapi_statement where object = {place}"
        if filters.member is not None:
            yield f"xapi_mention where key = {query.value(filters.member, 'uuid')}"


def _branches(
    query: Query, filters: Filters, limits: Limits, owner: str, after: int | None
) -> Iterator[tuple[str, str, list[str]]]:
    """Whose index is walked, sources, and conditions; `s` is the statement that is returned.

    Keys are of one organisation each, so that it need not be named beside them; the page does it once more.
    """
    common = ["not s.voided", *_times_of("s", query, filters, after), *_limits(query, limits)]
    alternatives = _alternatives(query, filters)
    if not (alternatives or filters.verb or filters.registration):
        yield "s", "xapi_statement s", [f"s.organisation = {owner}", *common]
        return
    echoing = _beside("xapi_statement s", "s.organisation = e.organisation", "e")
    for table, row, joined, depth, mentions, same_depth in (
        ("xapi_statement s", "s", "", "0", "= 0", ""),
        ("xapi_echo e", "e", echoing, "e.depth", "> 0", " and e.depth = m.depth"),
    ):
        own = [*common, *_simple(query, filters, row)]
        if row == "e":
            own += _times_of("e", query, filters, after)
        ways = alternatives.get("agent") or alternatives.get("activity") or [("", "")]
        others = alternatives["activity"] if "agent" in alternatives and "activity" in alternatives else []
        rest = [_any_of(others, row, depth)] if others else []
        for column, place in ways:
            if column == "mention":
                found = _beside(table, f"{row}.organisation = {owner}{same_depth}", "m")
                mentioned = [
                    f"m.key = {place}",
                    f"m.depth {mentions}",
                    *_times_of("m", query, filters, after),
                ]
                conditions = [*mentioned, *own, *rest]
                yield "m", f"xapi_mention m{found}{joined}", conditions
            else:
                condition = [f"{row}.{column} = {place}"] if column else []
                yield row, f"{table}{joined}", [*condition, *own, *rest]


def _beside(table: str, condition: str, walked: str) -> str:
    """A join that looks up one row for each that is walked over; `offset 0` keeps it from being any other."""
    row = table[-1]
    return (
        f" cross join lateral (select {row}.* from {table} where {condition}"
        f" and {row}.position = {walked}.position offset 0) {row}"
    )


def _alternatives(query: Query, filters: Filters) -> dict[str, list[tuple[str, str]]]:
    """For filters that several columns can meet: column, or `mention`, and the key's place."""
    found: dict[str, list[tuple[str, str]]] = {}
    if filters.agent is not None:
        place = query.value(filters.agent, "uuid")
        ways = [("actor", place), ("object", place)]
        if filters.member is not None:
            ways.append(("mention", query.value(filters.member, "uuid")))
        if filters.related_agent is not None:
            ways += [("authority", place), ("mention", query.value(filters.related_agent, "uuid"))]
        found["agent"] = ways
    if filters.activity is not None:
        found["activity"] = [("object", query.value(filters.activity, "uuid"))]
        if filters.related_activity is not None:
            found["activity"].append(("mention", query.value(filters.related_activity, "uuid")))
    return found


def _any_of(ways: list[tuple[str, str]], row: str, depth: str) -> str:
    """That a row meets a filter in any way, where another filter finds the row."""
    tests = [
        f"exists (select from xapi_mention o where o.key = {place} and o.position = {row}.position"
        f" and o.depth = {depth})"
        if column == "mention"
        else f"{row}.{column} = {place}"
        for column, place in ways
    ]
    return f"({' or '.join(tests)})"


def _simple(query: Query, filters: Filters, row: str) -> list[str]:
    found = []
    if filters.verb is not None:
        found.append(f"{row}.verb = {query.value(filters.verb, 'uuid')}")
    if filters.registration is not None:
        found.append(f"{row}.registration = {query.value(filters.registration, 'uuid')}")
    return found


def _times_of(row: str, query: Query, filters: Filters, after: int | None) -> list[str]:
    """Conditions on time and place. They hold for the statement that is returned, whatever it is found by."""
    found = []
    if filters.since is not None:
        found.append(f"{row}.position >= {query.value((filters.since + 1) << SHIFT, 'bigint')}")
    if filters.until is not None:
        found.append(f"{row}.position < {query.value((filters.until + 1) << SHIFT, 'bigint')}")
    if after is not None:
        sign = ">" if filters.ascending else "<"
        found.append(f"{row}.position {sign} {query.value(after, 'bigint')}")
    return found


def _limits(query: Query, limits: Limits) -> list[str]:
    tests = []
    if limits.authority is not None:
        tests.append(f"s.authority = {query.value(limits.authority, 'uuid')}")
    if limits.actor is not None:
        tests.append(f"s.actor = {query.value(limits.actor, 'uuid')}")
    return [f"({' or '.join(tests)})"] if tests else []
