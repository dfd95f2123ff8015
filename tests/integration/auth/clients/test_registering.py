"""Registering clients: every kind, and attacks 59, 60, 64 and 69 on it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.auth.actors import SYSTEM
from services.auth.bootstrap import Platform, prepare
from services.auth.clients import service
from services.auth.clients.problems import AddressRefused, ConsentNotWaivable
from services.auth.clients.rules import ClientKind, Wish
from tests.integration.auth.clients.conftest import Grounds
from tests.integration.auth.clients.proofs import GRANT, Signer, refused
from tests.integration.auth.places import document, new_place

PERSONAL = ["email", "offline_access", "openid", "phone", "profile", "spaces.read"]


def problem(answer: httpx.Response) -> str:
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", document
    slug: str = document["type"].rpartition("/")[2]
    return slug


async def test_a_machine(grounds: Grounds) -> None:
    client = await grounds.client()
    assert (client["kind"], client["authentication"], client["status"]) == ("machine", "secret", "active")
    assert (client["organisation"], client["scopes"]) == (str(grounds.school), ["credits.post"])
    assert len(client["client_secret"]) >= 43
    assert client["redirect_uris"] == client["withdrawn_scopes"] == client["public_keys"] == []
    shown = (await grounds.head.http.get(f"/v1/clients/{client['id']}")).json()
    secret = client.pop("client_secret")
    assert shown == client
    assert secret not in str(shown)
    [stored] = shown["secrets"]
    assert stored["expires_at"] is None


@pytest.mark.parametrize(
    ("kind", "address", "proof"),
    [
        ("web", "https://app.example/back?x=1", "secret"),
        ("web", "http://localhost/back", "secret"),
        ("native", "com.example.app:/back", "none"),
        ("native", "http://127.0.0.1/back", "none"),
        ("native", "https://app.example/claimed", "none"),
        ("browser", "https://app.example:8443/", "none"),
    ],
)
async def test_applications(grounds: Grounds, kind: str, address: str, proof: str) -> None:
    client = await grounds.application(
        kind,
        scopes=PERSONAL,
        redirect_uris=[address],
        post_logout_redirect_uris=["https://app.example/bye"] if kind != "native" else [],
        id_token_alg="ES256",
    )
    assert (client["kind"], client["authentication"]) == (kind, proof)
    assert (client["scopes"], client["redirect_uris"]) == (PERSONAL, [address])
    assert (client["id_token_alg"], client["needs_consent"]) == ("ES256", True)
    assert (client["client_secret"] is None) == (proof == "none") == (client["secrets"] == [])


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("web", "http://app.example/back"),
        ("web", "https://app.example/back#part"),
        ("web", "https://user@app.example/back"),
        ("web", "https://app.example/a/../back"),
        ("web", "https://app.example/%2e%2e/back"),
        ("web", "https://*.example/back"),
        ("web", "https://APP.example/back"),
        ("web", "https://app.example\\@evil.example/"),
        ("web", "https://app.example:99999/"),
        ("web", "https:app.example"),
        ("web", "https://app/"),
        ("web", "https://[::1/"),
        ("web", "//app.example/"),
        ("web", "com.example.app:/back"),
        ("web", "http://127.0.0.1.evil.example/"),
        ("web", "http://127.0.0.1:80@evil.example/"),
        ("browser", "com.example.app:/back"),
        ("native", "javascript:alert(1)"),
        ("native", "data:text/html,x"),
        ("native", "myapp:/back"),
        ("native", "com.example.app://host/back"),
        ("native", "http://app.example/"),
        ("native", "file:///etc/passwd"),
        ("native", "https://app.example/ä"),
        ("native", "x" * 600),
    ],
)
async def test_attack_14_addresses_that_are_never_registered(
    grounds: Grounds, kind: str, address: str
) -> None:
    wish: dict[str, Any] = {"kind": kind, "scopes": ["openid"], "redirect_uris": [address]}
    answer = await grounds.register(**wish)
    assert answer.status_code == 422, answer.text
    leaving = wish | {"redirect_uris": ["https://app.example/"], "post_logout_redirect_uris": [address]}
    assert (await grounds.register(**leaving)).status_code == 422


async def test_what_is_wrong_is_said_in_both_languages(grounds: Grounds) -> None:
    wish = {"kind": "web", "scopes": ["openid"], "redirect_uris": ["http://app.example/"]}
    body = {"organisation": str(grounds.school), "name": "x"} | wish
    said = {}
    for language in ("en", "zh-CN"):
        answer = await grounds.head.http.post("/v1/clients", json=body, headers={"Accept-Language": language})
        assert problem(answer) == "address-refused"
        said[language] = answer.json()["detail"]
    assert said["en"].startswith("It must begin with https")
    assert said["zh-CN"].startswith("地址必须")


async def test_addresses_belong_to_applications_alone(grounds: Grounds) -> None:
    machine = await grounds.register(redirect_uris=["https://app.example/"])
    assert problem(machine) == "addresses-of-a-machine"
    for kind in ("web", "native", "browser"):
        answer = await grounds.register(kind=kind, scopes=["openid"])
        assert problem(answer) == "addresses-of-a-machine"


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("machine", "openid"),
        ("machine", "account"),
        ("machine", "spaces.write"),
        ("machine", "events.read"),
        ("web", "credits.post"),
        ("web", "events.read"),
        ("browser", "organisations.manage"),
        ("native", "account"),
        ("native", "unheard.of"),
    ],
)
async def test_attack_64_scopes_of_another_kind_or_of_the_platform(
    grounds: Grounds, kind: str, scope: str
) -> None:
    addresses = [] if kind == "machine" else ["https://app.example/"]
    for who in (grounds.head.http, grounds.root):
        answer = await grounds.register(who, kind=kind, scopes=[scope], redirect_uris=addresses)
        assert (answer.status_code, problem(answer)) == (403, "scope-not-for-institutions")


async def test_attack_64_and_60_another_tenants_organisation_and_client(
    auth_app: FastAPI, grounds: Grounds
) -> None:
    elsewhere = (await new_place(auth_app)).admin.http
    client = await grounds.client()
    address = f"/v1/clients/{client['id']}"
    assert (await grounds.register(elsewhere)).status_code == 404
    assert (await grounds.register(organisation=str(uuid4()))).status_code == 404
    sibling = await grounds.place.organisation()
    assert (await grounds.register(organisation=str(sibling))).status_code == 404
    assert (await grounds.register(organisation=str(grounds.place.root))).status_code == 403
    for method, path, body in (
        ("GET", address, None),
        ("PATCH", address, {"name": "mine"}),
        ("POST", f"{address}/secrets", {}),
        ("DELETE", f"{address}/secrets/{client['secrets'][0]['id']}", None),
        ("POST", f"{address}/suspension", None),
        ("DELETE", f"{address}/suspension", None),
    ):
        answer = await elsewhere.request(method, path, json=body)
        assert answer.status_code == 404, (method, path)
        absent = path.replace(client["id"], str(uuid4()))
        assert (await grounds.head.http.request(method, absent, json=body)).status_code == 404
    assert (await grounds.head.http.get(address)).json()["name"] == "A program"


async def test_teachers_register_nothing(grounds: Grounds) -> None:
    teacher = await grounds.place.somebody(grounds.school, "teacher")
    assert (await grounds.register(teacher.http)).status_code == 403
    listed = await teacher.http.get("/v1/clients", params={"organisation": str(grounds.school)})
    assert listed.status_code == 403


async def test_only_the_roots_administrator_waives_consent(grounds: Grounds) -> None:
    wish: dict[str, Any] = {"kind": "web", "scopes": ["openid"], "redirect_uris": ["https://app.example/"]}
    answer = await grounds.register(**wish, needs_consent=False)
    assert (answer.status_code, problem(answer)) == (403, "consent-is-asked")
    client = (await grounds.register(grounds.root, **wish, needs_consent=False)).json()
    assert client["needs_consent"] is False
    address = f"/v1/clients/{client['id']}"
    for change in (
        {"redirect_uris": ["https://app.example/", "https://mine.example/"]},
        {"scopes": ["openid", "email"]},
        {"needs_consent": True},
    ):
        refusal = await grounds.head.http.patch(address, json=change)
        assert (refusal.status_code, problem(refusal)) == (403, "consent-is-asked")
    named = await grounds.head.http.patch(address, json={"name": "Portal"})
    assert (named.json()["name"], named.json()["needs_consent"]) == ("Portal", False)
    asked = await grounds.root.patch(address, json={"needs_consent": True})
    assert asked.json()["needs_consent"] is True


async def test_attack_59_members_nobody_may_set(grounds: Grounds) -> None:
    for member in ("client_id", "client_secret", "id", "status", "created_at", "origins", "secrets"):
        wrong: dict[str, Any] = {member: "x"}
        assert (await grounds.register(**wrong)).status_code == 422
        client = await grounds.client()
        changed = await grounds.head.http.patch(f"/v1/clients/{client['id']}", json={member: "x"})
        assert changed.status_code == 422
    for member in ("kind", "organisation"):
        client = await grounds.client()
        changed = await grounds.head.http.patch(f"/v1/clients/{client['id']}", json={member: "web"})
        assert changed.status_code == 422


async def test_attack_69_sql_in_every_text_field(grounds: Grounds, http: httpx.AsyncClient) -> None:
    text = 'x\'); drop table client; -- %_ "$1" {}'
    client = await grounds.application(name=text)
    assert (client["name"], (await grounds.head.http.get(f"/v1/clients/{client['id']}")).json()["name"]) == (
        text,
        text,
    )
    assert (await grounds.register(scopes=[text])).status_code == 403
    assert (await grounds.register(kind="web", redirect_uris=[text])).status_code == 422
    refused(await http.post("/oauth/token", data=GRANT, auth=(text, text)), "invalid_client", 401)
    for nothing in ("\u0000", "a\nb", "\u202e"):
        assert (await grounds.register(name=nothing)).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"d": "AAAA"},
        {"kty": "oct", "k": "AAAA"},
        {"crv": "P-384"},
        {"alg": "ES384"},
        {"alg": "HS256"},
        {"use": "enc"},
        {"x": "AAAA"},
        {"y": 5},
        {"kid": ""},
        {"kid": "x" * 300},
        {"kid": 5},
        {"kty": None},
    ],
    ids=str,
)
async def test_keys_that_cannot_be_used(grounds: Grounds, change: dict[str, Any]) -> None:
    answer = await grounds.register(public_keys={"keys": [Signer.new().public | change]})
    assert (answer.status_code, problem(answer)) == (422, "key-refused")
    assert answer.json()["detail"]


async def test_more_keys_that_cannot_be_used(grounds: Grounds) -> None:
    rsa = Signer.new("RS256").public
    for keys in (
        [rsa | {"e": "Aw"}],
        [rsa | {"n": "x" * 900}],
        [Signer.new("RS256", 1024).public],
        [rsa | {"kid": "a"}, Signer.new().public | {"kid": "a"}],
        [rsa, rsa],
    ):
        answer = await grounds.register(public_keys={"keys": keys})
        assert (answer.status_code, problem(answer)) == (422, "key-refused"), keys
    nothing: Any
    for nothing in ([], [{}] * 6, ["x"], None):
        assert (await grounds.register(public_keys={"keys": nothing})).status_code == 422
    public = {"keys": [Signer.new().public]}
    for kind in ("native", "browser"):
        answer = await grounds.register(
            kind=kind, scopes=["openid"], redirect_uris=["https://app.example/"], public_keys=public
        )
        assert (answer.status_code, problem(answer)) == (409, "client-keeps-no-secret")
        client = await grounds.application(kind)
        change = {"public_keys": public}
        answer = await grounds.head.http.patch(f"/v1/clients/{client['id']}", json=change)
        assert (answer.status_code, problem(answer)) == (409, "client-keeps-no-secret")


async def test_attack_80_loopback_is_for_development_unless_it_is_a_device(
    auth_app: FastAPI, grounds: Grounds
) -> None:
    kinds: tuple[tuple[ClientKind, bool], ...] = (("web", False), ("browser", False), ("native", True))
    for kind, may in kinds:
        wish = Wish(name="x", kind=kind, scopes=("openid",), redirect_uris=("http://127.0.0.1/",))
        async with auth_app.state.database.transaction() as session:
            try:
                await service.register(session, SYSTEM, organisation=grounds.school, wish=wish)
            except AddressRefused:
                assert not may
            else:
                assert may


async def test_people_are_asked_for_programs_that_others_can_impersonate(
    auth_app: FastAPI, grounds: Grounds
) -> None:
    wish = Wish(name="x", kind="native", scopes=("openid",), needs_consent=False)
    for address, may in (
        ("http://127.0.0.1/", False),
        ("com.example.app:/", False),
        ("https://app.example/", True),
    ):
        async with auth_app.state.database.transaction() as session:
            asked = replace(wish, redirect_uris=(address,))
            try:
                await service.register(session, SYSTEM, organisation=grounds.school, wish=asked)
            except ConsentNotWaivable:
                assert not may
            else:
                assert may


async def test_the_operator_sets_up_applications_too(auth_app: FastAPI) -> None:
    name, secret = uuid4().hex, "s" * 40
    browser = {
        "client_id": f"browser-{name}",
        "kind": "browser",
        "name": "Demo",
        "scopes": ["openid", "account"],
        "organisation": None,
        "redirect_uris": ["http://127.0.0.1/back"],
        "post_logout_redirect_uris": ["http://127.0.0.1/"],
        "needs_consent": False,
    }
    web = browser | {"client_id": f"web-{name}", "kind": "web", "secret": secret, "organisation": "root"}
    for _ in range(2):
        platform = Platform.model_validate(document(name, clients=[browser, web]))
        await prepare(auth_app.state.database, platform)
    found = await service.find(auth_app.state.clients, f"browser-{name}")
    assert found is not None
    assert (found.kind, found.needs_consent, found.organisation_id) == ("browser", False, None)
    assert found.scopes == {"openid", "account"}
    assert await service.has_origin(auth_app.state.database.pool, "http://127.0.0.1:5173")
    proven = await service.authenticate(
        auth_app.state.clients,
        auth_app.state.database.pool,
        None,
        {"client_id": f"web-{name}", "client_secret": secret},
        audiences=(),
        now=datetime.now(UTC),
    )
    assert (proven.kind, set(proven.scopes)) == ("web", {"openid", "account"})
    public = browser | {"client_id": f"web-{name}"}
    await prepare(auth_app.state.database, Platform.model_validate(document(name, clients=[browser, public])))
    with pytest.raises(service.ClientRefused):  # the secret it had is worth nothing any more
        await service.authenticate(
            auth_app.state.clients,
            auth_app.state.database.pool,
            None,
            {"client_id": f"web-{name}", "client_secret": secret},
            audiences=(),
            now=datetime.now(UTC),
        )


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "s" * 40},
        {"kind": "web"},
        {"kind": "web", "secret": "short"},
        {"kind": "machine", "secret": "s" * 40},
        {"redirect_uris": []},
        {"redirect_uris": ["http://app.example/"]},
        {"post_logout_redirect_uris": ["javascript:alert(1)"]},
        {"scopes": ["events.read"]},
        {"scopes": ["credits.post"]},
        {"kind": "other"},
    ],
    ids=str,
)
def test_the_operator_is_told_of_mistakes(change: dict[str, Any]) -> None:
    right = {
        "client_id": "browser",
        "kind": "browser",
        "name": "Demo",
        "scopes": ["openid"],
        "organisation": None,
        "redirect_uris": ["http://127.0.0.1/back"],
    }
    Platform.model_validate(document("x", clients=[right]))
    with pytest.raises(ValueError, match="client"):
        Platform.model_validate(document("x", clients=[right | change]))


async def test_a_closed_organisation_registers_nothing(fresh: Grounds) -> None:
    assert (await fresh.root.post(f"/v1/organisations/{fresh.school}/closure")).status_code == 200
    assert problem(await fresh.register(fresh.root)) == "organisation-closed"
    rights = f"/v1/organisations/{fresh.school}/client-rights"
    assert problem(await fresh.root.put(rights, json={"scopes": []})) == "organisation-closed"
