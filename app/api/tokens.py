"""Public reads of tokens. The raw handler answers the first four before they get here; this is their documentation,
and the same function answers when they do."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.api.dependencies import Edge, Readings
from app.api.public import JSON, require_storable
from app.api.resource import Resource
from app.api.responses import PROBLEM, Markdown, Plain, send
from app.db.tables import Collection, Snapshot, SnapshotState
from app.errors import NotFound
from app.provenance.ids import cache_tags, parse_agent_id, parse_chain_id, parse_contract, parse_token_id
from app.services.reading import TokenView
from personalities import levels, refusals, traits

router = APIRouter(tags=["public"], responses=PROBLEM)

_CARRIED = (SnapshotState.COMMITTED, SnapshotState.FINALIZED)
SHORT = "public, max-age=30, s-maxage=30, stale-if-error=86400"

ANY_TYPE: dict[int | str, dict[str, Any]] = {200: {"content": {"*/*": {}}}}

ChainId = Annotated[str, Path(description="EIP-155 chain id, decimal.", examples=["8453"])]
Contract = Annotated[str, Path(description="Contract address, any case.", examples=["0x" + "0" * 40])]
TokenId = Annotated[str, Path(description="Decimal, 0x hex, or 64 hex digits.", examples=["7"])]


class Place:
    """The token a path names, parsed strictly."""

    def __init__(self, reading: Readings, chain_id: ChainId, contract: Contract, token_id: TokenId) -> None:
        self.chain_id, self.contract = parse_chain_id(chain_id), parse_contract(contract)
        self.token_id = parse_token_id(token_id)
        require_storable(reading, self.chain_id, self.contract, self.token_id)


At = Annotated[Place, Depends()]


async def _edge(request: Request, edge: Edge) -> Response:
    query = request.scope["query_string"].decode("utf-8", "replace")
    answer = await edge.answer(request.method, request.scope["path"], query, request.headers.get)
    if answer is None:
        raise NotFound("Nothing is served under this path.")
    return Plain(answer)


@router.get("/ipfs/{cid}", summary="Our released content by its id", response_class=Response, responses=ANY_TYPE)
async def content(request: Request, edge: Edge, cid: str, format: Annotated[str, Query()] = "") -> Response:  # noqa: A002  the gateway specification names it
    """A file, or a listing of a media directory. `format=raw` gives the block, `format=car` the DAG."""
    return await _edge(request, edge)


@router.get(
    "/ipfs/{cid}/{path:path}", summary="A file inside released content", response_class=Response, responses=ANY_TYPE
)
async def content_file(request: Request, edge: Edge, cid: str, path: str) -> Response:
    return await _edge(request, edge)


@router.get("/{chain_id}/{contract}", summary="contractURI document (ERC-7572)")
async def contract_document(request: Request, edge: Edge, chain_id: ChainId, contract: Contract) -> Response:
    return await _edge(request, edge)


@router.get("/{chain_id}/{contract}/{token_id}", summary="Live token JSON (ERC-721, ERC-8004)")
async def token_document(
    request: Request, edge: Edge, chain_id: ChainId, contract: Contract, token_id: TokenId
) -> Response:
    """The newest snapshot. 404 before release, 410 after the burn."""
    return await _edge(request, edge)


@router.get("/{chain_id}/{contract}/{token_id}/v/{n}", summary="Snapshot n, immutable")
async def token_version(
    request: Request, edge: Edge, chain_id: ChainId, contract: Contract, token_id: TokenId, n: str
) -> Response:
    return await _edge(request, edge)


@router.get("/{chain_id}/{contract}/{token_id}/beauvoir", summary="BEAUVOIR.md", response_class=Markdown)
def beauvoir(request: Request, reading: Readings, at: At) -> Response:
    view = reading.view(at.chain_id, at.contract, at.token_id)
    return send(
        request,
        Resource(
            view.version.document.encode(),
            content_type="text/markdown; charset=utf-8",
            cache_control=SHORT,
            modified=view.snapshot.created_at,
            headers=[("cache-tag", ",".join(cache_tags(view.token.collection_id, at.token_id)))],
        ),
    )


@router.get("/{chain_id}/{contract}/{token_id}/beauvoir.json", summary="Personality in short")
def beauvoir_summary(request: Request, reading: Readings, at: At) -> Response:
    """Name, traits, refusals and dials as agent front ends show them, birth signals, and the hash of BEAUVOIR.md."""
    view = reading.view(at.chain_id, at.contract, at.token_id)
    return send(request, _json(_summary(view), view.snapshot.created_at, view.token.collection_id, at.token_id))


@router.get("/api/identity/{nft_id:path}/beauvoir", summary="The same, by CAIP-19 id")
def identity(
    request: Request,
    reading: Readings,
    nft_id: Annotated[str, Path(description="eip155:{chain}/erc721:{contract}/{tokenId}, or without `erc721:`.")],
) -> Response:
    """The summary at the path where agent front ends look for it."""
    agent = parse_agent_id(nft_id)
    require_storable(reading, agent.chain_id, agent.contract.lower(), agent.token_id)
    view = reading.view(agent.chain_id, agent.contract.lower(), agent.token_id)
    return send(request, _json(_summary(view), view.snapshot.created_at, view.token.collection_id, agent.token_id))


def _summary(view: TokenView) -> dict[str, object]:
    born = view.personality
    bands = [band for _, band, _ in view.dials]
    document = view.version.document
    return {
        "nftId": str(view.agent),
        "name": view.document["name"],
        "traits": traits(born.signals, bands) if born is not None else [],
        "antiNarration": refusals(document),
        "damp96Summary": levels(bands),
        "version": f"{view.version.number}.{view.snapshot.n}.0",
        "lastEvolved": datetime.fromtimestamp(view.snapshot.created_at, UTC).isoformat().replace("+00:00", "Z"),
        "signals": dict(born.signals) if born is not None else {},
        "slots": list(born.slots) if born is not None else [],
        "dials": [{"name": dial, "band": band, "word": word} for dial, band, word in view.dials],
        "stage": view.snapshot.stage,
        "level": view.snapshot.level,
        "snapshot": view.snapshot.n,
        "document": view.version.number,
        "trigger": view.version.trigger,
        "model": view.version.model,
        "cid": view.version.cid,
        "sha256": view.version.sha256,
        "pack": view.collection.pack,
        "pack_hash": view.collection.pack_hash,
    }


@router.get("/{chain_id}/{contract}/{token_id}/history", summary="All published snapshots, newest first")
def history(request: Request, reading: Readings, at: At) -> Response:
    collection = reading.collection(at.chain_id, at.contract)
    snapshots = reading.history(at.chain_id, at.contract, at.token_id)
    body = {"token": at.token_id, "snapshots": [_entry(collection, snapshot) for snapshot in snapshots]}
    return send(request, _json(body, snapshots[0].created_at, collection.id or 0, at.token_id))


@router.get("/{chain_id}/{contract}/{token_id}/diagnose", summary="What each marketplace and wallet makes of it")
def diagnose(request: Request, reading: Readings, at: At) -> Response:
    """The consumer rules' verdicts, computed when the snapshot was made."""
    view = reading.view(at.chain_id, at.contract, at.token_id)
    return send(request, _json(view.diagnosis, view.snapshot.created_at, view.token.collection_id, at.token_id))


def _entry(collection: Collection, snapshot: Snapshot) -> dict[str, object]:
    place = f"{collection.origin}/{collection.chain_id}/{collection.contract}/{snapshot.token_id}"
    return {
        "snapshot": snapshot.n,
        "day": snapshot.day,
        "state": snapshot.state,
        "stage": snapshot.stage,
        "level": snapshot.level,
        "bands": [int(digit) for digit in snapshot.bands],
        "url": f"{place}/v/{snapshot.n}",
        "cid": snapshot.document_cid,
        "sha256": snapshot.document_sha256,
        "media": snapshot.media_cid,
        "renderer": snapshot.renderer,
        "document": snapshot.document,
        "commit": snapshot.commit_number if snapshot.state in _CARRIED else None,
    }


def _json(value: object, modified: int, collection_id: int, token_id: int) -> Resource:
    tags = [("cache-tag", ",".join(cache_tags(collection_id, token_id)))]
    # Not in canonical form: nothing of it is hashed elsewhere, so numbers may have a fraction and keys an order.
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Resource(body, content_type=JSON, cache_control=SHORT, modified=modified, headers=tags)
