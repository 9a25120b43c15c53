"""For operators: liveness, readiness, metrics."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import CollectorRegistry

from app.api.dependencies import Edge, TheWorld
from app.api.feed import PATIENCE
from app.api.public import JSON
from app.api.resource import Answer
from app.api.responses import PROBLEM, Plain
from app.db.migrate import current, newest
from app.errors import Unavailable
from app.provenance.canonical import canonical_json

router = APIRouter(tags=["operations"], responses=PROBLEM)


def _plain(value: object) -> Response:
    body = canonical_json(value)
    headers = [("content-type", JSON), ("cache-control", "no-store"), ("content-length", str(len(body)))]
    return Plain(Answer(200, headers, body))


@router.get("/healthz", summary="The process answers")
def healthz() -> Response:
    return _plain({"status": "ok"})


@router.get("/readyz", summary="The process can do its work")
async def readyz(world: TheWorld, edge: Edge) -> Response:
    """503 while the database is down or older than this code; public reads go on from memory all the same."""
    if edge.feed.down_since is not None:
        raise Unavailable("The database does not answer.")
    try:
        revision = await asyncio.wait_for(asyncio.to_thread(current, world.database), PATIENCE)
    except TimeoutError:
        raise Unavailable("The database does not answer in time.") from None
    if revision != newest():
        raise Unavailable("The database is not at this version's schema.", hint="Run `dnft doctor`.")
    return _plain({"status": "ready"})


@router.get("/metrics", summary="Prometheus metrics of this process", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    registry: CollectorRegistry = request.app.state.registry
    body = generate_latest(registry)
    headers = [("content-type", CONTENT_TYPE_LATEST), ("cache-control", "no-store")]
    return Plain(Answer(200, [*headers, ("content-length", str(len(body)))], body))
