"""A made-up region as a OneRoster 1.2 set: always the same people, in the school year of the given day."""

import csv
import io
import random
import zipfile
from dataclasses import dataclass, field
from datetime import date, timedelta

from infra.dev import demo_names as names

SEED = 20
SOURCE = "demo"  # the name under which auth knows where the set comes from
STUDENTS_PER_CLASS = 10
Row = tuple[str, ...]

HEADERS = {
    "orgs": "name type identifier parentSourcedId",
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds "
    "subjects subjectCodes periods",
    "users": "enabledUser username userIds givenName familyName middleName identifier email sms phone "
    "agentSourcedIds grades password userMasterIdentifier preferredGivenName preferredMiddleName "
    "preferredFamilyName primaryOrgSourcedId pronouns",
    "demographics": "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
    "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity "
    "countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
}
#: the files of the specification that this set leaves out
ABSENT = names.words(
    "categories classResources courseResources lineItemLearningObjectiveIds lineItems "
    "lineItemScoreScales resources resultLearningObjectiveIds results resultScoreScales scoreScales "
    "userProfiles userResources"
)


@dataclass
class Region:
    """The files being written, by name, and the source of the choices."""

    files: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in HEADERS})
    choice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 no secret
    birthdays: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 no secret
    year: int = 0

    def add(self, name: str, *values: str) -> str:
        """Adds a row of a bulk file, whose status and date stay empty; returns its sourcedId."""
        self.files[name].append((values[0], "", "", *values[1:]))
        return values[0]


def archive(today: date) -> bytes:
    """The set as a zip: a region, three schools, 60 students, 9 teachers, one or two guardians a student."""
    region = Region()
    region.add("orgs", "DEMO-REGION", names.REGION, "state", "DEMO-REGION", "")
    year = region.year = today.year if today.month >= 8 else today.year - 1
    end = str(year + 1)
    region.add(
        "academicSessions",
        "DEMO-YEAR",
        f"{year}–{end}",
        "schoolYear",
        f"{year}-08-01",
        f"{end}-07-31",
        "",
        end,
    )
    for title, code, first, last in (
        ("第一学期 First term", "T1", f"{year}-08-01", f"{end}-01-31"),
        ("第二学期 Second term", "T2", f"{end}-02-01", f"{end}-07-31"),
    ):
        region.add("academicSessions", f"DEMO-{code}", title, "term", first, last, "DEMO-YEAR", end)
    for code, title in names.COURSES:
        subject = title.split()[0]
        region.add("courses", f"CRS-{code}", "DEMO-YEAR", title, code, "", "DEMO-REGION", subject, "")
    for number, (title, people, grades) in enumerate(names.SCHOOLS, 1):
        _add_school(region, number, title, people, grades)
    return _zipped(region)


def _add_school(
    region: Region, number: int, title: str, people: names.People, grades: tuple[str, str]
) -> None:
    school = region.add("orgs", f"SCH-{number}", title, "school", f"SCH-{number}", "DEMO-REGION")
    teachers = [
        _add_person(region, f"TCH-{number}{seat}", people, school, "teacher", seat=20 + seat)
        for seat in (1, 2, 3)
    ]
    for order, grade in enumerate(grades):
        students = [
            _add_student(region, f"STU-{number}{order * STUDENTS_PER_CLASS + seat:02}", people, school, grade)
            for seat in range(1, STUDENTS_PER_CLASS + 1)
        ]
        for turn, (code, course) in enumerate(names.COURSES):
            class_id = f"CLS-{number}-{grade}-{code}"
            subject = course.split()[0]
            region.add(
                "classes",
                class_id,
                f"{int(grade)}年级 Grade {int(grade)} · {course}",
                *(grade, f"CRS-{code}", f"{grade}-{code}", "scheduled", ""),
                *(school, "DEMO-T1,DEMO-T2", subject, "", str(turn + 1)),
            )
            _enrol(region, class_id, school, teachers[turn % len(teachers)], "teacher")
            for student in students:
                _enrol(region, class_id, school, student, "student")


def _enrol(region: Region, class_id: str, school: str, person: str, role: str) -> None:
    primary = "true" if role == "teacher" else "false"
    region.add("enrollments", f"ENR-{class_id}-{person}", class_id, school, person, role, primary, "", "")


def _add_student(region: Region, identity: str, people: names.People, school: str, grade: str) -> str:
    family = region.choice.choice(people.family)
    # Children begin grade 1 at six: those of the higher grades are 14, and need no guardian's consent.
    last_birthday = date(region.year, 8, 31) - timedelta(days=region.birthdays.randrange(365))
    born = date(last_birthday.year - 5 - int(grade), last_birthday.month, min(last_birthday.day, 28))
    region.add("demographics", identity, born.isoformat(), *[""] * 12)
    guardians = [
        _add_person(region, f"GRD-{identity[4:]}{order}", people, school, "guardian", family=family)
        for order in range(1, region.choice.choice((2, 3)))
    ]
    return _add_person(
        region, identity, people, school, "student", family=family, agents=guardians, grade=grade
    )


def _add_person(
    region: Region,
    identity: str,
    people: names.People,
    school: str,
    role: str,
    *,
    family: str = "",
    agents: list[str] | None = None,
    grade: str = "",
    seat: int = 0,
) -> str:
    given = people.given[seat % len(people.given)] if seat else region.choice.choice(people.given)
    family = family or region.choice.choice(people.family)
    username = f"demo.{identity.replace('-', '').lower()}"
    mail = f"{username}@sample.example"
    region.add(
        "users",
        *(identity, "true", username, "", given, family, "", identity, mail, "", ""),
        *(",".join(agents or ()), grade, "", "", "", "", "", school, ""),
    )
    region.add("roles", f"ROL-{identity}", identity, "primary", role, "", "", school, "")
    return identity


def _zipped(region: Region) -> bytes:
    manifest = [("manifest.version", "1.0"), ("oneroster.version", "1.2")]
    manifest += [(f"file.{name}", "bulk") for name in HEADERS] + [
        (f"file.{name}", "absent") for name in ABSENT
    ]
    manifest += [("source.systemName", "Xuebu demo region"), ("source.systemCode", "xuebu-demo")]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive_file:
        archive_file.writestr("manifest.csv", _csv(("propertyName", "value"), manifest))
        for name, rows in region.files.items():
            header = ("sourcedId", "status", "dateLastModified", *HEADERS[name].split())
            archive_file.writestr(f"{name}.csv", _csv(header, rows))
    return packed.getvalue()


def _csv(header: Row, rows: list[Row] | list[tuple[str, str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()
