"""Stores of the bench's own, with databases of the common floor."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.dev.stores import Stores, start_stores

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def bench_stores() -> Iterator[Stores]:
    """Embedded stores in a folder of their own, emptied afterwards."""
    import shutil

    state = ROOT / ".state" / "bench"
    shutil.rmtree(state, ignore_errors=True)
    stores = start_stores(state, "xuebu_bench")
    try:
        yield stores
    finally:
        stores.stop()
        shutil.rmtree(state, ignore_errors=True)
