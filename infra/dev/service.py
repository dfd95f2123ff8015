"""One service as a process of the runner: its environment, its log, its readiness."""

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from infra.dev import addresses, processes
from infra.dev.credentials import READERS, SEALERS, Credentials
from infra.dev.processes import StartError
from infra.dev.state import write_private_text
from infra.dev.stores import Stores

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0
#: settings that name places beside the services' logs: mail is not sent but written there
FOLDERS = {"auth": ("MAIL_SERVER", "file:{}", "mail"), "creditbank": ("LOG_DIRECTORY", "{}", "log")}
STOPPING = ((signal.SIGTERM, 15.0),)
NEIGHBOURS = {"auth": (), "spaces": ("auth", "creditbank"), "creditbank": ("auth", "spaces")}


@dataclass
class Service:
    """One of the three services, started and stopped here."""

    name: str
    port: int
    boot: str
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def address(self) -> str:
        """Where it answers."""
        return addresses.address(self.port)

    def start(self) -> None:
        """Starts the process; it is ready only when `is_ready` says so."""
        with self.log.open("ab") as log:
            self.process = processes.spawn(
                [sys.executable, "-m", f"services.{self.name}", "serve"],
                log,
                farewell=signal.SIGTERM,
                cwd=ROOT,
                environment={**self.environment, "XUEBU_BOOT_ID": self.boot},
            )

    def is_ready(self) -> bool:
        """Whether this very process answers that it can serve: not another one that has its port."""
        connection = http.client.HTTPConnection(addresses.HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            response = connection.getresponse()
            return response.status == http.client.OK and json.load(response)["boot"] == self.boot
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return False
        finally:
            connection.close()

    def ended(self) -> int | None:
        """The exit status once the process has ended, negative for a signal."""
        return None if self.process is None else self.process.poll()

    def ask_to_stop(self) -> None:
        """Begins the end; `stop` completes it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Returns when the process is gone."""
        if self.process is not None:
            processes.stop(self.process, *STOPPING)
            self.process = None

    def report(self, status: int) -> str:
        """What to tell when it ended by itself."""
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        return f"{self.name} {how}. The end of {self.log}:\n{processes.tail(self.log)}"


def write_environments(services: list[Service], folder: Path) -> None:
    """What each service reads from outside, for a shell that runs its commands: `. .state/auth.env`."""
    for service in services:
        mine = sorted(name for name in service.environment if name.startswith(f"{service.name.upper()}_"))
        lines = [f"export {name}={shlex.quote(service.environment[name])}\n" for name in mine]
        write_private_text(folder / f"{service.name}.env", "".join(lines))


def run_once(service: Service, command: str, text: str = "") -> None:
    """Runs `python -m services.X COMMAND`, `text` as its input; raises StartError with its output."""
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service.name}", command],
        input=text.encode(),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=service.environment,
    )
    with service.log.open("ab") as log:
        log.write(done.stdout)
    if done.returncode != 0:
        end = "\n".join(done.stdout.decode(errors="replace").splitlines()[-20:])
        raise StartError(f"{service.name}: {command} failed with status {done.returncode}\n{end}")


def describe(
    stores: Stores, ports: dict[str, int], credentials: Credentials, logs: Path, boot: str
) -> list[Service]:
    """The three services with everything they read from outside; settings given by the caller win."""
    state = logs.parent
    return [
        Service(name, port, boot, _environment(name, stores, ports, credentials, state), logs / f"{name}.log")
        for name, port in ports.items()
    ]


def _environment(
    name: str, stores: Stores, ports: dict[str, int], credentials: Credentials, state: Path
) -> dict[str, str]:
    store = stores.services[name]
    issuer = addresses.address(ports["auth"])
    settings = {
        "ENVIRONMENT": "development",
        "HOST": addresses.HOST,
        "PUBLIC_ADDRESS": addresses.address(ports[name]),
        "ISSUER": issuer,
        "LOG_FORMAT": "console",
    }
    if name in READERS:
        settings["CLIENT_ID"] = credentials.document[name]["client_id"]
        settings["CLIENT_SECRET"] = credentials.document[name]["client_secret"]
    for neighbour in NEIGHBOURS[name]:
        settings[f"{neighbour.upper()}_ADDRESS"] = addresses.address(ports[neighbour])
    if name in FOLDERS:
        setting, form, folder = FOLDERS[name]
        settings[setting] = form.format((state / folder).resolve())
    if name in SEALERS:
        settings["KEY_ENCRYPTION_KEY"] = credentials.document[f"{name}_key_encryption_key"]
    prefix = name.upper()
    fixed = {
        f"{prefix}_PORT": str(ports[name]),
        f"{prefix}_DATABASE": store.database,
        f"{prefix}_REDIS": store.redis,
    }
    given = {key: value for key, value in os.environ.items() if key not in ("DATABASE", "REDIS")}
    return {**{f"{prefix}_{key}": value for key, value in settings.items()}, **given, **fixed}
