"""Many tokens, quickly: rows made from one real birth with the ids swapped, for measurements.

Everything a reader can check holds for them as for a real birth: the hosted bytes invert to the canonical ones, the
hashes are those of the bytes, and the codings decode to them. Only the faces are all the same.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable
from typing import TypeVar

import brotli

from app.bootstrap import World
from app.db.tables import Birth, Collection, Snapshot, SnapshotState, Token, Version
from app.errors import NotFound
from app.provenance import unixfs
from app.provenance.canonical import canonical_json
from personalities import load_pack
from renderers import hosted

Row = TypeVar("Row", Token, Birth, Version, Snapshot)

CHUNK = 500
"""Tokens a transaction."""


def found(world: World, *, slug: str, contract: str, supply: int, chain_id: int = 31337, seed: str = "5e" * 32) -> int:
    """A deployed collection, without the deployment; returns its id. `contract` is a 0x address in lower case."""
    pack = load_pack("dixie")
    project_id = world.project_id()
    with world.database.write() as unit:
        collection = unit.collections.add(
            Collection(
                project_id=project_id,
                slug=slug,
                chain_id=chain_id,
                contract=contract,
                name=slug.replace("-", " ").title(),
                symbol="AGENT",
                description=f"{supply:,} agents.",
                origin=world.settings.origin,
                supply=supply,
                seed=seed,
                pack=pack.id,
                pack_hash=pack.hash,
                created_at=int(world.clock.now().timestamp()),
            )
        )
        assert collection.id is not None
        return collection.id


def seed_tokens(world: World, collection_id: int, token_ids: Iterable[int], *, template: int = 0) -> int:
    """Live tokens like token `template`, which has been born and released; returns how many were made."""
    project_id = world.project_id()
    with world.database.read() as unit:
        collection = unit.collections.get(project_id, collection_id)
        token = unit.public.token(collection_id, template)
        birth = unit.public.birth(collection_id, template)
        version = unit.public.version(collection_id, template, 1)
        snapshot = unit.public.snapshot(collection_id, template, 1)
    if token is None or birth is None or version is None or snapshot is None:
        raise NotFound(f"Token {template} is not born yet; the others are made from it.")
    wanted = [token_id for token_id in token_ids if token_id != template]
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        with world.database.write() as unit:
            unit.session.add_all(_like(token, token_id=token_id, head=1) for token_id in some)
            unit.flush()
            unit.session.add_all(_like(birth, token_id=token_id) for token_id in some)
            unit.session.add_all(_like(version, token_id=token_id) for token_id in some)
            unit.session.add_all(_renumbered(collection, snapshot, token_id) for token_id in some)
    with world.database.write() as unit:
        unit.works.publish(collection_id, [None], int(world.clock.now().timestamp()))
    return len(wanted)


def encoded(collection: Collection, snapshot: Snapshot, document: object, **changes: object) -> Snapshot:
    """A snapshot like `snapshot` that shows `document` (a canonical document, parsed), with true hashes and codings."""
    canonical = canonical_json(document)
    served = hosted(canonical, collection.origin)
    return _like(
        snapshot,
        canonical=canonical,
        document_cid=unixfs.file(canonical).cid,
        document_sha256=hashlib.sha256(canonical).hexdigest(),
        hosted=served,
        hosted_gzip=gzip.compress(served, 9, mtime=0),
        hosted_br=brotli.compress(served, quality=9),
        hosted_sha256=hashlib.sha256(served).hexdigest(),
        **changes,
    )


def _renumbered(collection: Collection, snapshot: Snapshot, token_id: int) -> Snapshot:
    document = json.loads(snapshot.canonical)
    place = f"{collection.chain_id}/{collection.contract}"
    old, new = f"{place}/{snapshot.token_id}", f"{place}/{token_id}"
    document["name"] = f"{document['name']} {token_id}"
    document["external_url"] = document["external_url"].replace(old, new)
    for service in document["services"]:
        service["endpoint"] = service["endpoint"].replace(old, new)
    return encoded(collection, snapshot, document, token_id=token_id, n=1, state=SnapshotState.LIVE)


def _like(row: Row, **changes: object) -> Row:
    return type(row)(**{**row.model_dump(), **changes})
