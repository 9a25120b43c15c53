"""Erasing a user: their keys are destroyed, their rows deleted, and a tombstone keeps it so in every restored backup.

    1. the tombstone goes into the log, which no backup of the database brings back
    2. one transaction: keys, memories, summaries, conversations and messages go; the database notes the tombstone
    3. what the database file still holds of the old rows is overwritten

A crash after 1 is mended at the next start, which obeys every tombstone the database has not noted. Names are
pseudonyms throughout; an erased user may come back and begins anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.db.database import Database
from app.db.repositories.belongings import Counts
from app.ports import Clock, TombstoneLog
from app.scope import Tombstone


@dataclass(frozen=True, slots=True)
class Replayed:
    """What obeying tombstones again did."""

    tombstones: int
    """That this database had not obeyed."""
    counts: Counts
    """What was there again and is gone."""


class Erasing:
    def __init__(self, database: Database, tombstones: TombstoneLog, clock: Clock) -> None:
        self._database = database
        self._tombstones = tombstones
        self._clock = clock

    def count(self, project_id: int, user: str) -> Counts:
        """What `erase` would take."""
        with self._database.read() as unit:
            return unit.belongings.count(project_id, user)

    def erase(self, project_id: int, user: str) -> Counts:
        """Erase everything of a user in a project; returns what was there. Nothing there is no error.

        Raises StoreUnavailable when the log cannot be written: then nothing was erased. Raises DatabaseUnavailable:
        then it is erased at the next start, or by calling this again."""
        tombstone = Tombstone(project_id, user, self._now())
        self._tombstones.add(tombstone)
        counts = self._obey(tombstone, everything=True)
        self._database.scrub()
        return counts

    def erase_everywhere(self, user: str) -> Counts:
        """The same in every project that keeps anything of the user."""
        with self._database.read() as unit:
            projects = unit.belongings.projects(user)
        return sum((self.erase(project_id, user) for project_id in projects), Counts())

    def count_everywhere(self, user: str) -> Counts:
        with self._database.read() as unit:
            projects = unit.belongings.projects(user)
            return sum((unit.belongings.count(project_id, user) for project_id in projects), Counts())

    def apply_tombstones(self, report: Callable[[int, int], None] = lambda done, total: None) -> Replayed:
        """Obey every tombstone this database has not: after a restore, at every start. Those that only the database
        knows go into the log, so that the log survives its own loss. Cheap when there is nothing to do.

        report: how many of how many are done. Raises StoreUnavailable when the log cannot be read whole: serving a
        restored database then might show what was erased."""
        logged = self._tombstones.all()
        with self._database.read() as unit:
            obeyed = set(unit.belongings.tombstones())
        for tombstone in sorted(obeyed - set(logged), key=lambda each: each.erased_at):
            self._tombstones.add(tombstone)
        missing = [tombstone for tombstone in dict.fromkeys(logged) if tombstone not in obeyed]
        counts = Counts()
        for done, tombstone in enumerate(missing, start=1):
            counts += self._obey(tombstone)
            report(done, len(missing))
        if missing:
            self._database.scrub()
        return Replayed(len(missing), counts)

    def waiting(self) -> int:
        """How many tombstones of the log this database has not obeyed."""
        with self._database.read() as unit:
            return len(set(self._tombstones.all()) - set(unit.belongings.tombstones()))

    def _obey(self, tombstone: Tombstone, *, everything: bool = False) -> Counts:
        """`everything`, or what was there at the time: a user who came back since keeps what is new."""
        project_id, user, erased_at = tombstone.project_id, tombstone.user, tombstone.erased_at
        until, today = None if everything else erased_at, self._clock.now().date().isoformat()
        with self._database.write() as unit:
            counts = unit.belongings.erase(project_id, user, now=erased_at, today=today, until=until)
            unit.belongings.bury(project_id, user, erased_at)
        return counts

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
