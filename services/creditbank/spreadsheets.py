"""Tables as CSV (RFC 4180), streamed part by part: for spreadsheets and for other systems.

What people wrote is never a formula: a cell that a spreadsheet would take for one begins with an apostrophe,
one more than it had, and so does what begins or ends with a blank. It is read back as it was.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.responses import StreamingResponse

from libs.common.languages import Text, preferred

#: rows of a part, each read by one statement of its own: nothing is held open for a slow reader
PART: Final = 2_000
_BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = re.compile(r"'*(\s*[=+\-@＝＋－＠|%]|\s|.*\s\Z)", re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")

Row = Sequence[Any]


class CsvResponse(StreamingResponse):
    """A table that is sent while it is read."""

    media_type = "text/csv"


class Form:
    """How the caller wants the table."""

    def __init__(self, *, mark: bool, words: bool) -> None:
        self.mark = mark
        self.words = words


async def _form(
    bom: Annotated[
        bool, Query(description="begin with a byte order mark: some spreadsheets need it to read Chinese")
    ] = False,
    words: Annotated[
        bool, Query(description="headings in the words of Accept-Language, not the names of fields")
    ] = False,
) -> Form:
    return Form(mark=bom, words=words)


FormOf = Annotated[Form, Depends(_form)]


def cell(value: Any) -> str:
    """The text of one cell; nothing in it is a formula."""
    if value is None:
        return ""
    text = str(value)
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def written(text: str) -> str:
    """What a cell said before it was kept from being a formula; blanks around anything else are nothing."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text.strip()


def lines(rows: Sequence[Row]) -> bytes:
    """Rows as CSV, each line ending as RFC 4180 has it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


async def answer(
    request: Request,
    form: Form,
    columns: Mapping[str, Text],
    parts: AsyncIterator[Sequence[Row]],
    *,
    name: str,
) -> CsvResponse:
    """The table, to be saved as `name`. Its first part is read before: what fails there is told."""
    first: Sequence[Row] = ()
    async for part in parts:
        first = part
        break
    language = preferred(request.headers.get("accept-language"))
    headings = [title.in_language(language) if form.words else code for code, title in columns.items()]

    async def sent() -> AsyncIterator[bytes]:
        yield (_BYTE_ORDER_MARK if form.mark else "").encode() + lines([headings, *first])
        async for part in parts:
            yield lines(part)

    return CsvResponse(
        sent(),
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Content-Type": "text/csv; charset=utf-8; header=present",
            "Content-Language": language,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
        },
    )
