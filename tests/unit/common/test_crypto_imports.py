"""python-jose and passlib stay behind one module each, so that they can be replaced; see their docstrings."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ALLOWED = {
    "jose": {"libs/common/tokens.py", "services/auth/keys/signing.py"},
    "passlib": {"services/auth/passwords/hashing.py", "services/auth/second_factors/totp.py"},
}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if called in ("__import__", "import_module", "importlib.import_module"):
                names.add(str(node.args[0].value))
    return names


def _sources() -> list[Path]:
    folders = ("services", "libs", "infra", "tests")  # bench measures the libraries themselves
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_each_library_is_imported_in_its_own_module_only(package: str) -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in _sources()
        if any(name == package or name.startswith(f"{package}.") for name in _imports(path))
    }
    assert users == ALLOWED[package]


def test_jwe_is_imported_nowhere() -> None:
    assert not [path for path in _sources() if any(name.startswith("jose.jwe") for name in _imports(path))]


@pytest.mark.parametrize("lock", ["runtime.txt", "dev.txt"])
def test_the_lock_has_libpass_and_not_the_package_it_replaces(lock: str) -> None:
    lines = (ROOT / "infra" / "requirements" / lock).read_text(encoding="utf-8").splitlines()
    locked = dict(line.split(" ")[0].split("==") for line in lines if "==" in line and line[0].isalpha())
    assert locked["libpass"] == "1.9.4"
    assert locked["python-jose"] == "3.5.0"
    assert "passlib" not in locked
