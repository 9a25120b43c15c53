"""Birth: personality → BEAUVOIR.md → media → canonical document → stored, read back, checked → prepared snapshot 1.

Everything is a pure function of the collection's row, so a repeated birth makes the same bytes and changes nothing.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from app.composition import Published, Text, compose
from app.db.database import Database
from app.db.tables import Birth, Collection, Token, Version
from app.errors import Conflict
from app.ports import Clock, ContentKeeper
from app.provenance.canonical import canonical_json
from app.provenance.ids import AgentId, checksum_address
from personalities import Pack, Personality, bands, beauvoir, birth, introduction, load_pack
from renderers import State

FIRST_STAGE: Final = "newborn"


@dataclass(frozen=True, slots=True)
class Newborn:
    """All that a birth makes, before anything is stored."""

    agent: AgentId
    personality: Personality
    introduction: str
    published: Published


def newborn(collection: Collection, pack: Pack, token_id: int, day: str) -> Newborn:
    """The birth of one token. Pure; `day` is YYYY-MM-DD. Raises Conflict when consumer rules refuse the document."""
    assert collection.contract is not None, "births follow the deployment, because documents name the contract"
    personality = birth(bytes.fromhex(collection.seed), collection.supply, token_id, pack)
    agent = AgentId(collection.chain_id, checksum_address(collection.contract), token_id)
    published = compose(
        agent,
        collection.origin,
        personality,
        pack,
        Text(1, beauvoir(personality, pack)),
        State(1, bands(personality.dials), FIRST_STAGE, 1),
        renderer=collection.renderer,
        day=day,
    )
    return Newborn(agent, personality, introduction(personality, pack), published)


class Births:
    """Makes tokens be born, a chunk at a time. Safe to run again at any point."""

    def __init__(self, database: Database, keeper: ContentKeeper, calendar: Clock) -> None:
        self._database = database
        self._keeper = keeper
        self._calendar = calendar

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
                self._keeper.keep((child.published.directory, child.published.document))
                self._record(collection, child, int(now.timestamp()))
                made += 1
            if progress is not None:
                progress(token_id)
        return made

    def _record(self, collection: Collection, child: Newborn, now: int) -> None:
        collection_id = collection.id
        assert collection_id is not None
        with self._database.write() as unit:
            unit.collections.get(collection.project_id, collection_id, lock=True)
            if unit.tokens.born(collection.project_id, collection_id, child.agent.token_id, 1):
                return  # another run was faster; it made the same bytes
            project_id, token_id = collection.project_id, child.agent.token_id
            personality, text = child.personality, child.published.text
            unit.contents.register(project_id, child.published)
            unit.tokens.add(
                Token(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    name=personality.name,
                ),
                Birth(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    personality=canonical_json(asdict(personality)),
                    introduction=child.introduction,
                ),
                Version(
                    project_id=project_id,
                    collection_id=collection_id,
                    token_id=token_id,
                    number=text.version,
                    trigger="birth",
                    document=text.body,
                    sha256=text.sha256,
                    cid=text.cid,
                    dials=canonical_json(personality.dials).decode(),
                    signals=canonical_json(personality.signals).decode(),
                    seed=personality.seed,
                    pack_hash=personality.pack_hash,
                    created_at=now,
                ),
            )
            unit.tokens.prepare(project_id, collection_id, token_id, child.published, now)
