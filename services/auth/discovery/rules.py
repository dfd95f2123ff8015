"""What this provider says of itself: everything that works here, and nothing that does not.

OpenID Connect Discovery 1.0 (section 3), RP-Initiated Logout 1.0, RFC 8414, RFC 9207. Pushed requests, DPoP,
the device grant and back-channel logout have their places in that vocabulary once they are there.
"""

from typing import Any, Final

from services.auth.authorization.deciding import ACR_PASSWORD, ACR_SECOND_FACTOR
from services.auth.authorization.rules import PROMPTS
from services.auth.clients.rules import (
    GRANT_TYPES,
    ID_TOKEN_ALGORITHMS,
    OPENID_SCOPES,
    PERSON_SCOPES,
    RECORD_SCOPES,
)
from services.auth.keys.rules import ALGORITHMS

LANGUAGES: Final = ("zh-CN", "en")
CACHE_SECONDS: Final = 300

_CONFIDENTIAL_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt")
# Those of an ID token, then what is known of people; pictures and the like are not.
_CLAIMS: Final = (
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"),
    *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "birthdate"),
    *("email", "email_verified", "phone_number", "phone_number_verified", "address"),
)


def metadata(issuer: str) -> dict[str, Any]:
    """The provider's metadata; every address is the issuer's own, whatever host a request names."""
    confidential = {
        "auth_methods_supported": list(_CONFIDENTIAL_METHODS),
        "auth_signing_alg_values_supported": list(ALGORITHMS),
    }
    everybody = confidential | {"auth_methods_supported": [*_CONFIDENTIAL_METHODS, "none"]}
    grants = {grant for grants in GRANT_TYPES.values() for grant in grants}
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "end_session_endpoint": f"{issuer}/oauth/logout",
        "scopes_supported": [*sorted(OPENID_SCOPES), *PERSON_SCOPES, *RECORD_SCOPES],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": sorted(grants),
        **{f"token_endpoint_{name}": value for name, value in everybody.items()},
        **{f"revocation_endpoint_{name}": value for name, value in everybody.items()},
        **{f"introspection_endpoint_{name}": value for name, value in confidential.items()},
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "acr_values_supported": [ACR_PASSWORD, ACR_SECOND_FACTOR],
        "prompt_values_supported": list(PROMPTS),
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": list(_CLAIMS),
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "ui_locales_supported": list(LANGUAGES),
        "service_documentation": f"{issuer}/docs",
    }
