"""The habits of the house that no linter knows, read from the source itself."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 70
SERVICES = ("auth", "spaces", "creditbank")
#: modules of a slice that only the slice itself may import
PRIVATE = {"tables", "repository"}
#: modules that gather all tables of a service for its migrations
GATHERING = {"metadata", "migrations", "tables"}
#: repositories or functions of theirs that read what belongs to nobody
OWNERLESS = {
    "services/auth/keys/repository.py": "signing keys are the service's own",
    "services/auth/accounts/repository.py kinds_of_hashes": "counts kinds of hashes, of nobody in particular",
    "services/auth/mail/repository.py forget_late": "removes what is of no use to anybody any more",
    "services/auth/recovery/repository.py has_wishes": "asks only whether anybody waits",
    "services/auth/audit/repository.py first_break": "walks the whole chain for the operator",
    "services/creditbank/books/repository.py": "walks all books for the operator",
    "services/creditbank/schemes/repository.py": "schemes are public",
    "services/creditbank/xapi/bulk/repository.py analyse": "lets the planner count, and reads nothing",
    "services/creditbank/xapi/removals/repository.py next_erasure": "a person's, whatever store it is in",
}


def sources(*folders: str) -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in listed:
        path = ROOT / name
        if name.endswith(".py") and path.exists():
            yield path


def parsed(*folders: str) -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in sources(*folders)]


EVERYTHING = parsed("libs", "services", "infra", "bench", "tests")
PRODUCT = [
    (path, tree) for path, tree in EVERYTHING if path.relative_to(ROOT).parts[0] in ("libs", "services")
]


def place(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if isinstance(node, (ast.stmt, ast.expr)) else ""
    return f"{path.relative_to(ROOT)}{line}"


def none_of(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def imported(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every module a file imports, and every name it imports from a package, as dotted paths."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def test_files_and_functions_stay_small() -> None:
    found = []
    for path, tree in EVERYTHING:
        lines = len(path.read_text().splitlines())
        if lines > LONGEST_FILE:
            found.append(f"{place(path)} has {lines} lines: split the domain")
        for node in functions(tree):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(f"{place(path, node)} {node.name} has {length} lines")
    none_of(found)


def test_most_files_are_a_page() -> None:
    lengths = [len(path.read_text().splitlines()) for path, _ in PRODUCT if path.name != "__init__.py"]
    assert median(lengths) <= 100
    assert quantiles(lengths, n=10)[8] <= 250


def test_transactions_end_in_one_file() -> None:
    none_of(
        [
            place(path, node)
            for path, tree in PRODUCT
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "commit"
            and path != ROOT / "libs/common/database.py"
        ]
    )


def test_failures_are_problems() -> None:
    allowed = ROOT / "libs/common/http"
    none_of(
        [
            place(path, node)
            for path, tree in PRODUCT
            for node, name in imported(tree)
            if name.endswith(("HTTPException", "BaseHTTPMiddleware")) and allowed not in path.parents
        ]
    )


def test_routes_are_asynchronous_and_typed() -> None:
    found = []
    for path, tree in PRODUCT:
        for node in functions(tree):
            verbs = [
                decorator
                for decorator in node.decorator_list
                if isinstance(decorator, ast.Call)
                and isinstance(decorator.func, ast.Attribute)
                and decorator.func.attr in {"get", "post", "put", "patch", "delete", "api_route"}
            ]
            if not verbs:
                continue
            if not isinstance(node, ast.AsyncFunctionDef):
                found.append(f"{place(path, node)} {node.name} is not asynchronous")
            answer = ast.unparse(node.returns) if node.returns else ""
            if not answer or answer.startswith(("dict", "Any", "list[dict")):
                found.append(f"{place(path, node)} {node.name} does not say what it answers")
    none_of(found)


def test_dependencies_are_asynchronous() -> None:
    """A synchronous dependency costs a thread hop on every request."""
    found = []
    for path, tree in PRODUCT:
        by_name = {node.name: node for node in functions(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Depends" and node.args:
                target = by_name.get(ast.unparse(node.args[0]))
                if isinstance(target, ast.FunctionDef):
                    found.append(f"{place(path, target)} {target.name}")
    none_of(found)


def test_a_slice_is_used_through_its_service() -> None:
    found = []
    for path, tree in PRODUCT:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] != "services":
            continue
        for node, name in imported(tree):
            target = name.split(".")
            if len(target) < 4 or target[0] != "services" or target[3] not in PRIVATE:
                continue
            own = parts[1:3] == tuple(target[1:3])
            gathers = target[3] == "tables" and (parts[2] in GATHERING or parts[-1] == "tables")
            if not own and not gathers:
                found.append(f"{place(path, node)} imports {name}")
    none_of(found)


def test_tables_keep_their_annotations() -> None:
    """SQLModel reads annotations when a table class is made; postponed ones break it (its issue 196)."""
    none_of(
        [
            place(path, node)
            for path, tree in PRODUCT
            if path.name == "tables.py"
            for node, name in imported(tree)
            if name == "__future__.annotations"
        ]
    )


def test_a_repository_asks_whose_data() -> None:
    """Every public function of a repository takes more than the connection to read with."""
    transport = {"session", "connection", "database", "pool", "self"}
    found = []
    for path, tree in PRODUCT:
        if path.name != "repository.py" or place(path) in OWNERLESS:
            continue
        for node in tree.body:
            if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
                if f"{place(path)} {node.name}" in OWNERLESS:
                    continue
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                if not {argument.arg for argument in arguments} - transport:
                    found.append(f"{place(path, node)} {node.name}")
    none_of(found)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_shared_names_no_service(service: str) -> None:
    word = re.compile(rf"\b{service}\b")
    found = []
    for path, tree in PRODUCT:
        if path.relative_to(ROOT).parts[0] != "libs":
            continue
        documentation = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found += [
            f"{place(path, node)} {node.value!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
            and word.search(node.value)
        ]
    none_of(found)


def test_every_slice_is_a_package() -> None:
    """The import contracts see packages only: a slice without `__init__.py` would be bound by none."""
    folders = {path.parent for path, _ in PRODUCT if path.relative_to(ROOT).parts[0] == "services"}
    none_of(
        [
            str(folder.relative_to(ROOT))
            for folder in sorted(folders)
            if "migrations" not in folder.parts and not (folder / "__init__.py").exists()
        ]
    )
