"""Names and bounds of the public log."""

import re
from typing import Final
from urllib.parse import urlsplit

#: what a log may be called in its address and in the directory of its files
NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
#: within how many seconds of its posting an entry is to have a leaf; the audit allows for a restart
SEALED_WITHIN_S: Final = 5
AUDITED_AFTER_S: Final = 60
#: leaves that are ordered in one transaction, unless one statement made more entries
BLOCK_LEAVES: Final = 20_000
#: blocks sealed by one checkpoint, so that no checkpoint waits for a long queue
BLOCKS_A_CHECKPOINT: Final = 8


def is_log_name(name: str) -> bool:
    return re.fullmatch(NAME_PATTERN[1:-1], name) is not None


def origin(public_address: str, name: str) -> str:
    """The first line of a log's checkpoints: its address without scheme (C2SP tlog-tiles, "Parameters")."""
    parts = urlsplit(public_address)
    return f"{parts.netloc}{parts.path.rstrip('/')}/log/{name}"
