"""Publishing: a prepared snapshot becomes what every reader gets, and the caches in front of us forget the old one.

    1. the head moves, and every server is told through the publication feed, in one transaction
    2. the visibility window passes: after it, no server answers with the old snapshot any more
    3. the caches are purged: what they fetch from now on is new
    4. the snapshot is `live`

A purge before step 2 ends could let a cache fetch the old answer once more and keep it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from app.db.database import Database
from app.db.tables import Collection, SnapshotState
from app.ports import CachePurger, Clock
from app.provenance.ids import AgentId, cache_tags, checksum_address

VISIBILITY_WINDOW: Final = 0.3
"""Seconds until every server shows a publication; servers promise 0.25."""


class Publishing:
    def __init__(
        self,
        database: Database,
        purger: CachePurger,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._purger = purger
        self._clock = clock
        self._sleep = sleep

    def publish(self, project_id: int, collection_id: int, first: int, count: int) -> int:
        """Show the prepared snapshots of a range of ids; returns how many became live. Safe to run again.

        Raises Unavailable when the purge hook does not confirm: readers behind our servers have the new snapshot,
        but it is not `live`, and a retry goes on from there.
        """
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id)
            prepared = unit.tokens.prepared(project_id, collection_id, first, count)
            for snapshot in prepared:
                unit.tokens.show(project_id, collection_id, snapshot.token_id, snapshot.n)
                unit.contents.release([snapshot.media_cid, snapshot.document_cid])
            if prepared:
                tokens = sorted({snapshot.token_id for snapshot in prepared})
                unit.works.publish(collection_id, tokens, int(self._clock.now().timestamp()))
        if not prepared:
            return 0
        if any(snapshot.n > 1 for snapshot in prepared) or self._purger.active:
            self._sleep(VISIBILITY_WINDOW)
        self._purge(collection, tokens)
        with self._database.write() as unit:
            keys = [(snapshot.token_id, snapshot.n) for snapshot in prepared]
            unit.tokens.advance(project_id, collection_id, keys, SnapshotState.LIVE)
        return len(prepared)

    def purge(self, project_id: int, collection_id: int, first: int, count: int) -> None:
        """Make the caches in front of us forget a range of ids whose answer changed without a new snapshot (burns)."""
        with self._database.read() as unit:
            collection = unit.collections.get(project_id, collection_id)
        if self._purger.active:
            self._sleep(VISIBILITY_WINDOW)
        self._purge(collection, list(range(first, first + count)))

    def _purge(self, collection: Collection, tokens: Sequence[int]) -> None:
        if not self._purger.active:
            return
        assert collection.contract is not None and collection.id is not None, "what is shown was deployed"
        agents = [AgentId(collection.chain_id, checksum_address(collection.contract), token) for token in tokens]
        self._purger.purge(
            [f"{collection.origin}{agent.path}{suffix}" for agent in agents for suffix in ("", ".json")]
            + [f"{collection.origin}/{collection.chain_id}/{collection.contract}"],
            [cache_tags(collection.id, token)[1] for token in [None, *tokens]],
        )
