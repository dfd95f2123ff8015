"""All checks of the code, in parallel; each one's output is shown when it fails."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = [name for name in ("services", "libs", "infra", "tests", "bench") if (ROOT / name).is_dir()]
PROGRAMS = Path(sys.executable).parent
PYTHON = [sys.executable, "-m"]

CHECKS = {
    "format": [*PYTHON, "ruff", "format", "--check", "--quiet", "--diff", "."],
    "rules": [*PYTHON, "ruff", "check", "--quiet", "."],
    "types": [*PYTHON, "mypy", "--no-error-summary", *CODE],
    "imports": [str(PROGRAMS / "lint-imports"), "--no-logo"],
    "tidy": [*PYTHON, "pytest", "-q", "-p", "no:randomly", "tests/unit/test_tidy.py"],
}
REPAIRS = (
    [*PYTHON, "ruff", "check", "--fix", "--quiet", "."],
    [*PYTHON, "ruff", "format", "--quiet", "."],
    [*PYTHON, "infra.dev.contracts"],
)


def run(name: str) -> tuple[str, int, str, float]:
    """Runs one check; gives its name, exit status, output and seconds."""
    started = time.monotonic()
    done = subprocess.run(CHECKS[name], check=False, capture_output=True, text=True, cwd=ROOT)
    return name, done.returncode, done.stdout + done.stderr, time.monotonic() - started


def main() -> int:
    """Runs the checks, after the repairs with --fix; the exit status says whether all passed."""
    if "--fix" in sys.argv[1:]:
        for repair in REPAIRS:
            subprocess.run(repair, check=False, cwd=ROOT)
    failed = []
    with ThreadPoolExecutor(2) as pool:
        for name, status, output, seconds in pool.map(run, ["types", *(n for n in CHECKS if n != "types")]):
            print(f"{name:8} {'failed' if status else 'passed'} in {seconds:.1f} s", flush=True)
            if status:
                failed.append(name)
                print(output.rstrip(), flush=True)
    print(f"check: {', '.join(failed)} failed" if failed else "check: everything passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
