"""The limit of every token endpoint: a route that signs a token and does nothing else."""

import time
from uuid import uuid4

import orjson
from fastapi.responses import Response
from jose import jws

from services.auth.keys.signing import generate, private_key

_KEY = private_key(generate("ES256")[2], "ES256")
_SOMEBODY = str(uuid4())


async def sign() -> Response:
    """What every token costs: one signature over claims like ours, by a key kept ready."""
    now = int(time.time())
    claims = {
        "iss": "http://127.0.0.1:8001",
        "sub": _SOMEBODY,
        "aud": ["urn:xuebu:creditbank"],
        "client_id": _SOMEBODY,
        "iat": now,
        "exp": now + 600,
        "jti": str(uuid4()),
        "scope": "credits.post",
        "org": _SOMEBODY,
    }
    token = jws.sign(orjson.dumps(claims), _KEY, headers={"kid": "bench", "typ": "at+jwt"}, algorithm="ES256")
    return Response(b'{"access_token":"%s"}' % token.encode(), media_type="application/json")
