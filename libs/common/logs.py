"""Logs: one JSON object a line in deployment, readable lines in development.

Event names are constants; values are ids, counts and codes. Never names, addresses, tokens or bodies. So an
error is told by its kind and its place: its own words may quote a row or a request. Level DEBUG shows them.
"""

import logging
import sys
import traceback
from types import TracebackType
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
REVOCATIONS_UNKNOWN: Final = "identity.revocations_unknown"
REVOCATIONS_FAILED: Final = "identity.revocations_failed"

_LONGEST_CHAIN = 10


def _add_trace(_logger: Any, _method: str, event: Any) -> Any:
    identifier = current_trace_id()
    if identifier:
        event["request_id"] = identifier
    return event


def _dumps(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _without_words(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The frames and kinds of an error and of those it came of, with the codes of PostgreSQL's."""
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(told) < _LONGEST_CHAIN:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        code = getattr(error, "sqlstate", None)
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(frames + (f"{kind} ({code})" if isinstance(code, str) else kind))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\ncame of\n\n".join(told)


def configure(level: str, log_format: str, service: str) -> None:
    """Send every logger of the process through one format on standard output."""

    def add_service(_logger: Any, _method: str, event: Any) -> Any:
        event["service"] = service
        return event

    words: Any = structlog.processors.format_exc_info
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
                words if level == "DEBUG" else structlog.processors.ExceptionRenderer(_without_words),
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
