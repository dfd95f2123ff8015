"""Scopes of learning record stores (xAPI 1.0.3, part three, 4.2) in tokens of machines and of people."""

import base64
import json
from typing import Any

import httpx

from services.auth.authorization.rules import MEANING
from services.auth.authorization.texts import SCOPES
from services.auth.clients.rules import OPENID_SCOPES, PERSON_SCOPES, RECORD_SCOPES
from tests.integration.auth.clients.conftest import Grounds
from tests.integration.auth.clients.proofs import GRANT, refused

RECORDS = "urn:xuebu:creditbank"


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def test_a_machine_holds_them_and_they_mean_something_at_the_record_store_alone(
    fresh: Grounds, http: httpx.AsyncClient
) -> None:
    client = await fresh.client(scopes=[*RECORD_SCOPES, "profile"])
    proof = (client["client_id"], client["client_secret"])
    granted = await http.post("/oauth/token", data=GRANT, auth=proof)
    assert set(granted.json()["scope"].split()) == {*RECORD_SCOPES, "profile"}
    told = claims(granted.json()["access_token"])
    assert (told["aud"], told["org"]) == ([RECORDS], str(fresh.school))
    one = await http.post("/oauth/token", data=GRANT | {"scope": "profile", "resource": RECORDS}, auth=proof)
    assert claims(one.json()["access_token"])["scope"] == "profile"
    elsewhere = GRANT | {"scope": "all", "resource": "urn:xuebu:spaces"}
    refused(await http.post("/oauth/token", data=elsewhere, auth=proof), "invalid_scope")


async def test_the_organisation_s_rights_take_them_away(fresh: Grounds, http: httpx.AsyncClient) -> None:
    client = await fresh.client(scopes=["statements/write", "statements/read"])
    address = f"/v1/organisations/{fresh.school}/client-rights"
    decided = await fresh.root.put(address, json={"scopes": ["statements/write"]})
    assert decided.status_code == 200
    proof = (client["client_id"], client["client_secret"])
    granted = await http.post("/oauth/token", data=GRANT, auth=proof)
    assert granted.json()["scope"] == "statements/write"


async def test_an_application_holds_them_beside_everything_else(fresh: Grounds) -> None:
    asked = sorted((OPENID_SCOPES | {*PERSON_SCOPES, *RECORD_SCOPES}) - {"account", "organisations.manage"})
    client = await fresh.application("browser", scopes=asked)
    assert client["scopes"] == asked


def test_people_are_told_in_words_what_an_application_wants() -> None:
    assert SCOPES.keys() >= OPENID_SCOPES | {*PERSON_SCOPES, *RECORD_SCOPES}


def test_profile_sends_no_token_of_a_person_to_the_record_store() -> None:
    assert "profile" not in MEANING[RECORDS]
    assert MEANING[RECORDS] >= set(RECORD_SCOPES)
