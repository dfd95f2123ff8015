"""The table of ratios the bench prints and writes."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One measure: what was reached, against which limit of the same run, and the goal."""

    name: str
    measured: float
    unit: str
    goal: float | None
    sense: Literal["at least", "at most"]
    note: str = ""

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.measured >= self.goal if self.sense == "at least" else self.measured <= self.goal


class Report:
    """Collects rows, printing each as it comes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(
        self,
        name: str,
        measured: float,
        unit: str,
        goal: float | None = None,
        sense: Literal["at least", "at most"] = "at least",
        note: str = "",
    ) -> None:
        row = Row(name, measured, unit, goal, sense, note)
        self.rows.append(row)
        print(line(row), flush=True)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{**asdict(row), "reached": row.reached} for row in self.rows]
        path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")

    @property
    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.reached is False]


def line(row: Row) -> str:
    goal = f"{row.sense} {_figure(row.goal)}" if row.goal is not None else ""
    mark = {True: "reached", False: "MISSED", None: ""}[row.reached]
    measured = f"{_figure(row.measured)} {row.unit}"
    return f"{row.name:<52} {measured:>20}  {goal:<18} {mark:<8} {row.note}"


def _figure(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def run_alone(
    program: str,
    told: str | None,
    parts: Sequence[str],
    measure: Callable[[Report, float, tuple[str, ...]], object],
) -> None:
    """Measure from the command line: all parts, or those named, each for so many seconds."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=told)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measure")
    parser.add_argument("--only", choices=parts, action="append", help="some parts only")
    options = parser.parse_args()
    measure(Report(), options.seconds, tuple(options.only or parts))
