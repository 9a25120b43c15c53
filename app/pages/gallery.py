"""`/agents`: everybody, by collection, a room at a time."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.db.tables import Collection
from app.errors import NotFound
from app.pages import sitters
from app.pages.answering import send
from app.pages.home import rules
from app.pages.routes import PageRoute, Readings, TheWorld
from app.provenance.ids import parse_chain_id, parse_contract, parse_token_id
from app.services.reading import Reading

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ROOM = 24
"""Portraits in a room, one page of the gallery."""
_FROM_EACH = 8
"""Portraits of each collection on the overview of several."""

After = Annotated[str | None, Query(description="Show the agents with ids above this one.")]


@router.get("/agents")
def agents(request: Request, world: TheWorld, reading: Readings, after: After = None) -> Response:
    """The one collection there is, or a wall of each."""
    collections = reading.collections()
    if len(collections) == 1:
        return _room(request, reading, collections[0], after, "/agents")
    walls = [
        (each, shown, minted, [sitters.card(each, *pair) for pair in reading.gallery(each, -1, _FROM_EACH)])
        for each, shown, minted in collections
    ]
    context = {"mark": "Agents", "section": "agents", "origin": world.settings.origin, "walls": walls}
    return send(request, "overview.html", context, rules=rules([card for wall in walls for card in wall[3]]))


@router.get("/agents/{chain_id}/{contract}")
def collection(request: Request, reading: Readings, chain_id: str, contract: str, after: After = None) -> Response:
    found = reading.collection(parse_chain_id(chain_id), parse_contract(contract))
    counts = next((each for each in reading.collections() if each[0].id == found.id), (found, 0, 0))
    return _room(request, reading, counts, after, f"/agents/{found.chain_id}/{found.contract}")


def _room(
    request: Request, reading: Reading, counted: tuple[Collection, int, int], after: str | None, base: str
) -> Response:
    collection, shown, minted = counted
    start = -1 if after is None else parse_token_id(after)
    if start >= collection.supply:
        raise NotFound(f"The ids of this collection end at {collection.supply - 1}.")
    found = reading.gallery(collection, start, ROOM + 1)
    cards = [sitters.card(collection, *pair) for pair in found[:ROOM]]
    onward = f"{base}?after={cards[-1].token_id}" if len(found) > ROOM else None
    back = None
    if start >= 0:
        # Ids are dense but for the burned, so the room before starts a room's length of ids earlier.
        back = base if start - ROOM < 0 else f"{base}?after={start - ROOM}"
    context = {
        "mark": collection.name,
        "section": "agents",
        "origin": collection.origin,
        "collection": collection,
        "released": shown,
        "minted": minted,
        "cards": cards,
        "onward": onward,
        "back": back,
        "first": start < 0,
        "canonical": base if after is None else f"{base}?after={start}",
    }
    assert collection.id is not None, "rows read from the database have ids"
    # A room is painted after the portrait that opens it.
    ground = cards[0].ground if cards else None
    return send(request, "gallery.html", context, ground=ground, rules=rules(cards), tags=(collection.id, None))
