"""Birth: personality → BEAUVOIR.md → media → canonical document → stored, read back, checked → prepared snapshot.

Everything is a pure function of the collection's row, so a repeated birth makes the same bytes and changes nothing.
In a blind collection an id first gets the pack's placeholder as snapshot 1; its birth follows the reveal, as the next.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from typing import Final

from app.composition import Published, Text, compose, compose_placeholder
from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import Birth, Collection, Token, Version
from app.ports import Clock, ContentKeeper, Workshop
from app.provenance.canonical import canonical_json
from app.provenance.ids import AgentId, checksum_address
from personalities import Draft, Pack, Personality, bands, beauvoir, birth, introduction
from renderers import State

FIRST_STAGE: Final = "newborn"


@dataclass(frozen=True, slots=True)
class Newborn:
    """All that a birth makes, before anything is stored."""

    agent: AgentId
    personality: Personality | None
    """None: a placeholder, whose birth follows the reveal."""
    introduction: str
    published: Published


_WORTH_PROCESSES: Final = 8
"""Births from which on starting processes is quicker than going on here."""

Run = Callable[..., Newborn]
Polisher = Callable[[AgentId, Personality, Pack, str], Draft | None]
"""Gives a better text, or None when the writer's own has to do."""


def newborn(
    collection: Collection,
    pack: Pack,
    token_id: int,
    day: str,
    *,
    snapshot: int = 1,
    version: int = 1,
    text: str | None = None,
) -> Newborn:
    """The birth of one token, or its placeholder while a blind collection has no seed. Pure; `day` is YYYY-MM-DD;
    `text` is version `version` of BEAUVOIR.md, where a model has polished it. Raises Conflict when consumer rules
    refuse the document."""
    assert collection.contract is not None, "births follow the deployment, because documents name the contract"
    agent = AgentId(collection.chain_id, checksum_address(collection.contract), token_id)
    if not collection.seed:
        return Newborn(agent, None, "", compose_placeholder(agent, collection.origin, pack, day=day))
    personality = born_of(collection, pack, token_id)
    published = compose(
        agent,
        collection.origin,
        personality,
        pack,
        Text(version, text or beauvoir(personality, pack)),
        State(snapshot, bands(personality.dials), FIRST_STAGE, 1),
        renderer=collection.renderer,
        day=day,
    )
    return Newborn(agent, personality, introduction(personality, pack), published)


def here(function: Run, *args: object, **kwargs: object) -> Newborn:
    """Runs it in this thread."""
    return function(*args, **kwargs)


def born_of(collection: Collection, pack: Pack, token_id: int) -> Personality:
    """The personality of one token of a collection whose seed is known."""
    return birth(bytes.fromhex(collection.seed), collection.supply, token_id, pack)


class Births:
    """Makes tokens be born, a chunk at a time. Safe to run again at any point."""

    def __init__(
        self,
        database: Database,
        keeper: ContentKeeper,
        calendar: Clock,
        packs: Callable[[Collection], Pack],
        workshop: Workshop,
        polish: Polisher,
    ) -> None:
        """`packs` gives the pack of a collection; `polish` is asked where the collection wants polished texts."""
        self._database = database
        self._keeper = keeper
        self._calendar = calendar
        self._packs = packs
        self._workshop = workshop
        self._polish = polish

    def make(
        self, project_id: int, collection_id: int, first: int, count: int, progress: Callable[[int], None] | None = None
    ) -> int:
        """Give birth to the ids of the range that have no birth yet (in a blind collection before its reveal: give them
        their placeholder); returns how many. `progress` hears how many ids of the range are done.

        Raises Conflict (pack changed, consumer rules), StoreUnavailable (too few replicas; a retry helps), and what
        the agent platform raises where texts are polished.
        """
        with self._database.read() as unit:
            collection = unit.collections.get(project_id, collection_id)
            there = _done(unit, collection, first, count)
        pack = self._packs(collection)
        wanted = range(first, min(first + count, collection.supply))
        missing = [token_id for token_id in wanted if token_id not in there]
        done = len(wanted) - len(missing)
        if progress is not None and done:
            progress(done)
        for _ in self._each(collection, pack, missing):
            done += 1
            if progress is not None:
                progress(done)
        return len(missing)

    def _each(self, collection: Collection, pack: Pack, missing: Sequence[int]) -> Iterator[int]:
        """Births one by one, or in as many lanes as the workshop has: while one is drawn, another is stored."""
        if self._workshop.lanes == 1 or len(missing) < _WORTH_PROCESSES:
            for token_id in missing:
                yield self._one(collection, pack, token_id, here)
            return
        lanes = ThreadPoolExecutor(self._workshop.lanes, thread_name_prefix="birth")
        try:
            for finished in as_completed(
                [lanes.submit(self._one, collection, pack, each, self._workshop.run) for each in missing]
            ):
                yield finished.result()
        finally:
            lanes.shutdown(cancel_futures=True)

    def _one(self, collection: Collection, pack: Pack, token_id: int, run: Run) -> int:
        now = self._calendar.now()
        with self._database.read() as unit:
            newest = unit.tokens.newest(collection.project_id, _id(collection), token_id)
            known = unit.tokens.get(collection.project_id, _id(collection), token_id)
        snapshot = newest.n + 1 if newest is not None else 1
        version = known.document + 1 if known is not None else 1
        draft = None
        if collection.polish and collection.seed:
            personality = born_of(collection, pack, token_id)
            agent = AgentId(collection.chain_id, checksum_address(collection.contract or ""), token_id)
            draft = self._polish(agent, personality, pack, beauvoir(personality, pack))
        number, text = (version + 1, draft.document) if draft is not None else (version, None)
        child = run(
            newborn, collection, pack, token_id, now.date().isoformat(), snapshot=snapshot, version=number, text=text
        )
        self._keeper.keep((child.published.directory, child.published.document))
        self._record(collection, pack, child, draft, version, int(now.timestamp()))
        return token_id

    def _record(
        self, collection: Collection, pack: Pack, child: Newborn, draft: Draft | None, version: int, now: int
    ) -> None:
        project_id, collection_id, token_id = collection.project_id, _id(collection), child.agent.token_id
        with self._database.write() as unit:
            unit.collections.get(project_id, collection_id, lock=True)
            if _done(unit, collection, token_id, 1):
                return  # another run was faster; it made the same bytes
            personality, published = child.personality, child.published
            token = unit.tokens.get(project_id, collection_id, token_id) or Token(
                project_id=project_id, collection_id=collection_id, token_id=token_id, name=""
            )
            token.name, token.document = published.name, published.text.version
            born = None
            if personality is not None:
                born = Birth(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    personality=canonical_json(asdict(personality)),
                    introduction=child.introduction,
                )
            parent = version - 1 or None
            texts = [_version(collection, pack, token_id, personality, published.text, parent, now)]
            if draft is not None and personality is not None:
                written = Text(version, beauvoir(personality, pack))
                texts.insert(0, _version(collection, pack, token_id, personality, written, parent, now))
                polished = texts[1]
                polished.parent, polished.trigger = version, "polish"
                polished.model, polished.prompt_hash = draft.model, draft.prompt_hash
            unit.contents.register(project_id, published)
            unit.tokens.add(token, born, texts)
            unit.tokens.prepare(project_id, collection_id, token_id, published, now)


def _version(
    collection: Collection,
    pack: Pack,
    token_id: int,
    personality: Personality | None,
    text: Text,
    parent: int | None,
    now: int,
) -> Version:
    return Version(
        project_id=collection.project_id,
        collection_id=_id(collection),
        token_id=token_id,
        number=text.version,
        parent=parent,
        trigger="birth" if personality is not None else "placeholder",
        document=text.body,
        sha256=text.sha256,
        cid=text.cid,
        dials=canonical_json(personality.dials if personality is not None else []).decode(),
        signals=canonical_json(personality.signals if personality is not None else []).decode(),
        seed=personality.seed if personality is not None else "",
        pack_hash=pack.hash,
        created_at=now,
    )


def _done(unit: Unit, collection: Collection, first: int, count: int) -> set[int]:
    """Which ids of the range have all they can have now: a birth, or a placeholder while there is no seed."""
    look = unit.tokens.born if collection.seed else unit.tokens.known
    return look(collection.project_id, _id(collection), first, count)


def _id(collection: Collection) -> int:
    assert collection.id is not None
    return collection.id
