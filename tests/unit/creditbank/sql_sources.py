"""The SQL of the bank as its sources have it: statements of the code, the newest form of each function."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[3]
BANK: Final = ROOT / "services" / "creditbank"
_DEFINED: Final = re.compile(r"create (?:or replace )?(?:function|view) (\w+)")
_STATEMENT: Final = re.compile(r"\b(select|update|delete|insert)\b")
_COMMENT: Final = re.compile(r"--[^\n]*")
#: where the condition of a join ends, at its own depth
_ENDS: Final = re.compile(
    r"\b(join|left|right|full|inner|cross|where|group|order|limit|window|union|returning|for|offset|having)\b|;"
)


class Statement(NamedTuple):
    """SQL and where it stands."""

    place: str
    text: str


class Joined(NamedTuple):
    """A table that is joined, under which name, and on what."""

    table: str
    alias: str
    condition: str


def statements() -> Iterator[Statement]:
    """All of it, on one line each, without comments."""
    for place, text in [*_in_code(), *_in_migrations()]:
        yield Statement(place, " ".join(_COMMENT.sub("", text).lower().split()))


def _in_code() -> Iterator[tuple[str, str]]:
    for path in sorted(BANK.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            text = _text(node)
            if text and id(node) not in inside and _STATEMENT.search(text.lower()):
                yield f"{path.relative_to(BANK)}", text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or " 0 " for part in node.values)
    return None


def _in_migrations() -> Iterator[tuple[str, str]]:
    """Of what was defined again only the last form; other statements are of one time."""
    newest: dict[str, tuple[str, str]] = {}
    for path in sorted((BANK / "migrations" / "sql").glob("*.sql")):
        for text in path.read_text(encoding="utf-8").split("\n\n"):
            if defined := _DEFINED.search(text):
                newest[defined[1]] = (f"migrations {defined[1]}", text)
    yield from newest.values()


def joins(text: str, tables: frozenset[str]) -> Iterator[Joined]:
    """Every join with one of the tables."""
    for found in re.finditer(
        r"\bjoin (?:public\.)?(\w+)(?: as)?(?: (?!on\b|using\b)(\w+))? (on|using)\b", text
    ):
        if found[1] in tables:
            yield Joined(found[1], found[2] or found[1], f"{found[3]}{_until_end(text[found.end() :])}")


def within(text: str, tables: frozenset[str]) -> Iterator[Joined]:
    """Every subselect from one of the tables, with all that stands in its parentheses."""
    for found in re.finditer(
        r"\bfrom (?:public\.)?(\w+)(?: as)?(?: (?!where\b|group\b|order\b|join\b)(\w+))?", text
    ):
        if found[1] not in tables:
            continue
        opened = _opening(text, found.start())
        if opened is not None:
            yield Joined(found[1], found[2] or found[1], _closed(text[opened:]))


def _until_end(text: str) -> str:
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or (depth == 0 and _ENDS.match(text, place) and not text[place - 1 : place].isalnum()):
            return text[:place]
    return text


def _opening(text: str, place: int) -> int | None:
    """Where the parenthesis opens that a place is in, if a subselect stands in it."""
    depth = 0
    for before in range(place - 1, -1, -1):
        depth += (text[before] == ")") - (text[before] == "(")
        if depth < 0:
            return before if re.match(r"\(\s*(select|with)\b", text[before:]) else None
    return None


def _closed(text: str) -> str:
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[: place + 1]
    return text
