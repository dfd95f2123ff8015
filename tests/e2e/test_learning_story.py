"""A student's work from the class to the lifelong record: given, read, handed in, returned with a mark."""

from typing import Any
from uuid import uuid4

import pytest

from infra.dev.calls import Api, CallFailedError
from infra.dev.processes import wait_until
from tests.e2e.conftest import Product

pytestmark = pytest.mark.e2e

VERBS = ["read", "submit", "scored"]


def common_class(teacher: Api, student: Api) -> str:
    """A class that the one teaches and the other is in."""
    taught = {one["id"] for one in teacher.pages("/v1/me/spaces") if one["may"]["post"]}
    return next(str(one["id"]) for one in student.pages("/v1/me/spaces") if one["id"] in taught)


def about(record: Api, post: str) -> list[dict[str, Any]]:
    """What one's own record tells of a post, oldest first."""
    items = record.pages("/v1/records/me/statements")
    mine = [one["statement"] for one in items if one["statement"]["object"]["id"] == f"urn:uuid:{post}"]
    return sorted(mine, key=lambda one: str(one["timestamp"]))


def joined(record: Api) -> list[dict[str, Any]]:
    """What one's own record tells of schools joined."""
    told = [one["statement"] for one in record.pages("/v1/records/me/statements")]
    return [one for one in told if one["verb"]["id"].endswith("/join")]


def test_work_that_came_back_with_a_mark_is_in_the_students_own_record(product: Product) -> None:
    teacher, student = product.sign_in("teacher"), product.sign_in("student")
    teaching, learning = product.api("spaces", teacher.token), product.api("spaces", student.token)
    post = teaching.post(
        f"/v1/spaces/{common_class(teaching, learning)}/posts",
        {
            "kind": "homework",
            "title": "第三课 练习",
            "text": "完成第 1 至 5 题。",
            "assignment": {"due_at": "2099-01-02T16:00:00+08:00", "points": "10"},
        },
        idempotency_key=str(uuid4()),
    )["id"]
    learning.send("PUT", f"/v1/posts/{post}/read", {})
    work = learning.send("PUT", f"/v1/posts/{post}/submission", {"text": "x = 3"})
    teaching.send(
        "PUT",
        f"/v1/posts/{post}/submissions/{work['student']['id']}/return",
        {"attempt": work["attempts"][0]["id"], "mark": "8.5", "comment": "很好。"},
    )
    record = product.api("creditbank", student.token)
    assert wait_until(lambda: len(about(record, post)) == len(VERBS), 30), about(record, post)
    found = about(record, post)
    assert [one["verb"]["id"].rpartition("/")[2] for one in found] == VERBS
    assert found[2]["result"]["score"] == {"scaled": 0.85, "raw": 8.5, "min": 0, "max": 10}
    assert found[1]["context"]["registration"] == found[2]["context"]["registration"]
    assert "很好" not in str(found)
    # So is the school, of which auth told; and nobody's words are.
    assert wait_until(lambda: bool(joined(record)), 30)
    # Nobody else's record has them, not the teacher's either.
    assert about(product.api("creditbank", teacher.token), post) == []
    # The profile that explains them is at the address it names.
    profile = product.api("creditbank").get("/v1/xapi-profile")
    named = {template["verb"] for template in profile["templates"]}
    assert {one["verb"]["id"] for one in found} <= named
    assert profile["seeAlso"] == f"{product.run['services']['creditbank']}/v1/xapi-profile"
    with pytest.raises(CallFailedError) as refused:
        product.api("spaces", product.sign_in("administrator").token).get(f"/v1/posts/{post}/submission")
    assert refused.value.status == 404
