"""Trees, tiles and proofs: the published vectors, and any tree against one made as the RFC defines it."""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.creditbank.log.merkle import (
    ProofBroken,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
)
from services.creditbank.log.tiles import Edge, Tile, edge_of, read_path, subtrees, tiles_of, width_at

VECTORS = Path(__file__).resolve().parents[5] / "shared/data/standards/tlog/merkle_vectors.json"
LONGEST = 1_400


def vectors(kind: str) -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason="the published vectors are not here"))]
    return [pytest.param(one, id=name) for name, one in json.loads(VECTORS.read_text())[kind].items()]


def decoded(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


@pytest.mark.parametrize("vector", vectors("inclusion"))
def test_published_inclusion_vector(vector: dict[str, Any]) -> None:
    def check() -> None:
        check_inclusion(
            vector["leafIdx"],
            vector["treeSize"],
            base64.b64decode(vector["leafHash"]),
            decoded(vector["proof"]),
            base64.b64decode(vector["root"]),
        )

    if vector["wantErr"]:
        with pytest.raises(ProofBroken):
            check()
    else:
        check()


@pytest.mark.parametrize("vector", vectors("consistency"))
def test_published_consistency_vector(vector: dict[str, Any]) -> None:
    def check() -> None:
        check_consistency(
            vector["size1"],
            vector["size2"],
            base64.b64decode(vector["root1"]),
            base64.b64decode(vector["root2"]),
            decoded(vector["proof"]),
        )

    if vector["wantErr"]:
        with pytest.raises(ProofBroken):
            check()
    else:
        check()


def naive(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, word by word."""
    if len(leaves) <= 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, word by word."""
    if m == len(leaves):
        return [] if whole else [naive(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive(leaves[:k])]


def data_of(size: int) -> list[bytes]:
    return [sha256(b"%d" % n).digest() for n in range(size)]


DATA = data_of(LONGEST)


@st.composite
def steps(draw: st.DrawFn) -> list[int]:
    """How a tree grows: the sizes after each step."""
    ends = draw(st.lists(st.integers(1, LONGEST), min_size=1, max_size=6, unique=True))
    return sorted({*ends, draw(st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513]))})


def grown(sizes: list[int]) -> tuple[Edge, dict[Tile, bytes]]:
    """The tree after these steps, with every tile ever written; an edge is read anew before each step."""
    written: dict[Tile, bytes] = {}
    edge = Edge()
    for end in sizes:
        edge = edge_of(written.__getitem__, edge.size)
        for tile, data in [*edge.append([leaf_hash(one) for one in DATA[edge.size : end]]), *edge.partial()]:
            assert written.setdefault(tile, data) == data, "a tile never changes"
    return edge, written


@settings(max_examples=60, deadline=None)
@given(steps(), st.data())
def test_tiles_and_proofs_are_those_of_the_definition(sizes: list[int], data: st.DataObject) -> None:
    edge, written = grown(sizes)
    size = edge.size
    assert edge.root() == naive(DATA[:size])
    assert set(tiles_of(size)) <= set(written)
    subtree = subtrees(written.__getitem__, size)
    assert tree_root(subtree, size) == edge.root()
    leaf = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(subtree, leaf, size)
    assert proof == naive_path(leaf, DATA[:size])
    check_inclusion(leaf, size, leaf_hash(DATA[leaf]), proof, edge.root())
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(subtree, old, size)
    assert proof == naive_subproof(old, DATA[:size], True)
    check_consistency(old, size, naive(DATA[:old]), edge.root(), proof)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 600), st.data())
def test_a_proof_altered_anywhere_shows_nothing(size: int, data: st.DataObject) -> None:
    edge, written = grown([size])
    subtree = subtrees(written.__getitem__, size)
    leaf = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(subtree, leaf, size)
    altered = data.draw(st.sampled_from(["hash", "leaf", "place", "root", "shorter", "longer"]))
    at, hash_of_leaf, root = leaf, leaf_hash(DATA[leaf]), edge.root()
    if altered == "hash" and proof:
        proof[data.draw(st.integers(0, len(proof) - 1))] = DATA[0]
    elif altered == "place" and size > 1:
        at = data.draw(st.integers(0, size - 1).filter(lambda one: one != leaf))
    elif altered == "shorter" and proof:
        proof.pop(data.draw(st.integers(0, len(proof) - 1)))
    elif altered == "longer":
        proof.insert(data.draw(st.integers(0, len(proof))), DATA[1])
    elif altered == "root":
        root = DATA[2]
    else:
        hash_of_leaf = leaf_hash(b"another")
    with pytest.raises(ProofBroken):
        check_inclusion(at, size, hash_of_leaf, proof, root)


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert sum(tile.level == 0 and tile.width == 256 for tile in tiles) == 273
    assert [tile for tile in tiles if tile.width < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert [tile for tile in tiles if tile.level == 1 and tile.width == 256] == [(1, 0, 256)]
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert width_at(0, 273, 70_000) == 112
    assert width_at(0, 274, 70_000) == 0


def test_paths_are_those_of_the_specification() -> None:
    assert Tile(0, 1_234_067, 256).path == "tile/0/x001/x234/067"
    assert Tile(3, 0, 7).path == "tile/3/000.p/7"
    assert read_path("0", "x001/x234/067") == (0, 1_234_067, 256)
    assert read_path("63", "999.p/255") == (63, 999, 255)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_a_path_names_its_tile(level: int, number: int, width: int) -> None:
    tile = Tile(level, number, width)
    _, found_level, rest = tile.path.split("/", 2)
    assert read_path(found_level, rest) == tile


@pytest.mark.parametrize(
    ("level", "rest"),
    [
        ("00", "000"), ("64", "000"), ("-1", "000"), ("entries", "000"), ("0", "0"), ("0", "x000/001"),
        ("0", "001/002"), ("0", "x001/x002"), ("0", "000.p/0"), ("0", "000.p/256"), ("0", "000.p/01"),
        ("0", "000.p/"), ("0", "../000"), ("0", "000\n"), ("0", "٠٠٠"), ("٠", "000"), ("0", "000.p/999"),
    ],
)  # fmt: skip
def test_no_other_form_names_a_tile(level: str, rest: str) -> None:
    assert read_path(level, rest) is None
