"""Between resources and FastAPI: answers as responses, and one handler for every error."""

from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.api.public import ALLOW, error_answer, preflight
from app.api.resource import Answer, Resource
from app.errors import DnftError, Forbidden, Invalid, MalformedRequest, MethodNotAllowed, NotFound, TooLarge

log = structlog.get_logger("api")

_BY_STATUS: dict[int, type[DnftError]] = {
    400: MalformedRequest,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    422: MalformedRequest,
}

PROBLEM: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Refused, with the reason (RFC 9457).",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""`responses=` of every route."""


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457, with a stable code.",
    "properties": {
        "type": {"type": "string", "description": "urn:dnft:problem: and the code"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened."},
        "code": {"type": "string", "description": "Stable; what programs should look at."},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "hint": {"type": "string", "description": "What to do."},
    },
    "required": ["type", "title", "status", "detail", "code", "retryable"],
}


class Markdown(Response):
    """Names the type of a route's answer in the reference."""

    media_type = "text/markdown"


class Plain(Response):
    """A response whose headers are exactly those given."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body, answer.status)
        self.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]


def send(request: Request, resource: Resource) -> Response:
    """Answer a request with a resource: conditions, codings and ranges as everywhere."""
    return Plain(resource.respond(request.method, request.headers.get))


def install(application: FastAPI) -> None:
    """Every error becomes problem JSON, from one place, and the reference knows its shape."""
    described = application.openapi

    def with_problems() -> dict[str, Any]:
        schema = described()
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        return schema

    application.openapi = with_problems  # type: ignore[method-assign]  # FastAPI's own way to extend the document

    @application.exception_handler(DnftError)
    async def refused(request: Request, error: DnftError) -> Response:
        return _refusal(error, request)

    @application.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors()[:10])
        said = wrong[:1000].encode("utf-8", "replace").decode()  # names of JSON members may hold half a character
        return _refusal(MalformedRequest(said or "The request is malformed."), request)

    @application.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        allow = (error.headers or {}).get("Allow", "")  # as Starlette spells it
        if allow == "GET":
            # The bridge answers HEAD where a route answers GET, and whoever may GET may ask beforehand.
            if request.method == "OPTIONS":
                return Plain(preflight(request.headers.get))
            allow = ALLOW
        kind = _BY_STATUS.get(error.status_code, Invalid if error.status_code < 500 else DnftError)
        messages = {404: "Nothing is served under this path.", 405: "This path does not take that method."}
        refusal = _refusal(kind(messages.get(error.status_code, str(error.detail)[:500])), request)
        if allow:
            refusal.headers["allow"] = allow
        return refusal

    @application.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("unhandled error", path=str(request.scope["path"])[:200], exc_info=error)
        return _refusal(DnftError("Something went wrong on our side.", hint="It was logged."), request)


def _refusal(error: DnftError, request: Request) -> Response:
    """An error as a response. Below /v1 answers depend on who asks, so none of them is kept by a cache."""
    answer = error_answer(error, request.method)
    refusal = Plain(answer)
    if request.scope["path"].startswith("/v1/"):
        refusal.headers["cache-control"] = "no-store"
    if error.status == 401:
        refusal.headers["www-authenticate"] = "Bearer"  # RFC 9110, section 15.5.2
    return refusal
