"""Bank nodes as processes of their own beside a running product, whose auth tells all of them."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from infra.dev import processes
from infra.dev.addresses import HOST, address, choose_ports
from infra.dev.calls import Api, CallFailedError
from infra.dev.databases import Databases
from infra.dev.identities import client_token
from infra.dev.postgresql import PostgreSQL
from infra.dev.state import socket_directory
from infra.dev.stores import complete
from tests.e2e.conftest import ROOT, Product

MIGRATIONS = ROOT / "services" / "creditbank" / "migrations"


@dataclass
class BankNode:
    """One bank: its database, its settings, its process."""

    name: str
    folder: Path
    environment: dict[str, str]
    address: str
    client: dict[str, Any]
    process: "subprocess.Popen[bytes] | None" = None
    key: str = ""
    log: Path = field(default=Path())

    def start(self, *others: "BankNode") -> None:
        """Returns when it answers and knows what auth tells."""
        nodes = [
            {
                "name": one.name,
                "address": one.address,
                "client_id": one.client["client_id"],
                "keys": [one.key],
            }
            for one in others
        ]
        environment = {**self.environment, "CREDITBANK_NODES": json.dumps(nodes)}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.creditbank", "serve"],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
            )
        self.environment = environment
        assert processes.wait_until(self.is_ready, 60), self.log.read_text()[-4000:]

    def is_ready(self) -> bool:
        try:
            return bool(Api(self.address).get("/health/ready")["status"] == "ready")
        except CallFailedError:
            return False

    def has_key(self) -> bool:
        """Whether its log has begun."""
        return bool(_keys(self))

    def kill(self) -> None:
        """As `kill -9` does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of the service, as an operator gives it."""
        return subprocess.run(
            [sys.executable, "-m", "services.creditbank", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, query: str, *values: Any) -> Any:
        """One value of the database."""

        async def ask() -> Any:
            connection = await asyncpg.connect(self.environment["CREDITBANK_MIGRATIONS_DATABASE"])
            try:
                return await connection.fetchval(query, *values)
            finally:
                await connection.close()

        return complete(ask())


def make_node(product: Product, name: str, folder: Path) -> BankNode:
    """A node with an empty database, a client of its own at auth, and a log."""
    port = choose_ports(free=True)["creditbank"]
    theirs = product.process("creditbank").environ()
    external = os.environ.get("DATABASE", "")
    server = PostgreSQL(
        product.state / "postgresql", socket_directory(product.state.resolve()), folder / "no.log"
    )
    databases = Databases(
        external or server.administration, product.state / "roles.json" if external else None
    )
    access = complete(databases.prepare(f"xuebu_bank_{name}_{uuid.uuid4().hex[:6]}"))
    client = {
        "client_id": f"bank-{name}",
        "client_secret": uuid.uuid4().hex + uuid.uuid4().hex,
        "scopes": ["events.read", "credits.move"],
    }
    environment = {
        "CREDITBANK_ENVIRONMENT": "development",
        "CREDITBANK_HOST": HOST,
        "CREDITBANK_PORT": str(port),
        "CREDITBANK_PUBLIC_ADDRESS": address(port),
        "CREDITBANK_ISSUER": theirs["CREDITBANK_ISSUER"],
        "CREDITBANK_AUTH_ADDRESS": theirs["CREDITBANK_AUTH_ADDRESS"],
        "CREDITBANK_DATABASE": access.runtime,
        "CREDITBANK_MIGRATIONS_DATABASE": access.owner,
        "CREDITBANK_REDIS": theirs["CREDITBANK_REDIS"],
        "CREDITBANK_REDIS_PREFIX": f"{name}:",
        "CREDITBANK_CLIENT_ID": client["client_id"],
        "CREDITBANK_CLIENT_SECRET": client["client_secret"],
        "CREDITBANK_LOG_DIRECTORY": str(folder / name),
        "CREDITBANK_KEY_ENCRYPTION_KEY": uuid.uuid4().hex,
        "CREDITBANK_NODE": name,
        "CREDITBANK_MOVE_INTERVAL_SECONDS": "0.2",
        "CREDITBANK_LOG_FORMAT": "console",
    }
    node = BankNode(name, folder, environment, address(port), client, log=folder / f"{name}.log")
    migrated = node.command("migrate")
    assert migrated.returncode == 0, migrated.stderr
    return node


def introduce(product: Product, *nodes: BankNode) -> None:
    """auth learns the clients of the nodes, and each node makes a log whose key the others get."""
    platform = {
        "organisation": {"type": "country", "name": "示例国 Sample Country"},
        "administrator": {
            "username": product.account("administrator")["username"], "password": uuid.uuid4().hex,
            "given_name": "Ada", "family_name": "Admin",
        },
        "clients": [
            {
                "client_id": node.client["client_id"], "name": f"bank {node.name}",
                "secret": node.client["client_secret"], "scopes": node.client["scopes"], "organisation": None,
            }
            for node in nodes
        ],
    }  # fmt: skip
    made = subprocess.run(
        [sys.executable, "-m", "services.auth", "bootstrap"],
        cwd=ROOT,
        env=product.process("auth").environ(),
        input=json.dumps(platform),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    for node in nodes:
        node.start()
        assert processes.wait_until(node.has_key, 60), node.log.read_text()[-4000:]
        node.key = _keys(node)[0]
        node.kill()


def _keys(node: BankNode) -> list[str]:
    logs = Api(node.address).get("/logs")["logs"]
    return [key["verifier"] for log in logs for key in log["keys"]]


def node_token(product: Product, node: BankNode) -> str:
    return client_token(product.run["services"]["auth"], {**node.client, "scopes": ["credits.move"]})
