"""Two bank nodes as processes, one auth: a student moves home, and either node is killed on the way."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.dev import processes
from infra.dev.calls import Api, CallFailedError
from tests.e2e.banks import BankNode, introduce, make_node
from tests.e2e.conftest import Product

pytestmark = pytest.mark.e2e
_COURSE = """
select o.id::text from learner l join learner_organisation p on p.learner = l.number
join institution x on x.id = p.organisation join outcome o on o.organisation = any(x.ancestors)
where l.id = $1 order by o.id limit 1
"""


@pytest.fixture
def banks(product: Product, tmp_path: Path) -> Iterator[tuple[BankNode, BankNode]]:
    west, east = (make_node(product, name, tmp_path) for name in ("west", "east"))
    introduce(product, west, east)
    west.start(east)
    east.start(west)
    yield west, east
    for node in (west, east):
        node.kill()


def _account(node: BankNode, token: str) -> dict[str, Any]:
    accounts = Api(node.address, token).get("/v1/accounts/me")["accounts"]
    found: dict[str, Any] = accounts[0] if accounts else {}
    return found


def _knows(node: BankNode, person: str) -> bool:
    return node.ask(_COURSE, person) is not None


def _is_settled(node: BankNode, token: str, move: str) -> bool:
    try:
        return bool(Api(node.address, token).get(f"/v1/moves/{move}")["state"] == "settled")
    except CallFailedError:
        return False


def test_a_student_moves_home_while_nodes_are_killed(
    product: Product, banks: tuple[BankNode, BankNode]
) -> None:
    west, east = banks
    student = product.sign_in("student")
    me = Api(product.run["services"]["auth"], student.token).get("/v1/me")["id"]
    for node in (west, east):
        assert processes.wait_until(partial(_knows, node, me), 30), (
            node.ask("select (select count(*) from learner) || ' ' || (select count(*) from outcome)"),
            node.log.read_text()[-2000:],
        )
    institution, course = product.institution(), west.ask(_COURSE, me)
    post = {
        "items": [
            {
                "key": f"two banks {n}", "learner": {"id": me}, "course": {"id": course}, "credits": "2.50",
                "earned_on": "2026-06-30",
            }
            for n in range(4)
        ]
    }  # fmt: skip
    assert Api(west.address, institution).post("/v1/deposits", post)["posted"] == 4
    here, there = west, east
    for turn in range(2):
        move = Api(here.address, student.token).post("/v1/moves", {"key": f"{turn}", "to": there.name})["id"]
        here.kill()  # the credits have left, and nobody was told
        there.kill()
        there.start(here)
        here.start(there)
        assert processes.wait_until(partial(_is_settled, here, student.token, move), 60), (
            here.log.read_text()[-3000:],
            there.log.read_text()[-3000:],
        )
        assert _account(there, student.token)["available"] == "10.00"
        assert _account(here, student.token)["available"] == "0.00"
        refused = {"items": [{**post["items"][0], "key": f"late {turn}"}]}
        (late,) = Api(here.address, institution).post("/v1/deposits", refused)["items"]
        assert (late["reason"], late["home"]) == ("learner_moved", there.name)
        for node in (here, there):
            again = Api(node.address, institution).post("/v1/deposits", post)
            assert (again["posted"], again["replayed"]) == (0, 4), node.name
        here, there = there, here
    for node in (west, east):
        compared = node.command("moves", "reconcile")
        assert compared.returncode == 0, compared.stderr
        assert [json.loads(line)["differences"] for line in compared.stdout.splitlines()] == [[]]
        assert node.command("moves", "list").stdout == ""
        proved = node.command("audit")
        assert proved.returncode == 0, proved.stdout + proved.stderr
    assert _account(west, student.token)["available"] == "10.00"
