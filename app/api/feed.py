"""How a server learns within 250 ms that another process published something.

The feed asks the database for new publications every 100 ms. An answer from memory is given only while the last
successful look began less than `TRUST` ago; otherwise one look comes first. So a process that was stopped, starved or
newly woken cannot answer with what it knew before. While the database is down the last good copies are served; one that
neither answers nor refuses within `PATIENCE` counts as down.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from app.db.database import Database
from app.db.watch import PublicationWatch
from app.errors import DatabaseUnavailable

INTERVAL: Final = 0.1
TRUST: Final = 0.2
RETRY: Final = 0.5
PATIENCE: Final = 2.0
_BATCH: Final = 5_000

log = structlog.get_logger("feed")

Changes = Sequence[tuple[int, int | None]]


class PublicationFeed:
    """Calls `on_change` on the event loop with (collection id, token id or None) of what was published; `on_gap` when
    it cannot know what it missed."""

    def __init__(self, database: Database, on_change: Callable[[Changes], None], on_gap: Callable[[], None]) -> None:
        self._database = database
        self._watch = PublicationWatch(database)
        self._on_change = on_change
        self._on_gap = on_gap
        self._seq: int | None = None
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()
        # A thread of its own: a look must not queue behind the reads that a frozen database holds up.
        self._thread = ThreadPoolExecutor(1, "feed")
        self.down_since: float | None = None
        """Monotonic seconds since when the database does not answer; None while it does."""

    def trusted(self) -> bool:
        """Whether what is in memory may be served as it is."""
        return self.down_since is not None or time.monotonic() - self._looked_at < TRUST

    def require_database(self) -> None:
        """Raises DatabaseUnavailable while it is down: asking it again is the feed's work, not every reader's."""
        if self.down_since is not None:
            raise DatabaseUnavailable("The database does not answer.")

    async def look(self) -> None:
        """A reader's look, unless one that began after this call's start has just succeeded, or the database is down:
        then whoever waited must not wait for a try of their own, and the feed goes on trying."""
        asked_at = time.monotonic()
        async with self._lock:
            if self._looked_at < asked_at and self.down_since is None:
                await self._look()

    async def run(self) -> None:
        while True:
            async with self._lock:
                await self._look()
            await asyncio.sleep(INTERVAL if self.down_since is None else RETRY)

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            looking = asyncio.get_running_loop().run_in_executor(self._thread, self._read)
            seq, rows = await asyncio.wait_for(looking, PATIENCE)
        except Exception as error:  # whatever it is, readers get the last good copies and we look again
            if self.down_since is None:
                self.down_since = began
                why = f"{type(error).__name__}: {error}"[:300]
                log.warning("database unavailable, serving last good copies", why=why)
            return
        if self.down_since is not None:
            log.info("database back", seconds=round(began - self.down_since, 1))
            self.down_since = None
        if rows is None:
            self._on_gap()
        elif rows:
            self._on_change([(collection, token) for _, collection, token in rows])
        self._seq = seq
        self._looked_at = began

    def _read(self) -> tuple[int, Sequence[tuple[int, int, int | None]] | None]:
        """The newest seq and what came since the last look; None instead when that is not known or too much."""
        if self._watch.head() == self._seq:
            return self._seq, ()
        with self._database.read() as unit:
            if self._seq is not None:
                rows = unit.public.publications(self._seq, _BATCH)
                if not rows:
                    return self._seq, ()
                if rows[0][0] == self._seq + 1 and len(rows) < _BATCH:
                    return rows[-1][0], rows
            return unit.public.last_publication(), None
