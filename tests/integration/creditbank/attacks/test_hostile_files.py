"""Files that nobody means: endless, deep, disguised, and named like others' files."""

import csv
import io
import json
import tracemalloc
import zipfile

import pytest

from services.creditbank.files import reading
from services.creditbank.files.reading import FileReader, FileRefused
from services.creditbank.files.rules import PROFILES, Profile
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import District

HEAD = HEADER.encode()


def read(content: bytes, profile: Profile = PROFILES["plain"]) -> tuple[str, int | None, int]:
    """Why the file is refused, in which line, and how many bytes reading it took at most."""
    tracemalloc.start()
    try:
        reader = FileReader(io.BytesIO(content), profile, "utf-8")
        while reader.next_part():
            pass
    except FileRefused as refused:
        return refused.reason, refused.line, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    raise AssertionError("it was read to its end")


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (HEAD + b"," * 8_000_000, "row_endless", 2),
        (HEAD + row().encode() + b"x" * 8_000_000, "row_endless", 3),
        (HEAD + b'"\n",' * 200_000, "row_endless", None),
        (HEAD + b'"' + b"\n" * 200_000, "row_endless", None),
        (b"," * 8_000_000, "columns_missing", 1),
        (HEAD + b"\n" * 20_000, "too_many_rows", 10_002),
        (HEAD + b",,,,,,\n" * 20_000, "too_many_rows", 10_002),
    ],
    ids=["commas", "a word", "quoted lines", "a quotation", "a header", "empty lines", "empty rows"],
)
def test_what_has_no_end_is_refused_before_it_fills_the_memory(
    content: bytes, reason: str, line: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "too_many_rows":
        monkeypatch.setattr(reading, "_MOST_LINES", 10_000)
    found, where, peak = read(content)
    assert found == reason
    assert line is None or where == line
    assert peak < 16 * 1024**2


def test_the_empty_rows_of_a_spreadsheet_are_read_over() -> None:
    content = HEAD + row().encode() + b",,,,,,\n" * 300_000
    reader = FileReader(io.BytesIO(content), PROFILES["plain"], "utf-8")
    found = []
    while rows := reader.next_part():
        found += rows
    assert [one.line for one in found] == [2]


@pytest.mark.parametrize(
    "text",
    ["[" * 60_000, '{"key":' * 9_000, '{"key": NaN}', '{"key": 1e999}', '{"key": "\\ud800"}', "9" * 60_000,
     json.dumps({"key": "k", "learner": {"id": "x" * 60_000}}), '{"key": "a", "key": "b"}', "\x00", "null"],
    ids=lambda text: text[:12],
)  # fmt: skip
async def test_lines_that_are_no_items_say_so(files: Files, text: str) -> None:
    done = await files.done(text + "\n", profile="json-lines")
    assert (done["state"], done["posted"], done["refused"]) == ("posted", 0, 1), done


async def test_names_of_files_lead_nowhere(files: Files, district: District) -> None:
    for name in (
        "../../../etc/passwd",
        "C:\\x\\y.csv",
        "a\x00b.csv",
        "x" * 3_000,
        "=cmd|' /C calc'!A0",
        "\u202egpj.csv",
    ):
        response = await files.bank.client.post(
            "/v1/deposit-files",
            files={"file": (name, HEAD + row().encode(), "text/csv")},
            headers=files.headers,
        )
        assert response.status_code in (202, 400, 422), (name, response.text)
        if response.status_code == 202:
            shown = response.json()["file_name"]
            assert len(shown) <= 200
            assert not set(shown) & set("/\\\x00\u202e")
    await files.app.state.file_worker.work_through()


async def test_an_archive_is_no_table(files: Files) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as inside:
        inside.writestr("credits.csv", HEADER + "\n" * 1_000_000)
    done = await files.done(archive.getvalue())
    assert (done["state"], done["items"]) == ("refused", 0)


async def test_quotation_marks_newlines_and_nothing_in_cells(files: Files) -> None:
    cells = ['a"b', "a\nb", "a\x00b", "a\rb", " a ", "\ufeffa", "a,b", "\ud7ff", "'", "\u200b"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER.strip().split(","))
    for cell in cells:
        writer.writerow([f"k{cell}", "S-0", "C-1", "1.00", "2026-06-30", "", ""])
    done = await files.done(out.getvalue())
    told = [one["outcome"] for one in await files.items(done["id"])]
    assert told == ["posted", *["refused"] * 3, *["posted"] * 6]


async def test_forms_of_many_parts_are_refused(files: Files) -> None:
    response = await files.bank.client.post(
        "/v1/deposit-files",
        files=[("file", (f"{n}.csv", b"", "text/csv")) for n in range(2_000)],
        headers=files.headers,
    )
    assert response.status_code in (400, 413, 422)
    fields = {f"f{n}": "x" for n in range(3_000)}
    response = await files.bank.client.post(
        "/v1/deposit-files", files={"file": ("a.csv", HEAD, "text/csv")}, data=fields, headers=files.headers
    )
    assert response.status_code in (400, 413, 422)
