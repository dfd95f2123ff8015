"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) with Ed25519 keys."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: the type of an Ed25519 signature
_ED25519: Final = b"\x01"
_DASH: Final = "\N{EM DASH} "
_KEY_BYTES: Final = 32
#: sixteen of the largest signatures there are, and room for the text
_LONGEST_NOTE: Final = 128 * 1024


class NoteBroken(Exception):
    """Not a note, not a checkpoint, or not signed by a known key."""


class NotSigned(NoteBroken):
    """No known key signed the note."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    @property
    def text(self) -> str:
        """As verifier keys are written: <name>+<key id>+<type and key>."""
        encoded = base64.b64encode(_ED25519 + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def read_verifier(text: str) -> Verifier:
    """The verifier key that `text` writes; raises NoteBroken."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _decoded(encoded)
    if not is_name(name) or len(key) != 1 + _KEY_BYTES or key[:1] != _ED25519:
        raise NoteBroken("not an Ed25519 verifier key")
    verifier = Verifier(name, key[1:])
    if verifier.key_id.hex() != key_id:
        raise NoteBroken("the verifier key does not have this id")
    return verifier


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under its name."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.private_key.public_key().public_bytes_raw())

    def line(self, text: str) -> str:
        """The line of its signature below a text."""
        signature = self.verifier.key_id + self.private_key.sign(text.encode())
        return f"{_DASH}{self.name} {base64.b64encode(signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def is_name(name: str) -> bool:
    """Whether a key or a log may be called so."""
    return bool(name) and name.isprintable() and "+" not in name and not any(map(str.isspace, name))


def sign(text: str, signers: Iterable[Signer]) -> str:
    """The note: the text, an empty line, a line for each signature."""
    return f"{text}\n{''.join(signer.line(text) for signer in signers)}"


def open_note(note: str, verifiers: Iterable[Verifier]) -> str:
    """The text of a note that at least one of these keys signed, and for which none of them signed falsely.

    Raises NoteBroken. Signatures of other keys are not looked at.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or len(note) > _LONGEST_NOTE or not signatures.endswith("\n"):
        raise NoteBroken("not a signed note")
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        raise NoteBroken("a note has no control characters")
    text += "\n"
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signed = False
    for line in signatures[:-1].split("\n"):
        name, separator, encoded = line.removeprefix(_DASH).partition(" ")
        signature = _decoded(encoded)
        if not line.startswith(_DASH) or not separator or not is_name(name) or len(signature) < 5:
            raise NoteBroken("a line is no signature")
        verifier = known.get((name, signature[:4]))
        if verifier is None:
            continue
        if not verifier.accepts(text.encode(), signature[4:]):
            raise NoteBroken("a signature of a known key is false")
        signed = True
    if not signed:
        raise NotSigned("no known key signed")
    return text


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint a note's text states; raises NoteBroken. Extension lines are not looked at."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise NoteBroken("not a checkpoint")
    origin, size, root = lines[0], lines[1], _decoded(lines[2])
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
        raise NoteBroken("not a size")
    if len(root) != sha256().digest_size:
        raise NoteBroken("not a root")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(note: str, verifiers: Iterable[Verifier], origin: str) -> Checkpoint:
    """The checkpoint of the log `origin` in a note that its keys signed; raises NoteBroken."""
    checkpoint = read_checkpoint(open_note(note, verifiers))
    if checkpoint.origin != origin:
        raise NoteBroken("a checkpoint of another log")
    return checkpoint


def _decoded(encoded: str) -> bytes:
    try:
        found = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoteBroken("not base64") from None
    if base64.b64encode(found).decode() != encoded:
        raise NoteBroken("not the one base64 form")
    return found
