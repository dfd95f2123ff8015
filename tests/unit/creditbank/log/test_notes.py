"""Signed notes and checkpoints: the examples of the specifications, and notes that are none."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.creditbank.log.notes import (
    Checkpoint,
    NoteBroken,
    Signer,
    Verifier,
    open_checkpoint,
    open_note,
    read_checkpoint,
    read_verifier,
    sign,
)

KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2"
    "ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
ROOT = bytes(range(32))


def signer(name: str = "bank.example/log") -> Signer:
    return Signer(name, Ed25519PrivateKey.generate())


def test_the_example_of_the_specification_opens() -> None:
    verifier = read_verifier(KEY)
    assert verifier.text == KEY
    assert open_note(NOTE, [verifier]) == "This is an example message.\n"


def test_the_example_checkpoint_is_read() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = read_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == text


def test_signatures_of_other_keys_are_ignored_and_either_of_two_suffices() -> None:
    old, new, stranger = signer(), signer(), signer("other.example")
    checkpoint = Checkpoint("bank.example/log", 7, ROOT)
    note = sign(checkpoint.text, [old, new, stranger])
    for known in ([old], [new], [new, old], [stranger]):
        assert open_checkpoint(note, [one.verifier for one in known], checkpoint.origin) == checkpoint
    with pytest.raises(NoteBroken):
        open_note(note, [signer().verifier])
    with pytest.raises(NoteBroken):
        open_checkpoint(note, [old.verifier], "bank.example/another")


def test_a_false_signature_of_a_known_key_spoils_the_note() -> None:
    known, other = signer(), signer()
    note = sign("text\n", [known]) + sign("another\n", [other]).rpartition("\n\n")[2]
    assert open_note(note, [known.verifier]) == "text\n"
    with pytest.raises(NoteBroken):
        open_note(note, [known.verifier, other.verifier])


@pytest.mark.parametrize(
    "damage",
    [
        lambda note: note.replace("\n7\n", "\n8\n"),
        lambda note: note.removesuffix("\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("— ", "- "),
        lambda note: note.replace("bank", "\tbank", 1),
        lambda note: note + "\n",
        lambda note: note[:-3] + "\n",
        lambda note: note + "— x AAA=\n",
        lambda note: note[:1],
    ],
)
def test_what_is_no_note_is_refused(damage: object) -> None:
    assert callable(damage)
    known = signer()
    note = damage(sign(Checkpoint(known.name, 7, ROOT).text, [known]))
    with pytest.raises(NoteBroken):
        open_checkpoint(note, [known.verifier], known.name)


@pytest.mark.parametrize("size", ["", "07", "-1", "1.0", "٧", "1" * 20, "x"])
def test_a_size_has_one_form(size: str) -> None:
    text = Checkpoint("o", 7, ROOT).text.replace("\n7\n", f"\n{size}\n")
    with pytest.raises(NoteBroken):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "text",
    ["", "name", "name+00000000+AA==", KEY.replace("530d903a", "530d903b"), KEY.replace("Aeky", "Beky"),
     KEY.replace("example.com/foo", "example.com/bar"), "a b" + KEY],
)  # fmt: skip
def test_a_verifier_key_has_one_form(text: str) -> None:
    with pytest.raises(NoteBroken):
        read_verifier(text)


def test_a_key_is_known_by_name_and_id() -> None:
    verifier = signer().verifier
    assert verifier.key_id != Verifier("other", verifier.public_key).key_id
