"""The process that serves one service: how its code is loaded, and how it answers HTTP."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastapi import FastAPI

#: what libraries load where they find it, to no use of ours: `rich` for structlog, 30 ms and 4 MiB a process
#: where a developer has it; models of pydantic's former version, which FastAPI refuses anyway, 1.5 MiB
_NOT_LOADED: Final = ("rich", "pydantic.v1")
#: objects made and kept before they are looked at: with 700, as Python has it, 5 % of a batch's time
_YOUNG: Final = 5_000


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without collecting garbage, and never look at what they made again.

    Nearly all of the objects that modules make stay. To walk them costs a fifth of the start, and later a
    pause of tens of milliseconds at each full collection; the little that is garbage among them is kept.
    """
    gc.disable()
    # What is None there cannot be imported.
    for name in _NOT_LOADED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG)
        gc.enable()


def serve(build: "Callable[[], FastAPI]", *, trusted_proxies: str = "") -> None:
    """Serve the application HTTP on the address of its settings until told to stop.

    `trusted_proxies`: addresses whose X-Forwarded-For is believed, separated by commas; none by default.
    """
    with loading():
        import uvicorn

        from libs.common.http.protocol import BoundedHttp

        app = build()
    settings = app.state.settings
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedHttp,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
    )
