"""`/costs`: what the talk of the project costs, for operators."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from app.pages.answering import send
from app.pages.routes import PageRoute, Readings, TheWorld, mark
from app.services.costs import MOST_DAYS
from app.services.operators import require_operator


def _operator(request: Request, world: TheWorld) -> None:
    settings = world.settings
    require_operator(
        request.headers,
        request.client.host if request.client is not None else "",
        key=settings.operator_key.get_secret_value() if settings.operator_key is not None else "",
        trust_this_machine=settings.env != "production",
    )


router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[Depends(_operator)])

_RULES: Final = ".sums td,.sums thead th + th{text-align:right;font-variant-numeric:tabular-nums}"


def dollars(micro: int) -> str:
    """Micro-USD, exact."""
    return f"${micro // 1_000_000:,}.{micro % 1_000_000:06}"


@router.get("/costs")
def costs(
    request: Request,
    world: TheWorld,
    reading: Readings,
    collection: Annotated[str | None, Query(max_length=40)] = None,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30,
) -> Response:
    report = world.costs.report(world.settings.project, collection=collection or None, days=days)
    tables = [
        ("By day", "Day", [(each.key[0], each) for each in report.by["day"]]),
        ("By agent", "Agent", [(report.agents[each.key], each) for each in report.by["token"]]),
        ("By pool", "Pool", [(each.key[0], each) for each in report.by["pool"]]),
        ("By task", "Task", [(each.key[0], each) for each in report.by["task"]]),
        ("By model", "Model", [(each.key[0] or "not known", each) for each in report.by["model"]]),
    ]
    context = {
        "mark": mark(reading.collections()),
        "section": "costs",
        "origin": world.settings.origin,
        "report": report,
        "tables": tables,
        "dollars": dollars,
    }
    return send(request, "costs.html", context, rules=_RULES, cache_control="no-store")
