"""Signed statements: the JWS among the attachments is well formed and about this statement (Data 2.6)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509 import load_der_x509_certificate

from libs.common.languages import Text
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.statements.comparison import SIGNATURE, is_same
from services.creditbank.xapi.statements.preparing import normalise
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import Invalid, refuse
from services.creditbank.xapi.validation.reading import NotJson, read_json
from services.creditbank.xapi.validation.statements import check_statement

_ALGORITHMS: Final = {"RS256": SHA256(), "RS384": SHA384(), "RS512": SHA512()}
_MEDIA_TYPE: Final = Text(
    "must be application/octet-stream for a signature", "签名的类型必须为 application/octet-stream"
)
_NOT_A_JWS: Final = Text("must be a JWS in compact form (RFC 7515)", "必须是紧凑格式的 JWS（RFC 7515）")
_ALGORITHM: Final = Text("must be signed with RS256, RS384 or RS512", "必须使用 RS256、RS384 或 RS512 签名")
_OTHER: Final = Text(
    "the statement that is signed is not the one it was sent with", "签名的语句与所附的语句不一致"
)
_CERTIFICATE: Final = Text("the signature is not that of the certificate it names", "签名与其所附证书不符")


def check_signatures(statement: Mapping[str, Any], contents: Mapping[str, bytes], version: Version) -> None:
    """Every signature of a valid, normalised statement; raises Invalid. `contents` by hash in lower case."""
    for number, attachment in enumerate(statement.get("attachments", ())):
        if attachment["usageType"] != SIGNATURE:
            continue
        at = f"attachments[{number}]"
        if attachment["contentType"].partition(";")[0].strip().lower() != "application/octet-stream":
            refuse(f"{at}.contentType", findings.SIGNATURE, _MEDIA_TYPE)
        content = contents.get(attachment["sha2"].lower())
        if content is not None:  # else it stands at its fileUrl, where we do not look
            _check(content, statement, at, version)


def _check(content: bytes, statement: Mapping[str, Any], at: str, version: Version) -> None:
    parts = content.split(b".")
    if len(parts) != 3:
        refuse(at, findings.SIGNATURE, _NOT_A_JWS)
    try:
        header, payload, signature = (_decoded(part) for part in parts)
        head, signed = orjson.loads(header), read_json(payload)
    except (binascii.Error, ValueError, NotJson):
        refuse(at, findings.SIGNATURE, _NOT_A_JWS)
    if not isinstance(head, dict) or head.get("alg") not in _ALGORITHMS or "crit" in head:
        refuse(at, findings.SIGNATURE, _ALGORITHM)
    try:
        check_statement(signed, version)
    except Invalid as error:
        raise error.within(f"{at}.payload") from None
    normalise(signed, version)
    identifier, own = str(signed.get("id", "")).lower(), str(statement.get("id", "")).lower()
    if not is_same(signed, statement) or (identifier and identifier != own):
        refuse(at, findings.SIGNATURE, _OTHER)
    if "x5c" in head and not _is_by(head["x5c"], head["alg"], signature, b".".join(parts[:2])):
        refuse(at, findings.SIGNATURE, _CERTIFICATE)


def _is_by(chain: object, algorithm: str, signature: bytes, signed: bytes) -> bool:
    """Whether the first certificate's key made the signature (RFC 7515, 4.1.6). Nobody asks whom it is of."""
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        return False
    try:
        key = load_der_x509_certificate(base64.b64decode(chain[0], validate=True)).public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(signature, signed, PKCS1v15(), _ALGORITHMS[algorithm])
    except (ValueError, binascii.Error, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _decoded(part: bytes) -> bytes:
    """Base64url without padding."""
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
