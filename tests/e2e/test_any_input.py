"""Schemathesis sends each operation what its document allows and forbids: no 500, nothing undocumented.

Half of the cases carry ids that exist, so that they get past the first look-up.
"""

import base64
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from tests.e2e.conftest import Product

#: schemathesis names these with type parameters that say nothing here
Operation = Any
AnyCase = Any

CHECKS: list[Any] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 6
schemathesis.serializer.alias("application/jsonl", "application/octet-stream")
#: it would end the session the others are sent with
LEFT_OUT = {("DELETE", "/v1/sessions/current"), ("DELETE", "/v1/sessions/{session}")}


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("service", "role"),
    [
        ("auth", "administrator"),
        ("auth", "student"),
        ("spaces", "teacher"),
        ("spaces", "student"),
        ("creditbank", "student"),
        ("creditbank", "institution"),
        ("creditbank", "tool"),
    ],
)
def test_no_input_brings_a_service_down(product: Product, service: str, role: str) -> None:
    schema = schemathesis.openapi.from_url(f"{product.run['services'][service]}/openapi.json")
    headers = {"Authorization": proof_of(product, role), "Accept-Language": "zh-CN"}
    known = known_ids(product)
    asked = 0
    for found in schema.get_all_operations():
        operation: Operation = found.ok()  # type: ignore[union-attr]
        if (operation.method.upper(), operation.path) not in LEFT_OUT:
            send(operation, headers, known)
            asked += 1
    assert asked > 5


def proof_of(product: Product, role: str) -> str:
    """What somebody in this role is known by: a token, or the basic credential of run.json."""
    if role == "tool":
        basic = product.run["basic"]
        return "Basic " + base64.b64encode(f"{basic['username']}:{basic['password']}".encode()).decode()
    token = product.institution() if role == "institution" else product.sign_in(role).token
    return f"Bearer {token}"


def known_ids(product: Product) -> dict[str, str]:
    """An id for each name of a path parameter: of a student, a teacher's space and post, a new school."""
    administrator = product.administrator()
    school = administrator.ensure_organisation(administrator.root(), "school", f"Fuzzed {uuid4().hex[:6]}")
    student = product.sign_in("student")
    teacher = product.api("spaces", product.sign_in("teacher").token)
    space = next(one for one in teacher.get("/v1/me/spaces")["items"] if one["kind"] == "class")
    post = teacher.post(
        f"/v1/spaces/{space['id']}/posts",
        {"kind": "announcement", "title": "Fuzzed", "text": "Fuzzed", "links": []},
        idempotency_key=str(uuid4()),
    )
    return {
        "organisation": school["id"],
        "institution": school["id"],
        "person": student.person["id"],
        "space": space["id"],
        "post": post["id"],
    }


def send(operation: "Operation", headers: dict[str, str], known: dict[str, str]) -> None:
    names = {parameter.name for parameter in operation.path_parameters}
    ids = {name: known[name] for name in names & known.keys()}
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases: st.SearchStrategy[AnyCase] = st.one_of([operation.as_strategy(mode) for mode in modes])

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, with_known_ids=st.booleans())
    def run(case: AnyCase, with_known_ids: bool) -> None:
        if with_known_ids and case.path_parameters is not None:
            case.path_parameters.update(ids)
        case.call_and_validate(headers=headers, checks=CHECKS)

    run()
