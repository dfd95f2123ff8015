"""The words of the product's own statements: verbs, types, extensions, and what things are called.

Verbs and types are those of known vocabularies where these have one (ADL, Activity Streams, the TinCan
registry). What they lack has a name of ours, which is the same at every bank node: a record may move.
"""

from typing import Final, Literal, NamedTuple
from urllib.parse import quote
from uuid import UUID

from libs.common.languages import Text

PLATFORM: Final = "Xuebu"
#: the agent that vouches for these statements, beside the addresses of credentials
AUTHORITY: Final = "spaces"

PROFILE: Final = "urn:xuebu:xapi:profile"
VERSION: Final = f"{PROFILE}:1.0"


class Word(NamedTuple):
    """An IRI and what it is called."""

    iri: str
    name: Text


VerbName = Literal["read", "submitted", "scored", "received", "joined", "left"]
VERBS: Final[dict[VerbName, Word]] = {
    "read": Word("http://activitystrea.ms/schema/1.0/read", Text("read", "阅读了")),
    "submitted": Word("http://activitystrea.ms/schema/1.0/submit", Text("handed in", "提交了")),
    "scored": Word("http://adlnet.gov/expapi/verbs/scored", Text("got a mark for", "获得评分")),
    "received": Word("http://activitystrea.ms/schema/1.0/receive", Text("got back", "收到批阅")),
    "joined": Word("http://activitystrea.ms/schema/1.0/join", Text("became a student of", "入读")),
    "left": Word("http://activitystrea.ms/schema/1.0/leave", Text("is no longer a student of", "离开")),
}

TypeName = Literal["announcement", "homework", "class", "organisation", "course", "subject", "profile"]
TYPES: Final[dict[TypeName, str]] = {
    "announcement": "http://activitystrea.ms/schema/1.0/note",
    "homework": "http://id.tincanapi.com/activitytype/school-assignment",
    "class": "http://activitystrea.ms/schema/1.0/group",
    "organisation": "http://activitystrea.ms/schema/1.0/organization",
    "course": "http://adlnet.gov/expapi/activities/course",
    "subject": "urn:xuebu:xapi:activity-types:subject",
    "profile": "http://adlnet.gov/expapi/activities/profile",
}

#: of a result: whether work came after it was due
LATE: Final = "urn:xuebu:xapi:extensions:late"
#: of a context: which of the student's attempts, counted from 1
ATTEMPT: Final = "urn:xuebu:xapi:extensions:attempt"

#: a language tag for text that people wrote, in whatever language
WRITTEN: Final = "und"


def thing(identifier: UUID | str) -> str:
    """The IRI of what has a lifelong id in this product: a post, a class, a course, an organisation."""
    return f"urn:uuid:{identifier}"


def subject(text: str) -> str:
    """The IRI of a school subject as rosters write it; letters of either size are one subject."""
    return f"urn:xuebu:xapi:subjects:{quote(text.strip().lower(), safe='')}"
