"""Reading what one may see costs no more where nearly everything was said in one space."""

from collections.abc import Callable

import asyncpg

from infra.dev.stores import ServiceStore
from services.spaces.portfolio import repository as portfolio
from services.spaces.posts import repository as posts
from tests.integration.spaces.world import World

_MANY = """
insert into post (id, space, author, kind, title, text, links, status, recorded_at, client_key, content_hash)
select uuid7(), space, author, kind, title, text, links, status, recorded_at,
  substring(sha256(n::text::bytea) for 16), content_hash
from post cross join generate_series(1, 4000) as n where id = $1
"""


async def test_posts_of_a_quiet_space_are_not_looked_for_among_all(
    world: World, service_database: Callable[[str], ServiceStore]
) -> None:
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school))
    loud, quiet = await world.a_class(("teacher", teacher)), await world.a_class(("student", student))
    post = await world.posted(teacher, loud, title="Said again and again")
    pool = world.app.state.database.pool
    connection = await world.app.state.database.connect()
    try:
        await pool.execute(_MANY, post["id"])
        owner = await asyncpg.connect(service_database("spaces").migrations_database)
        await owner.execute("analyze")
        await owner.close()
        await connection.execute("set plan_cache_mode = force_generic_plan")
        for name, statement, values in (
            ("portfolio", portfolio._POSTS, f"'{student}', '{student}'"),
            ("feed", posts._FEED, f"20, '{posts.NEWEST}', '{student}', null"),
            ("space", posts._OF_SPACE, f"20, '{posts.NEWEST}', '{quiet}', '{student}'"),
        ):
            await connection.execute(f"prepare {name} as {statement}")
            plan = await connection.fetch(f"explain (analyze, costs off) execute {name} ({values})")
            text = "\n".join(row[0] for row in plan)
            assert "Scan Backward using post_pkey" not in text, text
    finally:
        connection.terminate()
        await pool.execute("delete from post where space = $1", loud)
