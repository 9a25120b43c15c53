"""What an agent remembers of one user: kept sealed, recalled inside one scope only.

note    what a message told is merged with what is known: the same is said again, what contradicts the new has ended
fold    older messages become a line or two of the rolling summary
recall  the facts of one scope are opened and ranked; nothing else is ever looked at

A sealed scope (its tenure was ended by a transfer) is not recalled and not added to; its own user still reads it. Keys
are fetched and opened anew for every use, so one that was destroyed is gone in every process at once.
"""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace

from app.boxes import Boxes
from app.db.database import Database
from app.db.repositories import Unit
from app.db.repositories.memory import columns, digest, opened, scope_of
from app.db.tables import DataKey, Memory, Summary
from app.folding import Digest, Said, fold, written
from app.ports import Clock
from app.provenance.canonical import canonical_json
from app.provenance.sealing import Box
from app.remembering import Remembered, ranked, remembered, surplus, told
from app.scope import Scope
from personalities.voice import Noticed


class Remembering:
    """`unit`, where a method takes one, is the caller's own write unit; without it the method opens its own. Inside a
    write unit always pass it: on SQLite a second one would wait for the first."""

    def __init__(self, database: Database, boxes: Boxes, clock: Clock, calendar: Clock) -> None:
        self._database = database
        self._boxes = boxes
        self._clock = clock
        self._calendar = calendar

    # --- sealing

    def box(self, unit: Unit, scope: Scope) -> Box:
        """Seals and opens the texts of a scope; the first call for a scope makes its key, so `unit` is a write unit."""
        return self._box(self._made(unit, scope))

    def opened(self, unit: Unit, scope: Scope) -> Box:
        """Opens the texts of a scope. Raises Erased when there is no key, or none any more."""
        key = unit.memories.key(scope)
        return self._boxes.open(scope, key.wrapped if key is not None else None)

    def seal_text(self, scope: Scope, text: str, unit: Unit | None = None) -> bytes:
        """`text` in UTF-8 and sealing.OVERHEAD bytes more."""
        with nullcontext(unit) if unit is not None else self._database.write() as own:
            return self.box(own, scope).seal(text)

    def open_text(self, scope: Scope, sealed: bytes, unit: Unit | None = None) -> str:
        """Raises Erased, or Unreadable when the bytes are not of this scope."""
        with nullcontext(unit) if unit is not None else self._database.read() as own:
            return self.opened(own, scope).open(sealed)

    def _made(self, unit: Unit, scope: Scope) -> DataKey:
        """The key of a scope, locked; made when there is none."""
        key, now = unit.memories.key(scope, lock=True), self._now()
        if key is None:
            key = unit.memories.add_key(scope, self._boxes.fresh(scope), now)
        if key.wrapped is None:
            # Later than the erasure by a second at least, so that obeying its tombstone again spares what is new.
            key.created_at = max(now, (key.destroyed_at or 0) + 1)
            key.wrapped, key.destroyed_at = self._boxes.fresh(scope), None
            unit.memories.save(key)
        return key

    def _box(self, key: DataKey) -> Box:
        return self._boxes.open(scope_of(key), key.wrapped)

    # --- remembering

    def note(
        self,
        unit: Unit,
        scope: Scope,
        items: Iterable[Noticed],
        *,
        message_id: int | None = None,
        used: Iterable[int] = (),
    ) -> list[Remembered]:
        """Remember what a message told; returns what is known now of it. `used`: ids of the facts that were part of the
        prompt. A sealed scope stays as it is."""
        wanted = [fact for fact in map(remembered, items) if fact.text and fact.words]
        if using := list(used):
            unit.memories.use(scope, using, self._now())
        if not wanted:
            return []
        key = self._made(unit, scope)
        if key.sealed_at is not None:
            return []
        box = self._box(key)
        rows = {row.id: row for row in unit.memories.facts(scope)}
        known = [opened(row, box) for row in rows.values()]
        kept = []
        for new in wanted:
            change = told(known, new)
            row = rows[change.now.id] if change.instead_of else Memory(**columns(scope), kind="", sealed=b"")
            row.message_id = message_id if message_id is not None else row.message_id
            now = self._store(unit, box, row, change.now)
            rows[now.id] = row
            for fact in change.ended:
                rows[fact.id].valid_to = new.day
                unit.memories.save(rows[fact.id])
            ended = {fact.id for fact in change.ended}
            known = [replace(fact, ended=new.day) if fact.id in ended else fact for fact in known if fact.id != now.id]
            known.append(now)
            kept.append(now)
        unit.memories.drop(scope, [fact.id for fact in surplus(known)])
        return kept

    def _store(self, unit: Unit, box: Box, row: Memory, fact: Remembered) -> Remembered:
        row.kind, row.importance, row.day = fact.kind, fact.importance, fact.day
        row.sealed = box.seal(canonical_json([fact.text, fact.words, fact.when, fact.relation]).decode())
        unit.memories.save(row)
        assert row.id is not None
        return replace(fact, id=row.id)

    def recall(self, scope: Scope, text: str, limit: int = 8, unit: Unit | None = None) -> list[Remembered]:
        """What fits `text` best of what this user told in this tenure, best first. Their words are data: fence them."""
        with nullcontext(unit) if unit is not None else self._database.read() as own:
            key = own.memories.key(scope)
            if key is None or key.wrapped is None or key.sealed_at is not None:
                return []
            rows = own.memories.facts(scope)
        box = self._box(key)
        return ranked([opened(row, box) for row in rows if row.valid_to is None], text, self._today(), limit)

    # --- the rolling summary

    def fold(self, scope: Scope, older: Iterable[Said], unit: Unit | None = None) -> None:
        """Take older messages, oldest first, into the summary. The caller keeps which were taken, in the same unit."""
        with nullcontext(unit) if unit is not None else self._database.write() as own:
            key = self._made(own, scope)
            if key.sealed_at is not None:
                return
            box, row = self._box(key), own.memories.summary(scope)
            before = digest(row, box) if row is not None else Digest()
            sealed = box.seal(canonical_json(fold(before, older).to_json()).decode())
            if row is None:
                row = Summary(**columns(scope), sealed=sealed, updated_at=0)
            row.sealed, row.updated_at = sealed, self._now()
            own.memories.save(row)

    def summary(self, scope: Scope, unit: Unit | None = None) -> str:
        """The summary of a scope, at most folding.MAX_TOKENS; empty when there is none, or the scope is sealed. It is
        made of the user's words: fence it."""
        with nullcontext(unit) if unit is not None else self._database.read() as own:
            key = own.memories.key(scope)
            if key is None or key.wrapped is None or key.sealed_at is not None:
                return ""
            row = own.memories.summary(scope)
        return written(digest(row, self._box(key))) if row is not None else ""

    # --- transfers

    def seal_older(
        self, project_id: int, collection_id: int, token_id: int, tenure: int, unit: Unit | None = None
    ) -> int:
        """A transfer began `tenure`: what is older is sealed. Returns how many scopes were open. May be repeated."""
        with nullcontext(unit) if unit is not None else self._database.write() as own:
            return own.memories.seal(project_id, collection_id, token_id, tenure, self._now())

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _today(self) -> str:
        return self._calendar.now().date().isoformat()
