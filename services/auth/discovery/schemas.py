"""The provider's metadata; OpenID Connect Discovery 1.0 and RFC 8414 fix the names."""

from pydantic import BaseModel


class ProviderMetadata(BaseModel):
    """What works here; what is not named does not."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    introspection_endpoint: str
    revocation_endpoint: str
    end_session_endpoint: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    code_challenge_methods_supported: list[str]
    authorization_response_iss_parameter_supported: bool
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    acr_values_supported: list[str]
    prompt_values_supported: list[str]
    display_values_supported: list[str]
    claim_types_supported: list[str]
    claims_supported: list[str]
    claims_parameter_supported: bool
    request_parameter_supported: bool
    request_uri_parameter_supported: bool
    require_request_uri_registration: bool
    ui_locales_supported: list[str]
    service_documentation: str
