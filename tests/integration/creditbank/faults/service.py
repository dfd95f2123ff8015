"""The service as a process that is killed and started again, a hundred times without loading it anew.

This process loads it once. Told to, it forks one that serves on a socket as `serve` would, and tells its end.
"""

import json
import os
import signal
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

from libs.common import relay
from libs.common.http.protocol import BoundedHttp
from libs.common.identity import KeySource
from libs.common.tokens import KeyTable
from services.creditbank.app import build
from services.creditbank.files import worker as files
from services.creditbank.log import sequencing
from services.creditbank.settings import CreditbankSettings


def hurry() -> None:
    """Waits of a second would mean that what waits never runs: nobody lives that long here."""
    sequencing._POLL_S = relay._POLL_S = files.PAUSE_SECONDS = files.LOOK_SECONDS = 0.05  # type: ignore[misc]


def keys_of(key_set: dict[str, Any]) -> KeySource:
    async def fetch() -> KeyTable:
        return KeyTable.from_jwks(key_set)

    return fetch


def serve(app: FastAPI, socket: str) -> None:
    with open(f"{socket}.log", "ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    uvicorn.run(
        app, uds=socket, loop="uvloop", http=BoundedHttp, ws="none", access_log=False, log_config=None
    )


def tell(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(settings: str, key_set: str, socket: str) -> None:
    """Answers each line of the input: "start" by the new process's id, "reap" when it has ended."""
    hurry()
    source = keys_of(json.loads(key_set))
    app = build(CreditbankSettings(**json.loads(settings)), keys=lambda _app: source)
    child = 0
    tell("loaded")
    for line in sys.stdin:
        if line == "start\n":
            child = os.fork()
            if child == 0:
                serve(app, socket)
                os._exit(0)
            tell(child)
        else:
            os.waitpid(child, 0)
            child = 0
            tell("reaped")
    if child:  # whoever asked is gone
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
