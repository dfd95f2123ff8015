"""Which columns a file has in each dialect, how each is checked, and where it is staged.

Headers follow OneRoster 1.1 CSV tables and OneRoster 1.2 CSV binding; School Data Sync 2.1 differs in
names, and its roles, enrolments and relationships have no identifiers of their own.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.auth.rosters.reading import values
from services.auth.rosters.reading.values import Check
from services.auth.rosters.rules import CLASS_ROLE, ORGANISATION_TYPE, PRODUCT_ROLE


class Dialect(StrEnum):
    """The three forms a set may have."""

    V1P1 = "oneroster-1.1"
    V1P2 = "oneroster-1.2"
    SDS = "sds-2.1"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: its header, where it is staged (None: checked only), and its check."""

    header: str
    staged: str | None
    check: Check
    required: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one file; ``kind`` names what its rows are staged as."""

    file: str
    kind: str
    columns: tuple[Column, ...]


UNUSED_FILES = frozenset(
    {
        *("categories", "classResources", "courseResources", "lineItems", "results"),
        *("lineItemLearningObjectiveIds", "lineItemScoreScales", "resources", "resultScoreScales"),
        *("resultLearningObjectiveIds", "scoreScales", "userProfiles", "userResources", "userFlags"),
    }
)
LOADED_FILES = (
    "orgs",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "demographics",
    "roles",
    "relationships",
    "enrollments",
)
FILE_OF = {
    "organisation": "orgs",
    "session": "academicSessions",
    "course": "courses",
    "class": "classes",
    "user": "users",
    "demographic": "demographics",
    "role": "roles",
    "relationship": "relationships",
    "enrolment": "enrollments",
}
"""The file in which rows of a kind stand."""
KNOWN_FILES = frozenset({"manifest", *LOADED_FILES, *UNUSED_FILES})

_SESSION_TYPES = {
    "gradingperiod": "gradingPeriod",
    "semester": "semester",
    "schoolyear": "schoolYear",
    "term": "term",
}
_CLASS_TYPES = {"homeroom": "homeroom", "scheduled": "scheduled"}
_ROLE_TYPES = {"primary": values.TRUE, "secondary": values.FALSE}
_SAME_ROLE = {word: word for word in PRODUCT_ROLE}
_ENROLMENT_ROLES = {word: CLASS_ROLE.get(word, "") for word in PRODUCT_ROLE}

STAGED: dict[str, tuple[str, ...]] = {
    "organisation": ("sourced_id", "removed", "name", "type", "identifier", "parent"),
    "session": ("sourced_id", "removed", "title", "type", "starts_on", "ends_on", "parent", "school_year"),
    "course": ("sourced_id", "removed", "title", "code", "session", "grades", "organisation", "subjects"),
    "class": (
        *("sourced_id", "removed", "title", "grades", "course", "code", "class_type", "location"),
        *("school", "terms", "subjects", "periods"),
    ),
    "user": (
        *("sourced_id", "removed", "enabled", "username", "given_name", "family_name", "middle_name"),
        *("preferred_given", "preferred_family", "email", "phone", "master", "agents", "organisations"),
        *("role", "primary_organisation", "canonical", "password_hash"),
    ),
    "demographic": ("sourced_id", "removed", "birth_date"),
    "role": (
        "sourced_id",
        "removed",
        "user_id",
        "is_primary",
        "role",
        "organisation",
        "begins_on",
        "ends_on",
    ),
    "relationship": ("learner", "guardian", "relation"),
    "enrolment": (
        "sourced_id",
        "removed",
        "class",
        "school",
        "user_id",
        "role",
        "is_primary",
        "begins_on",
        "ends_on",
    ),
}
"""The staged columns of each kind, in the order in which they are copied, after the row's line."""


def _required(header: str, staged: str | None, check: Check) -> Column:
    return Column(header, staged, check, required=True)


_ID = _required("sourcedId", "sourced_id", values.identifier)
_ORGS = (
    _ID,
    _required("name", "name", values.title),
    _required("type", "type", values.token(ORGANISATION_TYPE, "department")),
    Column("identifier", "identifier", values.identifier),
    Column("parentSourcedId", "parent", values.identifier),
)
_SESSIONS = (
    _ID,
    _required("title", "title", values.title),
    _required("type", "type", values.token(_SESSION_TYPES, "term")),
    _required("startDate", "starts_on", values.day),
    _required("endDate", "ends_on", values.day),
    Column("parentSourcedId", "parent", values.identifier),
    Column("schoolYear", "school_year", values.school_year),
)
_COURSES = (
    _ID,
    Column("schoolYearSourcedId", "session", values.identifier),
    _required("title", "title", values.title),
    Column("courseCode", "code", values.short),
    Column("grades", "grades", values.labels),
    _required("orgSourcedId", "organisation", values.identifier),
    Column("subjects", "subjects", values.labels),
    Column("subjectCodes", None, values.labels),
)
_CLASSES = (
    _ID,
    _required("title", "title", values.title),
    Column("grades", "grades", values.labels),
    _required("courseSourcedId", "course", values.identifier),
    Column("classCode", "code", values.short),
    _required("classType", "class_type", values.token(_CLASS_TYPES, "scheduled")),
    Column("location", "location", values.short),
    _required("schoolSourcedId", "school", values.identifier),
    _required("termSourcedIds", "terms", values.identifiers),
    Column("subjects", "subjects", values.labels),
    Column("subjectCodes", None, values.labels),
    Column("periods", "periods", values.labels),
)
_ENROLMENTS = (
    _ID,
    _required("classSourcedId", "class", values.identifier),
    _required("schoolSourcedId", "school", values.identifier),
    _required("userSourcedId", "user_id", values.identifier),
    _required("role", "role", values.token(_ENROLMENT_ROLES, None, ignored="enrolment_role")),
    Column("primary", "is_primary", values.truth),
    Column("beginDate", "begins_on", values.day),
    Column("endDate", "ends_on", values.day),
)
_USERNAME = (
    Column("username", "username", values.short),
    Column("username", "canonical", values.canonical_username),
)
_PERSON = (
    *_USERNAME,
    Column("userIds", None, values.identifiers),
    Column("givenName", "given_name", values.name),
    Column("familyName", "family_name", values.name),
    Column("middleName", "middle_name", values.name),
    Column("identifier", None, values.identifier),
    Column("email", "email", values.text(320)),
    Column("sms", None, values.short),
    Column("phone", "phone", values.short),
    Column("agentSourcedIds", "agents", values.identifiers),
    Column("grades", None, values.labels),
    Column("password", None, values.password),
    # An extension of ours (OneRoster 1.2 CSV binding, section 4): the hash another system kept.
    Column("metadata.passwordHash", "password_hash", values.password_hash),
)
_USERS_V1P1 = (
    _ID,
    _required("enabledUser", "enabled", values.truth),
    _required("orgSourcedIds", "organisations", values.identifiers),
    _required("role", "role", values.token(_SAME_ROLE, None)),
    *_PERSON,
)
_USERS_V1P2 = (
    _ID,
    _required("enabledUser", "enabled", values.truth),
    *_PERSON,
    Column("userMasterIdentifier", "master", values.identifier),
    Column("preferredGivenName", "preferred_given", values.name),
    Column("preferredMiddleName", None, values.name),
    Column("preferredFamilyName", "preferred_family", values.name),
    Column("primaryOrgSourcedId", "primary_organisation", values.identifier),
    Column("pronouns", None, values.short),
)
# Of a person's demographics the birth date alone is read: by it one is a child or not.
_UNREAD = (
    *("sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican"),
    *("nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces"),
    *("hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth"),
    "publicSchoolResidenceStatus",
)
_DEMOGRAPHICS = (
    _ID,
    Column("birthDate", "birth_date", values.day),
    *(Column(header, None, values.unread) for header in _UNREAD),
)
_UNREAD_IN_SDS = ("sex", "birthCity", "birthState", "birthCountry", "ethnicityCodes", "raceCodes")
_ROLES_V1P2 = (
    _ID,
    _required("userSourcedId", "user_id", values.identifier),
    _required("roleType", "is_primary", values.word_of(_ROLE_TYPES)),
    _required("role", "role", values.token(_SAME_ROLE, None)),
    Column("beginDate", "begins_on", values.day),
    Column("endDate", "ends_on", values.day),
    _required("orgSourcedId", "organisation", values.identifier),
    Column("userProfileSourcedId", None, values.identifier),
)

_SDS: dict[str, tuple[str, tuple[Column, ...]]] = {
    "orgs": ("organisation", tuple(column for column in _ORGS if column.header != "identifier")),
    "academicSessions": ("session", _SESSIONS),
    "courses": (
        "course",
        (
            _ID,
            _required("orgSourcedId", "organisation", values.identifier),
            _required("title", "title", values.title),
            Column("code", "code", values.short),
            Column("schoolYearSourcedId", "session", values.identifier),
            Column("subject", "subjects", values.labels),
            Column("grade", "grades", values.labels),
        ),
    ),
    "classes": (
        "class",
        (
            _ID,
            _required("orgSourcedId", "school", values.identifier),
            _required("title", "title", values.title),
            Column("sessionSourcedIds", "terms", values.identifiers),
            Column("courseSourcedId", "course", values.identifier),
            Column("code", "code", values.short),
        ),
    ),
    "users": (
        "user",
        (
            _ID,
            *_USERNAME,
            Column("givenName", "given_name", values.name),
            Column("familyName", "family_name", values.name),
            Column("password", None, values.password),
            Column("activeDirectoryMatchId", None, values.text(320)),
            Column("email", "email", values.text(320)),
            Column("phone", "phone", values.short),
            Column("sms", None, values.short),
        ),
    ),
    "demographics": (
        "demographic",
        (
            _required("userSourcedId", "sourced_id", values.identifier),
            Column("birthDate", "birth_date", values.day),
            *(Column(header, None, values.unread) for header in _UNREAD_IN_SDS),
        ),
    ),
    "roles": (
        "role",
        (
            _required("userSourcedId", "user_id", values.identifier),
            _required("orgSourcedId", "organisation", values.identifier),
            _required("role", "role", values.token(_SAME_ROLE, None)),
            Column("sessionSourcedId", None, values.identifier),
            Column("grade", None, values.labels),
            Column("isPrimary", "is_primary", values.truth),
            Column("roleStartDate", "begins_on", values.day),
            Column("roleEndDate", "ends_on", values.day),
        ),
    ),
    "relationships": (
        "relationship",
        (
            _required("userSourcedId", "learner", values.identifier),
            _required("relationshipUserSourcedId", "guardian", values.identifier),
            _required("relationshipRole", "relation", values.short),
        ),
    ),
    "enrollments": (
        "enrolment",
        (
            _required("classSourcedId", "class", values.identifier),
            _required("userSourcedId", "user_id", values.identifier),
            _required("role", "role", values.token(_ENROLMENT_ROLES, None, ignored="enrolment_role")),
        ),
    ),
}
_ONEROSTER = {
    "orgs": ("organisation", _ORGS),
    "academicSessions": ("session", _SESSIONS),
    "courses": ("course", _COURSES),
    "classes": ("class", _CLASSES),
    "demographics": ("demographic", _DEMOGRAPHICS),
    "enrollments": ("enrolment", _ENROLMENTS),
}
_LAYOUTS = {
    Dialect.V1P1: {**_ONEROSTER, "users": ("user", _USERS_V1P1)},
    Dialect.V1P2: {**_ONEROSTER, "users": ("user", _USERS_V1P2), "roles": ("role", _ROLES_V1P2)},
    Dialect.SDS: _SDS,
}


def layout_of(dialect: Dialect, file: str, *, delta: bool) -> Layout | None:
    """Give the layout of a file in a dialect, or None when the dialect has no such file."""
    found = _LAYOUTS[dialect].get(file)
    if found is None:
        return None
    kind, columns = found
    if dialect is not Dialect.SDS:
        status = values.status_in_delta if delta else values.status_in_bulk
        columns = (
            *columns,
            Column("status", "removed", status, required=delta),
            Column("dateLastModified", None, values.moment),
        )
    return Layout(file, kind, columns)
