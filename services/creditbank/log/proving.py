"""Checks the proof of one entry offline: the bank's answer as a file, and a key of the log."""

import base64
import binascii
import json
from pathlib import Path
from typing import Any, Final

from services.creditbank.ledger.rules import commitment
from services.creditbank.log.merkle import ProofBroken, check_inclusion, leaf_hash
from services.creditbank.log.notes import Checkpoint, NoteBroken, Verifier, open_note, read_checkpoint
from services.creditbank.log.verifying import Broken

HEAD: Final = "c2sp.org/tlog-proof@v1\n"
_INDEX: Final = "index "
_LARGEST: Final = 64 * 1024


def check_proof(proof: str, data: bytes, keys: list[Verifier]) -> tuple[int, Checkpoint]:
    """The number of the leaf made of `data` and the checkpoint whose tree has it (C2SP tlog-proof).

    Raises Broken unless one of the keys, of the checkpoint's own origin, signed.
    """
    head, separator, note = proof.partition("\n\n")
    lines = head.removeprefix(HEAD).split("\n")
    if lines[0].startswith("extra "):
        del lines[0]
    index = lines[0].removeprefix(_INDEX)
    if (
        not (proof.startswith(HEAD) and separator and lines[0].startswith(_INDEX))
        or _one_form(index) != index
    ):
        raise Broken("the proof has not the form of a tlog-proof")
    try:
        checkpoint = read_checkpoint(note.partition("\n\n")[0] + "\n")
        open_note(note, [key for key in keys if key.name == checkpoint.origin])
        hashes = [base64.b64decode(line, validate=True) for line in lines[1:]]
        check_inclusion(int(index), checkpoint.size, leaf_hash(data), hashes, checkpoint.root)
    except (NoteBroken, ProofBroken, binascii.Error) as error:
        raise Broken(f"the proof does not show the entry: {error}") from None
    return int(index), checkpoint


def _one_form(number: str) -> str | None:
    """The one form of a number's text; None of what is no number a leaf can have."""
    return str(int(number)) if number.isascii() and number.isdigit() and len(number) < 20 else None


def verify_proof(path: Path, keys: list[Verifier]) -> dict[str, Any]:
    """The entry a file of the bank's answer proves, as its document says; raises Broken."""
    text = path.read_bytes()
    if len(text) > _LARGEST:
        raise Broken("the proof is too long")
    answer = json.loads(text)
    data = commitment(bytes.fromhex(answer["salt"]), answer["document"])
    if data.hex() != answer["commitment"]:
        raise Broken("the commitment is not that of the document")
    check_proof(answer["proof"], data, keys)
    document: dict[str, Any] = json.loads(answer["document"])
    return document
