"""The keys a client registers in place of a secret: a JWK set (RFC 7517) of public keys."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from libs.common.languages import Text
from libs.common.tokens import KeyTable, canonical

MAX_KEYS: Final = 5
MAX_KID: Final = 255
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_SHAPES: Final[dict[tuple[str | None, str | None], tuple[str, tuple[str, ...]]]] = {
    ("EC", "P-256"): ("ES256", ("crv", "kty", "x", "y")),
    ("RSA", None): ("RS256", ("e", "kty", "n")),
}
# Verifying takes longer the longer the key: no client chooses how long.
_MAX_RSA_BYTES: Final = 512
_EXPONENT: Final = "AQAB"


class KeysRefused(Exception):
    """These keys cannot be used; `why` says it to whoever registers them."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def normalised(keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The set as it is stored: public members only, each key with `alg` and `kid`; raises KeysRefused.

    A key without `kid` gets its thumbprint (RFC 7638).
    """
    listed = [_one(key) for key in keys]
    if len({key["kid"] for key in listed}) != len(listed):
        raise KeysRefused(Text("Two keys have the same kid.", "有两个密钥的 kid 相同。"))
    document = {"keys": listed}
    if len(KeyTable.from_jwks(document)) != len(listed):
        raise KeysRefused(
            Text("A key is malformed, or RSA of less than 2048 bits.", "密钥格式错误，或 RSA 少于 2048 位。")
        )
    return document


def _one(key: Mapping[str, Any]) -> dict[str, str]:
    if _PRIVATE & key.keys():
        raise KeysRefused(
            Text("Send the public key alone: this one is private.", "只能提交公钥，收到的是私钥。")
        )
    shape = _SHAPES.get((_text(key, "kty"), _text(key, "crv")))
    algorithm, members = shape or ("", ())
    named = (key.get("alg", algorithm), key.get("use", "sig"))
    if shape is None or named != (algorithm, "sig"):
        raise KeysRefused(
            Text(
                "A key is for ES256 (P-256) or RS256 signatures.", "密钥须用于 ES256（P-256）或 RS256 签名。"
            )
        )
    public = {name: _text(key, name) or "" for name in members}
    try:
        sizes = {name: len(canonical(value)) for name, value in public.items() if name in ("n", "x", "y")}
    except Exception:
        sizes = {"n": _MAX_RSA_BYTES + 1}
    if sizes.get("n", 0) > _MAX_RSA_BYTES or public.get("e", _EXPONENT) != _EXPONENT:
        raise KeysRefused(
            Text(
                "An RSA key has at most 4096 bits and 65537 as exponent.",
                "RSA 密钥最多 4096 位，指数为 65537。",
            )
        )
    kid = key.get("kid", _thumbprint(public))
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID or not kid.isprintable():
        raise KeysRefused(Text("A kid is text of at most 255 characters.", "kid 须为最多 255 个字符的文本。"))
    return {**public, "alg": algorithm, "kid": kid, "use": "sig"}


def _text(key: Mapping[str, Any], name: str) -> str | None:
    value = key.get(name)
    return value if isinstance(value, str) else None


def _thumbprint(public: Mapping[str, str]) -> str:
    required = json.dumps(public, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(required.encode()).digest()).rstrip(b"=").decode()
