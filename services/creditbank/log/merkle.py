"""The tree of RFC 6962, section 2.1: hashes, proofs and their checking. Pure."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = sha256(b"").digest()
_HASH_BYTES: Final = len(EMPTY_ROOT)
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"

#: gives the hash of the complete subtree of 2^level leaves with this number at its level
Subtree = Callable[[int, int], bytes]


class ProofBroken(Exception):
    """The proof does not show what it is said to show."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf's data."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two halves."""
    return sha256(_NODE + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of leaves or of equal complete subtrees; the last may be incomplete."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        paired = [sha256(_NODE + row[n] + row[n + 1]).digest() for n in range(0, len(row) - 1, 2)]
        if len(row) % 2:  # goes up as it is, which is where the largest power of two leaves it
            paired.append(row[-1])
        row = paired
    return row[0]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(subtree: Subtree, first: int, end: int) -> bytes:
    """The hash over leaves [first, end), a range as the recursion of the RFC makes them."""
    size = end - first
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtree(level, first >> level)
    middle = first + _split(size)
    return node_hash(_range(subtree, first, middle), _range(subtree, middle, end))


def tree_root(subtree: Subtree, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range(subtree, 0, size) if size else EMPTY_ROOT


def inclusion_proof(subtree: Subtree, leaf: int, size: int) -> list[bytes]:
    """The hashes beside the way from a leaf up to the root, the leaf's sibling first."""
    if not 0 <= leaf < size:
        raise ValueError("no such leaf in that tree")
    proof: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if leaf < middle:
            proof.append(_range(subtree, middle, end))
            end = middle
        else:
            proof.append(_range(subtree, first, middle))
            first = middle
    return proof[::-1]


def consistency_proof(subtree: Subtree, old: int, new: int) -> list[bytes]:
    """The hashes that show the tree of `old` leaves to be the beginning of that of `new`."""
    if not 0 < old <= new:
        raise ValueError("no such pair of trees")
    proof: list[bytes] = []
    first, end = 0, new
    while old != end:  # leaves [first, old) against [first, end)
        middle = first + _split(end - first)
        if old <= middle:
            proof.append(_range(subtree, middle, end))
            end = middle
        else:
            proof.append(_range(subtree, first, middle))
            first = middle
    if first:
        proof.append(_range(subtree, first, end))
    return proof[::-1]


def _refuse_other_lengths(*hashes: bytes) -> None:
    if any(len(one) != _HASH_BYTES for one in hashes):
        raise ProofBroken("not a hash")


def check_inclusion(leaf: int, size: int, hash_of_leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises ProofBroken unless the leaf has its place in the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= leaf < size:
        raise ProofBroken("no such leaf")
    _refuse_other_lengths(hash_of_leaf, root, *proof)
    place, last = leaf, size - 1
    found = hash_of_leaf
    for one in proof:
        if last == 0:
            raise ProofBroken("too long")
        if place & 1 or place == last:
            found = node_hash(one, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, one)
        place >>= 1
        last >>= 1
    if last or found != root:
        raise ProofBroken("another root")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises ProofBroken unless the old tree is the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        raise ProofBroken("no such pair of trees")
    if old == new:
        if proof or old_root != new_root:
            raise ProofBroken("two trees of one size")
        return
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not proof:
        raise ProofBroken("too short")
    _refuse_other_lengths(old_root, new_root, *proof)
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    found_old = found_new = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            raise ProofBroken("too long")
        if place & 1 or place == last:
            found_old = node_hash(one, found_old)
            found_new = node_hash(one, found_new)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found_new = node_hash(found_new, one)
        place >>= 1
        last >>= 1
    if last or found_old != old_root or found_new != new_root:
        raise ProofBroken("other roots")
