"""Reads a OneRoster set of any origin just far enough to choose whom the demo shows."""

import csv
import io
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class ShownClass:
    """A class with its people, all by the sourcedId of the set."""

    identity: str
    title: str
    course: str
    terms: tuple[tuple[str, str], ...]  # first and last days
    students: tuple[str, ...]
    teachers: tuple[str, ...]

    def earned_on(self, today: date) -> str:
        """The latest first or last day of a term until today: the same for all runs within a term."""
        passed = [day for term in self.terms for day in term if day <= today.isoformat()]
        return max(passed, default=today.isoformat())


@dataclass(frozen=True)
class RosterSet:
    """A set as one zip, and its classes by sourcedId."""

    name: str
    archive: bytes
    classes: dict[str, ShownClass]

    @property
    def shown(self) -> ShownClass:
        """The class with the most students among those with a teacher."""
        taught = [one for one in self.classes.values() if one.teachers and one.students]
        if not taught:
            raise ValueError(f"{self.name} has no class with both a teacher and students")
        return max(taught, key=lambda one: len(one.students))


def read(path: Path) -> RosterSet:
    """A zip, or a folder of CSV files, which is zipped. Raises OSError, ValueError for what is no set."""
    archive = path.read_bytes() if path.is_file() else _zipped(path)
    return from_archive(path.stem, archive)


def from_archive(name: str, archive: bytes) -> RosterSet:
    """The classes of a zipped set."""
    if not zipfile.is_zipfile(io.BytesIO(archive)):
        raise ValueError(f"{name} is neither a folder nor a zip file")
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        members: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in _rows(files, "enrollments.csv"):
            members[row["classSourcedId"], row["role"].lower()].append(row["userSourcedId"])
        days = {
            row["sourcedId"]: (row["startDate"], row["endDate"])
            for row in _rows(files, "academicSessions.csv")
        }
        classes = {
            row["sourcedId"]: ShownClass(
                row["sourcedId"],
                row["title"],
                row.get("courseSourcedId", ""),
                tuple(days[term] for term in row.get("termSourcedIds", "").split(",") if term in days),
                tuple(members[row["sourcedId"], "student"]),
                tuple(members[row["sourcedId"], "teacher"]),
            )
            for row in _rows(files, "classes.csv")
        }
    return RosterSet(name, archive, classes)


def read_credits(path: Path) -> dict[str, Decimal]:
    """Credits on offer by class, from columns classSourcedId and availableCredits; zero ones are left out."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = {row["classSourcedId"]: Decimal(row["availableCredits"]) for row in csv.DictReader(file)}
    return {identity: amount for identity, amount in found.items() if amount > 0}


def _rows(files: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    member = next((one for one in files.namelist() if one.rpartition("/")[2].lower() == name.lower()), None)
    if member is None:
        raise ValueError(f"the set has no {name}")
    text = files.read(member).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _zipped(folder: Path) -> bytes:
    found = sorted(folder.glob("*.csv"))
    if not found:
        raise FileNotFoundError(f"{folder} is no zip file and no folder with CSV files")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in found:
            archive.write(path, path.name)
    return packed.getvalue()
