"""Serves an application of the bench as the services serve theirs: `python -m bench.served factory port`.

What was loaded is no garbage to anybody (libs.common.serving). To look at it again and again took a third of
a server's time, a tenth of a second at once. The limits and the peers served here gain it as well.
"""

import sys
from importlib import import_module

from libs.common.serving import loading


def main(factory: str, port: str) -> None:
    """Serve `module:factory` on the port until told to end."""
    with loading():
        import uvicorn

        module, _, name = factory.partition(":")
        app = getattr(import_module(module), name)()
    uvicorn.run(app, port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
