"""What the roster vocabularies mean in the product, the states of an import, and limits."""

from typing import Final, Literal, get_args

ImportState = Literal[
    "queued", "reading", "checking", "applying", "applied", "unchanged", "refused", "failed"
]
STATES: Final[tuple[str, ...]] = get_args(ImportState)
ENDED: Final = ("applied", "unchanged", "refused", "failed")
ATTEMPTS: Final = 5
"""After so many workers that died over it, an import has failed."""

PRODUCT_ROLE: Final = {
    "student": "student",
    "teacher": "teacher",
    "professor": "teacher",
    "faculty": "teacher",
    "instructor": "teacher",
    "lecturer": "teacher",
    "adjunct": "teacher",
    "substitute": "teacher",
    "parent": "guardian",
    "guardian": "guardian",
    "relative": "guardian",
    "aide": "staff",
    "administrator": "staff",
    "assistant": "staff",
    "chair": "staff",
    "coach": "staff",
    "counselor": "staff",
    "deputy": "staff",
    "districtadministrator": "staff",
    "itadmin": "staff",
    "officestaff": "staff",
    "otherstaff": "staff",
    "paraprofessional": "staff",
    "principal": "staff",
    "proctor": "staff",
    "siteadministrator": "staff",
    "staff": "staff",
    "support": "staff",
    "systemadministrator": "staff",
    "teacherassistant": "staff",
    "tutor": "staff",
    "viceprincipal": "staff",
}
"""Roster role, in lower case, to product role. Powers (administrator, registrar, assessor, auditor) are
granted by people only: a file that names an administrator gives a member of staff."""

ROLES_NAMING_POWERS: Final = frozenset(
    {"administrator", "districtadministrator", "itadmin", "siteadministrator", "systemadministrator"}
)

CLASS_ROLE: Final = {
    role: product for role, product in PRODUCT_ROLE.items() if product in {"student", "teacher", "staff"}
}
"""Roster role of an enrolment to the role in the class; guardians are no members of a class."""

ORGANISATION_TYPE: Final = {
    "national": "country",
    "ministryofeducation": "country",
    "state": "region",
    "stateeducationagency": "region",
    "region": "region",
    "province": "region",
    "local": "district",
    "localeducationagency": "district",
    "district": "district",
    "educationalservicecenter": "district",
    "school": "school",
    "campus": "school",
    "university": "university",
    "college": "university",
    "highereducation": "university",
    "provider": "provider",
    "trainingprovider": "provider",
    "department": "department",
    "faculty": "department",
    "division": "department",
    "program": "department",
}
"""Roster organisation type, in lower case and without ``ext:``, to the product's."""

LARGE_CLOSURE_SHARE: Final = 0.20
LARGE_CLOSURE_MINIMUM: Final = 20
"""A set that would close more than this share of a source's people, and more than this number, is refused
unless the caller allows it: most such sets are half an export."""

LIST_SEPARATOR: Final = "\x1f"
"""Separates the members of a list in a staged field; control characters never survive reading."""


def is_large_closure(closing: int, known: int) -> bool:
    """Say whether closing so many of a source's open people must be allowed expressly."""
    return closing > LARGE_CLOSURE_MINIMUM and closing > known * LARGE_CLOSURE_SHARE


UPLOAD_LIMIT_BYTES: Final = 512 * 1024**2
"""The largest set taken over HTTP."""
WAITING_LIMIT: Final = 20
"""So many imports of one organisation may be unfinished."""
FINDINGS_DAYS: Final = 90
"""Findings show values of people's rows, so they are kept no longer than they are of use."""
DEFAULT_SOURCE: Final = "roster"
"""The name of an organisation's source when the caller names none."""
