"""The public list of collections."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import Readings
from app.api.public import JSON
from app.api.resource import Resource
from app.api.responses import PROBLEM, send
from app.provenance.canonical import canonical_json
from app.provenance.ids import checksum_address

router = APIRouter(prefix="/v1", tags=["public"], responses=PROBLEM)


@router.get("/collections", summary="Every collection served here")
def collections(request: Request, reading: Readings) -> Response:
    listed = [
        {
            "chainId": collection.chain_id,
            "contract": checksum_address(collection.contract or ""),
            "name": collection.name,
            "symbol": collection.symbol,
            "supply": collection.supply,
            "released": shown,
            "minted": minted,
            "kind": collection.kind,
            "mode": collection.mode,
            "lastCommit": collection.last_commit,
            "throughDay": collection.through_day or None,
        }
        for collection, shown, minted in reading.collections()
    ]
    body = canonical_json({"collections": listed})
    return send(request, Resource(body, content_type=JSON, cache_control="public, max-age=30"))
