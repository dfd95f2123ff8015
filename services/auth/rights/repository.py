"""SQL of rights; who may see them was checked before."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.auth.sql import Row, Where, execute, fetch

_OF_PATH: Final = """
select r.organisation_id, r.scopes from client_right r
where r.organisation_id = any((select ancestors from organisation where id = $1)::uuid[])
"""
_DECIDE: Final = """
insert into client_right (organisation_id, scopes, decided_by) values ($1, $2, $3)
on conflict (organisation_id) do update
  set scopes = excluded.scopes, decided_by = excluded.decided_by, decided_at = now()
"""


async def of_path(where: Where, organisation: UUID) -> Sequence[Row]:
    """What was decided at the organisation and above it."""
    return await fetch(where, _OF_PATH, organisation)


async def decide(where: Where, organisation: UUID, scopes: Sequence[str], person: UUID | None) -> None:
    await execute(where, _DECIDE, organisation, list(scopes), person)


async def inherit(where: Where, organisation: UUID) -> None:
    await execute(where, "delete from client_right where organisation_id = $1", organisation)
