"""The demo region: a sound OneRoster set, the same each time."""

import csv
import datetime
import io
import zipfile

from infra.dev import demo_region, roster_files

DAY = datetime.date(2026, 3, 1)


def rows(name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(demo_region.archive(DAY))) as files:
        return list(csv.DictReader(io.StringIO(files.read(f"{name}.csv").decode(), newline="")))


def identities(name: str) -> set[str]:
    return {row["sourcedId"] for row in rows(name)}


def test_the_same_day_gives_the_same_people() -> None:
    later = datetime.date(2026, 11, 1)
    assert demo_region.archive(DAY) != demo_region.archive(later)
    with zipfile.ZipFile(io.BytesIO(demo_region.archive(later))) as files:
        assert [row["givenName"] for row in rows("users")] == [
            row["givenName"]
            for row in csv.DictReader(io.StringIO(files.read("users.csv").decode(), newline=""))
        ]


def test_every_reference_leads_somewhere() -> None:
    users, orgs, classes = identities("users"), identities("orgs"), identities("classes")
    assert {row["userSourcedId"] for row in rows("roles")} == users
    assert {row["orgSourcedId"] for row in rows("roles")} <= orgs
    assert {row["userSourcedId"] for row in rows("enrollments")} <= users
    assert {row["classSourcedId"] for row in rows("enrollments")} == classes
    assert {row["courseSourcedId"] for row in rows("classes")} <= identities("courses")
    assert {agent for row in rows("users") for agent in row["agentSourcedIds"].split(",") if agent} <= users
    for row in rows("classes"):
        assert set(row["termSourcedIds"].split(",")) <= identities("academicSessions")


def test_identities_and_user_names_are_unique() -> None:
    for name in ("users", "roles", "classes", "enrollments", "orgs", "courses", "academicSessions"):
        found = [row["sourcedId"] for row in rows(name)]
        assert len(found) == len(set(found))
    names = [row["username"] for row in rows("users")]
    assert len(names) == len(set(names))


def test_everybody_has_who_they_need() -> None:
    students = [row for row in rows("users") if row["sourcedId"].startswith("STU-")]
    assert len(students) == 60
    assert all(row["agentSourcedIds"] for row in students)
    teaching = {row["classSourcedId"] for row in rows("enrollments") if row["role"] == "teacher"}
    assert teaching == identities("classes")


def test_the_shown_class_has_a_teacher_and_students() -> None:
    shown = roster_files.from_archive("demo", demo_region.archive(DAY)).shown
    assert shown.teachers
    assert len(shown.students) == 10


def test_students_are_as_old_as_their_grade() -> None:
    born = {row["sourcedId"]: datetime.date.fromisoformat(row["birthDate"]) for row in rows("demographics")}
    users = {row["sourcedId"]: row for row in rows("users")}
    assert set(born) == {key for key in users if key.startswith("STU-")}
    begins = datetime.date(2025, 8, 31)
    ages = {(begins - day).days // 365.25 - int(users[key]["grades"]) for key, day in born.items()}
    assert ages <= {4, 5}
