"""The HTTP side every service shares: composition, problem documents, health, request context."""

from libs.common.http.app import Service, create_app

__all__ = ["Service", "create_app"]
