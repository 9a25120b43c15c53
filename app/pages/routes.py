"""What page routes have in common: the world they show, and errors a person can read."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Final

import structlog
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from app.bootstrap import World
from app.db.tables import Collection
from app.errors import Burned, DnftError, NotFound, SealedToken, problem
from app.pages.answering import send
from app.services.reading import Reading

log = structlog.get_logger("pages")


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


def _reading(request: Request) -> Reading:
    return _world(request).reading


TheWorld = Annotated[World, Depends(_world)]
Readings = Annotated[Reading, Depends(_reading)]

_WORDS: Final[tuple[tuple[type[DnftError], str, str], ...]] = (
    (SealedToken, "Not yet born", "This agent is promised but not yet released. Its place on the wall is kept."),
    (Burned, "Taken down", "This agent was burned by its holder. The portrait does not come back."),
    (NotFound, "An empty wall", "Nobody hangs at this address."),
)


class PageRoute(APIRoute):
    """A route whose refusals are pages for browsers; whoever does not ask for HTML gets problem JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except DnftError as error:
                return refusal(request, error)
            except Exception:
                log.exception("unhandled error", path=request.url.path[:200])
                return refusal(request, DnftError("Something went wrong on our side.", hint="It was logged."))

        return handle


def mark(collections: Sequence[tuple[Collection, int, int]]) -> str:
    """What the site is called: after its collection, when it has one."""
    return collections[0][0].name if len(collections) == 1 else "Agents"


def refusal(request: Request, error: DnftError) -> Response:
    headers = {"retry-after": str(error.retry_after)} if error.retry_after is not None else {}
    # A sealed token may be released a moment later; only what stays wrong may be remembered.
    lasting = error.status in (400, 404, 410) and not isinstance(error, SealedToken)
    cache_control = "public, max-age=30" if lasting else "no-store"
    if "text/html" not in request.headers.get("accept", ""):
        headers |= {"cache-control": cache_control, "x-content-type-options": "nosniff", "vary": "Accept"}
        return JSONResponse(problem(error), error.status, headers, "application/problem+json")
    title, text = next(((title, text) for kind, title, text in _WORDS if isinstance(error, kind)), (error.title, ""))
    return send(
        request,
        "error.html",
        {"title": title, "text": text, "error": error, "mark": "Agents", "section": "", "origin": None},
        status=error.status,
        cache_control=cache_control,
        headers=headers,
    )
