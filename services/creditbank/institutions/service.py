"""Institutions: copies kept by events, and who may look at one."""

from collections.abc import Collection
from uuid import UUID

from libs.common.identity import Caller
from services.creditbank.institutions import repository
from services.creditbank.tables import Pool

learn = repository.learn
#: roles that look after an organisation and all below it
OVERSEEING = ("administrator", "registrar", "auditor")


async def holds_role_above(pool: Pool, institution: UUID, caller: Caller, roles: Collection[str]) -> bool:
    """Whether a person now holds one of the roles at the institution or above it."""
    return caller.is_person and await repository.has_role_above(
        pool, institution, person=caller.subject, roles=roles
    )


async def may_oversee(pool: Pool, institution: UUID, caller: Caller) -> bool:
    """Whether the caller is a client of the institution's line, or a person who oversees it."""
    if caller.organisation is not None:
        return await repository.is_in_tree(pool, institution, root=caller.organisation)
    if caller.is_person:
        return await repository.has_role_above(pool, institution, person=caller.subject, roles=OVERSEEING)
    return False
