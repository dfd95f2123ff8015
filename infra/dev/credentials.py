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

#: applications in which people sign in, registered for development: answered at the own machine, at any port
LOOPBACK = ["http://127.0.0.1/callback", "http://localhost/callback"]
LOOPBACK_AFTER = ["http://127.0.0.1/", "http://localhost/"]
OPENID = ("openid", "profile", "email", "phone", "address", "offline_access")
RECORD_SCOPES = [
    *("statements/write", "statements/read/mine", "statements/read"),
    *("state", "define", "all/read", "all"),
]
PERSON_SCOPES = [
    *OPENID,
    *("account", "organisations.manage", "people.read", "rosters.import"),
    *("spaces.read", "spaces.write", "credits.read", "credits.write"),
]
FRONTENDS: dict[str, dict[str, Any]] = {
    "frontend": {"name": "学习空间 Learning space", "kind": "browser", "needs_consent": False},
    "portal": {"name": "学校门户 School portal", "kind": "web", "needs_consent": False},
    "partner": {
        "name": "合作应用 Partner application",
        "kind": "web",
        "needs_consent": True,
        "id_token_alg": "ES256",
    },
}

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
        for name, facts in FRONTENDS.items():
            client = {"client_id": f"xuebu-{name}"}
            if facts["kind"] == "web":
                client["client_secret"] = secrets.token_urlsafe(32)
            document.setdefault(name, client)
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
            ]
            + [
                {
                    **facts,
                    "client_id": self.document[name]["client_id"],
                    "secret": self.document[name].get("client_secret"),
                    "scopes": PERSON_SCOPES + RECORD_SCOPES,
                    "organisation": "root",
                    "redirect_uris": LOOPBACK,
                    "post_logout_redirect_uris": LOOPBACK_AFTER,
                }
                for name, facts in FRONTENDS.items()
            ],
        }

    def frontends(self) -> list[dict[str, Any]]:
        """The applications in which people sign in, as run.json tells of them."""
        return [
            {
                **self.document[name],
                "name": facts["name"],
                "kind": facts["kind"],
                "scopes": PERSON_SCOPES + RECORD_SCOPES,
                "redirect_uris": LOOPBACK,
                "post_logout_redirect_uris": LOOPBACK_AFTER,
            }
            for name, facts in FRONTENDS.items()
        ]


def new_password() -> str:
    """A password that is quickly typed and hard to guess: four groups of four letters and digits, 80 bits."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))
