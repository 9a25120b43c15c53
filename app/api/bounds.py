"""Routers that refuse a long body before anything reads it as JSON: `APIRouter(route_class=bounded(65_536))`."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from app.errors import TooLarge

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def bounded(most: int) -> type[APIRoute]:
    """Routes whose requests have `most` bytes of body at most; beyond that TooLarge, as problem JSON. (The framework's
    own `max_body_size` answers in plain text.)"""

    class Bounded(APIRoute):
        def get_route_handler(self) -> _Handler:
            handler = super().get_route_handler()

            async def read_first(request: Request) -> Response:
                return await handler(await _whole(request, most))

            return read_first

    return Bounded


async def _whole(request: Request, most: int) -> Request:
    """The same request with its body read."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length[:20]) > most:
        raise _too_large(most)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise _too_large(most)

    pending: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else await request.receive()

    return Request(request.scope, receive)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body of this request may have {most} bytes at most.")
