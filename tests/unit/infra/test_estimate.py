"""The paper estimate multiplies what was measured; nothing in it is a figure of its own."""

from dataclasses import replace

from bench.paper import Asked, Measured, estimate

MEASURED = Measured(
    cores=2,
    of_deposit={"entry": 200.0, "lot": 100.0},
    of_learner={"account": 150.0, "learner": 50.0},
    log_file=33.0,
    wal=1_000.0,
    posted_a_second=20_000.0,
    sealed_a_second=100_000.0,
    audited_a_second=10_000.0,
)


def _figures(measured: Measured = MEASURED, asked: Asked | None = None) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, figure, _ in estimate(measured, asked or Asked()):
        found.setdefault(name, figure)
    return found


def test_a_country_on_paper() -> None:
    found = _figures()
    assert found["deposits a year"] == 1.5e9
    assert round(found["on average"]) == 48
    assert round(found["in the crowded days"]) == 1_042
    assert round(found["at a burst"]) == 10_417
    assert round(found["cores for a burst, database and library"], 2) == 1.04
    assert found["a deposit, all tables, indexes and the log"] == 333
    assert found["a learner without credits"] == 200
    assert round(found["deposits of a year"], 4) == 0.4995
    assert round(found["all after 10 years"], 3) == round(4.995 + 0.06, 3)
    assert found["write-ahead log a year, for archive and replicas"] == 1.5
    assert round(found["audit of a node after 10 years"]) == 13


def test_twice_the_bytes_are_twice_the_disk_and_twice_the_rate_half_the_cores() -> None:
    once = _figures()
    fatter = _figures(replace(MEASURED, of_deposit={"entry": 400.0, "lot": 200.0}, log_file=66.0))
    assert fatter["deposits of a year"] == 2 * once["deposits of a year"]
    faster = _figures(replace(MEASURED, posted_a_second=40_000.0))
    cores = "cores for a burst, database and library"
    assert faster[cores] == once[cores] / 2
    assert _figures(asked=Asked(nodes=64))["at a burst"] == once["at a burst"]
