"""Small sets to change at will, and importing them over HTTP."""

import asyncio
import csv
import io
import time
import zipfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.auth.rosters import service
from tests.integration.auth.places import Place

ENDED = {"applied", "unchanged", "refused", "failed"}
SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "oneroster"
HEADERS = {
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "academicSessions": (
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear"
    ),
    "courses": (
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,"
        "subjects,subjectCodes"
    ),
    "classes": (
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
        "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods"
    ),
    "users": (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
        "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,"
        "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
    ),
    "demographics": (
        "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"
        "blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
        "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,"
        "publicSchoolResidenceStatus"
    ),
    "roles": (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
        "userProfileSourcedId"
    ),
    "enrollments": (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
        "beginDate,endDate"
    ),
}
HEADERS_V1P1 = {
    **{name: header for name, header in HEADERS.items() if name not in {"users", "roles"}},
    "users": (
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
        "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
    ),
}
Row = dict[str, str]


@dataclass
class RosterSet:
    """A OneRoster 1.2 set as rows by file; every file is bulk unless told otherwise."""

    files: dict[str, list[Row]]
    modes: dict[str, str] = field(default_factory=dict)
    version: str = "1.2"

    def copy(self) -> "RosterSet":
        """One to change without changing this."""
        return deepcopy(self)

    def row(self, file: str, sourced_id: str) -> Row:
        """The row with an identifier."""
        return next(row for row in self.files[file] if row["sourcedId"] == sourced_id)

    def without(self, file: str, *sourced_ids: str) -> "RosterSet":
        """A copy in which a file lacks some rows."""
        other = self.copy()
        other.files[file] = [row for row in other.files[file] if row["sourcedId"] not in sourced_ids]
        return other

    def texts(self) -> dict[str, str]:
        """The text of each file."""
        manifest = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{self.version}"]
        manifest += [f"file.{name},{self.modes.get(name, 'bulk')}" for name in self.files]
        texts = {"manifest.csv": "\r\n".join([*manifest, ""])}
        for name, rows in self.files.items():
            out = io.StringIO()
            header = (HEADERS if self.version == "1.2" else HEADERS_V1P1)[name]
            writer = csv.DictWriter(out, header.split(","), restval="")
            writer.writeheader()
            writer.writerows(rows)
            texts[f"{name}.csv"] = out.getvalue()
        return texts

    def zipped(self) -> bytes:
        """The set as it is uploaded."""
        return zipped(self.texts())


def zipped(files: Mapping[str, str | bytes], folder: str = "") -> bytes:
    """A zip of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return buffer.getvalue()


def zipped_folder(folder: Path) -> bytes:
    """A folder of CSV files as it is uploaded."""
    return zipped({file.name: file.read_bytes() for file in sorted(folder.glob("*.csv"))})


def delta(files: dict[str, list[Row]]) -> RosterSet:
    """Changes since the last set."""
    for rows in files.values():
        for row in rows:
            row.setdefault("status", "active")
            row.setdefault("dateLastModified", "2026-10-01T08:00:00Z")
    return RosterSet(files, dict.fromkeys(files, "delta"))


def _user(key: str, given: str, family: str, **more: str) -> Row:
    return {
        "sourcedId": key,
        "enabledUser": "true",
        "username": key,
        "givenName": given,
        "familyName": family,
        "email": f"{key}@roster.example",
        **more,
    }


def _role(user: str, role: str, org: str = "S1") -> Row:
    row = {"sourcedId": f"R-{user}", "userSourcedId": user, "roleType": "primary", "role": role}
    return {**row, "orgSourcedId": org}


def _enrolment(user: str, role: str, key: str = "K1") -> Row:
    row = {"sourcedId": f"E-{user}-{key}", "classSourcedId": key, "schoolSourcedId": "S1"}
    return {**row, "userSourcedId": user, "role": role, "primary": "false"}


def small_set(tag: str | None = None) -> RosterSet:
    """A district, a school, two classes, a teacher, three students, a mother; users end in `tag`."""
    tag = tag or uuid4().hex[:10]
    students = [f"s{number}-{tag}" for number in (1, 2, 3)]
    teacher, mother = f"t1-{tag}", f"m1-{tag}"
    year = {"sourcedId": "Y", "title": "2026—2027", "type": "schoolYear", "schoolYear": "2027"}
    term = {"sourcedId": "T1", "title": "第一学期", "type": "semester", "schoolYear": "2027"}
    days = {"startDate": "2026-09-01", "endDate": "2027-01-22"}
    school_class = {
        "courseSourcedId": "C1",
        "classType": "scheduled",
        "schoolSourcedId": "S1",
        "termSourcedIds": "T1",
    }
    users = [
        _user(students[0], "小明", "李", agentSourcedIds=mother),
        _user(students[1], "Ben", "O'Neill"),
        _user(students[2], "扎西", "", agentSourcedIds=mother),
        _user(teacher, "芳", "王"),
        _user(mother, "丽", "张"),
    ]
    return RosterSet(
        {
            "orgs": [
                {"sourcedId": "D", "name": "示范学区", "type": "district", "identifier": "D"},
                {"sourcedId": "S1", "name": "第一中学", "type": "school", "parentSourcedId": "D"},
            ],
            "academicSessions": [{**year, **days}, {**term, **days, "parentSourcedId": "Y"}],
            "courses": [{"sourcedId": "C1", "title": "语文", "courseCode": "YW", "orgSourcedId": "S1"}],
            "classes": [
                {"sourcedId": "K1", "title": "七（1）班语文", **school_class},
                {"sourcedId": "K2", "title": "七（2）班语文", **school_class},
            ],
            "users": users,
            "roles": [
                *(_role(student, "student") for student in students),
                _role(teacher, "teacher"),
                _role(mother, "parent"),
            ],
            "enrollments": [
                *(_enrolment(student, "student") for student in students),
                _enrolment(teacher, "teacher"),
                _enrolment(teacher, "teacher", "K2"),
            ],
        }
    )


def as_v1p1(content: RosterSet) -> RosterSet:
    """The same people in OneRoster 1.1, where a user has one role in some organisations."""
    older = content.copy()
    older.version = "1.1"
    roles = {row["userSourcedId"]: row for row in older.files.pop("roles")}
    for user in older.files["users"]:
        user["role"] = roles[user["sourcedId"]]["role"]
        user["orgSourcedIds"] = roles[user["sourcedId"]]["orgSourcedId"]
    return older


async def upload(
    http: httpx.AsyncClient, organisation: UUID, content: bytes, **fields: Any
) -> httpx.Response:
    """Ask for an import."""
    form = {"organisation": str(organisation), **{name: str(value) for name, value in fields.items()}}
    return await http.post(
        "/v1/roster-imports", data=form, files={"file": ("set.zip", content, "application/zip")}
    )


async def imported(
    app: FastAPI, http: httpx.AsyncClient, organisation: UUID, content: bytes, **fields: Any
) -> dict[str, Any]:
    """Import a set, in this process unless a worker was faster, and give the job as it ended."""
    answer = await upload(http, organisation, content, **fields)
    assert answer.status_code == 202, answer.text
    await service.work(app.state.database, UUID(answer.json()["id"]))
    return await ended(http, answer.headers["location"])


async def ended(http: httpx.AsyncClient, location: str, seconds: float = 60) -> dict[str, Any]:
    """Follow a job to its end."""
    until = time.monotonic() + seconds
    while True:
        answer = await http.get(location)
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        if job["state"] in ENDED:
            return job
        assert time.monotonic() < until, job
        await asyncio.sleep(0.05)


async def findings(
    http: httpx.AsyncClient, job: dict[str, Any], language: str = "en"
) -> list[dict[str, Any]]:
    """All findings that were kept."""
    items: list[dict[str, Any]] = []
    address: str | None = f"/v1/roster-imports/{job['id']}/findings?limit=200"
    while address:
        answer = await http.get(address, headers={"Accept-Language": language})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        following = answer.json()["next"]
        address = (
            f"/v1/roster-imports/{job['id']}/findings?limit=200&cursor={following}" if following else None
        )
    return items


def places(found: Iterable[dict[str, Any]]) -> set[tuple[str, str | None, int | None, str | None]]:
    """Code, file, row and field of each finding."""
    return {(one["code"], one["file"], one["row"], one["field"]) for one in found}


TABLES = (
    *("organisation", "academic_session", "course", "class", "class_term", "person", "person_identifier"),
    *("role_assignment", "guardianship", "enrolment", "account", "outbox", "audit", "roster_source"),
    *("roster_organisation", "roster_role"),
)


async def digest(app: FastAPI) -> dict[str, str]:
    """A checksum of each table an import may write."""
    pool = app.state.database.pool
    return {
        table: await pool.fetchval(
            f"select md5(coalesce(string_agg(r::text, '' order by r::text), '')) from {table} r"
        )
        for table in TABLES
    }


async def importing(place: Place, content: RosterSet, **fields: Any) -> dict[str, Any]:
    """Import a set for the root of a place by its administrator."""
    return await imported(place.app, place.admin.http, place.root, content.zipped(), **fields)
