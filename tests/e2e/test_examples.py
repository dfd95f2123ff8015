"""The commands in the bank's README work as they stand there, pasted one after the other."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Product

pytestmark = pytest.mark.e2e


def commands(readme: Path) -> list[str]:
    """The shell blocks under "How to", in their order."""
    part = readme.read_text().split("\n## How to\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", part, re.DOTALL)


def test_what_the_readme_of_the_bank_says_can_be_pasted(product: Product) -> None:
    blocks = commands(ROOT / "services" / "creditbank" / "README.md")
    assert len(blocks) > 8
    script = "\n".join(["set -eu -o pipefail", *blocks, "echo the end"])
    script = script.replace(".state/", f"{product.state}/").replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout.endswith("the end\n"), f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
