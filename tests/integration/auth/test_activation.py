"""An activation beside other transactions on the same account."""

import asyncio
from contextlib import suppress

import asyncpg
from fastapi import FastAPI

from tests.integration.auth.places import PASSWORD, Place, connection


async def test_an_activation_in_a_deadlock_with_a_merge_is_done_again(here: Place, auth_app: FastAPI) -> None:
    pupil, pool = await here.person(await here.organisation()), auth_app.state.database.pool
    code = (await here.admin.http.post(f"/v1/people/{pupil}/activation-codes")).json()["code"]
    waiting = "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))"
    async with connection(auth_app) as http, pool.acquire() as other:
        # The database ends whoever waited first; on a slow machine that may be the other one.
        with suppress(asyncpg.DeadlockDetectedError):
            async with other.transaction():
                await other.execute("select from activation_code where person_id = $1 for update", pupil)
                body = {"code": code, "password": PASSWORD}
                activating = asyncio.create_task(http.post("/v1/activations", json=body))
                while not await pool.fetchval(waiting, other.get_server_pid()):
                    await asyncio.sleep(0.01)
                await other.execute("select from account where person_id = $1 for update", pupil)
        assert (await activating).status_code == 200
