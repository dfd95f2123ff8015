"""Starting, stopping and resting: rows 12 and 13 of the goals."""

import shutil
import time

from bench import product
from bench.report import Report


def measure(report: Report) -> None:
    """Cold means no state at all (the environment is there); warm means a second start."""
    shutil.rmtree(product.STATE, ignore_errors=True)
    with product.running() as cold:
        report.add("cold start until three services are ready", cold.ready_s, "s", None, "at most")
    warm, stops = [], []
    for _ in range(3):
        with product.running() as started:
            warm.append(started.ready_s)
            time.sleep(2)
            memory = started.memory_mib()
            stops.append(product.stop(started.process))
    report.add("warm start until three services are ready", sorted(warm)[1], "s", 1.5, "at most")
    report.add("stop", sorted(stops)[1], "s", 1.0, "at most")
    report.add("idle memory of services and stores", memory, "MiB", 300, "at most")
