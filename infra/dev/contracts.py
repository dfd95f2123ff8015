"""Writes each service's OpenAPI document beside it, so that a change of the interface shows in a review."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from infra.dev.environment import ROOT

SERVICES = ("auth", "spaces", "creditbank")
#: addresses in a committed document are nobody's
ADDRESS = "https://xuebu.example"


def main() -> int:
    """Writes all three documents."""
    for service in SERVICES:
        path_of(service).write_text(text_of(service))
    return 0


def path_of(service: str) -> Path:
    """Where a service's document is kept."""
    return ROOT / "services" / service / "openapi.json"


def text_of(service: str) -> str:
    """The document of the code as it is now; neither stores nor settings are needed."""
    module = importlib.import_module(f"services.{service}.app")
    kinds = importlib.import_module(f"services.{service}.settings")
    settings: Any = getattr(kinds, f"{service.capitalize()}Settings").model_validate(
        {
            "environment": "development",
            "database": "",
            "redis": "unix:///nowhere",
            "issuer": ADDRESS,
            "public_address": ADDRESS,
            "auth_address": ADDRESS,
            "creditbank_address": ADDRESS,
        }
    )
    document = module.build(settings).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
