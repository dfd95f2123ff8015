"""Importing people who come with the password hashes of another system, a tenth at a time."""

from bench.provider import Provider
from bench.report import Report
from bench.roster_generator import generate

_TENTHS = 10


def measure(report: Report, provider: Provider, people: int) -> None:
    """Ten sets of a tenth each: the database grows, the time a set takes must not."""
    took = []
    for tenth in range(_TENTHS):
        path = provider.folder / f"tenth-{tenth}.zip"
        generate(path, people // _TENTHS, prefix=f"h{tenth}-", hashes=True)
        took.append(provider.take_in(path, f"tenth-{tenth}"))
        path.unlink()
    seconds, worked = [one[0] for one in took], [one[1] for one in took]
    note = f"first {seconds[0]:.1f} s, last {seconds[-1]:.1f} s"
    report.add(f"import of {people:,} people with hashes", people / sum(seconds), "people/s", note=note)
    note = f"{worked[-1] / worked[0]:.2f} of processor time"
    report.add("its last tenth / its first", seconds[-1] / seconds[0], "x", 1.2, "at most", note=note)
