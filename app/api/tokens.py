"""Public reads of tokens. The raw handler answers the first four before they get here; this is their documentation,
and the same function answers when they do."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.api.dependencies import Edge, Readings
from app.api.public import JSON, require_storable
from app.api.resource import Resource
from app.api.responses import PROBLEM, Markdown, Plain, send
from app.db.tables import Collection, Snapshot
from app.errors import NotFound
from app.provenance.canonical import canonical_json
from app.provenance.ids import cache_tags, parse_chain_id, parse_contract, parse_token_id

router = APIRouter(tags=["public"], responses=PROBLEM)

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
            modified=view.version.created_at,
            headers=[("cache-tag", ",".join(cache_tags(view.token.collection_id, at.token_id)))],
        ),
    )


@router.get("/{chain_id}/{contract}/{token_id}/beauvoir.json", summary="Personality in short")
def beauvoir_summary(request: Request, reading: Readings, at: At) -> Response:
    """Name, birth signals, dials with their band words, and the hash of BEAUVOIR.md."""
    view = reading.view(at.chain_id, at.contract, at.token_id)
    personality = view.personality
    summary = {
        "id": str(view.agent),
        "name": view.token.name,
        "signals": dict(personality["signals"]),
        "slots": personality["slots"],
        "dials": [{"name": dial, "band": band, "word": word} for dial, band, word in view.dials],
        "pack": personality["pack"],
        "pack_hash": personality["pack_hash"],
        "document": view.version.number,
        "cid": view.version.cid,
        "sha256": view.version.sha256,
    }
    return send(request, _json(summary, view.snapshot.created_at))


@router.get("/{chain_id}/{contract}/{token_id}/history", summary="All published snapshots, newest first")
def history(request: Request, reading: Readings, at: At) -> Response:
    collection = reading.collection(at.chain_id, at.contract)
    snapshots = reading.history(at.chain_id, at.contract, at.token_id)
    body = {"token": at.token_id, "snapshots": [_entry(collection, snapshot) for snapshot in snapshots]}
    return send(request, _json(body, snapshots[0].created_at))


@router.get("/{chain_id}/{contract}/{token_id}/diagnose", summary="What each marketplace and wallet makes of it")
def diagnose(request: Request, reading: Readings, at: At) -> Response:
    """The consumer rules' verdicts, computed when the snapshot was made."""
    view = reading.view(at.chain_id, at.contract, at.token_id)
    return send(request, _json(view.diagnosis, view.snapshot.created_at))


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
        "commit": snapshot.commit_number,
    }


def _json(value: object, modified: int) -> Resource:
    return Resource(canonical_json(value), content_type=JSON, cache_control=SHORT, modified=modified)
