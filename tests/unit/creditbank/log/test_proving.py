"""Proofs of entries offline: which keys and forms are believed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.creditbank.log.merkle import leaf_hash
from services.creditbank.log.notes import Checkpoint, Signer, sign
from services.creditbank.log.proving import HEAD, check_proof
from services.creditbank.log.verifying import Broken

DATA = bytes(32)


def proof_by(signer: Signer, origin: str, head: str = f"{HEAD}index 0\n") -> str:
    """A proof of the only leaf of a log."""
    return f"{head}\n{sign(Checkpoint(origin, 1, leaf_hash(DATA)).text, [signer])}"


def test_a_key_speaks_for_its_own_log_only() -> None:
    signer = Signer("bank.example/log/1", Ed25519PrivateKey.generate())
    leaf, checkpoint = check_proof(proof_by(signer, signer.name), DATA, [signer.verifier])
    assert (leaf, checkpoint.size) == (0, 1)
    with pytest.raises(Broken, match="no known key"):
        check_proof(proof_by(signer, "bank.example/log/2"), DATA, [signer.verifier])


@pytest.mark.parametrize(
    "head", ["", "index 0\n", HEAD, f"{HEAD}index\n", f"{HEAD}index -1\n", f"{HEAD}index 1\n",
             f"{HEAD}index 00\n", f"{HEAD}index 0\nAA\n", f"{HEAD}index 0\nAAAA\n", f"{HEAD}0\n"],
)  # fmt: skip
def test_what_is_no_proof_proves_nothing(head: str) -> None:
    signer = Signer("bank.example/log/1", Ed25519PrivateKey.generate())
    with pytest.raises(Broken):
        check_proof(proof_by(signer, signer.name, head), DATA, [signer.verifier])
