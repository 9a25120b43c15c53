"""What the public may read: tokens, collections, histories, content. Database and our own store, nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import brotli

from app.db.database import Database
from app.db.repositories.public import PublicReads, Shown
from app.db.tables import Birth, Collection, Snapshot, Token, Version
from app.errors import Burned, NotFound, SealedToken, UnknownCollection, UnknownContent
from app.ports import Cid, ContentStore
from app.provenance import unixfs
from app.provenance.cid import parse_cid
from app.provenance.ids import AgentId, checksum_address
from personalities import DIALS, Personality, band_word
from renderers import collection_document, hosted_document


@dataclass(frozen=True, slots=True)
class TokenView:
    """Everything stored about one released token."""

    agent: AgentId
    collection: Collection
    token: Token
    birth: Birth | None
    """None before the reveal of a blind collection."""
    version: Version
    """The text that the snapshot shows."""
    snapshot: Snapshot

    @property
    def document(self) -> dict[str, Any]:
        """The hosted answer, parsed."""
        parsed: dict[str, Any] = json.loads(self.snapshot.hosted)
        return parsed

    @property
    def diagnosis(self) -> dict[str, Any]:
        """The consumer rules' report, as it was when the snapshot was made."""
        parsed: dict[str, Any] = json.loads(brotli.decompress(self.snapshot.diagnosis))
        return parsed

    @property
    def personality(self) -> Personality | None:
        """Who was born; None before the reveal."""
        return None if self.birth is None else Personality.from_json(json.loads(self.birth.personality))

    @property
    def dials(self) -> list[tuple[str, int, str]]:
        """(dial, band 0–6, its word), in the order of the dials; empty before the reveal."""
        return [
            (DIALS[index], int(digit), band_word(index, int(digit))) for index, digit in enumerate(self.snapshot.bands)
        ]


@dataclass(frozen=True, slots=True)
class ContentView:
    """One file of the gateway, or a directory's listing."""

    cid: str
    """Of the file or directory itself."""
    media_type: str
    body: bytes
    entries: tuple[tuple[str, int], ...] = ()
    """(name, size) of the files, for a directory."""


class Reading:
    """Use cases of the public reads. Raises the errors a reader gets, each with its own status."""

    def __init__(self, database: Database, store: ContentStore) -> None:
        self._database = database
        self._store = store

    def token(self, chain_id: int, contract: str, token_id: int, n: int | None = None) -> Shown:
        """The stored answer: the newest snapshot, or number `n`."""
        with self._database.read() as unit:
            shown = unit.public.shown(chain_id, contract, token_id, n)
            if shown is not None and not shown.burned:
                return shown
            if shown is not None:
                raise Burned("This token was burned.")
            collection = _collection(unit.public, chain_id, contract)
            token = unit.public.token(_id(collection), token_id)
            _require_shown(collection, token, token_id)
        raise NotFound(f"Token {token_id} has no snapshot {n}.")

    def view(self, chain_id: int, contract: str, token_id: int) -> TokenView:
        """A released token with its birth and newest snapshot."""
        with self._database.read() as unit:
            collection = _collection(unit.public, chain_id, contract)
            token = _require_shown(collection, unit.public.token(_id(collection), token_id), token_id)
            birth = unit.public.birth(token.collection_id, token_id)
            snapshot = unit.public.snapshot(token.collection_id, token_id, token.head)
            assert snapshot is not None, "a shown token has the snapshot it shows"
            version = unit.public.version(token.collection_id, token_id, snapshot.document)
            assert version is not None, "a snapshot has the text it shows"
            if not snapshot.bands:
                birth = None  # it may be born already; readers see the placeholder until its snapshot is shown
        agent = AgentId(chain_id, checksum_address(contract), token_id)
        return TokenView(agent, collection, token, birth, version, snapshot)

    def history(self, chain_id: int, contract: str, token_id: int) -> list[Snapshot]:
        """Shown snapshots, newest first."""
        with self._database.read() as unit:
            collection = _collection(unit.public, chain_id, contract)
            token = _require_shown(collection, unit.public.token(_id(collection), token_id), token_id)
            return list(unit.public.history(token.collection_id, token_id, token.head))

    def collection(self, chain_id: int, contract: str) -> Collection:
        with self._database.read() as unit:
            return _collection(unit.public, chain_id, contract)

    def contract_document(self, chain_id: int, contract: str) -> tuple[Collection, Mapping[str, Any]]:
        """The collection and its ERC-7572 document, with the picture of its first shown token."""
        with self._database.read() as unit:
            collection = _collection(unit.public, chain_id, contract)
            first = unit.public.gallery(_id(collection), -1, 1)
        document = collection_document(
            name=collection.name,
            symbol=collection.symbol,
            description=collection.description,
            image_cid=first[0][1].media_cid if first else None,
            origin=collection.origin,
            chain_id=chain_id,
            contract=contract,
        )
        return collection, hosted_document(document, collection.origin)

    def collections(self) -> list[tuple[Collection, int, int]]:
        """(collection, shown, minted) of every deployed collection."""
        with self._database.read() as unit:
            return [(each, *unit.public.counts(_id(each))) for each in unit.public.collections()]

    def gallery(self, collection: Collection, after: int, limit: int) -> list[tuple[Token, Snapshot]]:
        with self._database.read() as unit:
            return list(unit.public.gallery(_id(collection), after, limit))

    def neighbours(
        self, collection: Collection, token_id: int
    ) -> tuple[tuple[Token, Snapshot] | None, tuple[Token, Snapshot] | None]:
        """The shown tokens before and after this one, round the ends; None when it is the only one. The one before is
        looked for among the eight ids below, so a longer gap of burned tokens has no way back."""
        identity = _id(collection)
        with self._database.read() as unit:
            after = unit.public.gallery(identity, token_id, 1) or unit.public.gallery(identity, -1, 1)
            below = unit.public.gallery(identity, max(-1, token_id - 9), 8)
        before = [pair for pair in below if pair[0].token_id < token_id][-1:]
        following = [pair for pair in after if pair[0].token_id != token_id]
        return (before[0] if before else None), (following[0] if following else None)

    def recent(self, view: TokenView, limit: int) -> list[Snapshot]:
        """The newest shown snapshots of a token, newest first. Their numbers are dense, so each is found by its key."""
        token = view.token
        with self._database.read() as unit:
            found = [
                unit.public.snapshot(token.collection_id, token.token_id, n)
                for n in range(token.head, max(0, token.head - limit), -1)
            ]
        return [snapshot for snapshot in found if snapshot is not None]

    def content(self, cid: str, path: str) -> ContentView:
        """A file or directory of our released content. Raises UnknownContent for everything else in the world."""
        parse_cid(cid)
        with self._database.read() as unit:
            found = unit.contents.find(cid, path)
            entries = unit.contents.below(cid) if found is not None and not found.media_type else ()
        if found is None:
            raise UnknownContent("This gateway serves only content published by this service.")
        listing = tuple((entry.path, entry.size) for entry in entries)
        body = b"" if not found.media_type else b"".join(self._file(found.target))
        return ContentView(found.target, found.media_type, body, listing)

    def blocks(self, cid: str) -> list[tuple[str, bytes]]:
        """Every block of a DAG, root first, depth first (bounded: our own content is at most 500 KB a directory)."""
        block = self._store.get_block(Cid(cid))
        found = [(cid, block)]
        for link in unixfs.decode(parse_cid(cid).codec, block).links:
            found += self.blocks(link.cid)
        return found

    def _file(self, cid: str) -> list[bytes]:
        block = self._store.get_block(Cid(cid))
        node = unixfs.decode(parse_cid(cid).codec, block)
        return [node.data, *(piece for link in node.links for piece in self._file(link.cid))]


def _id(collection: Collection) -> int:
    assert collection.id is not None, "rows read from the database have ids"
    return collection.id


def _collection(public: PublicReads, chain_id: int, contract: str) -> Collection:
    found = public.collection(chain_id, contract)
    if found is None:
        raise UnknownCollection("No collection of this service has that chain and contract.")
    return found


def _require_shown(collection: Collection, token: Token | None, token_id: int) -> Token:
    if token is not None and token.burned:
        raise Burned("This token was burned.")
    if token is not None and token.head > 0:
        return token
    if token_id < collection.supply:
        raise SealedToken("This token is not released yet.", hint="It can be read before it can be minted; ask again.")
    raise NotFound(f"The ids of this collection end at {collection.supply - 1}.")
