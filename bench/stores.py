"""Stores of the bench's own, with databases of the common floor."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.dev.stores import Stores, start_stores

STATE = Path(__file__).resolve().parents[1] / ".state" / "bench"


@contextmanager
def bench_stores() -> Iterator[Stores]:
    """Embedded stores in a folder of their own, emptied afterwards."""
    shutil.rmtree(STATE, ignore_errors=True)
    stores = start_stores(STATE, "xuebu_bench")
    try:
        yield stores
    finally:
        stores.stop()
        shutil.rmtree(STATE, ignore_errors=True)
