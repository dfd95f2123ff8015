"""Copies what was read into temporary tables of the import's transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable

from asyncpg import Connection, Record

from services.auth.rosters.applying.script import place_of
from services.auth.rosters.reading.archive import SetFiles
from services.auth.rosters.reading.findings import KEPT_PER_KIND, Findings
from services.auth.rosters.reading.layout import FILE_OF, STAGED, Dialect, layout_of
from services.auth.rosters.reading.manifest import Contents, Mode
from services.auth.rosters.reading.table import TableReader
from services.auth.rosters.rules import PRODUCT_ROLE

Progress = Callable[[str, str, int, int], Awaitable[None]]
"""Called with the state, the stage, and how much of how much of the stage is done."""

_BOOLEAN = {"removed", "enabled", "is_primary"}
_DAY = {"starts_on", "ends_on", "begins_on", "birth_date"}
_DERIVED_IDS = (
    "update stage_enrolment set sourced_id = concat_ws('/', class, user_id, role)",
    # The same person twice in the same class and role says nothing new here, where rows have no identifiers.
    """delete from stage_enrolment s using stage_enrolment first
    where first.sourced_id = s.sourced_id and first.line < s.line""",
)


def _type_of(column: str) -> str:
    if column in _BOOLEAN:
        return "boolean"
    return "date" if column in _DAY else "text"


async def make_tables(connection: "Connection[Record]") -> None:
    """Make an empty staging table for each kind of row."""
    for kind, columns in STAGED.items():
        typed = ", ".join(f"{column} {_type_of(column)}" for column in columns)
        await connection.execute(
            f"create temp table stage_{kind} (line integer not null, {typed}) on commit drop"
        )


async def copy_in(
    connection: "Connection[Record]",
    files: SetFiles,
    contents: Contents,
    findings: Findings,
    progress: Progress,
) -> dict[str, int]:
    """Copy every file of the set; gives the number of rows of each kind."""
    total = sum(files.sizes[name] for name in contents.modes)
    before, rows = 0, dict[str, int]()
    for name, mode in contents.modes.items():
        layout = layout_of(contents.dialect, name, delta=mode is Mode.DELTA)
        assert layout is not None
        reader = TableReader(name, layout, contents.dialect, findings)
        rows[layout.kind] = await _copy(connection, reader, files, (before, total), progress)
        before += files.sizes[name]
        await progress("reading", reader.file, before, total)
    await _settle(connection, contents.dialect, findings)
    await _tell_modes(connection, contents)
    return rows


async def _copy(
    connection: "Connection[Record]",
    reader: TableReader,
    files: SetFiles,
    extent: tuple[int, int],
    progress: Progress,
) -> int:
    before, total = extent
    rows = 0

    async def source() -> AsyncIterator[bytes]:
        nonlocal rows
        read = before
        for chunk in reader.chunks(lambda: files.open(reader.name)):
            rows += chunk.rows
            read += len(chunk.data)
            yield chunk.data
            await progress("reading", reader.file, min(read, before + files.sizes[reader.name]), total)

    kind = reader.layout.kind
    await connection.copy_to_table(
        f"stage_{kind}", source=source(), columns=["line", *STAGED[kind]], format="text", null=""
    )
    return rows


async def _settle(connection: "Connection[Record]", dialect: Dialect, findings: Findings) -> None:
    """Give rows without identifiers one, and tell identifiers that occur twice; the first row stays."""
    await connection.execute("".join(f"analyze stage_{kind};" for kind in STAGED))
    if dialect is Dialect.SDS:
        for statement in _DERIVED_IDS:
            await connection.execute(statement)
    for kind, columns in STAGED.items():
        if "sourced_id" in columns:
            await _refuse_duplicates(connection, kind, dialect, findings)


async def _refuse_duplicates(
    connection: "Connection[Record]", kind: str, dialect: Dialect, findings: Findings
) -> None:
    rows = await connection.fetch(
        f"""
        select line, sourced_id, count(*) over () as total from (
          select line, sourced_id, row_number() over (partition by sourced_id order by line) as place
          from stage_{kind} where sourced_id is not null
        ) placed
        where place > 1 order by line limit {KEPT_PER_KIND}
        """
    )
    if not rows:
        return
    file, header = place_of(dialect, kind, "sourced_id")
    places = [(row["line"], row["sourced_id"]) for row in rows]
    findings.add_counted("duplicate", file, header, rows[0]["total"], places)
    # What follows joins on identifiers: with repeats in, a hostile file would multiply its rows.
    await connection.execute(
        f"""
        delete from stage_{kind} s using (
          select line, row_number() over (partition by sourced_id order by line) as place
          from stage_{kind} where sourced_id is not null
        ) placed
        where placed.line = s.line and placed.place > 1
        """
    )


async def _tell_modes(connection: "Connection[Record]", contents: Contents) -> None:
    """Tell the statements which kinds the set has in whole, and by what roles and guardians are given."""
    kinds = {file: kind for kind, file in FILE_OF.items()}
    modes = {kinds[name]: mode.value for name, mode in contents.modes.items()}
    by_users = {"bulk": "bulk", "delta": "users"}.get(modes.get("user", ""))
    if contents.dialect is Dialect.V1P1:
        roles, guardians = by_users, by_users
    elif contents.dialect is Dialect.V1P2:
        roles, guardians = modes.get("role"), by_users
    else:
        roles, guardians = modes.get("role"), modes.get("relationship")
    if roles:
        modes["roles"] = roles
    if guardians:
        modes["guardians"] = guardians
    await connection.executemany("insert into import_mode values ($1, $2)", list(modes.items()))
    await connection.executemany("insert into role_word values ($1, $2)", list(PRODUCT_ROLE.items()))
    await connection.execute("analyze import_mode, role_word")
