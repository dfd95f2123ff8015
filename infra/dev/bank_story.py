"""What the bank's users do, one after the other: a file, rules that two publish, a conversion, an award."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from infra.dev.calls import Api, wait_for

#: states in which nothing more happens to a file by itself
_AT_REST = ("posted", "judged", "refused", "rejected", "failed", "awaiting_approval")
HEADER = "key,learner,course,attempt,credits,earned_on,grade"
#: what the demo publishes: code, title, document, scheme
DEMO_RULES: Final = (
    (
        "demo-to-ects",
        {"en": "Credits to ECTS", "zh": "学分转换为欧洲学分"},
        {"kind": "conversion", "target": "ects", "numerator": 3, "denominator": 2, "step": "0.50"},
        "xuebu:credits",
    ),
    (
        "demo-certificate",
        {"en": "First steps", "zh": "起步证书"},
        {
            "kind": "programme",
            "total": "1.00",
            "requirements": [{"code": "any", "title": {"en": "Any course", "zh": "任意课程"}}],
        },
        "ects",
    ),
)


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """A file of credits in the plain profile."""
    return "\n".join([HEADER, *(",".join(row) for row in rows)]) + "\n"


def send_file(bank: Api, text: str, **options: str) -> dict[str, Any]:
    """Sends a file of credits as an institution's client, and follows it until nothing more happens."""
    answer = bank.upload("/v1/deposit-files", text.encode(), name="credits.csv", kind="text/csv", **options)
    where = str(answer.headers["Location"])
    file: dict[str, Any] = dict(answer.body)

    def is_at_rest() -> bool:
        file.update(bank.get(where))
        return file["state"] in _AT_REST

    wait_for(is_at_rest, f"the file {where}")
    return file


def draft(
    institution: str, code: str, title: Mapping[str, str], document: Mapping[str, Any], **more: str
) -> dict[str, Any]:
    """Rules as they are proposed, in force for a long time already."""
    given = {"institution": institution, "code": code, "title": title, "document": document}
    return {**given, "effective_from": "2020-01-01", **more}


def publish(
    first: Api,
    second: Api,
    institution: str,
    code: str,
    title: Mapping[str, str],
    document: Mapping[str, Any],
    **more: str,
) -> str:
    """The id of the rules in force under a code; where there are none, one proposes and another approves."""
    kind = document["kind"]
    for rule in first.pages(f"/v1/rules?institution={institution}&kind={kind}"):
        if rule["code"] == code and rule["in_force"]:
            return str(rule["id"])
    proposed = first.post("/v1/rules", draft(institution, code, title, document, **more))
    second.post(f"/v1/rules/{proposed['id']}/decision", {"decision": "approve"})
    return str(proposed["id"])


def lots_of(student: Api, scheme: str) -> list[dict[str, Any]]:
    """The student's deposits in a scheme that nothing has taken back, oldest first."""
    entries = student.pages(f"/v1/accounts/me/entries?limit=200&scheme={scheme}")
    return [one for one in reversed(entries) if one["kind"] == "deposit" and not one["reversed_by"]]


def convert(student: Api, rule: str, lots: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """Converts whole lots; sent again it answers the same."""
    parts = [{"lot": one["sequence"], "credits": one["credits"]} for one in lots]
    return dict(student.post("/v1/conversions", {"rule": rule, "lots": parts, "key": key}))


def award(student: Api, decider: Api, programme: str, key: str) -> dict[str, Any]:
    """The student asks for an award, which sets credits aside; somebody of the institution grants it."""
    asked = dict(student.post("/v1/awards", {"programme": programme, "key": key}))
    if asked["state"] != "requested":
        return asked
    return dict(decider.post(f"/v1/awards/{asked['id']}/decision", {"decision": "approve"}))
