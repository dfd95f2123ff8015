"""Every route of the service that names somebody's object, with the body it takes."""

from typing import Any, Final

from fastapi import FastAPI

Route = tuple[str, str]

# Nobody's objects are named: what is open to everybody, and what is about the caller alone.
OPEN: Final = frozenset(
    {
        ("POST", "/oauth/token"),
        ("POST", "/oauth/introspect"),
        ("POST", "/oauth/revoke"),
        ("GET", "/oauth/userinfo"),
        ("POST", "/oauth/userinfo"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/problems/{slug}"),
        ("POST", "/v1/activations"),
        ("POST", "/v1/recoveries"),
        ("POST", "/v1/recoveries/completion"),
    }
)
OWN: Final = frozenset(
    {
        ("GET", "/v1/sessions"),
        ("DELETE", "/v1/sessions/current"),
        ("GET", "/v1/me"),
        ("GET", "/v1/me/second-factor"),
        ("POST", "/v1/me/second-factor"),
        ("POST", "/v1/me/second-factor/confirmation"),
        ("POST", "/v1/me/second-factor/recovery-codes"),
        ("POST", "/v1/me/second-factor/removal"),
        ("POST", "/v1/me/password"),
        ("GET", "/v1/me/erasure"),
        ("POST", "/v1/me/erasure"),
        ("DELETE", "/v1/me/erasure"),
        ("GET", "/v1/me/children"),
        ("POST", "/v1/me/guardian-invitations"),  # by its code alone
        ("GET", "/v1/me/guardian-requests"),
        ("GET", "/v1/me/applications"),
    }
)
# For services of the platform.
SERVICES: Final = frozenset({("GET", "/events"), ("GET", "/v1/revocations")})

PERSON: Final = {"given_name": "Li", "family_name": "Chen", "role": "student"}
# What each takes: values in braces are filled in with the ids of the objects reached for.
BODIES: Final[dict[Route, dict[str, Any] | None]] = {
    ("DELETE", "/v1/sessions/{session_id}"): None,
    ("POST", "/v1/people/{person}/activation-codes"): {},
    ("POST", "/v1/people/{person}/account/suspension"): None,
    ("DELETE", "/v1/people/{person}/account/suspension"): None,
    ("DELETE", "/v1/people/{person}/second-factor"): None,
    ("PUT", "/v1/me/active-role"): {"role": "{role}"},
    ("GET", "/v1/people/{person}"): None,
    ("PATCH", "/v1/people/{person}"): {"preferred_name": "Lele"},
    ("GET", "/v1/organisations/{organisation}/people"): None,
    ("POST", "/v1/organisations/{organisation}/people"): PERSON,
    ("POST", "/v1/roles"): {"person": "{person}", "organisation": "{organisation}", "role": "staff"},
    ("DELETE", "/v1/roles/{role}"): None,
    ("GET", "/v1/people/{person}/mergers/{other}"): None,
    ("POST", "/v1/people/{person}/mergers"): {"other": "{other}"},
    ("POST", "/v1/me/children/{child}/erasure"): None,
    ("GET", "/v1/me/children/{child}/erasure"): None,
    ("DELETE", "/v1/me/children/{child}/erasure"): None,
    ("POST", "/v1/people/{person}/erasure"): None,
    ("GET", "/v1/people/{person}/erasure"): None,
    ("DELETE", "/v1/people/{person}/erasure"): None,
    ("PUT", "/v1/me/children/{child}/consent"): {"decision": "refused"},
    ("DELETE", "/v1/me/children/{child}"): None,
    ("DELETE", "/v1/me/guardians/{guardian}"): None,
    ("GET", "/v1/people/{person}/consents"): None,
    ("DELETE", "/v1/people/{person}/guardians/{guardian}"): None,
    ("POST", "/v1/organisations/{organisation}/invitations"): PERSON,
    ("POST", "/v1/people/{person}/guardian-invitations"): {"relation": "mother"},
    ("GET", "/v1/people/{person}/guardian-invitations"): None,
    ("DELETE", "/v1/guardian-invitations/{invitation}"): None,
    ("PUT", "/v1/me/guardian-requests/{invitation}"): {"agree": True},
    ("GET", "/v1/organisations/{organisation}/classes"): None,
    ("GET", "/v1/organisations/{organisation}"): None,
    ("PATCH", "/v1/organisations/{organisation}"): {"name": "Another"},
    ("GET", "/v1/organisations/{organisation}/children"): None,
    ("POST", "/v1/organisations"): {"parent": "{organisation}", "type": "school", "name": "Another"},
    ("POST", "/v1/organisations/{organisation}/move"): {"parent": "{place}"},
    ("POST", "/v1/organisations/{organisation}/closure"): None,
    ("POST", "/v1/clients"): {"organisation": "{organisation}", "name": "M", "scopes": ["people.read"]},
    ("GET", "/v1/clients?organisation={organisation}"): None,
    ("GET", "/v1/clients/{client}"): None,
    ("PATCH", "/v1/clients/{client}"): {"name": "Another"},
    ("DELETE", "/v1/clients/{client}"): None,
    ("POST", "/v1/clients/{client}/secrets"): {},
    ("DELETE", "/v1/clients/{client}/secrets/{secret}"): None,
    ("POST", "/v1/clients/{client}/suspension"): None,
    ("DELETE", "/v1/clients/{client}/suspension"): None,
    ("GET", "/v1/organisations/{organisation}/client-rights"): None,
    ("PUT", "/v1/organisations/{organisation}/client-rights"): {"scopes": ["people.read"]},
    ("POST", "/v1/roster-imports"): {"organisation": "{organisation}"},
    ("GET", "/v1/roster-imports?organisation={organisation}"): None,
    ("GET", "/v1/roster-imports/{import_id}"): None,
    ("GET", "/v1/roster-imports/{import_id}/findings"): None,
    ("GET", "/v1/organisations/{organisation}/identity-right"): None,
    ("PUT", "/v1/organisations/{organisation}/identity-right"): None,
    ("DELETE", "/v1/organisations/{organisation}/identity-right"): None,
    ("DELETE", "/v1/me/applications/{client}"): None,
    ("GET", "/v1/audit?organisation={organisation}"): None,
}
# What people see of the places above their own: where they belong, and what is taught there.
SEEN_ABOVE: Final = frozenset(
    {
        ("GET", "/v1/organisations/{organisation}"),
        ("GET", "/v1/organisations/{organisation}/children"),
        ("GET", "/v1/organisations/{organisation}/classes"),
    }
)
# What every role but student and guardian reads at the own place.
READ: Final = frozenset({("GET", "/v1/people/{person}"), ("GET", "/v1/organisations/{organisation}/people")})


def routes_of(app: FastAPI) -> set[Route]:
    """The routes that the service documents."""
    return {
        (method.upper(), path) for path, operations in app.openapi()["paths"].items() for method in operations
    }


def filled(value: Any, ids: dict[str, str]) -> Any:
    """A body or an address with ids put in."""
    if isinstance(value, dict):
        return {name: filled(one, ids) for name, one in value.items()}
    return value.format(**ids) if isinstance(value, str) else value
