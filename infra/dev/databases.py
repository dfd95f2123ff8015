"""Roles and databases of the services: each owns its own, and no role may enter another's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from infra.dev.state import remembered_secret

if TYPE_CHECKING:  # loaded with the first connection: a warm start needs none
    import asyncpg

BUILTIN_LOCALE_SINCE = 170000  # PostgreSQL 17


@dataclass(frozen=True)
class Access:
    """How one service reaches its database: at work, and to migrate."""

    name: str
    runtime: str
    owner: str
    service_role: str


class Databases:
    """Makes and removes databases on one server, with the administrator's rights.

    Role passwords are kept in `secrets`; on a socket the kernel says who connects, and there are none.
    """

    def __init__(self, administration: str, secrets: Path | None) -> None:
        self._administration = administration
        self._secrets = secrets

    def access(self, name: str) -> Access:
        """How the database `name` is reached, whether or not it is there yet."""
        return self._access(name, name)

    async def prepare(self, name: str) -> Access:
        """The database `name` with its two roles, made where they are missing."""
        connection = await connected(self._administration)
        try:
            for role in (owner_of(name), runtime_of(name)):
                await self._prepare_role(connection, role)
            await self._let_us_act_for(connection, owner_of(name))
            if await connection.fetchval("select true from pg_database where datname = $1", name) is None:
                await connection.execute(await self._create_statement(connection, name))
        finally:
            await connection.close()
        access = self.access(name)
        await self._open_to_runtime(access, runtime_of(name))
        return access

    async def copy(self, original: str, name: str) -> Access:
        """A new database with the content and roles of `original`, to which nobody may be connected."""
        connection = await connected(self._administration)
        try:
            await connection.execute(
                f"create database {quoted(name)} owner {quoted(owner_of(original))}"
                f" template {quoted(original)}"
            )
        finally:
            await connection.close()
        access = self._access(original, name)
        await self._open_to_runtime(access, runtime_of(original))
        return access

    async def drop(self, name: str) -> None:
        """Removes a database, ending the connections to it."""
        connection = await connected(self._administration)
        try:
            await connection.execute(f"drop database if exists {quoted(name)} with (force)")
        finally:
            await connection.close()

    async def drop_all(self, prefix: str) -> None:
        """Removes every database and role whose name begins with `prefix`."""
        connection = await connected(self._administration)
        try:
            for row in await connection.fetch(
                "select datname from pg_database where starts_with(datname, $1)", prefix
            ):
                await connection.execute(f"drop database if exists {quoted(row['datname'])} with (force)")
            for row in await connection.fetch(
                "select rolname from pg_roles where starts_with(rolname, $1)", prefix
            ):
                await connection.execute(f"drop role if exists {quoted(row['rolname'])}")
        finally:
            await connection.close()

    async def _prepare_role(self, connection: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
        exists = await connection.fetchval("select true from pg_roles where rolname = $1", role)
        if exists and self._secrets is None:
            return
        password = f" password {literal(remembered_secret(self._secrets, role))}" if self._secrets else ""
        verb = "alter" if exists else "create"
        # A new role has none of the great rights; only a superuser may even name them.
        await connection.execute(f"{verb} role {quoted(role)} login{password}")

    async def _let_us_act_for(self, connection: "asyncpg.Connection[asyncpg.Record]", owner: str) -> None:
        """An administrator who is no superuser needs membership to give a database to its owner."""
        member = await connection.fetchval("select pg_has_role(current_user, $1, 'member')", owner)
        superuser = await connection.fetchval("select rolsuper from pg_roles where rolname = current_user")
        if superuser:
            return
        recent = connection.get_server_version().major >= 16
        if not member or recent:
            option = " with set true" if recent else ""
            await connection.execute(f"grant {quoted(owner)} to current_user{option}")

    async def _create_statement(self, connection: "asyncpg.Connection[asyncpg.Record]", name: str) -> str:
        version = int(await connection.fetchval("show server_version_num"))
        builtin = "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
        locale = builtin if version >= BUILTIN_LOCALE_SINCE else "locale_provider libc locale 'C.UTF-8'"
        return (
            f"create database {quoted(name)} owner {quoted(owner_of(name))} "
            f"template template0 encoding 'UTF8' {locale}"
        )

    async def _open_to_runtime(self, access: Access, runtime: str) -> None:
        """As the owner: only the two roles enter, and the runtime role works with what the owner makes."""
        connection = await connected(access.owner)
        by_default = "alter default privileges in schema public grant"
        try:
            await connection.execute(f"""
                revoke all on database {quoted(access.name)} from public;
                grant connect, temporary on database {quoted(access.name)} to {quoted(runtime)};
                {by_default} select, insert, update, delete on tables to {quoted(runtime)};
                {by_default} usage, select, update on sequences to {quoted(runtime)};
            """)
        finally:
            await connection.close()

    def _access(self, original: str, name: str) -> Access:
        runtime, owner = runtime_of(original), owner_of(original)
        return Access(name, self._address(runtime, name), self._address(owner, name), runtime)

    def _address(self, role: str, database: str) -> str:
        base = urlsplit(self._administration)
        password = f":{quote(remembered_secret(self._secrets, role), safe='')}" if self._secrets else ""
        host = base.netloc.rpartition("@")[2]
        return base._replace(netloc=f"{role}{password}@{host}", path=f"/{database}").geturl()


async def connected(address: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection to a database."""
    import asyncpg

    return await asyncpg.connect(address)


def owner_of(database: str) -> str:
    """The role that owns the database and changes its schema."""
    return f"{database}_owner"


def runtime_of(database: str) -> str:
    """The role its service works with."""
    return f"{database}_service"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string constant."""
    return "'" + text.replace("'", "''") + "'"
