"""`/me`: what is kept of a visitor, and how to be rid of it. One page for everybody; scripts fill it in."""

from fastapi import APIRouter, Request, Response

from app.pages.answering import send
from app.pages.routes import PageRoute, Readings, TheWorld, mark
from app.services.chat.conversations import CONSENT

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/me")
def me(request: Request, world: TheWorld, reading: Readings) -> Response:
    collections = reading.collections()
    context = {
        "mark": mark(collections),
        "section": "me",
        "origin": world.settings.origin,
        # An account belongs to a chain: who holds agents on two of them is two holders.
        "chains": sorted({each[0].chain_id for each in collections}),
        "consent": CONSENT.text,
        "demo": world.settings.env == "demo",
    }
    return send(request, "me.html", context, talks=True)
