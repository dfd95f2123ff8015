"""The body of a deposit as OpenAPI describes it; the route itself reads the bytes."""

from typing import Any, Final

from services.creditbank.deposits.schemas import DepositBody


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with each reference replaced by what it refers to; none refers to itself."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}


def _request_body() -> dict[str, Any]:
    schema = DepositBody.model_json_schema(ref_template="{model}")
    definitions = schema.pop("$defs")
    return {"required": True, "content": {"application/json": {"schema": _inlined(schema, definitions)}}}


#: for a route's `openapi_extra`
REQUEST_BODY: Final = {"requestBody": _request_body()}
