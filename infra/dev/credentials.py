"""The secrets of a development checkout: generated once, kept readable by their owner only."""

import base64
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.dev.state import read_private, write_private

#: services that read another's events, so need a client of their own
READERS = ("spaces", "creditbank")

#: services that seal keys at rest
SEALERS = ("auth", "creditbank")


@dataclass(frozen=True)
class Credentials:
    """What is in .state/secrets.json. `demo` is filled once the demo region is loaded."""

    path: Path
    document: dict[str, Any]

    @classmethod
    def of(cls, state: Path) -> "Credentials":
        """Reads the file, completing what is missing."""
        path = state / "secrets.json"
        document = read_private(path)
        before = len(document)
        for service in SEALERS:
            document.setdefault(f"{service}_key_encryption_key", secrets.token_urlsafe(32))
        document.setdefault("administrator", {"username": "admin", "password": new_password()})
        for service in READERS:
            client = {"client_id": str(uuid.uuid4()), "client_secret": secrets.token_urlsafe(32)}
            document.setdefault(service, client)
        if len(document) != before:
            write_private(path, document)
        return cls(path, document)

    def keep(self, name: str, value: Any) -> None:
        """Adds one entry, on disk when this returns."""
        self.document[name] = value
        write_private(self.path, self.document)

    def bootstrap_document(self) -> dict[str, Any]:
        """What `python -m services.auth bootstrap` reads: root, administrator, the clients of services."""
        administrator = self.document["administrator"]
        return {
            "organisation": {"type": "country", "name": "示例国 Sample Country"},
            "administrator": {**administrator, "given_name": "Ada", "family_name": "Admin"},
            "clients": [
                {
                    "client_id": self.document[service]["client_id"],
                    "name": service,
                    "secret": self.document[service]["client_secret"],
                    "scopes": ["events.read"],
                    "organisation": None,
                }
                for service in READERS
            ],
        }


def new_password() -> str:
    """A password that is quickly typed and hard to guess: four groups of four letters and digits, 80 bits."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))
