"""What an authorization request may say (OpenID Connect Core, section 3.1.2.1; RFC 6749, 7636, 8707, 9700).

Two steps, in this order: `identify` finds who asks and where the answer may go; as long as the client and
its redirect address are not proved, nobody is redirected anywhere. `validate` then judges everything else,
and its refusals are answered at that address.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qsl, urlencode

from services.auth.authorization.claims import ClaimsRefused, essential_acr, read_claims, voluntary_acr
from services.auth.clients.rules import AUDIENCES, OPENID_SCOPES
from services.auth.userinfo.rules import scopes_of_claims

ErrorCode = Literal[
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_target",
    "server_error",
    "temporarily_unavailable",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
    "unmet_authentication_requirements",
]
Prompt = Literal["none", "login", "consent", "select_account"]
Problem = Literal["unreadable", "no-client", "no-redirect", "foreign-redirect", "over"]

PROMPTS: Final[tuple[str, ...]] = get_args(Prompt)
OPENID: Final = "openid"
OFFLINE: Final = "offline_access"
# Which scopes mean something where; what OpenID Connect defines means something at our userinfo endpoint.
_USERINFO: Final = "urn:xuebu:auth"
MEANING: Final[Mapping[str, frozenset[str]]] = {
    **AUDIENCES,
    _USERINFO: AUDIENCES[_USERINFO] | OPENID_SCOPES,
}

MAX_FIELDS: Final = 50
MAX_TEXT: Final = 512
# What may be longer: state is the client's own, hints and claims have their structure.
_LONGER: Final[Mapping[str, int]] = {
    "redirect_uri": 2048,
    "resource": 2048,
    "scope": 1024,
    "state": 2048,
    "claims": 4096,
    "id_token_hint": 8192,
    "request": 65536,
}
_MAX_RESOURCES: Final = 8
_MAX_AGE: Final = re.compile(r"[0-9]{1,9}\Z")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_ADDRESS: Final = re.compile(r"[!-~]+\Z")
_UNSUPPORTED: Final[Mapping[str, ErrorCode]] = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}

# The parameters that mean something here; any other is ignored.
_KNOWN: Final = frozenset(
    {
        "acr_values",
        "claims",
        "claims_locales",
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "display",
        "id_token_hint",
        "login_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "registration",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "ui_locales",
    }
)


class NotAnswerable(Exception):
    """Nobody may be redirected: the browser is shown a page that says what is wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class AuthorizationRefused(Exception):
    """The answer to the client is an error; `why` is for its developers, in plain ASCII."""

    def __init__(self, code: ErrorCode, why: str) -> None:
        super().__init__(code)
        self.code, self.why = code, why


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters as they came; those without a value count as absent (RFC 6749, section 3.1)."""

    pairs: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    resources: tuple[str, ...]
    repeated: frozenset[str]

    def state(self) -> str | None:
        """The client's state, if there is one that can be given back."""
        state = self.values.get("state")
        if state is None or "state" in self.repeated:
            return None
        return state if is_text(state, _LONGER["state"]) else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose every parameter was judged. `subject` is the only person the answer may be about.

    `by_name` are the scopes to which the claims belong that the parameter `claims` asks for by name.
    """

    redirect_uri: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    code_challenge: str
    by_name: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    login_hint: str | None = None
    ui_locales: str | None = None
    claims: dict[str, Any] | None = None
    id_token_hint: str | None = None
    subject: str | None = None

    @property
    def ways(self) -> frozenset[str]:
        """The authentication contexts the request speaks of, wished or required."""
        return frozenset(self.acr_values + essential_acr(self.claims) + voluntary_acr(self.claims))

    @property
    def disclosed(self) -> frozenset[str]:
        """What the client gets to know or to do, which the person has to allow."""
        return frozenset(self.scopes + self.by_name)

    def members(self) -> dict[str, Any]:
        """The request as JSON members, to be kept until the person has acted."""
        return {name: value for name, value in asdict(self).items() if name != "id_token_hint"}


def asked_of(members: Mapping[str, Any]) -> Asked:
    """The request that `members` were made of."""
    lists = ("scopes", "audiences", "by_name", "prompt", "acr_values")
    values: dict[str, Any] = {
        name: tuple(value) if name in lists else value for name, value in members.items()
    }
    return Asked(**values)


def read_parameters(*parts: bytes) -> Parameters:
    """The parameters of a query and, with POST, of a form; raises NotAnswerable for what cannot be read."""
    pairs: list[tuple[str, str]] = []
    for part in parts:
        try:
            pairs += parse_qsl(
                part.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
            )
        except ValueError:
            raise NotAnswerable("unreadable") from None
    pairs = [(name, value) for name, value in pairs if value]
    names = [name for name, _ in pairs if name != "resource"]
    return Parameters(
        pairs=tuple(pairs),
        values={name: value for name, value in pairs if name != "resource"},
        resources=tuple(value for name, value in pairs if name == "resource"),
        repeated=frozenset(name for name in names if names.count(name) > 1),
    )


def identify(parameters: Parameters) -> tuple[str, str]:
    """The client's name and the redirect address asked for; raises NotAnswerable.

    Whether such a client exists, and the address is its own, is still to be found out.
    """
    client_id = parameters.values.get("client_id", "")
    if "client_id" in parameters.repeated or not is_text(client_id, 255):
        raise NotAnswerable("no-client")
    redirect_uri = parameters.values.get("redirect_uri", "")
    if not redirect_uri or "redirect_uri" in parameters.repeated:
        raise NotAnswerable("no-redirect")
    if len(redirect_uri) > _LONGER["redirect_uri"] or not _ADDRESS.match(redirect_uri):
        raise NotAnswerable("foreign-redirect")
    return client_id, redirect_uri


def validate(parameters: Parameters, redirect_uri: str, held: frozenset[str]) -> Asked:
    """The request, judged; `held` are the client's scopes. Raises AuthorizationRefused."""
    values = parameters.values
    _require_readable(parameters)
    for name, code in _UNSUPPORTED.items():
        if name in values:
            raise AuthorizationRefused(code, f"The parameter {name} is not supported.")
    _require_code_flow(values)
    scopes = _scopes(values, held)
    try:
        claims, subject = read_claims(values.get("claims"))
    except ClaimsRefused as refused:
        raise AuthorizationRefused("invalid_request", str(refused)) from None
    return Asked(
        redirect_uri=redirect_uri,
        scopes=tuple(sorted(scopes)),
        audiences=_audiences(parameters.resources, scopes),
        code_challenge=_challenge(values),
        by_name=tuple(sorted(scopes_of_claims(claims) & held)),
        state=parameters.state(),
        nonce=values.get("nonce"),
        prompt=_prompt(values),
        max_age=_max_age(values),
        acr_values=tuple(values.get("acr_values", "").split()),
        login_hint=values.get("login_hint"),
        ui_locales=values.get("ui_locales"),
        claims=claims,
        id_token_hint=values.get("id_token_hint"),
        subject=subject,
    )


def is_assured(client_kind: str, redirect_uri: str) -> bool:
    """Whether only the client itself can get the answer: it keeps a secret, or the address is its own.

    Any program on a device can listen at a loopback port or claim a scheme (RFC 8252, section 8.6).
    """
    return client_kind == "web" or redirect_uri.startswith("https://")


def is_text(value: str, longest: int) -> bool:
    """Whether the text is of reasonable length and without control characters."""
    return 0 < len(value) <= longest and value.isprintable()


def _require_readable(parameters: Parameters) -> None:
    if parameters.repeated:
        raise AuthorizationRefused("invalid_request", "A parameter is repeated.")
    for name in _KNOWN & parameters.values.keys():
        if not is_text(parameters.values[name], _LONGER.get(name, MAX_TEXT)):
            raise AuthorizationRefused("invalid_request", f"{name} is too long or has control characters.")


def _require_code_flow(values: Mapping[str, str]) -> None:
    """The authorization code in the query is the only answer there is: nothing ever goes into a fragment."""
    if "response_type" not in values:
        raise AuthorizationRefused("invalid_request", "response_type is missing.")
    if values["response_type"] != "code":
        raise AuthorizationRefused("unsupported_response_type", "The response type here is code.")
    if values.get("response_mode", "query") != "query":
        raise AuthorizationRefused("invalid_request", "The response mode here is query.")


def _challenge(values: Mapping[str, str]) -> str:
    """The PKCE challenge, which every client must send; plain, also by omission, is none (RFC 9700)."""
    if "code_challenge" not in values:
        raise AuthorizationRefused("invalid_request", "code_challenge is missing.")
    if values.get("code_challenge_method") != "S256":
        raise AuthorizationRefused("invalid_request", "code_challenge_method must be S256.")
    if not _CHALLENGE.match(values["code_challenge"]):
        raise AuthorizationRefused("invalid_request", "code_challenge is not an S256 challenge.")
    return values["code_challenge"]


def _scopes(values: Mapping[str, str], held: frozenset[str]) -> frozenset[str]:
    """What is asked of the scopes there are; unknown ones are ignored (OpenID Connect Core, 3.1.2.1)."""
    exist = frozenset[str]().union(*MEANING.values())
    wanted = frozenset(values.get("scope", "").split(" ")) & exist
    if not wanted:
        raise AuthorizationRefused("invalid_scope", "No scope is asked for that exists.")
    if not wanted <= held:
        raise AuthorizationRefused("invalid_scope", "The client may not ask for this scope.")
    return wanted


def _audiences(resources: tuple[str, ...], scopes: frozenset[str]) -> tuple[str, ...]:
    """Where the tokens will be accepted: at the resources named, else wherever a scope means something."""
    if len(resources) > _MAX_RESOURCES or not set(resources) <= MEANING.keys():
        raise AuthorizationRefused("invalid_target", "There is no such resource.")
    if not resources:
        return tuple(name for name, meant in MEANING.items() if meant & scopes)
    meant = frozenset[str]().union(*(MEANING[name] for name in resources))
    if not scopes - OPENID_SCOPES <= meant:
        raise AuthorizationRefused("invalid_scope", "A scope means nothing at these resources.")
    always = frozenset({OPENID}) & scopes  # the userinfo endpoint comes with it
    return tuple(name for name, meant in MEANING.items() if name in resources or always & meant)


def _prompt(values: Mapping[str, str]) -> tuple[str, ...]:
    prompts = frozenset(values.get("prompt", "").split())
    if not prompts <= set(PROMPTS):
        raise AuthorizationRefused("invalid_request", "prompt has an unknown value.")
    if "none" in prompts and len(prompts) > 1:
        raise AuthorizationRefused("invalid_request", "prompt none stands alone.")
    return tuple(sorted(prompts))


def _max_age(values: Mapping[str, str]) -> int | None:
    if "max_age" not in values:
        return None
    if not _MAX_AGE.match(values["max_age"]):
        raise AuthorizationRefused("invalid_request", "max_age must be a number of seconds.")
    return int(values["max_age"])


def answer_address(redirect_uri: str, **parameters: str | None) -> str:
    """The redirect address with the answer's parameters; a query it was registered with stays as it is."""
    answer = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{answer}"
