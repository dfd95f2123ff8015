"""Makes OneRoster sets of any size: a region of schools with Chinese and English names, always the same.

``python -m bench.roster_generator PATH --people 100000 [--version 1.1] [--hashes]`` writes a zip, or a folder
when PATH does not end in .zip; with ``--hashes`` everybody comes with the password hash of another system.
Of ten people five are students, four guardians and one works at a school; each student is in six classes of
about thirty.
"""

import argparse
import io
import random
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SEED = 20260901
STUDENTS_PER_SCHOOL = 540
CLASS_SIZE = 30
SUBJECTS = ("语文", "数学", "English", "Science", "历史", "Art")
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍鹏飞红"
_ENGLISH_FAMILY = (
    "Smith",
    "Jones",
    "Brown",
    "Taylor",
    "O'Neill",
    "Evans",
    "Wright",
    "Green",
    "Baker",
    "Young",
)
_ENGLISH_GIVEN = (
    "Alice",
    "Ben",
    "Chloe",
    "Dan",
    "Emma",
    "Finn",
    "Grace",
    "Hugo",
    "Isla",
    "Jack",
    "Kate",
    "Liam",
)

_HEADERS = {
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
    "enrollments": (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
    ),
    "roles": (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
        "userProfileSourcedId"
    ),
}
_USERS_V1P1 = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
)
_USERS_V1P2 = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,"
    "email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
)
_HASH_COLUMN = "metadata.passwordHash"
_HASH_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_FILES = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each a set has."""

    people: int
    students: int
    guardians: int
    staff: int
    schools: int


def size_of(people: int) -> Size:
    """Say how a number of people is made up; at least ten are needed."""
    staff = max(1, people // 10)
    guardians = people * 4 // 10
    students = people - staff - guardians
    return Size(people, students, guardians, staff, max(1, round(students / STUDENTS_PER_SCHOOL)))


class _Roster:
    """The rows of one set, file by file."""

    def __init__(
        self, people: int, version: str, prefix: str, *, hashes: bool = False, password_hash: str = ""
    ) -> None:
        self.size = size_of(people)
        self.version = version
        self.prefix = prefix
        self.hashes = hashes or bool(password_hash)
        self._password_hash = password_hash
        self._random = random.Random(SEED)

    def rows(self, file: str) -> Iterator[str]:
        rows: Iterator[str] = getattr(self, f"_{file.lower()}")()
        return rows

    def _school_of(self, number: int, count: int) -> int:
        return number * self.size.schools // count

    def _name(self) -> str:
        pick = self._random.random
        if pick() < 0.8:
            given = _GIVEN[int(pick() * 30)]
            if pick() < 0.6:
                given += _GIVEN[int(pick() * 30)]
            return f"{given},{_FAMILY[int(pick() * 32)]}"
        return f"{_ENGLISH_GIVEN[int(pick() * 12)]},{_ENGLISH_FAMILY[int(pick() * 10)]}"

    def _orgs(self) -> Iterator[str]:
        prefix = self.prefix
        yield f"{prefix}REG,,,示范州教育局,state,{prefix}REG,"
        for district in range((self.size.schools + 19) // 20):
            yield f"{prefix}D{district},,,第{district + 1}学区,district,{prefix}D{district},{prefix}REG"
        for school in range(self.size.schools):
            name = f"第{school + 1}中学" if school % 4 else f"Riverside School {school + 1}"
            yield f"{prefix}S{school},,,{name},school,{prefix}S{school},{prefix}D{school // 20}"

    def _academicsessions(self) -> Iterator[str]:
        prefix = self.prefix
        yield f"{prefix}Y,,,2026—2027学年,schoolYear,2026-09-01,2027-07-10,,2027"
        yield f"{prefix}T1,,,第一学期,semester,2026-09-01,2027-01-22,{prefix}Y,2027"
        yield f"{prefix}T2,,,第二学期,semester,2027-02-22,2027-07-10,{prefix}Y,2027"

    def _courses(self) -> Iterator[str]:
        for place, subject in enumerate(SUBJECTS):
            yield f"{self.prefix}C{place},,,{self.prefix}Y,{subject},C{place},,{self.prefix}REG,{subject},"

    def _forms(self, school: int) -> int:
        students = (school + 1) * self.size.students // self.size.schools - school * (
            self.size.students // self.size.schools
        )
        return max(1, round(min(students, STUDENTS_PER_SCHOOL * 2) / CLASS_SIZE))

    def _classes(self) -> Iterator[str]:
        prefix = self.prefix
        for school in range(self.size.schools):
            for form in range(self._forms(school)):
                for place, subject in enumerate(SUBJECTS):
                    key = f"{prefix}K{school}-{form}-{place}"
                    yield (
                        f"{key},,,{form + 1}班{subject},07,{prefix}C{place},{key},scheduled,R{form},"
                        f'{prefix}S{school},"{prefix}T1,{prefix}T2",{subject},,'
                    )

    def _users(self) -> Iterator[str]:
        prefix, size = self.prefix, self.size
        for number in range(size.students):
            agents = f"{prefix}g{number % size.guardians}" if size.guardians else ""
            school = self._school_of(number, size.students)
            yield self._user(f"{prefix}s{number}", "student", school, agents, "07")
        for number in range(size.guardians):
            yield self._user(f"{prefix}g{number}", "guardian", self._school_of(number, size.students), "", "")
        for number in range(size.staff):
            yield self._user(f"{prefix}t{number}", "teacher", self._school_of(number, size.staff), "", "")

    def _user(self, key: str, role: str, school: int, agents: str, grade: str) -> str:
        mail = f"{key}@roster.example"
        hashed = f',"{self._hash()}"' if self.hashes else ""
        org = f"{self.prefix}S{school}"
        if self.version == "1.1":
            return (
                f"{key},,,true,{org},{role},{key},,{self._name()},,{key},{mail},,,{agents},{grade},{hashed}"
            )
        return f"{key},,,true,{key},,{self._name()},,{key},{mail},,,{agents},{grade},,,,,,{org},{hashed}"

    def _hash(self) -> str:
        """Of nobody's password, in the form of a real one: half PBKDF2 as Django writes it, half bcrypt."""
        if self._password_hash:
            return self._password_hash
        drawn = "".join(self._random.choices(_HASH_ALPHABET, k=54))
        if self._random.random() < 0.5:
            return f"pbkdf2_sha256$600000${drawn[:22]}${drawn[:42]}A="
        return f"$2b$10${drawn[:21]}O{drawn[:30]}O"

    def _roles(self) -> Iterator[str]:
        prefix, size = self.prefix, self.size
        for letter, role, count, spread in (
            ("s", "student", size.students, size.students),
            ("g", "guardian", size.guardians, size.students),
            ("t", "teacher", size.staff, size.staff),
        ):
            for number in range(count):
                key, school = f"{prefix}{letter}{number}", self._school_of(number, spread)
                yield f"R-{key},,,{key},primary,{role},,,{prefix}S{school},"

    def _enrollments(self) -> Iterator[str]:
        prefix, size = self.prefix, self.size
        begun = dict[int, int]()
        for number in range(size.students):
            school = self._school_of(number, size.students)
            first = begun.setdefault(school, number)
            form = (number - first) // CLASS_SIZE % self._forms(school)
            for place in range(len(SUBJECTS)):
                yield (
                    f"E{prefix}s{number}-{place},,,{prefix}K{school}-{form}-{place},{prefix}S{school},{prefix}s{number},"
                    "student,false,2026-09-01,2027-07-10"
                )
        for school in range(size.schools):
            teachers = list(self._teachers_of(school)) or [0]
            for form in range(self._forms(school)):
                for place in range(len(SUBJECTS)):
                    teacher = teachers[(form * len(SUBJECTS) + place) % len(teachers)]
                    yield (
                        f"E{prefix}k{school}-{form}-{place},,,{prefix}K{school}-{form}-{place},{prefix}S{school},"
                        f"{prefix}t{teacher},teacher,true,2026-09-01,2027-07-10"
                    )

    def _teachers_of(self, school: int) -> range:
        size = self.size
        first = -(-school * size.staff // size.schools)
        return range(first, -(-(school + 1) * size.staff // size.schools))


def _manifest(version: str, files: tuple[str, ...]) -> str:
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    lines += [f"file.{name},bulk" for name in files]
    return "\r\n".join([*lines, "source.systemCode,generated", ""])


@contextmanager
def _target(path: Path) -> Iterator["_Target"]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            yield _Target(path, archive)
    else:
        path.mkdir(parents=True, exist_ok=True)
        yield _Target(path, None)


@dataclass(frozen=True, slots=True)
class _Target:
    path: Path
    archive: zipfile.ZipFile | None

    def open(self, name: str) -> IO[bytes]:
        if self.archive is None:
            return (self.path / name).open("wb")
        return self.archive.open(name, "w", force_zip64=True)


def generate(
    path: Path,
    people: int,
    *,
    version: str = "1.2",
    prefix: str = "",
    hashes: bool = False,
    password_hash: str = "",
) -> Size:
    """Write a set of so many people; the same arguments always give the same rows.

    With `password_hash` everybody comes with that one, with `hashes` each with one of nobody's password.
    """
    roster = _Roster(people, version, prefix, hashes=hashes, password_hash=password_hash)
    files = (*_FILES, "roles") if version == "1.2" else _FILES
    headers = {**_HEADERS, "users": _USERS_V1P1 if version == "1.1" else _USERS_V1P2}
    with _target(path) as target:
        with target.open("manifest.csv") as file:
            file.write(_manifest(version, files).encode())
        for name in files:
            with target.open(f"{name}.csv") as binary, io.TextIOWrapper(binary, "utf-8", newline="") as file_:
                extension = f",{_HASH_COLUMN}" if roster.hashes and name == "users" else ""
                file_.write(f"{headers[name]}{extension}\r\n")
                file_.writelines(f"{row}\r\n" for row in roster.rows(name))
    return roster.size


def main() -> None:
    """Write one set and say what it holds."""
    parser = argparse.ArgumentParser(description="Make a OneRoster set of any size.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--version", choices=("1.1", "1.2"), default="1.2")
    parser.add_argument("--prefix", default="", help="put before every identifier")
    parser.add_argument("--hashes", action="store_true", help="with the password hashes of another system")
    given = parser.parse_args()
    print(generate(given.path, given.people, version=given.version, prefix=given.prefix, hashes=given.hashes))


if __name__ == "__main__":
    main()
