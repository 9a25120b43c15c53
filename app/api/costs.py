"""What the talk of the project costs, for operators."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.dependencies import Edge, TheWorld
from app.api.operator import Operator
from app.api.public import JSON
from app.api.resource import Answer
from app.api.responses import PROBLEM, Plain
from app.provenance.canonical import canonical_json
from app.services.costs import MOST_DAYS

router = APIRouter(prefix="/v1", tags=["operations"], responses=PROBLEM, dependencies=Operator)

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="Days up to today, UTC.")]
Slug = Annotated[str | None, Query(max_length=40, description="Only this collection, by its name in commands.")]


@router.get("/costs", summary="What talking costs, what is left, where the month is going")
def costs(world: TheWorld, edge: Edge, collection: Slug = None, days: Days = 30) -> Response:
    """Money is integer micro-USD, in members that end with Micro. At most 100 agents are listed, the dearest."""
    edge.feed.require_database()
    report = world.costs.report(world.settings.project, collection=collection, days=days)
    body = canonical_json(report.to_json())
    headers = [("content-type", JSON), ("cache-control", "no-store"), ("content-length", str(len(body)))]
    return Plain(Answer(200, headers, body))
