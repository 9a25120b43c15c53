"""`/docs`: the API reference, written from the OpenAPI document at /openapi.json."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.errors import NotFound
from app.pages.answering import conditional, send
from app.pages.assets import ASSETS
from app.pages.routes import PageRoute, Readings, TheWorld, mark

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_METHODS = ("get", "post", "put", "patch", "delete")
_FOREVER = "public, max-age=31536000, immutable"


@router.get("/docs")
def reference(request: Request, world: TheWorld, reading: Readings) -> Response:
    document = request.app.openapi()
    context = {
        "mark": mark(reading.collections()),
        "section": "docs",
        "origin": world.settings.origin,
        "info": document["info"],
        "version": document["openapi"],
        "groups": groups(document),
    }
    return send(request, "docs.html", context)


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    found = ASSETS.get(name)
    if found is None:
        raise NotFound("There is no such file.")
    headers = {"cache-control": _FOREVER, "x-content-type-options": "nosniff", "vary": "Accept-Encoding"}
    return conditional(request, found[0], found[1], headers)


def groups(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """(tag, operations) in the order of the document. An operation has method, path, id, summary, description,
    parameters (name, where, required, type, description), body and answers (status, description, types)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["other"])[0]
                found.setdefault(tag, []).append(_operation(document, method, path, operation))
    return list(found.items())


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return {
        "method": method.upper(),
        "path": path,
        "id": operation.get("operationId", f"{method}-{path}"),
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [_parameter(document, each) for each in operation.get("parameters", [])],
        "body": [(kind, _type(document, each.get("schema", {}))) for kind, each in content.items()],
        "answers": [
            (status, answer.get("description", ""), ", ".join(answer.get("content", {})))
            for status, answer in operation.get("responses", {}).items()
        ],
    }


def _parameter(document: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    parameter = _resolve(document, parameter)
    schema = parameter.get("schema", {})
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "required": parameter.get("required", False),
        "type": _type(document, schema),
        "description": parameter.get("description") or schema.get("description", ""),
    }


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """A schema in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_type(document, each) for each in schema[key]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(document, schema.get('items', {}))}"
    return str(kind)


def _resolve(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a local reference points to."""
    if "$ref" not in value:
        return value
    found: Any = document
    for part in str(value["$ref"]).removeprefix("#/").split("/"):
        found = found[part]
    resolved: dict[str, Any] = found
    return resolved
