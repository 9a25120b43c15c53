"""Birth: personality → BEAUVOIR.md → media → canonical document → stored, read back, checked → prepared snapshot 1.

Everything is a pure function of the collection's row, so a repeated birth makes the same bytes and changes nothing.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import brotli

from app.consumers.preflight import preflight
from app.db.database import Database
from app.db.tables import Birth, Collection, Content, Snapshot, SnapshotState, Token
from app.errors import Conflict, ContentCorrupt, StoreUnavailable, UnknownContent
from app.ports import Cid, Clock, ContentStore, Pinner
from app.provenance import car, unixfs
from app.provenance.canonical import canonical_json
from app.provenance.ids import AgentId, checksum_address
from personalities import Pack, Personality, band_word, bands, beauvoir, birth, description, load_pack
from renderers import Media, State, Subject, get_renderer, hosted, render, token_document

FIRST_STAGE: Final = "newborn"
RULESET: Final = "R0"

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "png": "image/png",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Newborn:
    """All that a birth makes, before anything is stored."""

    agent: AgentId
    personality: Personality
    day: str
    beauvoir: str
    state: State
    media: Media
    directory: unixfs.Dag
    document: unixfs.Dag
    canonical: bytes
    hosted: bytes
    diagnosis: bytes


@dataclass(frozen=True, slots=True)
class Replica:
    """A place content is kept: a store, and what pins there."""

    store: ContentStore
    pinner: Pinner


def newborn(collection: Collection, pack: Pack, token_id: int, day: str) -> Newborn:
    """The birth of one token. Pure; `day` is YYYY-MM-DD. Raises Conflict when consumer rules refuse the document."""
    assert collection.contract is not None, "births follow the deployment, because documents name the contract"
    personality = birth(bytes.fromhex(collection.seed), collection.supply, token_id, pack)
    agent = AgentId(collection.chain_id, checksum_address(collection.contract), token_id)
    text = beauvoir(personality, pack)
    state = State(1, bands(personality.dials), FIRST_STAGE, 1)
    subject = Subject(
        agent_id=str(agent),
        name=personality.name,
        signals=personality.signals,
        slots=personality.slots,
        seed=personality.seed,
        pack=personality.pack,
    )
    media = render(subject, state, text.encode(), renderer=collection.renderer)
    directory = unixfs.directory({name: unixfs.file(data) for name, data in media.items()})
    own = unixfs.file(text.encode())
    document = token_document(
        subject=subject,
        state=state,
        description=description(personality, pack),
        band_words=tuple(band_word(dial, band) for dial, band in enumerate(state.bands)),
        origin=collection.origin,
        chain_id=agent.chain_id,
        contract=agent.contract,
        token_id=token_id,
        media_cid=directory.cid,
        beauvoir_cid=own.cid,
        beauvoir_sha256=hashlib.sha256(text.encode()).hexdigest(),
        document_version=1,
        ruleset=RULESET,
        day=day,
    )
    canonical = canonical_json(document)
    served = hosted(canonical, collection.origin)
    shown = json.loads(served)
    report = preflight(
        shown,
        url=f"{collection.origin}{agent.path}",
        image_url=shown["image"],
        image_type=MEDIA_TYPES["png"],
        image=media["image.png"],
        animation_url=shown["animation_url"],
        animation_type=MEDIA_TYPES["html"],
        animation=media["animation.html"],
        body=served,
    )
    if not report.passed:
        failed = ", ".join(sorted({row.rule for row in report.failures()}))
        raise Conflict(
            f"The document of token {token_id} would be misread: {failed}.", hint="Mend the pack or the renderer."
        )
    return Newborn(
        agent=agent,
        personality=personality,
        day=day,
        beauvoir=text,
        state=state,
        media=media,
        directory=directory,
        document=unixfs.file(canonical),
        canonical=canonical,
        hosted=served,
        diagnosis=canonical_json(report.to_json()),
    )


class Births:
    """Makes tokens be born, a chunk at a time. Safe to run again at any point."""

    def __init__(self, database: Database, replicas: Sequence[Replica], calendar: Clock, wanted_replicas: int) -> None:
        self._database = database
        self._replicas = tuple(replicas)
        self._calendar = calendar
        self._wanted = wanted_replicas

    def make(
        self, project_id: int, collection_id: int, first: int, count: int, progress: Callable[[int], None] | None = None
    ) -> int:
        """Give birth to the ids of the range that have no birth yet; returns how many. `progress` hears of each one.

        Raises Conflict (pack changed, consumer rules), StoreUnavailable (too few replicas; a retry helps).
        """
        with self._database.read() as unit:
            collection = unit.collections.get(project_id, collection_id)
            there = unit.tokens.born(project_id, collection_id, first, count)
        pack = load_pack(collection.pack.partition("@")[0])
        if (pack.id, pack.hash) != (collection.pack, collection.pack_hash):
            raise Conflict(
                f"Collection {collection.slug} is born with {collection.pack} ({collection.pack_hash[:12]}…), "
                f"but the pack here is {pack.id} ({pack.hash[:12]}…).",
                hint="Install the pack of that version and hash; births of one collection never mix packs.",
            )
        now = self._calendar.now()
        made = 0
        for token_id in range(first, min(first + count, collection.supply)):
            if token_id not in there:
                child = newborn(collection, pack, token_id, now.date().isoformat())
                self._store(child)
                self._record(collection, child, int(now.timestamp()))
                made += 1
            if progress is not None:
                progress(token_id)
        return made

    def _store(self, child: Newborn) -> None:
        """Put and pin everywhere, then read everything back: a replica counts only when it was read back."""
        dags = (child.directory, child.document)
        archives = [b"".join(car.write(dag.cid, dag.blocks.items())) for dag in dags]
        good, errors = 0, []
        for replica in self._replicas:
            try:
                for dag, archive in zip(dags, archives, strict=True):
                    replica.store.put_car(archive)
                    replica.pinner.pin(Cid(dag.cid))
                    for cid, block in dag.blocks.items():
                        if replica.store.get_block(Cid(cid)) != block:
                            raise ContentCorrupt(f"{replica.store.name} returned other bytes for {cid}.")
                good += 1
            except (StoreUnavailable, ContentCorrupt, UnknownContent) as error:
                errors.append(f"{replica.store.name}: {error.message}")
        if good < self._wanted:
            raise StoreUnavailable(
                f"Only {good} of {self._wanted} replicas hold the new content. {' '.join(errors)}",
                hint="Start or mend the stores (`dnft doctor` names them); nothing was shown and a retry goes on here.",
            )

    def _record(self, collection: Collection, child: Newborn, now: int) -> None:
        collection_id = collection.id
        assert collection_id is not None
        with self._database.write() as unit:
            unit.collections.get(collection.project_id, collection_id, lock=True)
            if unit.tokens.born(collection.project_id, collection_id, child.agent.token_id, 1):
                return  # another run was faster; it made the same bytes
            unit.contents.add(_contents(collection.project_id, child))
            project_id, token_id = collection.project_id, child.agent.token_id
            manifest = get_renderer(collection.renderer).manifest()
            unit.tokens.add(
                Token(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    name=child.personality.name,
                ),
                Birth(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    personality=canonical_json(asdict(child.personality)),
                    beauvoir=child.beauvoir,
                    beauvoir_sha256=hashlib.sha256(child.beauvoir.encode()).hexdigest(),
                    beauvoir_cid=unixfs.file(child.beauvoir.encode()).cid,
                ),
                Snapshot(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    n=1,
                    state=SnapshotState.PREPARED,
                    day=child.day,
                    bands="".join(map(str, child.state.bands)),
                    stage=child.state.stage,
                    level=child.state.level,
                    media_cid=child.directory.cid,
                    document_cid=child.document.cid,
                    document_sha256=hashlib.sha256(child.canonical).hexdigest(),
                    renderer=f"{manifest}+{manifest.sha256}",
                    canonical=child.canonical,
                    hosted=child.hosted,
                    hosted_gzip=gzip.compress(child.hosted, 9, mtime=0),
                    hosted_br=brotli.compress(child.hosted, quality=9),
                    hosted_sha256=hashlib.sha256(child.hosted).hexdigest(),
                    diagnosis=child.diagnosis,
                    created_at=now,
                ),
            )


def _contents(project_id: int, child: Newborn) -> list[Content]:
    """Gateway rows: the media directory and each file in it by path and by its own id, and the document."""

    def row(cid: str, path: str, target: str, size: int, media_type: str) -> Content:
        return Content(cid=cid, path=path, project_id=project_id, target=target, size=size, media_type=media_type)

    rows = [row(child.directory.cid, "", child.directory.cid, 0, "")]
    for name, data in sorted(child.media.items()):
        file = unixfs.file(data)
        media_type = MEDIA_TYPES[name.rpartition(".")[2]]
        rows.append(row(child.directory.cid, name, file.cid, file.size, media_type))
        rows.append(row(file.cid, "", file.cid, file.size, media_type))
    rows.append(row(child.document.cid, "", child.document.cid, child.document.size, MEDIA_TYPES["json"]))
    return rows
