"""The profile of the product's own statements, as xAPI Profiles 1.0 has it: for people and for machines."""

from typing import Any, Final

from libs.common.languages import Text
from services.creditbank.xapi.learning.vocabulary import (
    ATTEMPT,
    LATE,
    PLATFORM,
    PROFILE,
    TYPES,
    VERBS,
    VERSION,
    TypeName,
    VerbName,
)

_CONTEXT: Final = "https://w3id.org/xapi/profiles/context"
_CONFORMS: Final = "https://w3id.org/xapi/profiles#1.0"
_GENERATED: Final = "2026-11-22T00:00:00Z"

Part = dict[str, Any]


def profile(address: str) -> Part:
    """The document; `address` is where this bank node serves it. Its names are the same at every node."""
    return {
        "@context": _CONTEXT,
        "id": PROFILE,
        "type": "Profile",
        "conformsTo": _CONFORMS,
        "prefLabel": _both(Text("Xuebu: learning at school", "学簿：在校学习")),
        "definition": _both(
            Text(
                "What is told to a lifelong record: schools joined, posts read, work handed in and returned.",
                "写入学习者终身记录的内容：入学与离校、阅读通知、提交作业、作业批阅返回。",
            )
        ),
        "seeAlso": address,
        "versions": [{"id": VERSION, "generatedAtTime": _GENERATED}],
        "author": {"type": "Organization", "name": PLATFORM},
        "concepts": _concepts(),
        "templates": _templates(),
        "patterns": _patterns(),
    }


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh-CN": text.zh}


def _part(iri: str, kind: str, label: Text, definition: Text, **more: Any) -> Part:
    return {
        "id": iri,
        "type": kind,
        "inScheme": VERSION,
        "prefLabel": _both(label),
        "definition": _both(definition),
        **more,
    }


def _concepts() -> list[Part]:
    """Only words of our own; those of others are explained where they come from."""
    of_work = [VERBS[name].iri for name in ("submitted", "scored", "received")]
    return [
        _part(
            TYPES["subject"],
            "ActivityType",
            Text("school subject", "学科"),
            Text(
                "A subject taught at school, as rosters write it. It groups what was done in it.",
                "学校教授的学科，名称与名册一致，用于归类学习活动。",
            ),
        ),
        _part(
            LATE,
            "ResultExtension",
            Text("late", "迟交"),
            Text("Whether work came after it was due.", "作业是否在截止时间之后提交。"),
            recommendedVerbs=[VERBS["submitted"].iri],
            inlineSchema='{"type": "boolean"}',
        ),
        _part(
            ATTEMPT,
            "ContextExtension",
            Text("attempt", "第几次提交"),
            Text(
                "Which of the student's attempts at this homework, counted from 1.",
                "该生对此作业的第几次提交，从 1 起计。",
            ),
            recommendedVerbs=of_work,
            inlineSchema='{"type": "integer", "minimum": 1}',
        ),
    ]


def _template(
    name: str, verb: VerbName, kind: TypeName, label: Text, definition: Text, *rules: Part, **more: Any
) -> Part:
    return _part(
        f"{VERSION}:templates:{name}",
        "StatementTemplate",
        label,
        definition,
        verb=VERBS[verb].iri,
        objectActivityType=TYPES[kind],
        rules=[*_EVERYWHERE, *rules],
        **more,
    )


def _rule(location: str, presence: str, **values: Any) -> Part:
    return {"location": location, "presence": presence, **values}


_EVERYWHERE: Final = (
    _rule("$.actor.account.name", "included"),
    _rule("$.timestamp", "included"),
    _rule("$.context.platform", "included", all=[PLATFORM]),
    _rule("$.context.contextActivities.category[*].id", "included", any=[VERSION]),
)
_IN_A_PLACE: Final = _rule("$.context.contextActivities.parent[*].id", "included")
_OF_WORK: Final = (
    _rule("$.context.registration", "included"),
    _rule(f"$.context.extensions['{ATTEMPT}']", "included"),
    _IN_A_PLACE,
    _rule("$.context.contextActivities.parent[*].definition.type", "included", all=[TYPES["class"]]),
)


def _templates() -> list[Part]:
    return [*_of_happenings(), *_of_homework()]


def _of_happenings() -> list[Part]:
    """What stands alone, without a registration."""
    solo = _rule("$.context.registration", "excluded")
    alone = Text(
        "Used alone, when a student says for the first time that they have read it.",
        "学生首次确认阅读时单独使用。",
    )
    return [
        _template(
            "announcement-read",
            "read",
            "announcement",
            Text("announcement read", "阅读通知"),
            alone,
            _IN_A_PLACE,
            solo,
            allowedSolo=True,
        ),
        _template(
            "homework-read",
            "read",
            "homework",
            Text("homework read", "阅读作业要求"),
            alone,
            _IN_A_PLACE,
            solo,
            allowedSolo=True,
        ),
        _template(
            "school-joined",
            "joined",
            "organisation",
            Text("school joined", "入学"),
            Text(
                "Used alone, when the school says that somebody is its student.",
                "学校登记学生入读时单独使用。",
            ),
            solo,
            allowedSolo=True,
        ),
        _template(
            "school-left",
            "left",
            "organisation",
            Text("school left", "离校"),
            Text(
                "Used alone, when the school says that somebody is its student no longer.",
                "学校登记学生不再在读时单独使用。",
            ),
            solo,
            allowedSolo=True,
        ),
    ]


def _of_homework() -> list[Part]:
    """The steps of one student's work."""
    return [
        _template(
            "work-handed-in",
            "submitted",
            "homework",
            Text("work handed in", "提交作业"),
            Text("A student hands work in; once for each attempt.", "学生提交作业，每次提交一条。"),
            *_OF_WORK,
            _rule("$.result.completion", "included", all=[True]),
            _rule(f"$.result.extensions['{LATE}']", "included", any=[True, False]),
            _rule("$.result.score", "excluded"),
        ),
        _template(
            "work-marked",
            "scored",
            "homework",
            Text("work returned with a mark", "作业评分返回"),
            Text(
                "A teacher returns work with a mark; a later one of the same attempt replaces it.",
                "教师返回作业并评分；同一次提交后来的评分取代先前的评分。",
            ),
            *_OF_WORK,
            *(_rule(f"$.result.score.{name}", "included") for name in ("scaled", "raw", "min", "max")),
            _rule("$.context.instructor.account.name", "recommended"),
        ),
        _template(
            "work-returned",
            "received",
            "homework",
            Text("work returned without a mark", "作业返回（未评分）"),
            Text("A teacher returns work without a mark.", "教师返回作业，未评分。"),
            *_OF_WORK,
            _rule("$.result", "excluded"),
            _rule("$.context.instructor.account.name", "recommended"),
        ),
    ]


def _patterns() -> list[Part]:
    """One student's work at one homework; its statements share their registration."""
    template, pattern = f"{VERSION}:templates:", f"{VERSION}:patterns:"
    steps = [f"{template}{name}" for name in ("work-handed-in", "work-marked", "work-returned")]
    return [
        _part(
            f"{pattern}homework",
            "Pattern",
            Text("homework", "作业"),
            Text(
                "Work is handed in, then returned and handed in again as often as people like.",
                "先提交作业，随后可多次返回与再次提交。",
            ),
            primary=True,
            sequence=[steps[0], f"{pattern}afterwards"],
        ),
        {
            "id": f"{pattern}afterwards",
            "type": "Pattern",
            "inScheme": VERSION,
            "zeroOrMore": f"{pattern}step",
        },
        {"id": f"{pattern}step", "type": "Pattern", "inScheme": VERSION, "alternates": steps},
    ]
