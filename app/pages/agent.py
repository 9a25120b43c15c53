"""`/agents/{chainId}/{contract}/{tokenId}`: one agent, with everything that is known of it."""

from fastapi import APIRouter, Request, Response

from app.errors import NotFound
from app.pages import sitters
from app.pages.answering import send
from app.pages.home import rules
from app.pages.routes import PageRoute, Readings, TheWorld
from app.provenance.ids import checksum_address, parse_chain_id, parse_contract, parse_token_id
from app.services.reading import Reading, TokenView
from personalities import BAND_WORDS
from renderers import MEDIA_FILES

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_STATES = 12
"""Published states on the page; all of them are at /history."""


@router.get("/agents/{chain_id}/{contract}/{token_id}")
def agent(
    request: Request, world: TheWorld, reading: Readings, chain_id: str, contract: str, token_id: str
) -> Response:
    chain, address, number = parse_chain_id(chain_id), parse_contract(contract), parse_token_id(token_id)
    supply = reading.collection(chain, address).supply
    if number >= supply:
        # Before the token is looked up: an id may have 256 bits, which no integer column holds.
        raise NotFound(f"The ids of this collection end at {supply - 1}.")
    view = reading.view(chain, address, number)
    sitter = sitters.sitter(view, {dial: (words[0], words[-1]) for dial, words in BAND_WORDS.items()})
    before, after = reading.neighbours(view.collection, view.token.token_id)
    # Among two, the one before is the one after.
    pairs = {pair[0].token_id: (word, pair) for word, pair in (("Before", before), ("After", after)) if pair}
    neighbours = [(word, sitters.card(view.collection, *pair)) for word, pair in pairs.values()]
    context = {
        "mark": view.collection.name,
        "section": "agent",
        "origin": view.collection.origin,
        "view": view,
        "sitter": sitter,
        "place": view.agent.path,
        "owner": checksum_address(view.token.owner) if view.token.owner else None,
        "beauvoir": view.version.document,
        "history": _history(reading, view),
        "verdicts": view.diagnosis["counts"],
        "document": view.document,
        "files": MEDIA_FILES,
        "neighbours": neighbours,
        "demo": world.settings.env == "demo",
    }
    return send(
        request,
        "agent.html",
        context,
        ground=sitter.card.ground,
        rules=rules([sitter.card, *(each for _, each in neighbours)]),
        tags=(view.token.collection_id, view.token.token_id),
        talks=True,
    )


@router.get("/agents/{rest:path}")
def nowhere(rest: str) -> Response:
    """Any other address below the gallery."""
    raise NotFound("There is no such page.")


def _history(reading: Reading, view: TokenView) -> list[tuple[object, list[tuple[str, str, str]]]]:
    """(snapshot, what changed since the one before it), newest first."""
    states = reading.recent(view, _STATES + 1)
    return [
        (state, sitters.changes(state, states[at + 1], dict(BAND_WORDS)) if at + 1 < len(states) else [])
        for at, state in enumerate(states[:_STATES])
    ]
