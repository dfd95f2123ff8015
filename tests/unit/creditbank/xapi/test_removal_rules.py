"""How somebody becomes nobody in a statement, and what of it stays as it was."""

import copy
from typing import Any

from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.removals.rules import nobody, renamed
from services.creditbank.xapi.statements.comparison import SIGNATURE

GONE: dict[str, Any] = {"mbox": "mailto:gone@x.example"}
STAND_IN = nobody("https://bank.example/xapi/erased", "1")
FILE = {"usageType": "https://x.example/file", "sha2": "AB"}
SIGNED = {"usageType": SIGNATURE, "sha2": "CD"}


def statement(**parts: Any) -> dict[str, Any]:
    other = {"mbox": "mailto:other@x.example", "name": "Other"}
    return {"actor": other, "verb": {"id": "v"}, "object": {"id": "a"}, "authority": other, **parts}


def without(made: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    changed = copy.deepcopy(made)
    return changed, renamed(changed, lambda agent: agent == agent_key(GONE), STAND_IN)


def test_everything_that_names_the_person_goes_and_nothing_else() -> None:
    made = statement(
        object={**GONE, "objectType": "Agent", "name": "Gone"},
        authority={"objectType": "Group", "member": [{**GONE}, {"mbox": "mailto:app@x.example"}]},
        context={"team": {"objectType": "Group", **GONE, "name": "Us", "member": [{"openid": "http://o"}]}},
        result={"response": "stays"},
    )
    changed, _ = without(made)
    assert changed["object"] == STAND_IN
    assert changed["authority"]["member"][0]["account"] == STAND_IN["account"]
    assert changed["authority"]["member"][1] == made["authority"]["member"][1]
    team = changed["context"]["team"]
    assert team == {"objectType": "Group", "account": STAND_IN["account"], "member": [{"openid": "http://o"}]}
    for name in ("actor", "verb", "result"):
        assert changed[name] == made[name]
    assert "gone@x.example" not in str(changed)


def test_signatures_go_since_they_tell_the_name_once_more() -> None:
    changed, hashes = without(statement(object=GONE | {"objectType": "Agent"}, attachments=[FILE, SIGNED]))
    assert (changed["attachments"], hashes) == ([FILE], ["cd"])
    changed, hashes = without(statement(object=GONE | {"objectType": "Agent"}, attachments=[SIGNED]))
    assert "attachments" not in changed
    assert hashes == ["cd"]
