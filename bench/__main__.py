"""`make bench`: ratios against limits taken in the same run, printed and written as JSON."""

import argparse
import shutil
import time
from pathlib import Path

from bench import credit_bank, events, floor, main_job, openid, product, record_import, records, starting
from bench.report import Report
from bench.stores import bench_stores

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / ".state" / "bench.json"
PARTS = ("floor", "auth", "events", "starting", "bank", "records", "job")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="size of the generated roster")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measure under load")
    parser.add_argument("--only", choices=PARTS, action="append", help="some parts only")
    options = parser.parse_args()
    parts = options.only or PARTS
    began = time.monotonic()
    report = Report()
    if {"floor", "auth", "events"} & set(parts):
        with bench_stores() as stores:
            if "floor" in parts:
                floor.measure(report, stores, options.seconds)
            if "auth" in parts:
                if "floor" not in parts:
                    floor.token_hit(report)
                openid.measure(report, stores, people=options.people, seconds=options.seconds)
            if "events" in parts:
                events.measure(report, stores, options.seconds)
    if "starting" in parts:
        starting.measure(report)
    if "bank" in parts:
        credit_bank.measure(report, options.seconds)
    if "records" in parts:
        records.measure(report, options.seconds)
        record_import.measure(report)
    if "job" in parts:
        shutil.rmtree(product.STATE, ignore_errors=True)
        with product.running() as running:
            main_job.measure(report, running, people=options.people, seconds=options.seconds)
        shutil.rmtree(product.STATE, ignore_errors=True)
    report.write(RESULT)
    missed = len(report.missed)
    print(f"{len(report.rows)} measures, {missed} goals missed, {time.monotonic() - began:.0f} s; {RESULT}")


if __name__ == "__main__":
    main()
