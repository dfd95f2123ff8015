"""Logs: one JSON object a line in deployment, readable lines in development.

Event names are constants; values are ids, counts and codes. Never names, addresses, tokens or bodies.
"""

import logging
import sys
from typing import Any, Final

import orjson
import structlog

from libs.common.tracing import current_trace_id

REQUEST: Final = "http.request"
REQUEST_FAILED: Final = "http.request_failed"
STORE_AWAY: Final = "store.away"
RELAY_LEADS: Final = "relay.leads"
RELAY_FAILED: Final = "relay.failed"
INBOX_FAILED: Final = "inbox.failed"
INBOX_CAUGHT_UP_BY_FEED: Final = "inbox.caught_up_by_feed"
INBOX_SOURCE_WENT_BACK: Final = "inbox.source_went_back"
KEYS_FAILED: Final = "identity.keys_failed"


def _add_trace(_logger: Any, _method: str, event: Any) -> Any:
    identifier = current_trace_id()
    if identifier:
        event["request_id"] = identifier
    return event


def _dumps(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def configure(level: str, log_format: str, service: str) -> None:
    """Send every logger of the process through one format on standard output."""

    def add_service(_logger: Any, _method: str, event: Any) -> Any:
        event["service"] = service
        return event

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        _add_trace,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=_dumps)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # Access lines are our own: one per request, with the request id and without the query.
    logging.getLogger("uvicorn.access").disabled = True


def logger(name: str) -> Any:
    return structlog.stdlib.get_logger(name)
