"""Compiles infra/requirements/*.in to hashed files for every platform, naming no registry in them."""

import os
import subprocess
import sys

from infra.dev.environment import ENVIRONMENT, REQUIREMENTS
from infra.dev.installer import settings_for_uv

ORDER = ("runtime", "dev", "installer", "peer")


def main() -> int:
    """Writes the .txt files; `--upgrade` takes newer versions than those locked now."""
    uv = str(ENVIRONMENT / "installer" / "bin" / "uv")
    options = ["--universal", "--generate-hashes", "--python-version", "3.11", "--no-annotate", *sys.argv[1:]]
    silent = ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    environment = {**os.environ, **settings_for_uv(), "UV_CUSTOM_COMPILE_COMMAND": "make lock"}
    for name in ORDER:
        # dev keeps to what runtime locked: the runner installs one or the other into the same environment
        same = ["--constraint", "runtime.txt"] if name == "dev" else []
        command = [uv, "pip", "compile", *options, *silent, *same, f"{name}.in", "-o", f"{name}.txt"]
        status = subprocess.run(command, check=False, cwd=REQUIREMENTS, env=environment).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
