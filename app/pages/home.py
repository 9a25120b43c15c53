"""`/`: one screen with the agent whose day it is."""

from datetime import date

from fastapi import APIRouter, Request, Response

from app.db.tables import Collection
from app.pages import sitters, tint
from app.pages.answering import send
from app.pages.routes import PageRoute, Readings, TheWorld, mark
from app.services.reading import Reading

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_OTHERS = 5


@router.get("/")
def home(request: Request, world: TheWorld, reading: Readings) -> Response:
    collections = reading.collections()
    inhabited = [each for each in collections if each[1]]
    today = world.calendar.now().date()
    shared = {"mark": mark(collections), "section": "home"}
    chosen = _chosen(reading, inhabited, today)
    if chosen is None:
        context = {
            **shared,
            "origin": world.settings.origin,
            "collections": [each[0] for each in collections],
            "developer": world.settings.env != "production",
        }
        return send(request, "empty.html", context)
    collection, token_id = chosen
    view = reading.view(collection.chain_id, collection.contract or "", token_id)
    sitter = sitters.sitter(view, {})
    following = [pair for pair in reading.gallery(collection, token_id, _OTHERS) if pair[0].token_id != token_id]
    missing = _OTHERS - len(following)
    around = [pair for pair in reading.gallery(collection, -1, missing) if pair[0].token_id < token_id]
    others = [sitters.card(collection, *pair) for pair in (*following, *around)]
    facts = next(each for each in inhabited if each[0].id == collection.id)
    return send(
        request,
        "home.html",
        {
            **shared,
            "origin": collection.origin,
            "sitter": sitter,
            "collection": collection,
            "released": facts[1],
            "minted": facts[2],
            "today": f"{today.day} {_MONTHS[today.month - 1]}",
            "others": others,
        },
        ground=sitter.card.ground,
        rules=rules([sitter.card, *others]),
        tags=(view.token.collection_id, token_id),
    )


def _chosen(
    reading: Reading, inhabited: list[tuple[Collection, int, int]], today: date
) -> tuple[Collection, int] | None:
    """Whose day it is: collections take turns by the day, and in each the agents in the order of their ids."""
    if not inhabited:
        return None
    turn = today.toordinal()
    collection, shown, _ = inhabited[turn % len(inhabited)]
    place = turn // len(inhabited) % shown
    found = reading.gallery(collection, place - 1, 1) or reading.gallery(collection, -1, 1)
    return (collection, found[0][0].token_id) if found else None


def rules(cards: list[sitters.Card]) -> str:
    """Each picture's ground while it loads, and a name by which it keeps its identity from page to page."""
    return "".join(f".{each.key}{{--ground:{tint.css(each.ground)};--self:{each.key}}}" for each in cards)
