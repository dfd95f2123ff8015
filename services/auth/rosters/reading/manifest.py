"""Reads manifest.csv and decides the dialect and the mode (bulk, delta, absent) of every file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.auth.rosters.reading.archive import SetFiles
from services.auth.rosters.reading.findings import Findings
from services.auth.rosters.reading.layout import LOADED_FILES, UNUSED_FILES, Dialect, layout_of
from services.auth.rosters.reading.table import DAMAGE

MANIFEST = "manifest.csv"
MANIFEST_BYTES = 262_144
VERSIONS = {"1.1": Dialect.V1P1, "1.2": Dialect.V1P2}


class Mode(StrEnum):
    """Whether a file is the whole of its kind or the changes since the last one."""

    BULK = "bulk"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Contents:
    """A set's dialect and the files to load, in the order in which they are loaded."""

    dialect: Dialect
    modes: dict[str, Mode]


def contents(files: SetFiles, findings: Findings) -> Contents | None:
    """Say what a set holds; None when that cannot be said, which is then an error among the findings."""
    if "manifest" not in files.openers:
        return _without_manifest(files, findings)
    properties = _properties(files, findings)
    version = properties.get("oneroster.version", ("", None))
    if "oneroster.version" not in properties:
        findings.add("manifest_property_missing", MANIFEST, property="oneroster.version")
        return None
    dialect = VERSIONS.get(version[0].strip().lower().removeprefix("v"))
    if dialect is None:
        findings.add("version_unsupported", MANIFEST, version[1], "oneroster.version", version[0])
        return None
    return _known(Contents(dialect, _modes(files, dialect, properties, findings)), files, findings)


def _without_manifest(files: SetFiles, findings: Findings) -> Contents | None:
    if not files.openers:
        return None
    if not {"orgs", "users", "roles"} <= set(files.openers) or "enableduser" in _header(files, "users"):
        findings.add("manifest_missing")
        return None
    findings.add("dialect_sds")
    modes = {name: Mode.BULK for name in LOADED_FILES if name in files.openers}
    return _known(Contents(Dialect.SDS, modes), files, findings)


def _known(found: Contents, files: SetFiles, findings: Findings) -> Contents | None:
    for name in sorted(UNUSED_FILES & set(files.openers)):
        findings.add("file_unused", f"{name}.csv")
    if not found.modes:
        findings.add("set_empty")
        return None
    return found


def _header(files: SetFiles, name: str) -> str:
    try:
        with files.open(name) as file:
            return file.read(4_096).decode("utf-8", "replace").lower().partition("\n")[0]
    except DAMAGE:
        return ""


def _properties(files: SetFiles, findings: Findings) -> dict[str, tuple[str, int | None]]:
    found: dict[str, tuple[str, int | None]] = {}
    for line, row in _manifest_rows(files, findings):
        if line == 1 or not any(row):
            if line == 1 and [name.strip().lower() for name in row] != ["propertyname", "value"]:
                findings.add("column_missing", MANIFEST, 1, "propertyName, value")
            continue
        if len(row) != 2:
            findings.add("row_width", MANIFEST, line, count=len(row), expected=2)
            continue
        name, value = row[0].strip(), row[1].strip()
        if name in found:
            findings.add("manifest_property_twice", MANIFEST, line, name)
        found[name] = (value, line)
    return found


def _manifest_rows(files: SetFiles, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    try:
        with files.open("manifest") as file:
            content = file.read(MANIFEST_BYTES)
    except DAMAGE:
        findings.add("archive_damaged", MANIFEST)
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        findings.add("encoding_utf16" if utf16 else "encoding_unknown", MANIFEST)
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        findings.add("csv_syntax", MANIFEST, reader.line_num, reason=str(error))


def _modes(
    files: SetFiles, dialect: Dialect, properties: dict[str, tuple[str, int | None]], findings: Findings
) -> dict[str, Mode]:
    modes: dict[str, Mode] = {}
    for name in LOADED_FILES:
        known = layout_of(dialect, name, delta=False) is not None
        there = name in files.openers
        if not known:
            if there:
                findings.add("file_unused", f"{name}.csv")
            continue
        if f"file.{name}" not in properties:
            if there:
                findings.add("manifest_property_missing", MANIFEST, property=f"file.{name}")
            continue
        written, line = properties[f"file.{name}"]
        mode = written.lower()
        if mode not in {*Mode, "absent"}:
            findings.add("manifest_mode", MANIFEST, line, f"file.{name}", written)
        elif mode != "absent" and not there:
            findings.add("file_missing", f"{name}.csv", mode=mode)
        elif mode != "absent":
            modes[name] = Mode(mode)
        elif there:
            findings.add("file_announced_absent", f"{name}.csv")
    _tell_unknown(properties, findings)
    return modes


def _tell_unknown(properties: dict[str, tuple[str, int | None]], findings: Findings) -> None:
    known = {"manifest.version", "oneroster.version", "source.systemName", "source.systemCode"}
    known |= {f"file.{name}" for name in (*LOADED_FILES, *UNUSED_FILES)}
    for name, (_, line) in properties.items():
        if name not in known:
            findings.add("manifest_property_unknown", MANIFEST, line, name)
