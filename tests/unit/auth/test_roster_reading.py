"""Reading of sets: what is written comes back, and whatever is broken names its file, row and field."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.auth.rosters.reading import archive
from services.auth.rosters.reading.archive import opened
from services.auth.rosters.reading.findings import KEPT_PER_KIND, Findings
from services.auth.rosters.reading.layout import STAGED, Dialect, layout_of
from services.auth.rosters.reading.manifest import Contents, Mode, contents
from services.auth.rosters.reading.messages import MESSAGES, words
from services.auth.rosters.reading.table import TableReader

HEADER = ["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"]
MANIFEST = "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\nfile.orgs,bulk\r\n"


@contextmanager
def packed(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A zip of files on disk."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "set.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zip_file:
            for name, content in files.items():
                zip_file.writestr(name, content)
        yield path


def read(files: Mapping[str, bytes]) -> tuple[Contents | None, dict[str, list[list[str]]], Findings]:
    """The staged rows of each file of a set, and what was found."""
    with packed(files) as path:
        return read_path(path)


def read_path(path: Path) -> tuple[Contents | None, dict[str, list[list[str]]], Findings]:
    """The same of a set on disk."""
    findings, rows = Findings(), dict[str, list[list[str]]]()
    with opened(path, findings) as files:
        found = contents(files, findings)
        for name in found.modes if found else ():
            assert found is not None
            layout = layout_of(found.dialect, name, delta=found.modes[name] is Mode.DELTA)
            assert layout is not None
            reader = TableReader(name, layout, found.dialect, findings)
            data = b"".join(chunk.data for chunk in reader.chunks(partial(files.open, name)))
            rows[name] = [_unescaped(line) for line in data.decode().split("\n")[:-1]]
    return found, rows, findings


def _unescaped(line: str) -> list[str]:
    return [value.replace("\\\\", "\\") for value in line.split("\t")]


def orgs(rows: list[list[str]], *, newline: str = "\r\n", bom: bool = False) -> bytes:
    """An orgs.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=newline)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode()


def codes(findings: Findings) -> set[tuple[str, str | None, int | None, str | None]]:
    return {(found.code, found.file, found.row, found.field) for found in findings}


_words = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co")),
    min_size=1,
    max_size=20,
)


@given(
    rows=st.lists(st.tuples(_words, _words), max_size=20),
    newline=st.sampled_from(["\r\n", "\n"]),
    bom=st.booleans(),
    folder=st.sampled_from(["", "export/", "a/b/"]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_comes_back(
    rows: list[tuple[str, str]], newline: str, bom: bool, folder: str
) -> None:
    content = orgs([[key, "", "", name, "school", "", ""] for key, name in rows], newline=newline, bom=bom)
    _, staged, findings = read({f"{folder}manifest.csv": MANIFEST.encode(), f"{folder}orgs.csv": content})
    assert findings.errors == 0
    expected = [
        [str(line), normalize("NFC", key), "", normalize("NFC", name), "school", "", ""]
        for line, (key, name) in enumerate(rows, start=2)
    ]
    assert staged["orgs"] == expected


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_attack_68_any_bytes_are_refused_or_read_but_never_crash(content: bytes) -> None:
    for name in ("orgs.csv", "manifest.csv"):
        files = {"manifest.csv": MANIFEST.encode(), "orgs.csv": orgs([["1", "", "", "a", "school", "", ""]])}
        _, staged, findings = read({**files, name: content})
        _well_formed(staged, findings)


@given(
    cut=st.integers(0, 200),
    put=st.sampled_from(
        [b'"', b"\x00", b"\xff", b",", b"\r", b"\n", b"\\", b"\t", "\u3000".encode(), b"\xe4\xb8"]
    ),
    times=st.integers(1, 3),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_file_names_file_row_and_field(cut: int, put: bytes, times: int) -> None:
    rows = [[f"o{number}", "", "", f"学校 {number}", "school", f"{number}", "o0"] for number in range(4)]
    content = orgs(rows)
    place = min(cut, len(content))
    mutated = content[:place] + put * times + content[place:]
    _, staged, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": mutated})
    _well_formed(staged, findings)
    if findings.errors:
        assert all(found.file == "orgs.csv" for found in findings)
        for found in findings:
            whole = found.code.startswith(("encoding_", "header_")) and found.row is None
            assert whole or found.row is not None
            if found.code in {"required", "not_allowed", "nul", "encoding_value", "too_long"}:
                assert found.field


def _well_formed(staged: dict[str, list[list[str]]], findings: Findings) -> None:
    for rows in staged.values():
        for row in rows:
            assert len(row) == 1 + len(STAGED["organisation"])
            assert not any("\x00" in value or "\n" in value for value in row)
    for found in findings:
        message = words(found.code, found.values)
        assert message.en
        assert message.zh
        assert "{" not in message.en or "{" in "".join(found.values.values())
        assert found.value is None or found.value.isprintable()


@pytest.mark.parametrize(
    ("value", "field", "code"),
    [
        ("", "name", "required"),
        ("castle", "type", "not_allowed"),
        ("x" * 501, "name", "too_long"),
        ("a\x00b", "name", "nul"),
        ("a\x07b", "name", "control_character"),
        ("ext:learning.hub", "type", "extension"),
        ("tobedeleted", "status", "status_in_bulk"),
        ("gone", "status", "not_known"),
        ("yesterday", "dateLastModified", "date_time"),
    ],
)
def test_a_value_is_told_with_its_place(value: str, field: str, code: str) -> None:
    row = dict.fromkeys(HEADER, "") | {"sourcedId": "1", "name": "a", "type": "school", field: value}
    _, _, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": orgs([[*row.values()]])})
    assert codes(findings) == {(code, "orgs.csv", 2, field)}


def test_rows_are_named_by_the_line_on_which_they_begin() -> None:
    rows = [["1", "", "", "two\nlines", "school", "", ""], ["2", "", "", "", "school", "", ""], ["3", "", ""]]
    _, staged, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": orgs(rows)})
    assert [row[0] for row in staged["orgs"]] == ["2", "4", "5"]
    assert staged["orgs"][0][3] == "two lines"
    assert codes(findings) == {
        ("required", "orgs.csv", 4, "name"),
        ("row_width", "orgs.csv", 5, None),
        ("required", "orgs.csv", 5, "name"),
        ("required", "orgs.csv", 5, "type"),
    }


def test_attack_68_formulas_are_text() -> None:
    rows = [["1", "", "", '=HYPERLINK("http://x")', "school", "+1", ""]]
    _, staged, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": orgs(rows)})
    assert staged["orgs"][0][3] == '=HYPERLINK("http://x")'
    assert not findings.counts


def test_columns_may_be_more_fewer_or_in_another_order() -> None:
    content = b"NAME,sourcedId,type,metadata.jp.code,colour\r\na,1,school,x,red\r\n"
    _, staged, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": content})
    assert staged["orgs"] == [["2", "1", "", "a", "school", "", ""]]
    assert findings.errors == 0
    assert findings.counts == {"column_case": 1, "column_unknown": 1, "column_absent": 4}
    _, staged, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": b"sourcedId,name\r\n1,a\r\n"})
    assert staged["orgs"] == []
    assert ("column_missing", "orgs.csv", 1, "type") in codes(findings)


def test_findings_are_counted_and_kept_in_bounds() -> None:
    rows = [[str(number), "", "", "", "castle", "", ""] for number in range(1_000)]
    _, _, findings = read({"manifest.csv": MANIFEST.encode(), "orgs.csv": orgs(rows)})
    assert findings.counts == {"required": 1_000, "not_allowed": 1_000}
    assert findings.errors == 2_000
    assert len(findings.kept) == 2 * KEPT_PER_KIND


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (MANIFEST.replace("1.2", "1.0"), "version_unsupported"),
        (MANIFEST.replace("oneroster.version,1.2\r\n", ""), "manifest_property_missing"),
        (MANIFEST.replace("bulk", "everything"), "manifest_mode"),
        (MANIFEST + "file.users,bulk\r\n", "file_missing"),
        (MANIFEST + "file.orgs,delta\r\n", "manifest_property_twice"),
        (MANIFEST.replace("file.orgs,bulk\r\n", ""), "manifest_property_missing"),
        (MANIFEST.replace("bulk", "absent"), "file_announced_absent"),
        ("propertyName\r\n", "column_missing"),
    ],
)
def test_a_manifest_says_what_is_loaded(manifest: str, code: str) -> None:
    _, _, findings = read({"manifest.csv": manifest.encode(), "orgs.csv": orgs([])})
    assert code in findings.counts
    assert findings.errors > 0


def test_school_data_sync_is_known_by_its_files() -> None:
    files = {
        "orgs.csv": b"sourcedId,name,type,parentSourcedId\r\n1,College,college,\r\n",
        "users.csv": b"sourcedId,username,givenName,familyName\r\nu,u@x.example,A,B\r\n",
        "roles.csv": b"userSourcedId,orgSourcedId,role,isPrimary\r\nu,1,professor,TRUE\r\n",
    }
    found, staged, findings = read(files)
    assert found is not None
    assert found.dialect is Dialect.SDS
    assert staged["roles"] == [["2", "", "", "u", "t", "professor", "1", "", ""]]
    assert findings.errors == 0
    _, _, findings = read({**files, "users.csv": b"sourcedId,enabledUser\r\nu,true\r\n"})
    assert "manifest_missing" in findings.counts


def test_attack_68_archives_are_opened_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"0" * (8 * 1024**2)
    for files, code in (
        ({"manifest.csv": MANIFEST.encode(), "orgs.csv": bomb}, "archive_bomb"),
        ({"/etc/orgs.csv": b"x"}, "archive_path"),
        ({"a/../../orgs.csv": b"x"}, "archive_path"),
        ({"c:\\orgs.csv": b"x"}, "archive_path"),
        ({"manifest.csv": b"", "Manifest.CSV": b""}, "file_twice"),
    ):
        _, _, findings = read(files)
        assert code in findings.counts, (code, findings.counts)
        assert findings.errors
    monkeypatch.setattr(archive, "ENTRIES", 3)
    _, _, findings = read({f"{number}.csv": b"" for number in range(4)})
    assert "archive_too_many_files" in findings.counts
    monkeypatch.setattr(archive, "UNPACKED_BYTES", 10)
    _, _, findings = read({"orgs.csv": b"x" * 11})
    assert "archive_too_large" in findings.counts


def test_attack_68_a_damaged_or_encrypted_archive_is_told() -> None:
    content = orgs([[str(number), "", "", "a", "school", "", ""] for number in range(500)])
    with packed({"manifest.csv": MANIFEST.encode(), "orgs.csv": content}) as path:
        packed_bytes = bytearray(path.read_bytes())
    start = packed_bytes.index(b"orgs.csv") + 40
    for position in range(start, start + 200):
        packed_bytes[position] ^= 0x55
    assert _codes_of(bytes(packed_bytes)) >= {"archive_damaged"}
    encrypted = bytearray(packed_bytes)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = encrypted.find(mark)
        while place >= 0:
            encrypted[place + offset] |= 1
            place = encrypted.find(mark, place + 1)
    assert _codes_of(bytes(encrypted)) >= {"archive_encrypted"}


def _codes_of(content: bytes) -> set[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "set.zip"
        path.write_bytes(content)
        return set(read_path(path)[2].counts)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.data())
@settings(max_examples=400, deadline=None)
def test_a_mutated_archive_is_refused_or_read_but_never_crashes(
    changes: list[tuple[int, int]], data: st.DataObject
) -> None:
    with packed(
        {"manifest.csv": MANIFEST.encode(), "orgs.csv": orgs([["1", "", "", "a", "school", "", ""]])}
    ) as path:
        content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    _codes_of(bytes(content[: data.draw(st.integers(1, len(content)))]))
    _codes_of(bytes(content))


def test_every_message_is_in_both_languages() -> None:
    for code, message in MESSAGES.items():
        assert message.severity in {"error", "warning", "note"}, code
        assert message.text.en, code
        assert any("\u4e00" <= character <= "\u9fff" for character in message.text.zh), code


def test_every_message_is_said_somewhere() -> None:
    folder = Path(archive.__file__).parents[1]
    said = "\n".join(path.read_text() for suffix in ("py", "sql") for path in folder.rglob(f"*.{suffix}"))
    unsaid = {code for code in MESSAGES if f'"{code}"' not in said and f"--@ check {code} " not in said}
    assert not unsaid
