"""Trace context (W3C Trace Context) through requests, events and calls to other services.

Only the OpenTelemetry interface is a dependency; whether spans are kept is the deployment's choice
(install and configure an SDK). The context itself is always carried, so logs can be joined.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import metrics, trace
from opentelemetry.propagate import extract

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """The traceparent of the request or event being worked on, if there is one."""
    return _current.get()


def current_trace_id() -> str | None:
    """The 32 hex digits that join everything done for one request; our request id."""
    traceparent = _current.get()
    return traceparent[3:35] if traceparent else None


def accept(header: str | None) -> str:
    """Continue a caller's valid traceparent, or begin a trace; it stays current for this task."""
    if header is None or not _TRACEPARENT.fullmatch(header):
        identifier = os.urandom(16).hex()
        header = f"00-{identifier}-{identifier[16:]}-01"
    _current.set(header)
    return header


@contextmanager
def span(name: str) -> Iterator[None]:
    """A span around a piece of work; costs nothing worth naming when no SDK is configured."""
    traceparent = _current.get()
    context = extract({"traceparent": traceparent}) if traceparent else None
    with trace.get_tracer("xuebu").start_as_current_span(name, context=context):
        yield


def is_configured() -> bool:
    """Whether a deployment configured an SDK; FastAPI's own spans and metrics are on only then."""
    return not (
        isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
        and type(metrics.get_meter_provider()).__name__ == "_ProxyMeterProvider"
    )
