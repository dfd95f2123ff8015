"""Imports as jobs: who may ask, what is answered, and that nothing stops one half-way."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bench.roster_generator import generate
from infra.dev.stores import ServiceStore
from services.auth.app import build
from services.auth.rosters import rules, service
from services.auth.rosters.workers import environment_of
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.places import Place, connection, new_place
from tests.integration.auth.rosters.sets import digest, ended, findings, importing, small_set, upload
from tests.integration.auth.rosters.stored import stored_person


async def test_only_those_in_charge_may_import(here: Place, place: Any) -> None:
    there: Place = await place()
    school = await here.organisation()
    teacher = await here.somebody(school, "teacher")
    content = small_set().zipped()
    answer = await upload(there.admin.http, here.root, content)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "not-found")
    absent = await upload(here.admin.http, uuid4(), content)
    assert {**answer.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
    assert (await upload(teacher.http, school, content)).status_code == 403
    assert (await upload(connection(here.app), here.root, content)).status_code == 401

    job = await importing(here, small_set())
    for path in (f"/v1/roster-imports/{job['id']}", f"/v1/roster-imports/{job['id']}/findings"):
        assert (await here.admin.http.get(path)).status_code == 200
        assert (await there.admin.http.get(path)).status_code == 404
        assert (await teacher.http.get(path)).status_code == 403
    listing = "/v1/roster-imports?organisation="
    assert (await there.admin.http.get(f"{listing}{here.root}")).status_code == 404
    mine = (await here.admin.http.get(f"{listing}{here.root}")).json()["items"]
    assert [one["id"] for one in mine] == [job["id"]]


async def test_attack_67_a_client_imports_for_its_organisation_and_below(here: Place) -> None:
    district = await here.organisation(kind="district", name="A district")
    school, other = await here.organisation(district), await here.organisation(name="Another school")
    client = await here.client(district, "rosters.import")
    form = {"grant_type": "client_credentials", "scope": "rosters.import"}
    async with connection(here.app) as http:
        answer = await http.post(
            "/oauth/token", data=form, auth=(client["client_id"], client["client_secret"])
        )
        assert answer.status_code == 200, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        for organisation, status in ((district, 202), (school, 202), (other, 404), (here.root, 404)):
            assert (await upload(http, organisation, small_set().zipped())).status_code == status


async def test_bad_requests_are_told_apart(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    http = here.admin.http
    content = small_set().zipped()
    assert (await http.post("/v1/roster-imports", data={"organisation": str(here.root)})).status_code == 422
    assert (await http.post("/v1/roster-imports", content=b"x")).status_code == 422
    answer = await upload(http, here.root, content, dry_run="perhaps")
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "body.dry_run")
    assert (await upload(http, here.root, content, source="a\u202eb")).status_code == 422
    for path in (f"/v1/roster-imports/{uuid4()}", f"/v1/roster-imports/{uuid4()}/findings"):
        assert (await http.get(path)).status_code == 404
    assert (await http.get("/v1/roster-imports")).status_code == 422
    monkeypatch.setattr(service, "WAITING_LIMIT", 1)
    assert (await upload(http, here.root, content)).status_code == 202
    answer = await upload(http, here.root, content)
    assert (answer.status_code, answer.json()["limit"]) == (409, 1)
    assert answer.json()["type"].endswith("/too-many-imports")


async def test_attack_68_an_upload_is_limited(here: Place) -> None:
    async def endless() -> Any:
        yield b"x"

    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(rules.UPLOAD_LIMIT_BYTES + 1),
    }
    answer = await here.admin.http.post("/v1/roster-imports", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["limit"]) == (413, rules.UPLOAD_LIMIT_BYTES)


async def test_two_imports_of_one_source_do_not_meet(here: Place) -> None:
    tag = uuid4().hex[:8]
    content = small_set(tag)
    jobs = await asyncio.gather(*(importing(here, content) for _ in range(3)))
    assert sorted(job["state"] for job in jobs) == ["applied", "unchanged", "unchanged"]
    other = await importing(here, small_set(), source="canteen")
    assert (other["state"], other["source"]) == ("applied", "canteen")
    assert (await stored_person(here, f"s1-{tag}"))["version"] == 1


async def test_attack_68_a_killed_worker_is_followed_by_another(works: Place, tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    generate(path, 2_000, prefix=uuid4().hex[:8])
    http, workers, pool = works.admin.http, works.app.state.roster_workers, works.app.state.database.pool
    # Nobody writes people while we look on, so every worker is caught in the middle of its work.
    async with pool.acquire() as onlooker, onlooker.transaction():
        await onlooker.execute("lock table person in share mode")
        answer = await upload(http, works.root, path.read_bytes())
        location = answer.headers["location"]
        for attempt in (1, 2):
            await _until(pool, location, "applying", attempt)
            os.kill(workers.worker, signal.SIGKILL)
    job = await ended(http, location)
    assert (job["state"], job["counts"]["people"]["new"]) == ("applied", 2_000)
    attempts = "select attempts from roster_import where id = $1"
    assert await pool.fetchval(attempts, UUID(job["id"])) == 3
    again = await ended(http, (await upload(http, works.root, path.read_bytes())).headers["location"])
    assert again["state"] == "unchanged"


async def _until(pool: Any, location: str, state: str, attempt: int) -> None:
    """Wait until a job is in a state of its n-th attempt, and at work."""
    import_id = UUID(location.rpartition("/")[2])
    for _ in range(3_000):
        job = await pool.fetchrow("select state, stage, attempts from roster_import where id = $1", import_id)
        if (job["state"], job["attempts"]) == (state, attempt) and job["stage"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(job)


async def test_a_service_takes_up_what_a_killed_one_left(
    fresh_database: Callable[[str], ServiceStore],
) -> None:
    store = fresh_database("auth")
    settings = settings_of(store)
    asleep = build(settings, background=False)
    async with asleep.router.lifespan_context(asleep):
        await asleep.state.identity.refresh()
        here = await new_place(asleep)
        location = (await upload(here.admin.http, here.root, small_set().zipped())).headers["location"]
        awake = build(settings)
        async with awake.router.lifespan_context(awake):
            job = await ended(here.admin.http, location)
        assert job["state"] == "applied"
        assert await asleep.state.database.pool.fetchval("select count(*) from roster_upload") == 0


async def test_an_import_over_which_workers_keep_dying_fails(here: Place) -> None:
    location = (await upload(here.admin.http, here.root, small_set().zipped())).headers["location"]
    import_id = UUID(location.rpartition("/")[2])
    pool = here.app.state.database.pool
    await pool.execute("update roster_import set attempts = $2 where id = $1", import_id, rules.ATTEMPTS)
    before = await digest(here.app)
    await service.work(here.app.state.database, import_id)
    job = await ended(here.admin.http, location)
    assert (job["state"], await findings(here.admin.http, job)) == ("failed", [])
    assert await digest(here.app) == before


async def test_the_command_line_imports_a_folder(here: Place, tmp_path: Path) -> None:
    for name, text in small_set().texts().items():
        (tmp_path / name).write_bytes(text.encode())
    environment = environment_of(here.app.state.settings) | {"LC_ALL": "zh_CN.UTF-8"}

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.auth", "import-roster", str(tmp_path)),
            *("--organisation", str(here.root), *arguments),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    before = await digest(here.app)
    code, out = await run("--dry-run")
    assert (code, out.splitlines()[0]) == (0, "已导入（试运行）")
    assert await digest(here.app) == before
    code, out = await run("--language", "en")
    assert (code, out.splitlines()[0]) == (0, "applied")
    code, out = await run()
    assert (code, out.splitlines()[0]) == (0, "没有变化")
    (tmp_path / "users.csv").write_text("sourcedId\r\n")
    code, out = await run()
    assert (code, out.splitlines()[0]) == (1, "已拒绝，未作任何更改")
    assert "users.csv:1:enabledUser" in out
