"""A mail address opens the account: who may set it, and who is told; attacks 50 and 51."""

from uuid import uuid4

import pytest
from fastapi import FastAPI

from tests.integration.auth.credentials.enrolled import mails_to
from tests.integration.auth.places import Place, new_place


@pytest.fixture(scope="module")
async def ground(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.mark.parametrize(
    "email",
    [
        "me\uff20evil.example",
        "me@school.example\uff20evil.example",
        "me\ufe6b@evil.example",
        "me@evil.example\u200b",
        "a@b@evil.example",
        "a..b@mail.example",
        "me@-mail.example",
        "me@mail_example",
        "me@" + "x" * 64 + ".example",
    ],
)
async def test_attack_50_what_becomes_an_at_sign_is_refused_as_it_is(ground: Place, email: str) -> None:
    person = await ground.person(ground.root)
    answer = await ground.admin.http.patch(f"/v1/people/{person}", json={"email": email})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == "string_pattern_mismatch"


@pytest.mark.parametrize("email", ["李明@例子.example", "o'neill+x@mail.example", "a@xn--fsqu00a.example"])
async def test_addresses_that_people_have(ground: Place, email: str) -> None:
    person = await ground.person(ground.root)
    assert (await ground.admin.http.patch(f"/v1/people/{person}", json={"email": email})).is_success


async def test_the_address_until_now_is_told(ground: Place) -> None:
    old, new = f"{uuid4().hex}@old.example", f"{uuid4().hex}@new.example"
    person = await ground.person(ground.root, email=old)
    for _ in range(2):  # the second time nothing changes
        assert (await ground.admin.http.patch(f"/v1/people/{person}", json={"email": new})).is_success
    (mail,) = await mails_to(ground.app, old)
    assert mail["subject"] == "您的邮箱地址已更改 · Your mail address was changed"
    assert new not in mail["body"]
    assert await mails_to(ground.app, new) == []


async def test_attack_51_a_school_alone_sets_no_address_of_who_is_at_two(ground: Place) -> None:
    one, other = await ground.organisation(name="One"), await ground.organisation(name="Other")
    head = await ground.somebody(one, "administrator")
    pupil = await ground.person(one)
    path, body = f"/v1/people/{pupil}", {"email": f"{uuid4().hex}@mail.example"}
    assert (await head.http.patch(path, json=body)).is_success
    await ground.role(pupil, other, "student")
    answer = await head.http.patch(path, json={"email": "me@evil.example"})
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (403, "not-in-charge")
    assert (await head.http.patch(path, json={"preferred_name": "Li"})).is_success
    assert (await ground.admin.http.patch(path, json={"email": "me@mail.example"})).is_success
