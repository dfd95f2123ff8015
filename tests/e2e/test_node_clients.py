"""Clients we did not write sign in against the running product: openid-client and oidc-client-ts, on Node."""

import base64
import functools
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from infra.dev import code_flow
from tests.e2e.conftest import ROOT, Product

pytestmark = pytest.mark.e2e

SCRIPTS = ROOT / "tests" / "node"
#: what npm says when it cannot reach where packages are kept
OFFLINE = ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT")
AFTER = "http://127.0.0.1:49152/"


@functools.cache
def installed() -> Path:
    """The scripts beside their locked packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node is not here")
    folder = ROOT / ".state" / "test" / "node"
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    marker = folder / "node_modules" / ".package-lock.json"
    lock = folder / "package-lock.json"
    if not marker.exists() or marker.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode and any(word in done.stderr for word in OFFLINE):
            pytest.skip("npm reaches no packages")
        assert done.returncode == 0, done.stderr
    return folder


class Talk:
    """A script that plays the client, while we play the person's browser."""

    def __init__(self, process: "subprocess.Popen[str]", product: Product, role: str) -> None:
        self._process = process
        self._account = product.account(role)

    def say(self, document: dict[str, Any]) -> None:
        stream = cast("IO[str]", self._process.stdin)
        stream.write(json.dumps(document) + "\n")
        stream.flush()

    def told(self) -> dict[str, Any]:
        """What the script tells at its end; its authorization requests are taken through the pages."""
        for line in cast("IO[str]", self._process.stdout):
            said = json.loads(line)
            if "told" in said:
                return dict(said["told"])
            flow = code_flow.through_pages(
                said["authorize"], code_flow.REDIRECT, self._account["username"], self._account["password"]
            )
            self.say({"callback": code_flow.run(flow)})
        raise AssertionError(cast("IO[str]", self._process.stderr).read())


@contextmanager
def talk(product: Product, script: str, role: str) -> Iterator[Talk]:
    process = subprocess.Popen(
        ["node", "--no-warnings", str(installed() / script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Talk(process, product, role)
    finally:
        process.kill()
        process.communicate()


def plan(product: Product) -> dict[str, Any]:
    named = {one["client_id"]: one for one in product.run["clients"]}
    return {
        "issuer": product.run["services"]["auth"],
        "redirect_uri": code_flow.REDIRECT,
        "post_logout_redirect_uri": AFTER,
        "web": named["xuebu-portal"],
        "browser": named["xuebu-frontend"],
        "machine": next(one for one in named.values() if "credits.post" in one["scopes"]),
    }


def test_openid_client_completes_every_flow(product: Product) -> None:
    private, public = new_key()
    asked = product.administrator()
    holder = asked.api.post(
        "/v1/clients",
        {
            "organisation": asked.root(),
            "name": "holder of a key",
            "scopes": ["people.read"],
            "public_keys": {"keys": [public]},
        },
    )
    student = product.sign_in("student").person["id"]
    with talk(product, "openid_client.mjs", "student") as script:
        script.say(plan(product) | {"key_holder": {"client_id": holder["client_id"], "private_key": private}})
        told = script.told()
    assert told.pop("authTime") > 1_700_000_000
    assert told.pop("userinfo")["sub"] == student
    leaving = parse_qs(urlsplit(told.pop("endSession")).query)
    assert leaving["post_logout_redirect_uri"] == [AFTER]
    assert told == {
        "subject": student,
        "amr": ["pwd"],
        "live": True,
        "rotated": True,
        "revoked": False,
        "reused": "invalid_grant",
        "familyEnded": "invalid_grant",
        "post": student,
        "public": student,
        "machine": "credits.post credits.read",
        "keyHolder": "people.read",
    }


def test_oidc_client_ts_completes_every_flow(product: Product) -> None:
    teacher = product.sign_in("teacher").person
    with talk(product, "oidc_client_ts.mjs", "teacher") as script:
        script.say(plan(product))
        told = script.told()
    assert told.pop("name")
    assert urlsplit(told.pop("signOut")).path == "/oauth/logout"
    assert told == {"subject": teacher["id"], "page": "portfolio", "rotated": True}


def new_key() -> tuple[dict[str, str], dict[str, str]]:
    """A private and a public JWK for ES256."""
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.private_numbers()
    public = {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "kid": "first",
        "x": octets(numbers.public_numbers.x),
        "y": octets(numbers.public_numbers.y),
    }
    return public | {"d": octets(numbers.private_value)}, public


def octets(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
