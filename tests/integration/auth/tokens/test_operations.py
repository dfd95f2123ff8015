"""Around the token endpoints: hosts that lie, odd text, and secrets that stay secret; attacks 27, 69, 76."""

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.places import ADDRESS, Somebody
from tests.integration.auth.tokens.grants import Application, claims_of, grant, refused, tokens


async def test_attack_27_the_issuer_is_what_the_settings_say(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    lies = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example;proto=https",
    }
    code = await grant(web, pupil)
    answer = await http.post("/oauth/token", data=code.form(), headers=lies, **web.proof)
    for name, use in (("access_token", "access"), ("id_token", "id")):
        assert claims_of(web, answer.json()[name], use=use).issuer == ADDRESS
    form = {"token": answer.json()["refresh_token"]}
    told = await http.post("/oauth/introspect", data=form, headers=lies, **web.proof)
    assert told.json()["iss"] == ADDRESS


async def test_attack_76_nothing_secret_is_written_down(
    auth_app: FastAPI,
    http: httpx.AsyncClient,
    web: Application,
    pupil: Somebody,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = await grant(web, pupil)
    issued = (await web.ask(http, **code.form())).json()
    again = (await web.refresh(http, issued["refresh_token"])).json()
    refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
    await web.ask(http, "/oauth/revoke", token=again["access_token"])
    await http.post("/oauth/token", params={"client_secret": str(web.secret)}, data=code.form())
    secrets = [code.text, code.verifier, str(web.secret)]
    secrets += [
        one[name] for one in (issued, again) for name in ("access_token", "refresh_token", "id_token")
    ]
    written = "".join(capsys.readouterr())
    assert "/oauth/token" in written
    pool = auth_app.state.database.pool
    for statement in (
        "select string_agg(a::text, ' ') from audit a",
        "select string_agg(f::text, ' ') from token_family f",
        "select string_agg(t::text, ' ') from refresh_token t",
        "select string_agg(r::text, ' ') from revocation r",
    ):
        written += await pool.fetchval(statement) or ""
    for secret in secrets:
        assert secret not in written
        assert secret.rpartition(".")[2] not in written


@pytest.mark.parametrize("odd", ["'; drop table token_family; --", "\u202e", "%00", "{{7*7}}", "\ud83d"])
async def test_attack_69_odd_text_is_only_text(
    http: httpx.AsyncClient, web: Application, pupil: Somebody, odd: str
) -> None:
    issued = await tokens(http, web, pupil)
    text = odd.encode("utf-8", "surrogatepass").decode("latin-1")
    for address, form in (
        ("/oauth/token", {"grant_type": "refresh_token", "refresh_token": text}),
        ("/oauth/token", {"grant_type": "authorization_code", "code": text, "redirect_uri": text}),
        ("/oauth/token", {"grant_type": text}),
        (
            "/oauth/token",
            {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"], "scope": text},
        ),
        (
            "/oauth/token",
            {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"], "resource": text},
        ),
    ):
        answer = await web.ask(http, address, **form)
        assert 400 <= answer.status_code < 500, answer.text
    for address in ("/oauth/introspect", "/oauth/revoke"):
        assert (await web.ask(http, address, token=text)).status_code in (200, 400)
    assert (await web.refresh(http, issued["refresh_token"])).status_code == 200
