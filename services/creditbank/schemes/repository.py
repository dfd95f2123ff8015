"""SQL of the schemes, which everybody may see and the operator's command alone writes."""

from collections.abc import Sequence
from typing import Any, Literal

import asyncpg

from services.creditbank.tables import Connection, Pool

_EVERY = """
select s.code, s.title_en, s.title_zh, s.decimals, s.unit_en, s.unit_zh, s.hours_per_credit,
  s.credits_per_year, s.rounding, s.valid_months, s.level_framework, s.levels, (
    select coalesce(json_agg(json_build_object('code', g.code, 'version', g.version, 'title_en', g.title_en,
      'title_zh', g.title_zh, 'grades', g.grades) order by g.code, g.version), '[]')
    from grading_scale g where g.scheme = s.id) as scales
from scheme s order by s.code
"""
_TERMS = "select hours_per_credit, credits_per_year, rounding, valid_months from scheme where code = $1"
_PUT = """
insert into scheme as s (id, code, title_en, title_zh, unit_en, unit_zh, level_framework, levels,
  hours_per_credit, credits_per_year, rounding, valid_months, decimals)
select coalesce((select id from scheme where code = $1), (select max(id) + 1 from scheme)),
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 2
on conflict (code) do update set title_en = excluded.title_en, title_zh = excluded.title_zh,
  unit_en = excluded.unit_en, unit_zh = excluded.unit_zh, level_framework = excluded.level_framework,
  levels = excluded.levels
where (s.title_en, s.title_zh, s.unit_en, s.unit_zh, s.level_framework, s.levels) is distinct from
  (excluded.title_en, excluded.title_zh, excluded.unit_en, excluded.unit_zh, excluded.level_framework,
    excluded.levels)
returning id
"""
_ADD_SCALE = """
with added as (
  insert into grading_scale (scheme, code, version, title_en, title_zh, grades)
  select id, $2, $3, $4, $5, $6 from scheme where code = $1
  on conflict do nothing returning code
)
select case when exists (select from added) then 'new' when exists (
  select from grading_scale g join scheme s on s.id = g.scheme
  where s.code = $1 and g.code = $2 and g.version = $3 and g.grades::jsonb = $6::json::jsonb) then 'same'
  else 'other' end
"""


async def every(pool: Pool) -> Sequence[asyncpg.Record]:
    """All schemes by their code, each with its grading scales."""
    return await pool.fetch(_EVERY)


async def hold_still(connection: Connection) -> None:
    """Nobody else adds a scheme until the transaction ends; readers go on."""
    await connection.execute("lock table scheme in share row exclusive mode")


async def terms(connection: Connection, code: str) -> tuple[Any, ...] | None:
    """What a scheme's credits are worth and how long they last, None while there is no such scheme."""
    row = await connection.fetchrow(_TERMS, code)
    return None if row is None else tuple(row)


async def put(
    connection: Connection, code: str, names: tuple[Any, ...], scheme_terms: tuple[Any, ...]
) -> bool:
    """Add a scheme, or change its names and levels; whether anything is new."""
    return await connection.fetchval(_PUT, code, *names, *scheme_terms) is not None


async def add_scale(
    connection: Connection, scheme: str, code: str, version: int, title_en: str, title_zh: str, grades: bytes
) -> Literal["new", "same", "other"]:
    """Add a version of a grading scale; what stands under its name already stays as it is."""
    answer: Literal["new", "same", "other"] = await connection.fetchval(
        _ADD_SCALE, scheme, code, version, title_en, title_zh, grades
    )
    return answer
