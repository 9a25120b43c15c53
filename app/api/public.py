"""The public reads as resources: one function finds what a path names, for the raw handler and the documented routes.

/{chainId}/{contract}                  ERC-7572 contractURI
/{chainId}/{contract}/{tokenId}[.json] live token JSON
/{chainId}/{contract}/{tokenId}/v/{n}  snapshot n, immutable
/ipfs/{cid}[/path]                     our released content
"""

import asyncio
import re
import time
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from app.api.cache import ResourceCache, Tag
from app.api.feed import PATIENCE, Changes, PublicationFeed
from app.api.gateway import SANDBOX, gateway_resource
from app.api.resource import PUBLIC, Answer, HeaderGetter, Headers, Resource
from app.db.database import Database
from app.errors import (
    Burned,
    DatabaseUnavailable,
    DnftError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    SealedToken,
    Unavailable,
    UnknownContent,
    problem,
)
from app.provenance.canonical import canonical_json
from app.provenance.ids import cache_tags, parse_chain_id, parse_contract, parse_token_id
from app.services.reading import Reading

JSON: Final = "application/json"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
_LIVE_PURGED: Final = "public, max-age=60, s-maxage=300, stale-while-revalidate=600, stale-if-error=86400"
_LIVE_UNPURGED: Final = "public, max-age=30, s-maxage=30, stale-if-error=86400"
"""Without a purge hook a shared cache may keep an answer for half a minute at most."""

MAX_STORED_ID: Final = 2**31 - 1
ALLOW: Final = "GET, HEAD, OPTIONS"
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9-]+(?: ?, ?[A-Za-z0-9-]+)*")


class Target(NamedTuple):
    """What a public path names, in its canonical spelling."""

    path: str
    chain_id: int = 0
    contract: str = ""
    token_id: int | None = None
    version: int | None = None
    cid: str = ""
    inside: str = ""


def parse_target(path: str) -> Target | None:
    """The target of a public path; None when the path is not one of ours. Raises Invalid for a malformed one."""
    parts = path.split("/")
    if len(parts) >= 3 and parts[1] == "ipfs":
        return Target(path, cid=parts[2], inside="/".join(parts[3:]))
    if len(parts) not in (3, 4, 6) or not (parts[1][:1].isdigit() or parts[2][:2] == "0x"):
        return None
    if len(parts) == 6 and parts[4] != "v":
        return None
    chain_id, contract = parse_chain_id(parts[1]), parse_contract(parts[2])
    canonical = f"/{chain_id}/{contract}"
    if len(parts) == 3:
        return Target(canonical, chain_id, contract)
    if len(parts) == 4:
        token_id = parse_token_id(parts[3].removesuffix(".json"))
        return Target(f"{canonical}/{token_id}", chain_id, contract, token_id)
    token_id = parse_token_id(parts[3])
    if not (parts[5].isascii() and parts[5].isdigit() and len(parts[5]) <= 9 and parts[5][0] != "0"):
        raise Invalid("A snapshot number is a positive decimal number without leading zeros.")
    return Target(f"{canonical}/{token_id}/v/{parts[5]}", chain_id, contract, token_id, int(parts[5]))


class PublicEdge:
    """Answers public reads from memory, or with one query. Built once a process; its feed runs on the event loop."""

    def __init__(self, database: Database, reading: Reading, *, cache_bytes: int, purge_active: bool) -> None:
        self._reading = reading
        self._live = _LIVE_PURGED if purge_active else _LIVE_UNPURGED
        self.cache = ResourceCache(cache_bytes)
        self.feed = PublicationFeed(database, self._changed, self.cache.clear)

    def remembered(self, path: str) -> Resource | None:
        """What memory holds for exactly this path, if it may be served without asking. The hot path."""
        resource = self.cache.get(path)
        return resource if resource is not None and self.feed.trusted() else None

    async def find(self, path: str, query: str = "") -> Resource | None:
        """The resource of a public path; None when the path is not one of ours. Raises what a reader gets."""
        target = parse_target(path)
        if target is None:
            return None
        if not self.feed.trusted():
            await self.feed.look()
        kept = self.cache.get(target.path) if not target.cid else None
        if kept is not None:
            return kept
        self.feed.require_database()
        generation = self.cache.generation
        try:
            resource, tag = await asyncio.wait_for(asyncio.to_thread(self._load, target, query), PATIENCE)
        except TimeoutError:
            raise DatabaseUnavailable("The database does not answer in time.") from None
        if tag is not None:
            self.cache.put(target.path, resource, tag, generation)
        return resource

    async def answer(self, method: str, path: str, query: str, header: HeaderGetter) -> Answer | None:
        """The whole answer to a request, errors included; None when the path is not a public read."""
        try:
            if method not in ("GET", "HEAD"):
                if parse_target(path) is None:
                    return None
                return preflight(header) if method == "OPTIONS" else refused_method(path)
            resource = await self.find(path, query)
        except DnftError as error:
            return error_answer(error, method, path)
        if resource is None:
            return None
        answer = resource.respond(method, header)
        down_since = self.feed.down_since
        if down_since is not None:
            return answer._replace(headers=[*answer.headers, ("age", str(int(time.monotonic() - down_since)))])
        return answer

    def _load(self, target: Target, query: str) -> tuple[Resource, Tag | None]:
        if target.cid:
            form = parse_qs(query).get("format", [""])[0] if query else ""
            return gateway_resource(self._reading, target.cid, target.inside, form), None
        if target.token_id is None:
            return self._contract(target.chain_id, target.contract)
        require_storable(self._reading, target.chain_id, target.contract, target.token_id)
        shown = self._reading.token(target.chain_id, target.contract, target.token_id, target.version)
        immutable = target.version is not None
        resource = Resource(
            shown.body,
            content_type=JSON,
            cache_control=IMMUTABLE if immutable else self._live,
            modified=shown.modified,
            sha256=shown.sha256,
            codings={"br": shown.br, "gzip": shown.gzip},
            headers=_tags(shown.collection_id, target.token_id),
        )
        return resource, (shown.collection_id, target.token_id)

    def _contract(self, chain_id: int, contract: str) -> tuple[Resource, Tag]:
        collection, document = self._reading.contract_document(chain_id, contract)
        assert collection.id is not None, "rows read from the database have ids"
        resource = Resource(
            canonical_json(document),
            content_type=JSON,
            cache_control=self._live,
            headers=_tags(collection.id, None),
        )
        return resource, (collection.id, None)

    def _changed(self, changes: Changes) -> None:
        for collection_id, token_id in changes:
            self.cache.drop(collection_id, token_id)


def _tags(collection_id: int, token_id: int | None) -> Headers:
    tags = cache_tags(collection_id, token_id)
    # Cache-Tag is what CDNs read; Cache-Groups is the standard (RFC 9875), a list of quoted strings.
    return [("cache-tag", ",".join(tags)), ("cache-groups", ", ".join(f'"{tag}"' for tag in tags))]


def require_storable(reading: Reading, chain_id: int, contract: str, token_id: int) -> None:
    """Token ids go up to 2^256; supplies, and the database's columns, do not. Raises NotFound for those beyond."""
    if token_id > MAX_STORED_ID:
        collection = reading.collection(chain_id, contract)
        raise NotFound(f"The ids of this collection end at {collection.supply - 1}.")


def preflight(header: HeaderGetter) -> Answer:
    """Answer to OPTIONS: any origin may GET and HEAD, with the headers it names."""
    headers: Headers = [
        *PUBLIC,
        ("allow", ALLOW),
        ("access-control-allow-methods", ALLOW),
        ("access-control-max-age", "86400"),
        ("vary", "Access-Control-Request-Headers"),
    ]
    wanted = header("access-control-request-headers") or ""
    if len(wanted) <= 1024 and _HEADER_NAMES.fullmatch(wanted):
        headers.append(("access-control-allow-headers", wanted))
    return Answer(204, headers, b"")


def refused_method(path: str) -> Answer:
    answer = error_answer(MethodNotAllowed(f"This resource answers {ALLOW}."), "GET", path)
    return answer._replace(headers=[*answer.headers, ("allow", ALLOW)])


def error_cache_control(error: DnftError) -> str:
    """How long a refusal may be remembered: never when it may be different a moment later."""
    if isinstance(error, SealedToken | UnknownContent | Unavailable) or error.status >= 500 or error.status == 405:
        return "no-store"
    if isinstance(error, NotFound):
        return "public, max-age=30"
    if isinstance(error, Invalid | Burned):
        return "public, max-age=300"
    return "no-store"


def error_answer(error: DnftError, method: str, path: str = "") -> Answer:
    """RFC 9457 problem JSON; below /ipfs/ as tightly sandboxed as the content there."""
    body = canonical_json(problem(error))
    headers: Headers = [
        ("content-type", "application/problem+json"),
        ("cache-control", error_cache_control(error)),
        *PUBLIC,
        ("content-length", str(len(body))),
    ]
    if error.retry_after is not None:
        headers.append(("retry-after", str(error.retry_after)))
    if path.startswith("/ipfs/"):
        headers.append(("content-security-policy", SANDBOX))
    return Answer(error.status, headers, b"" if method == "HEAD" else body)
